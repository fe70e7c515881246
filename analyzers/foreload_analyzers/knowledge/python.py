"""What is known of Python's own and its common libraries.

Keys are full paths (`heapq.heappush`), bare built-in names, or `.method` for a method of anything.
"""

from __future__ import annotations

from foreload_analyzers.costs import EXPONENTIAL, LINEAR, LOG, SORT, SQUARE, Cost

MIB = 1024 * 1024

UNDERSCORE_IS_PRIVATE = True

# Constructors and declared types -> what kind of container they make.
CONTAINER_KINDS: dict[str, str] = {
    **dict.fromkeys(
        ("list", "List", "Sequence", "Iterable", ".split", ".tolist", "sorted", ".readlines", "typing.List"), "list"
    ),
    **dict.fromkeys(("tuple", "Tuple"), "tuple"),
    **dict.fromkeys(
        ("dict", "Dict", "Mapping", "defaultdict", "Counter", "OrderedDict", "collections.defaultdict"), "dict"
    ),
    **dict.fromkeys(("collections.Counter", "collections.OrderedDict"), "dict"),
    **dict.fromkeys(("set", "frozenset", "Set", "FrozenSet"), "set"),
    **dict.fromkeys(
        (
            "str",
            "bytes",
            "bin",
            "hex",
            "oct",
            "input",
            ".join",
            ".strip",
            ".read",
            ".lower",
            ".upper",
            ".format",
            "repr",
        ),
        "str",
    ),
    "bytearray": "str",
    **dict.fromkeys(("deque", "collections.deque"), "deque"),
    **dict.fromkeys(("int", "float", "len", "abs", "round", "sum", "bool", "ord", "hash"), "number"),
    **dict.fromkeys(("range", "xrange"), "range"),
    **dict.fromkeys(("SortedList", "SortedDict", "SortedSet", "BIT", "BIT2", "Fenwick", "FenwickTree"), "sorted"),
    **dict.fromkeys(("SegmentTree", "SegmentTree2", "SegTree"), "sorted"),
    **dict.fromkeys((f"sortedcontainers.{name}" for name in ("SortedList", "SortedDict", "SortedSet")), "sorted"),
    **dict.fromkeys(
        ("numpy.array", "numpy.zeros", "numpy.ones", "numpy.empty", "numpy.arange", "numpy.full", "np.ndarray"), "array"
    ),
    **dict.fromkeys(
        ("numpy.asarray", "numpy.linspace", "numpy.random.rand", "numpy.random.randn", "numpy.zeros_like"), "array"
    ),
    **dict.fromkeys(
        ("numpy.random.random", "numpy.random.normal", "numpy.random.uniform", "numpy.eye", "ndarray"), "array"
    ),
    **dict.fromkeys(
        ("pandas.DataFrame", "pandas.read_csv", "pandas.read_parquet", "pandas.read_sql", "DataFrame"), "frame"
    ),
}

# Growth of a call in the size of one operand: its place among the arguments, or -1 for what the method belongs to.
CALL_COSTS: dict[str, tuple[Cost, int]] = {
    **dict.fromkeys(("sorted", "heapq.merge", "numpy.sort", "numpy.argsort", "numpy.unique"), (SORT, 0)),
    **dict.fromkeys((".sort", ".sort_values", ".argsort", ".most_common"), (SORT, -1)),
    **dict.fromkeys(("heapq.heappush", "heapq.heappop", "heapq.heapreplace", "heapq.heappushpop"), (LOG, 0)),
    **dict.fromkeys(("bisect.bisect", "bisect.bisect_left", "bisect.bisect_right"), (LOG, 0)),
    **dict.fromkeys((".bisect_left", ".bisect_right", ".bisect"), (LOG, -1)),
    **dict.fromkeys(("bisect.insort", "bisect.insort_left", "bisect.insort_right"), (LINEAR, 0)),
    **dict.fromkeys(("heapq.nlargest", "heapq.nsmallest"), (SORT, 1)),
    **dict.fromkeys(
        ("sum", "any", "all", "list", "set", "tuple", "dict", "frozenset", "bytes", "bytearray"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("heapq.heapify", "collections.Counter", "collections.deque", "collections.OrderedDict"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("copy.copy", "copy.deepcopy", "numpy.array", "numpy.sum", "numpy.cumsum", "random.shuffle"), (LINEAR, 0)
    ),
    **dict.fromkeys(("itertools.accumulate", "operator.countOf"), (LINEAR, 0)),
    **dict.fromkeys(("functools.reduce", "reduce"), (LINEAR, 1)),
    **dict.fromkeys(("max", "min"), (LINEAR, 0)),
    **dict.fromkeys((".join", ".extend"), (LINEAR, 0)),
    **dict.fromkeys(
        (".count", ".index", ".find", ".rfind", ".replace", ".split", ".splitlines", ".reverse"), (LINEAR, -1)
    ),
    **dict.fromkeys((".copy", ".remove", ".translate", ".tolist", ".strip"), (LINEAR, -1)),
    **dict.fromkeys(
        ("numpy.linalg.inv", "numpy.linalg.solve", "numpy.linalg.svd", "numpy.linalg.eig", "scipy.linalg.inv"),
        (Cost(n=3.0), 0),
    ),
    **dict.fromkeys(("numpy.dot", "numpy.matmul"), (SQUARE, 0)),
    **dict.fromkeys(("math.gcd", "gcd", "fractions.gcd"), (LOG, 0)),
    **dict.fromkeys(("itertools.permutations",), (EXPONENTIAL, 0)),
}
# By squaring where a third argument says what to take the remainder of.
MODULAR_POWERS = frozenset({"pow"})
# Of containers that keep an order, trees of ranges among them.
SORTED_METHODS = frozenset(
    {
        ".add",
        ".discard",
        ".remove",
        ".pop",
        ".bisect_left",
        ".bisect_right",
        ".bisect",
        ".irange",
        ".popitem",
        ".update",
    }
    | {".query", ".sum", ".index"}
)
PERMUTES: frozenset[str] = frozenset()  # calls that go to the next arrangement and say whether there is one
# Cheap on anything but a list.
LIST_ONLY: dict[str, Cost] = {".insert": LINEAR, ".pop": LINEAR, ".remove": LINEAR, ".index": LINEAR, ".count": LINEAR}

# Same size as one operand (place, -1: what the method belongs to).
SAME_SIZE: dict[str, int] = {
    **dict.fromkeys(
        ("enumerate", "reversed", "sorted", "list", "tuple", "set", "iter", "frozenset", "dict", "deque", "Counter"), 0
    ),
    **dict.fromkeys(
        ("collections.deque", "collections.Counter", "numpy.array", "numpy.asarray", "itertools.accumulate"), 0
    ),
    **dict.fromkeys(
        ("itertools.pairwise", "itertools.chain.from_iterable", "itertools.groupby", "tqdm", "tqdm.tqdm"), 0
    ),
    **dict.fromkeys(("numpy.zeros_like", "numpy.ones_like", "itertools.compress", "itertools.cycle", "track"), 0),
    **dict.fromkeys(("map", "filter", "itertools.starmap", "itertools.takewhile", "itertools.dropwhile"), 1),
    **dict.fromkeys(
        (".items", ".keys", ".values", ".iteritems", ".itervalues", ".iterkeys", ".copy", ".split", ".strip"), -1
    ),
    **dict.fromkeys(
        (".lower", ".upper", ".splitlines", ".elements", ".iterrows", ".itertuples", ".tolist", ".most_common"), -1
    ),
}
SMALLEST_OF = frozenset({"zip", "itertools.izip", "izip"})
RANGES = frozenset({"range", "xrange"})
ARRAY_SIZES = frozenset(
    {
        "numpy.zeros",
        "numpy.ones",
        "numpy.empty",
        "numpy.arange",
        "numpy.full",
        "numpy.linspace",
        "numpy.random.rand",
        "numpy.random.randn",
    }
    | {
        "numpy.random.random",
        "numpy.random.normal",
        "numpy.random.uniform",
        "numpy.eye",
        "torch.zeros",
        "torch.randn",
        "torch.rand",
    }
    | {"torch.ones", "torch.empty", "bytearray", "numpy.identity"}
)
COMBINATIONS = frozenset({"itertools.combinations", "combinations", "itertools.combinations_with_replacement"})
PERMUTATIONS = frozenset({"itertools.permutations", "permutations"})
PRODUCTS = frozenset({"itertools.product"})
DIGITS = frozenset({"str", "bin", "hex", "oct", "repr"})
LENGTHS = frozenset({"len"})
ROOTS = frozenset({"math.sqrt", "math.isqrt", "sqrt", "isqrt"})
LOGARITHMS = frozenset({"math.log", "math.log2", "math.log10", "log", "log2", "log10", ".bit_length"})
SMALLEST = frozenset({"min"})
LARGEST = frozenset({"max"})
KEEPS_SIZE = frozenset({"int", "abs", "round", "float", "math.ceil", "math.floor", "ceil", "floor"})
INPUTS = frozenset(
    {
        "input",
        "stdin.readline",
        "sys.stdin.buffer.readline",
        "raw_input",
        "sys.stdin.readline",
        "sys.stdin.read",
        "sys.stdin.readlines",
        "sys.stdin",
    }
)
PARSING = frozenset({".split", ".strip", ".rstrip", ".splitlines"})
PRINTS = frozenset({"print", "sys.stdout.write"})
NEIGHBOURS = frozenset({".neighbors", ".neighbours", ".adjacent", ".successors", ".children", ".edges"})
POPS = frozenset({"pop", "popleft", "heappop", "popitem", "get", "get_nowait", "pop_front"})
MEMO_DECORATORS = frozenset(
    {"cache", "lru_cache", "functools.cache", "functools.lru_cache", "memoize", "memo", "memoized", "cached"}
)

# --- Waiting: seconds are typical, in microseconds of a core's work that pass meanwhile. ---
WAITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("time.sleep", "asyncio.sleep", "trio.sleep", "gevent.sleep"), ("sleep", 500_000.0)),
    **dict.fromkeys(("input", "getpass.getpass"), ("person", 5_000_000.0)),
    **dict.fromkeys(
        ("requests.get", "requests.post", "requests.put", "requests.request", "requests.delete"), ("network", 200_000.0)
    ),
    **dict.fromkeys(
        ("httpx.get", "httpx.post", "urllib.request.urlopen", "urllib.request.urlretrieve"), ("network", 200_000.0)
    ),
    **dict.fromkeys(
        ("socket.create_connection", "smtplib.SMTP", "ftplib.FTP", "paramiko.SSHClient"), ("network", 200_000.0)
    ),
    **dict.fromkeys(
        ("subprocess.run", "subprocess.call", "subprocess.check_output", "subprocess.check_call"),
        ("process", 100_000.0),
    ),
    **dict.fromkeys(("os.system", "subprocess.Popen"), ("process", 100_000.0)),
    **dict.fromkeys((".execute", ".executemany", ".fetchall", ".fetchone"), ("database", 2_000.0)),
    **dict.fromkeys(
        ("open", "json.load", "pickle.load", "pickle.dump", "json.dump", ".to_csv", ".to_parquet"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(
        ("pandas.read_csv", "pandas.read_parquet", "pandas.read_excel", "shutil.copy", "shutil.copytree"),
        ("disk", 1_000.0),
    ),
    **dict.fromkeys(
        (".read_text", ".read_bytes", ".write_text", ".write_bytes", "os.walk", "glob.glob"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(("numpy.load", "numpy.save", "torch.load", "torch.save", "sqlite3.connect"), ("disk", 1_000.0)),
}
BLOCKING = frozenset({"sleep", "network", "process", "person"})  # kinds of waiting that stop an event loop
BLOCKING_EXEMPT = frozenset({"asyncio.sleep", "trio.sleep"})
NETWORK_MODULES = frozenset(
    {
        "requests",
        "httpx",
        "aiohttp",
        "urllib",
        "urllib3",
        "socket",
        "socketserver",
        "http",
        "smtplib",
        "ftplib",
        "paramiko",
        "websockets",
    }
    | {
        "grpc",
        "boto3",
        "botocore",
        "flask",
        "fastapi",
        "django",
        "starlette",
        "tornado",
        "sanic",
        "bottle",
        "falcon",
        "aiohttp.web",
    }
    | {
        "redis",
        "pymongo",
        "psycopg2",
        "psycopg",
        "asyncpg",
        "mysql",
        "pika",
        "kafka",
        "zmq",
        "scrapy",
        "selenium",
        "uvicorn",
        "gunicorn",
    }
)
SERVERS = frozenset(
    {
        ".run_forever",
        ".serve_forever",
        "uvicorn.run",
        "aiohttp.web.run_app",
        "app.run",
        "socketio.run",
        ".run_polling",
        ".infinity_polling",
    }
    | {
        ".start_polling",
        ".start_consuming",
        "waitress.serve",
        "tornado.ioloop.IOLoop.current.start",
        ".mainloop",
        ".wait_for_termination",
    }
    | {"bottle.run", "execute_from_command_line", "django.core.management.execute_from_command_line"}
)

# --- Parallel work: path -> (place or keyword of the number of workers; what a missing number means). ---
POOLS: dict[str, tuple[int, tuple[str, ...], str]] = {
    **dict.fromkeys(
        ("multiprocessing.Pool", "multiprocessing.pool.Pool", "torch.multiprocessing.Pool"), (0, ("processes",), "all")
    ),
    **dict.fromkeys(
        ("billiard.Pool", "multiprocess.Pool", "pathos.multiprocessing.ProcessingPool"),
        (0, ("processes", "nodes"), "all"),
    ),
    **dict.fromkeys(
        ("concurrent.futures.ProcessPoolExecutor", "concurrent.futures.process.ProcessPoolExecutor"),
        (0, ("max_workers",), "all"),
    ),
    "loky.get_reusable_executor": (0, ("max_workers",), "all"),
    **dict.fromkeys(("joblib.Parallel", "sklearn.utils.parallel.Parallel"), (0, ("n_jobs",), "one")),
    "ray.init": (-1, ("num_cpus",), "all"),
    "dask.distributed.Client": (-1, ("n_workers",), "all"),
    "dask.distributed.LocalCluster": (-1, ("n_workers",), "all"),
}
POOL_METHODS = frozenset({".Pool", ".ProcessPoolExecutor"})  # of a multiprocessing context
PROCESSES = frozenset({"multiprocessing.Process", "torch.multiprocessing.Process", "multiprocess.Process"})
THREAD_POOLS = frozenset(
    {"concurrent.futures.ThreadPoolExecutor", "multiprocessing.pool.ThreadPool", "multiprocessing.dummy.Pool"}
)
WORKER_KEYWORDS = frozenset({"n_jobs", "num_workers", "nthread", "num_threads", "n_workers", "workers", "num_proc"})
CORE_COUNTS = frozenset(
    {"os.cpu_count", "multiprocessing.cpu_count", "os.process_cpu_count", "psutil.cpu_count", "joblib.cpu_count"}
)
CORE_SETS = frozenset({"os.sched_getaffinity"})
SPREADS = frozenset(
    {
        "map",
        "imap",
        "imap_unordered",
        "starmap",
        "apply",
        "apply_async",
        "map_async",
        "submit",
        "starmap_async",
        "Process",
    }
)
ALL_CORE_CALLS = frozenset(
    {
        "numpy.dot",
        "numpy.matmul",
        "numpy.linalg.svd",
        "numpy.linalg.inv",
        "numpy.linalg.solve",
        "numpy.linalg.eig",
        "numpy.linalg.eigh",
    }
    | {
        "numpy.linalg.qr",
        "numpy.linalg.lstsq",
        "numpy.einsum",
        "scipy.linalg.inv",
        "scipy.linalg.svd",
        "numpy.linalg.cholesky",
    }
)
ALL_CORE_MODULES = frozenset(
    {"torch", "tensorflow", "jax", "xgboost", "lightgbm", "polars", "faiss", "duckdb", "catboost"}
)
HARD_WORK = frozenset({".fit", ".fit_transform", ".partial_fit", ".backward", ".predict", ".cross_validate"})

GPU_MODULES = frozenset({"cupy", "pycuda", "numba.cuda", "cudf", "cuml", "pyopencl", "tensorrt", "triton"})
GPU_TEXTS = ("cuda", "gpu")
GPU_METHODS = frozenset({".cuda"})
GPU_AWARE_MODULES = frozenset(
    {"torch", "tensorflow", "jax", "lightning", "pytorch_lightning", "transformers", "numba", "keras"}
)

# Memory that a process has once it has loaded the library, beside the interpreter's own.
INTERPRETER_BYTES = 16 * MIB
LIBRARY_BYTES: dict[str, int] = {
    "numpy": 25 * MIB, "pandas": 60 * MIB, "scipy": 40 * MIB, "sklearn": 110 * MIB,
    "matplotlib": 50 * MIB, "torch": 350 * MIB,
    "tensorflow": 450 * MIB, "keras": 450 * MIB, "jax": 180 * MIB, "transformers": 400 * MIB,
    "xgboost": 120 * MIB, "lightgbm": 100 * MIB,
    "cv2": 70 * MIB, "PIL": 12 * MIB, "django": 35 * MIB, "flask": 22 * MIB,
    "fastapi": 35 * MIB, "sqlalchemy": 25 * MIB,
    "requests": 14 * MIB, "aiohttp": 22 * MIB, "boto3": 35 * MIB, "pyspark": 60 * MIB,
    "polars": 60 * MIB, "pyarrow": 60 * MIB,
    "networkx": 30 * MIB, "sympy": 45 * MIB, "spacy": 180 * MIB, "nltk": 70 * MIB,
    "numba": 110 * MIB, "prophet": 190 * MIB,
    "plotly": 45 * MIB, "seaborn": 110 * MIB, "statsmodels": 130 * MIB, "dask": 60 * MIB,
    "ray": 110 * MIB, "pygame": 40 * MIB,
    "scrapy": 50 * MIB, "selenium": 30 * MIB, "PyQt5": 60 * MIB, "PyQt6": 60 * MIB,
    "PySide6": 60 * MIB, "tkinter": 12 * MIB,
    "multiprocessing": 4 * MIB, "asyncio": 6 * MIB, "pytest": 25 * MIB, "duckdb": 50 * MIB,
    "skimage": 70 * MIB, "gensim": 90 * MIB,
}  # fmt: skip
# Bytes of one element of a container, its slot included.
ELEMENT_BYTES = {
    "list": 40,
    "tuple": 40,
    "set": 72,
    "dict": 120,
    "array": 8,
    "str": 1,
    "bytes": 1,
    "deque": 40,
    "range": 0,
}
DTYPE_BYTES = {
    "int8": 1,
    "uint8": 1,
    "bool": 1,
    "int16": 2,
    "float16": 2,
    "float32": 4,
    "int32": 4,
    "complex64": 8,
    "complex128": 16,
}

COMPILES = frozenset({"re.compile", "regex.compile"})
ROW_WALKS = frozenset({".iterrows", ".itertuples"})
WHOLE_FILE = frozenset({".read", ".readlines", ".read_text", ".read_bytes"})
QUERIES = frozenset({".execute", ".fetchone", ".filter_by", ".objects.get", ".query"})
UNBOUNDED_CACHES = frozenset({"cache", "functools.cache"})
BOUNDED_CACHES = frozenset({"lru_cache", "functools.lru_cache"})
