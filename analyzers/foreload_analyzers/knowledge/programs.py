"""What tells kinds of programs apart: modules that they import, what they call, words, and where they lie.

For each kind: weight -> names. A module speaks also for what lies in it (`django` for `django.db.models`). A call is
named by its whole path (`app.get`), its last part (`.assertEqual`), or what it is a member of (`plt.*`); decorators count
as calls. `<shebang>` and `<main>` mark files that are run. Words come from names, comments and texts. A place is
the name of the file, with `*` for any letters, or one of the two folders around it (`tests/`). The tables serve all
languages.
"""

from __future__ import annotations

Signs = dict[str, dict[float, str]]

MODULES: Signs = {
    "build_script": {
        6: (
            "setuptools distutils skbuild SCons Cython.Build invoke nox doit waf cmake hatchling poetry.core "
            "webpack rollup gulp grunt esbuild vite parcel browserify metro snowpack cc bazel magefile"
        ),
        4: (
            "cffi Cython versioneer pkg_resources wheel sphinx terser postcss autoprefixer sass less @babel "
            "rimraf tsup build semver browserslist html-webpack-plugin mini-css-extract-plugin "
            "terser-webpack-plugin css-loader"
        ),
        1: "subprocess shutil platform zipfile sysconfig glob fs-extra typescript",
    },
    "cli_tool": {
        5: (
            "argparse click typer optparse docopt fire getopt cmd commander yargs minimist meow inquirer oclif "
            "caporal sade arg cac clap structopt github.com/spf13/cobra github.com/urfave/cli flag picocli "
            "org.apache.commons.cli CLI11 getopt.h cxxopts prompts enquirer"
        ),
        3: (
            "chalk ora readline blessed blessed-contrib prompt_toolkit rich colorama cli-table update-notifier "
            "figlet ink tqdm"
        ),
        1: "sys subprocess shutil os child_process getpass configparser env",
    },
    "data_pipeline": {
        6: (
            "airflow luigi prefect dagster pyspark apache_beam kafka kafkajs confluent_kafka petl mage_ai meltano "
            "dbt org.apache.spark org.apache.kafka org.apache.flink org.apache.beam great_expectations "
            "@google-cloud/bigquery @google-cloud/dataflow @google-cloud/dataproc @google-cloud/data-fusion "
            "danfojs alembic"
        ),
        4: (
            "polars dask pyarrow fastparquet google.cloud.bigquery psycopg2 pymysql pymongo boto3 snowflake "
            "duckdb ibis vaex csv-parse fast-csv papaparse JSONStream knex @google-cloud/pubsub amqplib bigquery "
            "arrow parquet csv_reader org.apache.hadoop databricks"
        ),
        2: (
            "pandas sqlalchemy csv sqlite3 pyodbc openpyxl xlsxwriter csvtojson mongodb mysql pg database/sql "
            "encoding/csv"
        ),
    },
    "game": {
        7: (
            "pygame arcade pyglet panda3d ursina cocos pgzrun pgzero pymunk turtle phaser pixi.js babylonjs "
            "kaboom melonjs excalibur matter-js bevy ggez macroquad piston github.com/hajimehoshi/ebiten raylib "
            "SDL2 SDL.h SDL SFML allegro5 com.badlogic.gdx raylib.h sfml"
        ),
        3: "three curses cannon howler planck rand box2d",
        1: "random",
    },
    "gui_desktop": {
        7: (
            "tkinter Tkinter PyQt5 PyQt6 PyQt4 PySide2 PySide6 PySide wx gi PySimpleGUI customtkinter dearpygui "
            "qtpy kivy kivymd textual toga flet nicegui eel pywebview electron nw.gui javax.swing java.awt javafx "
            "egui iced gtk druid fyne.io/fyne github.com/andlabs/ui QApplication QtWidgets QWidget gtk/gtk.h "
            "imgui.h wx/wx.h FreeSimpleGUI"
        ),
    },
    "ml_training": {
        6: (
            "torch tensorflow keras lightning pytorch_lightning transformers mxnet jax flax fastai torchvision "
            "torchaudio detectron2 mmcv accelerate peft datasets timm gensim stable_baselines3 gymnasium "
            "@tensorflow brain.js synaptic ml5 convnetjs org.deeplearning4j weka tch candle burn linfa dlib "
            "libtorch"
        ),
        5: "sklearn xgboost lightgbm catboost nltk spacy optuna skorch ml-matrix",
        1: "numpy wandb mlflow",
    },
    "notebook": {
        6: "IPython ipywidgets google.colab nbformat jupyter",
        2: "seaborn plotly altair",
        1: "matplotlib pandas bokeh",
    },
    "scientific": {
        6: (
            "scipy astropy sympy Bio simpy openmm mdtraj h5py netCDF4 xarray pymc emcee healpy qutip ase fenics "
            "dolfin rdkit mpmath uncertainties qiskit cirq mpi4py skimage nibabel obspy MDAnalysis pint numericjs "
            "mathjs gonum.org Eigen petsc fftw3.h gsl mpi.h nalgebra ndarray org.apache.commons.math3 lapacke.h "
            "cblas.h"
        ),
        4: "numba statsmodels cv2 wave librosa networkx colour cmath",
        2: "numpy matplotlib",
        1: "math fractions decimal statistics PIL cmath omp.h complex",
    },
    "scraping": {
        7: (
            "scrapy bs4 BeautifulSoup selenium mechanize mechanicalsoup pyquery playwright pyppeteer feedparser "
            "puppeteer cheerio nightmare osmosis x-ray crawler newspaper yt_dlp fake_useragent requests_html "
            "parsel colly github.com/gocolly/colly goquery github.com/PuerkitoBio/goquery org.jsoup scraper "
            "htmlparser2 puppeteer-core jsdom"
        ),
        4: (
            "requests httpx lxml html.parser urllib urllib2 urllib3 robotparser got axios superagent node-fetch "
            "request reqwest select"
        ),
    },
    "test_suite": {
        7: (
            "unittest pytest nose mock hypothesis testtools unittest2 asynctest jest mocha chai sinon ava tape "
            "supertest jasmine vitest @jest @testing-library cypress @playwright/test nock proxyquire qunit tap "
            "testing github.com/stretchr/testify org.junit junit org.testng org.mockito gtest catch2 cppunit "
            "boost/test proptest uvu karma enzyme rewire should expect node:test"
        ),
        3: "assert doctest factory_boy faker responses freezegun vcr assert.h node:assert",
    },
    "web_service": {
        6: (
            "flask fastapi django tornado sanic bottle starlette falcon pyramid quart connexion rest_framework "
            "flask_restful flask_sqlalchemy flask_login webapp2 aiohttp.web uvicorn gunicorn hypercorn grpc "
            "strawberry graphene channels express koa hapi @hapi fastify restify socket.io body-parser helmet "
            "next apollo-server passport @nestjs polka @google-cloud/functions-framework @grpc/grpc-js actix_web "
            "axum rocket warp net/http github.com/gin-gonic/gin github.com/labstack/echo github.com/gorilla/mux "
            "org.springframework javax.servlet jakarta.ws io.micronaut crow.h oatpp uws multer cookie-parser "
            "express-session connect serve-static finalhandler"
        ),
        3: (
            "aiohttp http http.server jwt pydantic wsgiref socketserver werkzeug jinja2 cors https http2 ws "
            "mysql2 pino winston morgan itsdangerous hyper tonic net celery redis oauthlib url"
        ),
        1: "socket asyncio",
    },
}

CALLS: Signs = {
    "build_script": {
        6: (
            "setup setuptools.setup distutils.core.setup find_packages setuptools.find_packages cythonize "
            "Extension gulp.task grunt.initConfig grunt.registerTask webpack cc::Build.new gulp.src "
            "session.install session.run"
        ),
        3: (
            "transformer.* types.* t.* .install_requires .resolvePlugin fs.realpathSync fs.existsSync "
            ".writeFileSync .ensureDirSync .emptyDirSync spawn.sync babel.transform .resolve.sync require.resolve"
        ),
        1: "path.resolve path.join subprocess.check_call subprocess.run shutil.copy os.makedirs process.cwd",
    },
    "cli_tool": {
        5: (
            "argparse.ArgumentParser .parse_args .add_argument .add_subparsers click.command click.option "
            "click.argument click.group click.echo typer.Typer typer.Option typer.run fire.Fire docopt.docopt "
            "process.argv.slice flag.Parse flag.String flag.Int .add_option yargs.* program.* inquirer.prompt "
            ".parse_known_args getopt"
        ),
        4: "<shebang>",
        3: (
            "process.exit sys.exit .print_help input readline.createInterface process.stdout.write "
            "sys.stdout.write os.Exit std.process.exit .print_usage chalk.* rl.question getpass.getpass "
            "screen.render clap.* console.print blessed.* contrib.* process.on process.stdin.on"
        ),
        2: "<main>",
        1: "print console.log console.error main console.table",
    },
    "data_pipeline": {
        5: (
            ".to_sql .to_parquet .to_csv pandas.read_csv pandas.read_sql pd.read_csv pd.read_sql .read_parquet "
            "polars.* pl.* .groupby .group_by .merge .createDataset .createQueryJob .createJob bigquery.* "
            "kafka.producer producer.send consumer.subscribe consumer.run .executemany .bulk_create pd.DataFrame "
            "pandas.DataFrame spark.* .fetchall .withColumn airflow.DAG pd.* pandas.* beam.*"
        ),
        3: (
            ".read_csv .commit .copy_from dataset.table .getDatasets .query .pivot_table .agg .fillna .dropna "
            ".rename .set_index .apply csv.reader csv.writer csv.DictReader csv.DictWriter .writerow .sort_values "
            ".createReadStream .pipe .topic .publish .to_datetime .toArray .reset_index .isnull .drop_duplicates "
            ".select .aggregate .concat"
        ),
    },
    "game": {
        7: (
            "pygame.* pygame.init pygame.display.set_mode turtle.* arcade.* pyxel.* Phaser.* PIXI.* "
            "curses.wrapper cc.* kaboom SDL_Init SDL_CreateWindow ebiten.RunGame raylib.InitWindow InitWindow"
        ),
        3: (
            ".blit .onkey .ontimer .goto .set_caption random.choice requestAnimationFrame .play .spawn .penup "
            ".tracer .colliderect .add_sprite .addSprite .setcollision canvas.getContext"
        ),
        1: "random.randint random.shuffle input Math.random",
    },
    "gui_desktop": {
        7: (
            "tkinter.* tk.* Tk .mainloop QApplication QMainWindow QPushButton QVBoxLayout .setWindowTitle "
            ".setLayout sg.* PySimpleGUI.* wx.* textual.* customtkinter.* PyQt5.* PyQt6.* QtWidgets.* app.exec_ "
            "app.exec electron.* ipcRenderer.on ipcMain.on ttk.* BrowserWindow Gtk.*"
        ),
        3: (
            ".addWidget .setCentralWidget .clicked.connect .connect .pack .grid .messagebox .setObjectName "
            ".setText .retranslateUi .push_screen .query_one .emit .setupUi .compose .Button .Label .geometry "
            ".setEnabled"
        ),
    },
    "ml_training": {
        6: (
            "torch.* nn.* tf.* tensorflow.* keras.* model.fit .fit_transform .zero_grad .backward optimizer.step "
            "train_test_split sklearn.* transformers.* torchaudio.* pipeline .from_pretrained loss.backward "
            "torch.nn.* lightgbm.* xgboost.* trainer.train .cross_val_score F.* jnp.*"
        ),
        3: (
            ".fit .predict .score .predict_proba accuracy_score confusion_matrix .train .trainOnBatch .forward "
            ".compile sigmoid softmax .gradient np.exp numpy.exp train .transform"
        ),
        1: "numpy.dot np.dot np.random.randn numpy.random.rand np.mean numpy.mean numpy.array",
    },
    "notebook": {
        7: "get_ipython display IPython.* widgets.*",
        3: ".head .describe .plot .show .info .value_counts .plot.bar",
        1: "plt.show print matplotlib.pyplot.show",
    },
    "scientific": {
        5: (
            "scipy.* np.linalg.* numpy.linalg.* sympy.* np.fft.* numpy.fft.* odeint solve_ivp minimize curve_fit "
            "simpy.* astropy.* cv2.* env.process np.meshgrid numpy.meshgrid numpy.gradient wave.open np.linspace "
            "numpy.linspace"
        ),
        3: (
            "plt.* matplotlib.* math.sin math.cos math.sqrt math.pow sin cos sqrt radians math.radians math.exp "
            "numpy.* np.* math.pi .imshow .plot_surface .scatter .set_xlabel Image.* PIL.* Math.sqrt Math.pow "
            "std.sqrt MPI_Init cmath.*"
        ),
        1: "math.* abs pow round",
    },
    "scraping": {
        6: (
            "BeautifulSoup bs4.BeautifulSoup .find_all .findAll .select_one webdriver.* scrapy.* requests.get "
            "puppeteer.launch page.goto page.evaluate cheerio.load .css .xpath .get_text .find_element urlopen "
            "urllib.request.urlopen httpx.get requests_html.* driver.get feedparser.parse colly.* Jsoup.connect "
            "page.$ crawler.* urllib.request.* html.fromstring .urljoin"
        ),
        3: (
            "requests.* .soup .attr .queue .crawl .raise_for_status .iter_content httpx.* axios.get fetch got "
            "request urlparse url.parse .querySelectorAll .querySelector soup.* urllib.parse.* .scrape "
            "url.resolve"
        ),
    },
    "test_suite": {
        7: (
            ".assertEqual .assertTrue .assertFalse .assertRaises .assertIn .assertIsNone pytest.raises "
            "pytest.mark.parametrize pytest.fixture unittest.main describe it .assert_called_once_with "
            ".assert_called_with beforeEach afterEach before after expect .toBe .toEqual .toHaveBeenCalled jest.* "
            "jest.fn jest.mock sinon.* assert.strictEqual assert.equal assert.deepEqual assert.deepStrictEqual "
            "assert.match assert.ok assert_eq! t.Run t.Fatalf t.Errorf t.Fatal assertEquals assertThat TEST "
            "EXPECT_EQ ASSERT_EQ t.is t.true t.deepEqual test .should .toThrow proxyquire mock.patch .patch "
            "monkeypatch.setattr .assertAlmostEqual t.equal t.plan t.end .assert_array_equal Test "
            "ParameterizedTest BeforeEach tokio.test #[test] pytest.mark.asyncio cfg"
        ),
        3: (
            "assert .mock Mock MagicMock assert.* client.get client.post cy.* .called .stub .spy runner.invoke "
            "capsys.readouterr tmp_path.* request app.test_client TestClient Client assertNotNull assert!"
        ),
    },
    "web_service": {
        6: (
            "app.route app.get app.post app.put app.delete app.use app.listen router.get router.post router.* "
            "flask.* fastapi.* FastAPI Flask django.* render jsonify flask.jsonify render_template express "
            "express.* res.send res.status res.json res.render uvicorn.run app.run http.createServer "
            "http.HandleFunc http.ListenAndServe JSONResponse HttpResponse path include url re_path "
            "blueprint.route bp.route get_wsgi_application get_asgi_application functions.cloudEvent "
            "functions.http server.listen .listen grpc.* .add_insecure_port gin.Default r.GET starlette.* "
            "models.CharField models.* admin.site.register login_required redirect res.end res.sendFile "
            "response.render db.Column migrations.* admin.* forms.* RestController GetMapping PostMapping "
            "RequestMapping Controller SpringBootApplication actix_web.main"
        ),
        3: (
            "get_object_or_404 reverse reverse_lazy .as_view .set_header req.get req.* res.* request.* "
            "HTTPException socket.on io.on .createServer Depends ctx.* scope.* self.app send receive .end "
            ".setHeader .next next db.session.commit jwt.encode .createPool knex pool.* server.bind"
        ),
        1: "os.environ.get os.environ.setdefault json.dumps JSON.stringify logger.info",
    },
}

WORDS: Signs = {
    "build_script": {
        2: "webpack babel rollup gulp setuptools minify bundle classifiers requires tsconfig polyfill transpile",
        1: (
            "build compile install wheel package packages plugin plugins config dist output bundler compiler "
            "extension env version visitor ast node transform entry"
        ),
    },
    "cli_tool": {
        2: "argv usage cli argparse argument subcommand prog terminal stdin stdout",
        1: "option options command arguments help verbose exit args flag prompt version shell keys",
    },
    "data_pipeline": {
        2: "etl pipeline ingest bigquery parquet kafka dataframe csv sql broker topic partition dag",
        1: (
            "extract load dataset table rows schema query column columns records record batch consumer producer "
            "iterator series window groupby job metrics warehouse"
        ),
    },
    "game": {
        2: "player enemy game sprite lives snake paddle bullet hangman",
        1: (
            "score level ball speed guess guesses board move collision screen key win lose winner round word "
            "filter stage"
        ),
    },
    "gui_desktop": {
        2: "window widget dialog qt tkinter mainloop gui",
        1: "button layout menu label entry clicked icon toolbar screen view",
    },
    "ml_training": {
        2: "epoch epochs optimizer classifier regression neural gradient tokenizer perceptron train training",
        1: (
            "loss batch model dataset predict prediction accuracy weights layer learning cluster clusters "
            "features sigmoid labels samples machine"
        ),
    },
    "notebook": {
        2: "notebook jupyter colab ipynb",
        1: "cell exercise tutorial",
    },
    "scientific": {
        2: "simulation physics energy equation particle velocity stencil magnetic mandelbrot",
        1: (
            "temperature grid step mass force gravity density vector matrix constant law wave frequency amplitude "
            "radius acceleration coordinates plot axis complex eigen pressure"
        ),
    },
    "scraping": {
        2: "scrape scraper scraping crawl crawler spider soup",
        1: (
            "url urls html page href parser link links fetch download headers user agent host resource robots "
            "cookies queue depth site website"
        ),
    },
    "test_suite": {
        2: "test tests fixture mock assert expected pytest",
        1: "should spec expect raises setup teardown suite stub actual",
    },
    "web_service": {
        2: "endpoint route routes middleware http server wsgi asgi django flask express",
        1: ("request response router user users login session auth app handler status port template views api json"),
    },
}

PLACES: Signs = {
    "build_script": {
        5: (
            "setup.py noxfile.py conf.py build.py build.rs build.js webpack.config.js rollup.config.js "
            "vite.config.js vite.config.ts gulpfile.js gruntfile.js sconstruct wscript fabfile.py tasks.py "
            "hatch_build.py"
        ),
        2: "build/",
    },
    "cli_tool": {
        5: "cli.py __main__.py cli.js cli.ts cli.rs",
        2: "bin/ cli/ commands/ cmd/",
    },
    "data_pipeline": {
        5: "*pipeline.* etl* *_etl.* *_dag.* ingest*",
        3: "dags/ etl/ pipelines/ pipeline/",
    },
    "game": {
        5: "game.* *_game.*",
        3: "game/ games/",
    },
    "gui_desktop": {
        5: "gui.* *_gui.* main_window.* mainwindow.*",
        3: "gui/ ui/ widgets/ dialogs/",
    },
    "ml_training": {
        5: "train.py train_* finetune* trainer.py",
        2: "training/",
    },
    "notebook": {
        9: "*.ipynb",
        3: "notebooks/",
    },
    "scientific": {
        3: "simulation* simulate* solver.*",
        2: "physics/ simulation/",
    },
    "scraping": {
        5: "*scrape* *scraping* *spider* *crawl*",
        3: "spiders/ scrapers/ scraper/ crawler/",
    },
    "test_suite": {
        7: "test_* *_test.* *.test.* *.spec.* *test.java *tests.java conftest.py *-spec.* *-test.*",
        3: "tests/ __tests__/ spec/",
    },
    "web_service": {
        5: ("views.py urls.py wsgi.py asgi.py routes.* serializers.py settings.py manage.py server.* *controller.java"),
        3: "routes/ views/ api/ controllers/ middleware/ routers/ endpoints/",
    },
}
