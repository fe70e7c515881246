"""What is known of C++'s and C's own libraries.

Keys are paths without `std`, with the receiver's declared type in place of its name (`map.find`, `sort`), or `.method`
for a method of anything. Tables that are not here are empty; knowledge/python.py tells what each one means.
"""

from __future__ import annotations

from foreload_analyzers.costs import LINEAR, LOG, SORT, Cost

MIB = 1024 * 1024

_SORTED = ("map", "set", "multimap", "multiset")
_SORTED_METHODS = ("insert", "find", "count", "erase", "lower_bound", "upper_bound", "emplace", "at", "contains", "[]")

CONTAINER_KINDS: dict[str, str] = {
    **dict.fromkeys(("[]", "array", "vector", "list", "forward_list", "valarray", "initializer_list", "span"), "list"),
    **dict.fromkeys(("map", "unordered_map", "multimap", "unordered_multimap"), "dict"),
    **dict.fromkeys(("set", "unordered_set", "multiset", "unordered_multiset", "bitset"), "set"),
    **dict.fromkeys(("queue", "deque", "stack", "priority_queue"), "deque"),
    **dict.fromkeys(("string", "string_view", "wstring", "stringstream", "ostringstream", ".substr", ".str"), "str"),
    **dict.fromkeys(("to_string", "getline"), "str"),
    **dict.fromkeys(("int", "long", "short", "char", "double", "float", "bool", "size_t", "auto_int", "ll"), "number"),
    **dict.fromkeys(("int64_t", "uint64_t", "int32_t", "uint32_t", "ssize_t", "len", "max", "min", "abs"), "number"),
    **dict.fromkeys(("stoi", "stol", "strlen"), "number"),
    **dict.fromkeys(("BIT", "Fenwick", "FenwickTree", "SegmentTree", "SegTree", "ordered_set", "Treap"), "sorted"),
}

CALL_COSTS: dict[str, tuple[Cost, int]] = {
    **dict.fromkeys(("sort", "stable_sort", "partial_sort", "qsort", "ranges.sort"), (SORT, 0)),
    **dict.fromkeys(("lower_bound", "upper_bound", "binary_search", "equal_range", "push_heap", "pop_heap"), (LOG, 0)),
    **dict.fromkeys(("ranges.lower_bound", "ranges.upper_bound", "bsearch"), (LOG, 0)),
    **dict.fromkeys(
        ("accumulate", "reverse", "fill", "max_element", "min_element", "minmax_element", "count"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("count_if", "find", "find_if", "all_of", "any_of", "none_of", "copy", "transform", "for_each"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("unique", "rotate", "iota", "partial_sum", "nth_element", "make_heap", "merge", "inner_product"), (LINEAR, 0)
    ),
    **dict.fromkeys(("next_permutation", "prev_permutation", "remove", "remove_if", "equal", "is_sorted"), (LINEAR, 0)),
    **dict.fromkeys(("partition", "stable_partition", "shuffle", "random_shuffle", "reduce"), (LINEAR, 0)),
    **dict.fromkeys(
        ("memset", "memcpy", "memmove", "strlen", "strcmp", "strcpy", "strcat", "strstr", "strncpy"), (LINEAR, 0)
    ),
    **dict.fromkeys((f"{owner}.{method}" for owner in _SORTED for method in _SORTED_METHODS), (LOG, -1)),
    **dict.fromkeys(("priority_queue.push", "priority_queue.pop", "priority_queue.emplace"), (LOG, -1)),
    **dict.fromkeys(("string.find", "string.rfind", "string.substr", "string.replace", "string.erase"), (LINEAR, -1)),
    **dict.fromkeys(
        ("string.insert", "string.compare", "string.find_first_of", "vector.insert", "vector.erase"), (LINEAR, -1)
    ),
    **dict.fromkeys(("vector.assign", "vector.resize", "list.sort"), (LINEAR, -1)),
    **dict.fromkeys((".substr",), (LINEAR, -1)),
    **dict.fromkeys(("vector", "set", "unordered_set", "string"), (LINEAR, 0)),
    **dict.fromkeys(("gcd", "__gcd", "lcm"), (LOG, 0)),
}

SAME_SIZE: dict[str, int] = {
    **dict.fromkeys(("vector", "set", "unordered_set", "map", "unordered_map", "string", "deque", "queue", "stack"), 0),
    **dict.fromkeys(("priority_queue", "list", "multiset", "multimap", "move", "make_heap", "unordered_multiset"), 0),
    **dict.fromkeys(("valarray", "forward_list", "stringstream", "istringstream", "views.reverse", "as_const"), 0),
    **dict.fromkeys((".begin", ".end", ".rbegin", ".rend", ".cbegin", ".cend", ".str", ".c_str", ".data"), -1),
    **dict.fromkeys((".crbegin", ".crend"), -1),
    **dict.fromkeys(("begin", "end", "cbegin", "cend", "rbegin", "rend", "crbegin", "crend"), 0),
}
SORTED_METHODS = frozenset(
    {".insert", ".erase", ".find", ".order_of_key", ".find_by_order", ".lower_bound", ".upper_bound", ".add", ".query"}
    | {".update", ".sum", ".get", ".count"}
)
PERMUTES = frozenset({"next_permutation", "prev_permutation"})
RANGES = frozenset({"range"})
ARRAY_SIZES = frozenset({"array", "malloc", "calloc", "alloca"})
LENGTHS = frozenset({"len", "strlen", "size", "ssize"})
ROOTS = frozenset({"sqrt", "sqrtl", "sqrtf"})
LOGARITHMS = frozenset({"log", "log2", "log10", "__lg", "bit_width"})
SMALLEST = frozenset({"min"})
LARGEST = frozenset({"max"})
KEEPS_SIZE = frozenset(
    {"abs", "ceil", "floor", "round", "int", "long", "llabs", "fabs", "stoi", "stol", "atoi", "size_t"}
)
DIGITS = frozenset({"to_string"})
INPUTS = frozenset({"cin", "scanf", "getline", "getchar", "gets", "fgets", "cin.getline"})
PRINTS = frozenset({"cout", "printf", "puts", "putchar", "cerr", "fprintf", "print", "println"})
NEIGHBOURS = frozenset({".neighbors", ".neighbours", ".children", ".adj"})
POPS = frozenset({"pop", "pop_front", "pop_back", "pop_heap", "erase", "extract"})

WAITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(
        ("sleep", "usleep", "nanosleep", "this_thread.sleep_for", "this_thread.sleep_until"), ("sleep", 500_000.0)
    ),
    **dict.fromkeys(
        ("connect", "accept", "recv", "send", "recvfrom", "sendto", "curl_easy_perform", "listen"),
        ("network", 200_000.0),
    ),
    **dict.fromkeys(("poll", "select", "epoll_wait"), ("network", 200_000.0)),
    **dict.fromkeys(("system", "popen", "waitpid", "execvp"), ("process", 100_000.0)),
    **dict.fromkeys(("sqlite3_step", "sqlite3_exec", "mysql_query", "PQexec"), ("database", 2_000.0)),
    **dict.fromkeys(("fopen", "fread", "fwrite", "ifstream", "ofstream", "fstream", "fgets"), ("disk", 1_000.0)),
    **dict.fromkeys(("open", "read", "write", "mmap", "filesystem.directory_iterator"), ("disk", 1_000.0)),
}
NETWORK_MODULES = frozenset({"asio", "boost.asio", "curl", "grpc", "httplib"})
SERVERS = frozenset({"io_context.run", "epoll_wait", ".listen_and_serve", "svr.listen"})
POOLS: dict[str, tuple[int, tuple[str, ...], str]] = {
    "#pragma omp parallel": (0, (), "all"),
    "omp_set_num_threads": (0, (), "all"),
    **dict.fromkeys(("tbb.parallel_for", "tbb.parallel_reduce", "parallel_for", "tbb.parallel_sort"), (-1, (), "all")),
    **dict.fromkeys(("thread_pool", "boost.asio.thread_pool", "ThreadPool", "asio.thread_pool"), (0, (), "all")),
}
PROCESSES = frozenset({"thread", "jthread", "pthread_create", "async", "fork"})
CORE_COUNTS = frozenset({"thread.hardware_concurrency", "omp_get_max_threads", "omp_get_num_procs", "sysconf"})
SPREADS = frozenset({"thread", "jthread", "pthread_create", "async", "parallel_for", "emplace_back", "submit", "post"})
GPU_MODULES = frozenset({"thrust", "cub", "cudnn", "cublas"})
GPU_TEXTS = ("cuda", "kcuda")
GPU_METHODS = frozenset({"cudaMalloc", "cudaMemcpy", "cudaDeviceSynchronize"})

INTERPRETER_BYTES = 3 * MIB  # a process with the standard library
LIBRARY_BYTES: dict[str, int] = {"opencv2/opencv": 70 * MIB, "torch/torch": 350 * MIB}
ELEMENT_BYTES = {"list": 8, "tuple": 8, "set": 40, "dict": 56, "array": 8, "str": 1, "deque": 8, "range": 0}
DTYPE_BYTES = {
    "bool": 1, "char": 1, "short": 2, "int": 4, "float": 4, "double": 8, "long": 8,
    "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8,
    "size_t": 8,
}  # fmt: skip

COMPILES = frozenset({"regex"})
