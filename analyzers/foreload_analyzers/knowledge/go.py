"""What is known of Go's own library.

Keys are paths with the package's full path (`sort.Slice`, `container/heap.Push`) or the receiver's declared type in
place of its name, or `.method` for a method of anything. Tables that are not here are empty; knowledge/python.py tells
what each one means.
"""

from __future__ import annotations

from foreload_analyzers.costs import LINEAR, LOG, SORT, Cost

MIB = 1024 * 1024

CONTAINER_KINDS: dict[str, str] = {
    **dict.fromkeys(("[]", "array", "append", "strings.Split", "strings.Fields", "slices.Clone"), "list"),
    **dict.fromkeys(("map", "sync.Map", "Map"), "dict"),
    **dict.fromkeys(
        ("string", "strings.Builder", "bytes.Buffer", "fmt.Sprintf", "strings.Join", "strings.ToLower"), "str"
    ),
    **dict.fromkeys(
        ("strings.Replace", "strings.Repeat", "strings.TrimSpace", "strconv.Itoa", "Builder", ".String"), "str"
    ),
    **dict.fromkeys(("container/list.New", "chan"), "deque"),
    **dict.fromkeys(
        ("int", "int64", "int32", "uint", "uint64", "uint32", "uint8", "byte", "rune", "float64"), "number"
    ),
    **dict.fromkeys(("float32", "bool", "len", "cap", "min", "max", "strconv.Atoi"), "number"),
}

CALL_COSTS: dict[str, tuple[Cost, int]] = {
    **dict.fromkeys(
        ("sort.Ints", "sort.Slice", "sort.Sort", "sort.Strings", "sort.SliceStable", "sort.Float64s"), (SORT, 0)
    ),
    **dict.fromkeys(("slices.Sort", "slices.SortFunc", "sort.Stable"), (SORT, 0)),
    **dict.fromkeys(("sort.Search", "sort.SearchInts", "slices.BinarySearch", "container/heap.Push"), (LOG, 0)),
    **dict.fromkeys(("container/heap.Pop", "container/heap.Fix", "container/heap.Remove"), (LOG, 0)),
    **dict.fromkeys(("container/heap.Init", "copy", "slices.Contains", "slices.Index", "slices.Reverse"), (LINEAR, 0)),
    **dict.fromkeys(
        ("slices.Max", "slices.Min", "slices.Clone", "strings.Split", "strings.Join", "strings.Contains"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("strings.Index", "strings.Replace", "strings.ReplaceAll", "strings.ToLower", "strings.ToUpper"), (LINEAR, 0)
    ),
    **dict.fromkeys(
        ("strings.Fields", "strings.Repeat", "strings.Count", "bytes.Equal", "reflect.DeepEqual"), (LINEAR, 0)
    ),
    **dict.fromkeys(("strings.TrimSpace", "strings.HasPrefix"), (Cost(), 0)),
}

SAME_SIZE: dict[str, int] = {
    **dict.fromkeys(("strings.Split", "strings.Fields", "strings.ToLower", "strings.ToUpper", "slices.Clone"), 0),
    **dict.fromkeys(("append", "string", "strings.TrimSpace", "bytes.NewBuffer", "maps.Keys"), 0),
}
RANGES = frozenset({"range"})
ARRAY_SIZES = frozenset({"array"})
LENGTHS = frozenset({"len", "cap"})
ROOTS = frozenset({"math.Sqrt"})
LOGARITHMS = frozenset({"math.Log", "math.Log2", "math.Log10", "math/bits.Len"})
SMALLEST = frozenset({"min", "math.Min"})
LARGEST = frozenset({"max", "math.Max"})
KEEPS_SIZE = frozenset(
    {"int", "int64", "float64", "int32", "uint64", "math.Abs", "math.Floor", "math.Ceil", "strconv.Atoi"}
)
DIGITS = frozenset({"strconv.Itoa", "strconv.FormatInt"})
INPUTS = frozenset({"fmt.Scan", "fmt.Scanln", "fmt.Scanf", "fmt.Fscan", "fmt.Fscanf", ".ReadString", ".Text", ".Scan"})
PRINTS = frozenset({"fmt.Println", "fmt.Printf", "fmt.Print", "fmt.Fprintln", "fmt.Fprintf", "fmt.Fprint"})
NEIGHBOURS = frozenset({".Neighbors", ".Children", ".Adj"})
POPS = frozenset({"Pop", "Dequeue", "PopFront", "Remove"})

WAITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("time.Sleep", "time.After"), ("sleep", 500_000.0)),
    **dict.fromkeys(
        ("net/http.Get", "net/http.Post", "net/http.NewRequest", "net.Dial", "net.Listen", "net/http.Head"),
        ("network", 200_000.0),
    ),
    **dict.fromkeys((".Do", ".RoundTrip", ".Accept", "google.golang.org/grpc.Dial"), ("network", 200_000.0)),
    **dict.fromkeys(("os/exec.Command", ".CombinedOutput"), ("process", 100_000.0)),
    **dict.fromkeys(
        (".Query", ".QueryRow", ".Exec", ".QueryContext", ".ExecContext", ".QueryRowContext"), ("database", 2_000.0)
    ),
    **dict.fromkeys(
        ("os.Open", "os.Create", "os.ReadFile", "os.WriteFile", "io/ioutil.ReadFile", "os.OpenFile"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(
        ("io.ReadAll", "io.Copy", "path/filepath.Walk", "path/filepath.WalkDir", "os.ReadDir"), ("disk", 1_000.0)
    ),
}
NETWORK_MODULES = frozenset({"net", "net/http", "google", "github"})
SERVERS = frozenset(
    {"net/http.ListenAndServe", ".ListenAndServe", ".Serve", ".ListenAndServeTLS", "net/http.Serve", ".Run"}
)
POOLS: dict[str, tuple[int, tuple[str, ...], str]] = {
    "runtime.GOMAXPROCS": (0, (), "all"),
    "golang.org/x/sync/errgroup.WithContext": (-1, (), "all"),
}
PROCESSES = frozenset({"go"})
CORE_COUNTS = frozenset({"runtime.NumCPU", "runtime.GOMAXPROCS"})
SPREADS = frozenset({"go", "Go", "Submit"})

INTERPRETER_BYTES = 6 * MIB  # the runtime in a program
LIBRARY_BYTES: dict[str, int] = {"k8s": 40 * MIB}
ELEMENT_BYTES = {"list": 8, "tuple": 8, "set": 24, "dict": 48, "array": 8, "str": 1, "deque": 48, "range": 0}
DTYPE_BYTES = {
    "byte": 1,
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "int32": 4,
    "float32": 4,
    "int": 8,
    "float64": 8,
}

COMPILES = frozenset({"regexp.MustCompile", "regexp.Compile"})
WHOLE_FILE = frozenset({"os.ReadFile", "io.ReadAll", "io/ioutil.ReadFile", "io/ioutil.ReadAll"})
QUERIES = frozenset({".Query", ".QueryRow", ".Exec", ".QueryContext", ".First", ".Find"})
