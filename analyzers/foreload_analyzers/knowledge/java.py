"""What is known of Java's own library.

Keys are paths with the receiver's declared type in place of its name (`TreeMap.put`, `Math.max`), or `.method` for a
method of anything. Tables that are not here are empty; knowledge/python.py tells what each one means.
"""

from __future__ import annotations

from foreload_analyzers.costs import LINEAR, LOG, SORT, Cost

MIB = 1024 * 1024

_SORTED = ("TreeMap", "TreeSet", "SortedMap", "SortedSet", "NavigableMap", "NavigableSet", "ConcurrentSkipListMap")
_HEAPS = ("PriorityQueue", "PriorityBlockingQueue")
_SORTED_METHODS = (
    *("put", "get", "add", "remove", "contains", "containsKey", "floor", "ceiling", "higher", "lower"),
    *("floorKey", "ceilingKey", "higherKey", "lowerKey", "floorEntry", "ceilingEntry", "first", "last", "firstKey"),
    *("lastKey", "pollFirst", "pollLast", "firstEntry", "lastEntry", "pollFirstEntry", "pollLastEntry"),
    *("getOrDefault", "merge", "putIfAbsent", "computeIfAbsent"),
)

CONTAINER_KINDS: dict[str, str] = {
    **dict.fromkeys(("[]", "array", "List", "ArrayList", "LinkedList", "Vector", "Stack", "Collection"), "list"),
    **dict.fromkeys(("Iterable", "Arrays.asList", "List.of", ".toCharArray", ".split", ".toList", ".toArray"), "list"),
    **dict.fromkeys(("Map", "HashMap", "TreeMap", "LinkedHashMap", "ConcurrentHashMap", "SortedMap"), "dict"),
    **dict.fromkeys(("NavigableMap", "EnumMap", "Hashtable", "WeakHashMap", "IdentityHashMap"), "dict"),
    **dict.fromkeys(("Set", "HashSet", "TreeSet", "LinkedHashSet", "SortedSet", "NavigableSet", "EnumSet"), "set"),
    **dict.fromkeys(("Queue", "Deque", "ArrayDeque", "PriorityQueue", "BlockingQueue"), "deque"),
    **dict.fromkeys(("String", "StringBuilder", "StringBuffer", "CharSequence", ".substring", ".trim"), "str"),
    **dict.fromkeys(
        (".toString", ".toLowerCase", ".toUpperCase", "String.valueOf", "String.format", ".nextLine"), "str"
    ),
    **dict.fromkeys(
        ("int", "long", "double", "float", "short", "byte", "char", "boolean", "Integer", "Long"), "number"
    ),
    **dict.fromkeys(("Double", "Character", "Boolean", "BigInteger", "BigDecimal", "len", "AtomicInteger"), "number"),
    **dict.fromkeys(("Math.max", "Math.min", "Math.abs", "Integer.parseInt", ".nextInt", ".nextLong"), "number"),
}

CONTAINER_KINDS.update(dict.fromkeys(("BIT", "Fenwick", "FenwickTree", "SegmentTree", "SegTree"), "sorted"))

CALL_COSTS: dict[str, tuple[Cost, int]] = {
    **dict.fromkeys(("Arrays.sort", "Collections.sort", "Arrays.parallelSort"), (SORT, 0)),
    **dict.fromkeys(("List.sort", "ArrayList.sort", "LinkedList.sort", ".sorted"), (SORT, -1)),
    **dict.fromkeys(("Arrays.binarySearch", "Collections.binarySearch"), (LOG, 0)),
    **dict.fromkeys(
        ("Arrays.fill", "Arrays.copyOf", "Arrays.copyOfRange", "Arrays.toString", "Arrays.equals"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("Arrays.asList", "Arrays.hashCode", "Arrays.deepToString", "Arrays.setAll", "System.arraycopy"), (LINEAR, 0)
    ),
    **dict.fromkeys(("Collections.reverse", "Collections.max", "Collections.min", "Collections.shuffle"), (LINEAR, 0)),
    **dict.fromkeys(("Collections.frequency", "Collections.unmodifiableList", "String.join"), (LINEAR, 0)),
    **dict.fromkeys(
        ("ArrayList", "LinkedList", "HashSet", "HashMap", "ArrayDeque", "LinkedHashSet", "String"), (LINEAR, 0)
    ),
    **dict.fromkeys(("TreeSet", "TreeMap"), (SORT, 0)),
    **dict.fromkeys((f"{owner}.{method}" for owner in _SORTED for method in _SORTED_METHODS), (LOG, -1)),
    **dict.fromkeys((f"{owner}.{method}" for owner in _HEAPS for method in ("add", "offer", "poll")), (LOG, -1)),
    **dict.fromkeys((f"{owner}.remove" for owner in _HEAPS), (LOG, -1)),
    **dict.fromkeys(
        ("LinkedList.get", "LinkedList.contains", "LinkedList.indexOf", "ArrayDeque.contains"), (LINEAR, -1)
    ),
    **dict.fromkeys((".addAll", ".putAll", ".retainAll", ".removeAll", ".containsAll"), (LINEAR, 0)),
    **dict.fromkeys(
        (".toCharArray", ".split", ".replace", ".replaceAll", ".toLowerCase", ".toUpperCase"), (LINEAR, -1)
    ),
    **dict.fromkeys((".trim", ".reverse", ".toArray", ".clone", ".chars", ".repeat", ".matches"), (LINEAR, -1)),
    **dict.fromkeys((".deleteCharAt", ".sum", ".collect", ".count", ".toList"), (LINEAR, -1)),
    **dict.fromkeys((".gcd", ".modPow"), (LOG, -1)),
}
LIST_ONLY: dict[str, Cost] = {".contains": LINEAR, ".indexOf": LINEAR, ".lastIndexOf": LINEAR}

SAME_SIZE: dict[str, int] = {
    **dict.fromkeys(("ArrayList", "LinkedList", "HashSet", "HashMap", "ArrayDeque", "TreeSet", "TreeMap", "String"), 0),
    **dict.fromkeys(("PriorityQueue", "LinkedHashSet", "LinkedHashMap", "Stack", "StringBuilder", "Arrays.asList"), 0),
    **dict.fromkeys(("Arrays.copyOf", "Arrays.stream", "Vector", "StringBuffer", "ConcurrentHashMap"), 0),
    **dict.fromkeys((".toCharArray", ".split", ".toString", ".toLowerCase", ".toUpperCase", ".trim", ".clone"), -1),
    **dict.fromkeys((".entrySet", ".keySet", ".values", ".stream", ".chars", ".sorted", ".map", ".filter"), -1),
    **dict.fromkeys((".toArray", ".toList", ".collect", ".iterator", ".parallelStream", ".reverse"), -1),
}
SORTED_METHODS = frozenset({".add", ".query", ".update", ".sum", ".get", ".insert", ".remove", ".find"})
RANGES = frozenset({"range", "IntStream.range", "IntStream.rangeClosed", "LongStream.range"})
ARRAY_SIZES = frozenset({"array"})
LENGTHS = frozenset({"len"})
ROOTS = frozenset({"Math.sqrt"})
LOGARITHMS = frozenset({"Math.log", "Math.log10", ".bitLength"})
SMALLEST = frozenset({"Math.min", "Integer.min", "Long.min"})
LARGEST = frozenset({"Math.max", "Integer.max", "Long.max"})
KEEPS_SIZE = frozenset({"Math.abs", "Math.ceil", "Math.floor", "Math.round", "Integer.parseInt", "Long.parseLong"})
DIGITS = frozenset({"String.valueOf", "Integer.toString", "Integer.toBinaryString", "Long.toString"})
INPUTS = frozenset(
    {".nextInt", ".nextLong", ".nextLine", ".next", ".nextDouble", ".readLine", ".nextToken", ".readInt", ".readLong"}
    | {".nextIntArray", ".ni", ".nl", ".readInts", ".nextIntegerArray", ".nextLongArray"}
)
PARSING = frozenset({".split", ".trim"})
PRINTS = frozenset(
    {"System.out.println", "System.out.print", "System.out.printf", ".println", ".print", ".printf", ".append"}
)
NEIGHBOURS = frozenset({".neighbors", ".neighbours", ".adj", ".getNeighbors", ".children", ".successors"})
POPS = frozenset(
    {"pop", "poll", "remove", "pollFirst", "pollLast", "removeFirst", "removeLast", "take", "dequeue", "nextToken"}
    | {"deleteMin", "delMin", "extractMin"}
)

WAITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("Thread.sleep", "TimeUnit.SECONDS.sleep", "TimeUnit.MILLISECONDS.sleep"), ("sleep", 500_000.0)),
    **dict.fromkeys(
        ("HttpClient.send", ".openConnection", ".openStream", "Socket", "ServerSocket.accept"), ("network", 200_000.0)
    ),
    **dict.fromkeys((".getForObject", ".postForObject", ".exchange", ".retrieve"), ("network", 200_000.0)),
    **dict.fromkeys(("Runtime.getRuntime.exec", "ProcessBuilder.start", "Process.waitFor"), ("process", 100_000.0)),
    **dict.fromkeys(
        (".executeQuery", ".executeUpdate", ".executeBatch", ".findById", ".findAll"), ("database", 2_000.0)
    ),
    **dict.fromkeys(
        ("Files.readAllLines", "Files.readAllBytes", "Files.lines", "Files.write", "Files.readString"),
        ("disk", 1_000.0),
    ),
    **dict.fromkeys(
        ("FileReader", "FileWriter", "FileInputStream", "FileOutputStream", "Files.walk"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(("RandomAccessFile", "Files.newBufferedReader", "Files.copy", "Files.list"), ("disk", 1_000.0)),
}
NETWORK_MODULES = frozenset({"HttpClient", "HttpURLConnection", "ServerSocket", "Socket", "RestTemplate", "WebClient"})
SERVERS = frozenset({"SpringApplication.run", "HttpServer.start", "ServerSocket.accept"})
POOLS: dict[str, tuple[int, tuple[str, ...], str]] = {
    **dict.fromkeys(("Executors.newFixedThreadPool", "Executors.newScheduledThreadPool"), (0, (), "all")),
    **dict.fromkeys(("Executors.newWorkStealingPool", "Executors.newCachedThreadPool", "ForkJoinPool"), (0, (), "all")),
    **dict.fromkeys(
        (".parallelStream", ".parallel", "ForkJoinPool.commonPool", "Arrays.parallelSort"), (-1, (), "all")
    ),
}
PROCESSES = frozenset({"Thread"})
CORE_COUNTS = frozenset(
    {"Runtime.getRuntime.availableProcessors", "?.availableProcessors", "Runtime.availableProcessors"}
)
SPREADS = frozenset({"submit", "execute", "invokeAll", "Thread", "supplyAsync", "runAsync"})

INTERPRETER_BYTES = 60 * MIB  # a virtual machine that has run a little
LIBRARY_BYTES: dict[str, int] = {"org.springframework": 120 * MIB, "org.apache.spark": 300 * MIB}
ELEMENT_BYTES = {"list": 8, "tuple": 8, "set": 56, "dict": 64, "array": 8, "str": 2, "deque": 16, "range": 0}
DTYPE_BYTES = {"byte": 1, "boolean": 1, "short": 2, "char": 2, "int": 4, "float": 4, "long": 8, "double": 8}

COMPILES = frozenset({"Pattern.compile"})
WHOLE_FILE = frozenset({"Files.readAllLines", "Files.readAllBytes", "Files.readString"})
QUERIES = frozenset({".executeQuery", ".executeUpdate", ".findById", ".find"})
