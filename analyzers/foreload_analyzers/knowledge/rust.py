"""What is known of Rust's own library and of common crates.

Keys are paths from the type on (`HashMap.new`, `fs.read_to_string`) with the receiver's declared type in place of its
name, or `.method` for a method of anything. Tables that are not here are empty; knowledge/python.py tells what each one
means.
"""

from __future__ import annotations

from foreload_analyzers.costs import LINEAR, LOG, SORT, Cost

MIB = 1024 * 1024

_TREE_METHODS = ("insert", "get", "remove", "contains", "contains_key", "entry", "range", "get_mut", "first", "last")
_SORTED = ("BTreeMap", "BTreeSet")

CONTAINER_KINDS: dict[str, str] = {
    **dict.fromkeys(("[]", "array", "Vec", "Vec.new", "Vec.with_capacity", "Vec.from", ".collect", ".to_vec"), "list"),
    **dict.fromkeys((".chars", ".bytes", ".lines", ".split", ".split_whitespace", "SmallVec", "LinkedList"), "list"),
    **dict.fromkeys(
        ("HashMap", "HashMap.new", "HashMap.with_capacity", "BTreeMap", "BTreeMap.new", "FxHashMap"), "dict"
    ),
    **dict.fromkeys(("HashSet", "HashSet.new", "BTreeSet", "BTreeSet.new", "FxHashSet"), "set"),
    **dict.fromkeys(("VecDeque", "VecDeque.new", "BinaryHeap", "BinaryHeap.new"), "deque"),
    **dict.fromkeys(("String", "str", "String.new", "String.from", ".to_string", "format!", ".to_lowercase"), "str"),
    **dict.fromkeys((".to_owned", ".trim", ".to_uppercase", "String.with_capacity"), "str"),
    **dict.fromkeys(("i32", "i64", "u32", "u64", "usize", "isize", "u8", "i8", "u16", "i16", "u128", "i128"), "number"),
    **dict.fromkeys(("f32", "f64", "bool", "char", "len"), "number"),
}

CALL_COSTS: dict[str, tuple[Cost, int]] = {
    **dict.fromkeys(
        (".sort", ".sort_unstable", ".sort_by", ".sort_by_key", ".sort_unstable_by", ".sorted"), (SORT, -1)
    ),
    **dict.fromkeys((".sort_unstable_by_key", ".par_sort", ".par_sort_unstable"), (SORT, -1)),
    **dict.fromkeys((".binary_search", ".binary_search_by", ".partition_point"), (LOG, -1)),
    **dict.fromkeys((f"{owner}.{method}" for owner in _SORTED for method in _TREE_METHODS), (LOG, -1)),
    **dict.fromkeys(("BinaryHeap.push", "BinaryHeap.pop"), (LOG, -1)),
    **dict.fromkeys(
        (".to_vec", ".clone", ".to_string", ".to_owned", ".reverse", ".concat", ".join", ".dedup"), (LINEAR, -1)
    ),
    **dict.fromkeys(
        (".sum", ".product", ".max", ".min", ".count", ".collect", ".rev_collect", ".replace"), (LINEAR, -1)
    ),
    **dict.fromkeys(
        (".to_lowercase", ".to_uppercase", ".fill", ".rotate_left", ".rotate_right", ".truncate_all"), (LINEAR, -1)
    ),
    **dict.fromkeys((".extend", ".extend_from_slice", ".append"), (LINEAR, 0)),
}
LIST_ONLY: dict[str, Cost] = {".contains": LINEAR, ".insert": LINEAR, ".remove": LINEAR, ".starts_with": Cost()}

SAME_SIZE: dict[str, int] = {
    **dict.fromkeys((".iter", ".iter_mut", ".into_iter", ".enumerate", ".rev", ".map", ".filter", ".chars"), -1),
    **dict.fromkeys((".bytes", ".keys", ".values", ".values_mut", ".collect", ".cloned", ".copied", ".clone"), -1),
    **dict.fromkeys((".to_vec", ".peekable", ".skip", ".step_by", ".windows", ".chunks", ".zip", ".drain"), -1),
    **dict.fromkeys((".par_iter", ".into_par_iter", ".par_iter_mut", ".lines", ".split", ".as_bytes", ".trim"), -1),
    **dict.fromkeys((".char_indices", ".split_whitespace", ".sorted", ".take_while", ".filter_map", ".as_str"), -1),
    **dict.fromkeys(
        ("Vec.from", "String.from", "Vec.new", "String.new", "HashMap.new", "HashSet.new", "VecDeque.new"), 0
    ),
    **dict.fromkeys(("BTreeMap.new", "BTreeSet.new", "BinaryHeap.new", "BinaryHeap.from"), 0),
}
RANGES = frozenset({"range"})
ARRAY_SIZES = frozenset({"array", "Vec.with_capacity", "String.with_capacity"})
LENGTHS = frozenset({"len"})
ROOTS = frozenset({".sqrt", ".isqrt"})
LOGARITHMS = frozenset({".log2", ".ilog2", ".ln", ".log10", ".leading_zeros"})
SMALLEST = frozenset({"min", "cmp.min"})
LARGEST = frozenset({"max", "cmp.max"})
KEEPS_SIZE = frozenset({"usize.from", "i64.from", "u64.from"})
INPUTS = frozenset({".read_line", "io.read_to_string", ".read_to_string", ".lines", "read!"})
PARSING = frozenset({".split_whitespace", ".trim", ".split"})
PRINTS = frozenset({"println!", "print!", "writeln!", "write!", "eprintln!"})
NEIGHBOURS = frozenset({".neighbors", ".children", ".adjacent"})
POPS = frozenset({"pop", "pop_front", "pop_back", "pop_first", "pop_last", "remove", "next"})
MEMO_DECORATORS = frozenset({"cached", "memoize"})

WAITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("thread.sleep", "time.sleep", "tokio.time.sleep"), ("sleep", 500_000.0)),
    **dict.fromkeys(
        ("TcpStream.connect", "reqwest.get", "TcpListener.bind", "UdpSocket.bind", ".send"), ("network", 200_000.0)
    ),
    **dict.fromkeys(("Client.get", "Client.post", "ureq.get"), ("network", 200_000.0)),
    **dict.fromkeys(("Command.new", ".output", ".wait"), ("process", 100_000.0)),
    **dict.fromkeys((".fetch_all", ".fetch_one", ".execute", ".query_row"), ("database", 2_000.0)),
    **dict.fromkeys(
        ("fs.read_to_string", "fs.read", "fs.write", "File.open", "File.create", "fs.read_dir"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(("tokio.fs.read_to_string", "OpenOptions.new", "fs.copy"), ("disk", 1_000.0)),
}
BLOCKING = frozenset({"sleep"})
BLOCKING_EXEMPT = frozenset({"tokio.time.sleep", "time.sleep"})
NETWORK_MODULES = frozenset(
    {"reqwest", "hyper", "tonic", "actix_web", "axum", "warp", "rocket", "TcpStream", "TcpListener"}
)
SERVERS = frozenset({"HttpServer.new", "axum.serve", "Server.bind", ".serve", ".incoming", "warp.serve"})
POOLS: dict[str, tuple[int, tuple[str, ...], str]] = {
    **dict.fromkeys(
        (".par_iter", ".into_par_iter", ".par_iter_mut", ".par_chunks", ".par_bridge", ".par_sort"), (-1, (), "all")
    ),
    **dict.fromkeys((".par_sort_unstable", "rayon.join", "rayon.scope"), (-1, (), "all")),
    **dict.fromkeys((".num_threads", "ThreadPool.new"), (0, (), "all")),
}
PROCESSES = frozenset({"thread.spawn", "task.spawn_blocking", ".spawn"})
CORE_COUNTS = frozenset({"num_cpus.get", "thread.available_parallelism"})
SPREADS = frozenset({"spawn", "for_each", "map", "join", "spawn_blocking"})
GPU_MODULES = frozenset({"wgpu", "cudarc", "cust"})

INTERPRETER_BYTES = 3 * MIB
LIBRARY_BYTES: dict[str, int] = {"tokio": 5 * MIB, "polars": 30 * MIB, "candle_core": 60 * MIB, "tch": 350 * MIB}
ELEMENT_BYTES = {"list": 8, "tuple": 8, "set": 24, "dict": 40, "array": 8, "str": 1, "deque": 8, "range": 0}
DTYPE_BYTES = {"u8": 1, "i8": 1, "bool": 1, "u16": 2, "i16": 2, "u32": 4, "i32": 4, "f32": 4, "u64": 8, "f64": 8}

COMPILES = frozenset({"Regex.new"})
WHOLE_FILE = frozenset({"fs.read_to_string", "fs.read"})
QUERIES = frozenset({".fetch_one", ".execute", ".query_row"})
