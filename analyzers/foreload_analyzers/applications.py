"""What kind of program a file is, by its imports, its calls, and its place."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from foreload_analyzers.report import APPLICATION_TYPES


class Signs(NamedTuple):
    """What speaks for a kind of program: imported modules, calls, parts of the path, words; each with its weight."""

    modules: Mapping[str, float]
    calls: Mapping[str, float]
    path: Mapping[str, float]
    words: Mapping[str, float]


def _even(names: str, weight: float) -> dict[str, float]:
    return dict.fromkeys(names.split(), weight)


SIGNS: dict[str, Signs] = {
    "build_script": Signs(
        _even("setuptools distutils skbuild SCons cffi", 5.0)
        | _even("Cython pkg_resources versioneer invoke nox doit", 3.0),
        _even("setup setuptools.setup distutils.core.setup", 6.0),
        _even("setup.py noxfile.py tasks.py fabfile.py SConstruct wscript build.py", 6.0),
        _even("compile build install wheel", 0.3),
    ),
    "cli_tool": Signs(
        _even("argparse click typer optparse docopt fire cmd getopt", 3.0) | _even("sys subprocess shutil", 0.4),
        _even("argparse.ArgumentParser click.command click.option typer.Typer fire.Fire", 2.0)
        | {"sys.exit": 0.8, "parse_args": 1.5},
        _even("cli.py __main__.py", 3.0) | _even("bin/ scripts/ commands/", 1.5),
        _even("usage option command argument", 0.3),
    ),
    "data_pipeline": Signs(
        _even("airflow luigi prefect dagster pyspark apache_beam kafka sqlalchemy dask petl", 4.0)
        | _even("psycopg2 boto3 csv sqlite3 pyarrow polars pymysql pymongo", 1.8)
        | {"pandas": 1.2},
        _even("pandas.read_csv pandas.read_sql to_sql to_csv to_parquet", 1.0) | {"DAG": 3.0},
        _even("dags/ etl pipeline migrations/ alembic/", 3.0),
        _even("extract transform load pipeline etl ingest table rows", 0.4),
    ),
    "game": Signs(
        _even("pygame arcade pyglet panda3d ursina kivy cocos pgzrun pymunk", 6.0)
        | {"turtle": 5.0, "curses": 2.0, "random": 0.3},
        _even("pygame.init pygame.display.set_mode", 3.0),
        _even("game games/", 2.0),
        _even("player score enemy game sprite level lives snake", 0.5),
    ),
    "gui_desktop": Signs(
        _even("tkinter Tkinter PyQt5 PyQt6 PyQt4 PySide2 PySide6 wx gi PySimpleGUI customtkinter dearpygui qtpy", 6.0)
        | {"kivy": 5.0},
        _even("Tk mainloop QApplication", 2.0),
        _even("gui ui/", 1.0),
        _even("window widget button dialog layout", 0.4),
    ),
    "ml_training": Signs(
        _even("torch tensorflow keras lightning pytorch_lightning transformers", 4.5)
        | _even("mxnet jax flax detectron2 mmcv fastai", 4.5)
        | _even("sklearn xgboost lightgbm catboost torchvision", 3.0),
        _even("backward fit zero_grad train_test_split compile", 1.0),
        _even("train model", 1.0),
        _even("epoch loss train optimizer batch model dataset", 0.4),
    ),
    "notebook": Signs(
        _even("IPython ipywidgets google.colab nbformat", 5.0),
        _even("get_ipython display", 3.0),
        _even("notebook .ipynb", 4.0),
        _even("cell colab notebook jupyter", 1.2),
    ),
    "scientific": Signs(
        _even("scipy astropy sympy Bio simpy openmm mdtraj h5py netCDF4", 3.5)
        | _even("xarray pymc emcee healpy qutip ase fenics dolfin", 3.5)
        | {"numpy": 1.8, "matplotlib": 1.0, "multiprocessing": 0.3},
        _even("numpy.linalg.solve scipy.integrate.odeint scipy.optimize.minimize", 2.0),
        _even("simulation simulate physics", 1.5),
        _even("simulation energy temperature equation particle velocity grid stencil step", 0.5),
    ),
    "scraping": Signs(
        _even("scrapy bs4 BeautifulSoup selenium lxml mechanize pyquery playwright pyppeteer feedparser", 4.5)
        | _even("requests urllib urllib2", 1.5),
        _even("BeautifulSoup bs4.BeautifulSoup find_all", 2.0),
        _even("spider scrap crawl", 3.0),
        _even("scrape crawl spider html page url href", 0.5),
    ),
    "test_suite": Signs(
        _even("unittest pytest nose mock hypothesis testtools doctest", 5.0) | {"unittest2": 5.0},
        _even("assertEqual assertTrue assertRaises pytest.raises assert_called_with unittest.main", 2.0),
        _even("test_ _test. tests/ /test/ conftest", 4.0),
        _even("test assert fixture mock", 0.4),
    ),
    "web_service": Signs(
        _even("flask fastapi django tornado sanic bottle starlette falcon", 5.0)
        | _even("pyramid quart connexion rest_framework flask_restful webapp2 web", 5.0)
        | _even("aiohttp.web uvicorn gunicorn grpc strawberry graphene jwt", 3.0) | {"aiohttp": 1.5, "http": 1.2},
        _even("app.run uvicorn.run jsonify render_template flask.Flask fastapi.FastAPI", 2.5),
        _even("views.py urls.py routes wsgi.py asgi.py api/ middleware", 2.5),
        _even("request response route endpoint", 0.3),
    ),
}  # fmt: skip


def choose_application(
    modules: AbstractSet[str], calls: AbstractSet[str], words: Mapping[str, int], path_hint: str
) -> tuple[str | None, float]:
    """The kind of program and the confidence in it; None where nothing speaks for any.

    Args:
        modules: full names of what is imported.
        calls: full paths of what is called.
        words: how often each word occurs in the file.
        path_hint: where the file lies; may be empty.
    """
    tops = {module.split(".", 1)[0] for module in modules}
    last = {call.rsplit(".", 1)[-1] for call in calls}
    path = "/" + path_hint.replace("\\", "/").lower().lstrip("/")
    ranked: list[tuple[float, str]] = []
    for name in APPLICATION_TYPES:
        signs = SIGNS[name]
        score = sum(weight for module, weight in signs.modules.items() if module in tops or module in modules)
        score += sum(weight for call, weight in signs.calls.items() if call in calls or call in last)
        score += (
            max((weight for part, weight in signs.path.items() if part.lower() in path), default=0.0)
            if path_hint
            else 0.0
        )
        score += sum(
            weight * min(words.get(word, 0) + words.get(word + "s", 0), 6) ** 0.5
            for word, weight in signs.words.items()
        )
        ranked.append((score, name))
    ranked.sort(key=lambda pair: -pair[0])
    best, second = ranked[0], ranked[1]
    if best[0] <= 0:
        return None, 0.0
    share = best[0] / (best[0] + second[0] + 1.0)
    return best[1], round(min(0.95, share * min(1.0, 0.4 + best[0] / 10.0) + 0.1), 3)
