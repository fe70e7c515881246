"""What is known of the libraries of JavaScript and TypeScript: the language's own, Node's, and common packages.

Keys are paths (`fs.readFileSync`, `Math.max`), or `.method` for a method of anything. Tables that are not here are
empty; knowledge/python.py tells what each one means.
"""

from __future__ import annotations

from foreload_analyzers.costs import LINEAR, SORT, Cost

MIB = 1024 * 1024

CONTAINER_KINDS: dict[str, str] = {
    **dict.fromkeys(("[]", "array", "Array", "ReadonlyArray", "Array.from", "Object.keys", "Object.values"), "list"),
    **dict.fromkeys(("Object.entries", ".split", ".toArray", ".concat", ".filter", ".map", ".slice", ".flat"), "list"),
    **dict.fromkeys(("Map", "Record", "WeakMap", "ReadonlyMap", "URLSearchParams", "Headers"), "dict"),
    **dict.fromkeys(("Set", "WeakSet", "ReadonlySet"), "set"),
    **dict.fromkeys(("string", "String", ".join", ".trim", ".toString", ".toLowerCase", ".toUpperCase"), "str"),
    **dict.fromkeys((".substring", ".padStart", ".repeat", "JSON.stringify", ".toFixed"), "str"),
    **dict.fromkeys(("number", "Number", "bigint", "boolean", "parseInt", "parseFloat", "len", "Math.max"), "number"),
    **dict.fromkeys(("Math.min", "Math.floor", "Math.abs", "Date.now", "performance.now"), "number"),
    **dict.fromkeys(
        ("Float64Array", "Float32Array", "Int32Array", "Uint8Array", "Buffer", "Uint8ClampedArray"), "list"
    ),
    **dict.fromkeys(("Buffer.alloc", "Buffer.from", "Uint32Array", "Int8Array", "Int16Array"), "list"),
}

CALL_COSTS: dict[str, tuple[Cost, int]] = {
    **dict.fromkeys((".sort", ".toSorted"), (SORT, -1)),
    **dict.fromkeys(("Object.keys", "Object.values", "Object.entries", "Object.assign", "Array.from"), (LINEAR, 0)),
    **dict.fromkeys(("structuredClone", "JSON.stringify", "JSON.parse", "Set", "Map", "String"), (LINEAR, 0)),
    **dict.fromkeys(
        (".join", ".reverse", ".fill", ".concat", ".flat", ".split", ".replace", ".replaceAll"), (LINEAR, -1)
    ),
    **dict.fromkeys(
        (".toLowerCase", ".toUpperCase", ".trim", ".toReversed", ".match", ".matchAll", ".repeat"), (LINEAR, -1)
    ),
    **dict.fromkeys((".copyWithin", ".toString", ".normalize"), (LINEAR, -1)),
}
# Only where it is a list: sets and maps are quick at it.
LIST_ONLY: dict[str, Cost] = {
    ".includes": LINEAR, ".indexOf": LINEAR, ".lastIndexOf": LINEAR, ".shift": LINEAR, ".unshift": LINEAR,
    ".splice": LINEAR,
}  # fmt: skip

SAME_SIZE: dict[str, int] = {
    **dict.fromkeys(("Object.keys", "Object.values", "Object.entries", "Set", "Map", "Object.freeze"), 0),
    **dict.fromkeys(("Uint8Array", "Float64Array", "Int32Array", "Float32Array"), 0),
    **dict.fromkeys((".map", ".filter", ".sort", ".reverse", ".fill", ".keys", ".values", ".entries"), -1),
    **dict.fromkeys((".split", ".toLowerCase", ".toUpperCase", ".trim", ".toString", ".toSorted", ".toReversed"), -1),
    **dict.fromkeys((".replace", ".flat"), -1),
}
RANGES = frozenset({"range", "_.range"})
ARRAY_SIZES = frozenset({"array", "Buffer.alloc", "Buffer.allocUnsafe"})
LENGTHS = frozenset({"len"})
ROOTS = frozenset({"Math.sqrt"})
LOGARITHMS = frozenset({"Math.log", "Math.log2", "Math.log10"})
SMALLEST = frozenset({"Math.min"})
LARGEST = frozenset({"Math.max"})
KEEPS_SIZE = frozenset(
    {"Math.floor", "Math.ceil", "Math.round", "Math.trunc", "Math.abs", "Number", "parseInt", "parseFloat"}
)
DIGITS = frozenset({"String"})
INPUTS = frozenset({"readline", "prompt", "process.stdin.read", ".question"})
PARSING = frozenset({".split", ".trim"})
PRINTS = frozenset({"console.log", "console.error", "process.stdout.write", "print"})
NEIGHBOURS = frozenset({".neighbors", ".neighbours", ".children", ".adjacent"})
POPS = frozenset({"pop", "shift", "dequeue", "poll", "delete", "extractMin", "extractMax"})
MEMO_DECORATORS = frozenset({"memoize", "memo", "cached"})

WAITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("setTimeout", "setInterval", "sleep", "Atomics.wait"), ("sleep", 500_000.0)),
    **dict.fromkeys(
        ("fetch", "axios", "axios.get", "axios.post", "http.get", "https.get", "https.request"), ("network", 200_000.0)
    ),
    **dict.fromkeys(
        ("http.request", "net.connect", "got", "request", "$.ajax", "axios.request", "WebSocket"),
        ("network", 200_000.0),
    ),
    **dict.fromkeys(
        ("child_process.execSync", "child_process.spawnSync", "child_process.exec", "execSync"), ("process", 100_000.0)
    ),
    **dict.fromkeys(("child_process.spawn", "child_process.execFile", "spawnSync"), ("process", 100_000.0)),
    **dict.fromkeys(
        (".query", ".findOne", ".findMany", ".aggregate", ".findAll", ".findByPk", ".insertMany"), ("database", 2_000.0)
    ),
    **dict.fromkeys(
        ("fs.readFileSync", "fs.writeFileSync", "fs.readFile", "fs.writeFile", "fs.readdirSync"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(
        ("fs.statSync", "fs.existsSync", "fs.promises.readFile", "fs/promises.readFile", "readFileSync"),
        ("disk", 1_000.0),
    ),
    **dict.fromkeys(
        ("fs.createReadStream", "fs.createWriteStream", "fs.promises.writeFile", "fs.readdir"), ("disk", 1_000.0)
    ),
    **dict.fromkeys(("fs/promises.writeFile", "fs.appendFileSync", "fs.copyFileSync"), ("disk", 1_000.0)),
}
BLOCKING = frozenset({"process"})
BLOCKING_EXEMPT = frozenset({"child_process.spawn", "child_process.exec", "child_process.execFile"})
NETWORK_MODULES = frozenset(
    {"http", "https", "net", "dgram", "axios", "express", "koa", "fastify", "ws", "socket.io", "got", "undici"}
    | {"node-fetch", "@grpc/grpc-js", "redis", "ioredis", "mongodb", "mongoose", "pg", "mysql", "mysql2", "puppeteer"}
    | {"playwright", "kafkajs", "amqplib", "next", "@nestjs/core", "@aws-sdk/client-s3", "aws-sdk"}
)
SERVERS = frozenset({".listen", "serve", "Deno.serve", "Bun.serve", "http.createServer"})
POOLS: dict[str, tuple[int, tuple[str, ...], str]] = {
    **dict.fromkeys(
        ("Piscina", "piscina", "tinypool", "workerpool.pool", "StaticPool", "FixedThreadPool"), (-1, (), "all")
    ),
}
PROCESSES = frozenset({"Worker", "worker_threads.Worker", "child_process.fork", "cluster.fork"})
CORE_COUNTS = frozenset({"os.cpus", "os.availableParallelism"})
SPREADS = frozenset({"Worker", "run", "exec", "fork", "postMessage"})
ALL_CORE_MODULES = frozenset({"@tensorflow/tfjs-node", "sharp"})
GPU_MODULES = frozenset({"gpu.js", "@tensorflow/tfjs-node-gpu"})
GPU_TEXTS = ("webgpu", "gpu")
GPU_METHODS = frozenset({".requestAdapter"})
GPU_AWARE_MODULES = frozenset({"@tensorflow/tfjs", "three"})

INTERPRETER_BYTES = 45 * MIB  # Node with nothing loaded
LIBRARY_BYTES: dict[str, int] = {
    "express": 20 * MIB, "react": 8 * MIB, "next": 120 * MIB, "typescript": 90 * MIB, "webpack": 90 * MIB,
    "puppeteer": 40 * MIB, "mongoose": 30 * MIB, "lodash": 6 * MIB, "@tensorflow/tfjs": 80 * MIB, "electron": 120 * MIB,
}  # fmt: skip
ELEMENT_BYTES = {"list": 8, "tuple": 8, "set": 40, "dict": 56, "array": 8, "str": 1, "deque": 8, "range": 0}
DTYPE_BYTES = {"Uint8Array": 1, "Float32Array": 4, "Int32Array": 4, "Float64Array": 8}

COMPILES = frozenset({"RegExp"})
WHOLE_FILE = frozenset({"fs.readFileSync", "fs.promises.readFile", "fs/promises.readFile"})
QUERIES = frozenset({".query", ".findOne", ".findMany", ".findByPk", ".findUnique", ".execute"})
