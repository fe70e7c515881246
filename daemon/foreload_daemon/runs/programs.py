"""What is known of the programs that people start: their kinds, and which of their options take a value."""

from __future__ import annotations

from foreload_core.types import RunKind

PYTHON_TAKES_VALUE = frozenset({"-W", "-X", "--check-hash-based-pycs"})
WRAPPERS: dict[str, frozenset[str]] = {
    # wrapper -> its options that take the next word as their value
    "env": frozenset({"-u", "--unset", "-C", "--chdir", "-S", "--split-string"}),
    "time": frozenset({"-f", "-o", "--format", "--output"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "-p"}),
    "nohup": frozenset(),
    "sudo": frozenset({"-u", "-g", "-C", "-h", "-p", "-U", "-r", "-t"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "timeout": frozenset({"-s", "--signal", "-k", "--kill-after"}),
    "taskset": frozenset(),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "xvfb-run": frozenset({"-e", "-f", "-n", "-p", "-s", "-w"}),
    "coverage": frozenset({"--rcfile", "--source", "--include", "--omit", "-m"}),
}
WRAPPER_OPERANDS = {"timeout": 1, "taskset": 1}
RUNNERS = {
    ("uv", "run"),
    ("poetry", "run"),
    ("pipenv", "run"),
    ("hatch", "run"),
    ("pdm", "run"),
    ("rye", "run"),
    ("conda", "run"),
}
RUNNER_TAKES_VALUE = frozenset(
    {"--with", "--extra", "--group", "--python", "-p", "-n", "--name", "--project", "--directory", "-e"}
)

BY_PROGRAM: dict[str, RunKind] = {
    "pytest": RunKind.TEST,
    "py.test": RunKind.TEST,
    "tox": RunKind.TEST,
    "nox": RunKind.TEST,
    "nose2": RunKind.TEST,
    "jest": RunKind.TEST,
    "vitest": RunKind.TEST,
    "ctest": RunKind.TEST,
    "make": RunKind.BUILD,
    "gmake": RunKind.BUILD,
    "ninja": RunKind.BUILD,
    "cmake": RunKind.BUILD,
    "bazel": RunKind.BUILD,
    "mvn": RunKind.BUILD,
    "gradle": RunKind.BUILD,
    "gradlew": RunKind.BUILD,
    "tsc": RunKind.BUILD,
    "webpack": RunKind.BUILD,
    "esbuild": RunKind.BUILD,
    "gcc": RunKind.BUILD,
    "g++": RunKind.BUILD,
    "clang": RunKind.BUILD,
    "docker": RunKind.BUILD,
    "pip": RunKind.BUILD,
    "sphinx-build": RunKind.BUILD,
    "uvicorn": RunKind.SERVE,
    "gunicorn": RunKind.SERVE,
    "hypercorn": RunKind.SERVE,
    "flask": RunKind.SERVE,
    "streamlit": RunKind.SERVE,
    "jupyter": RunKind.NOTEBOOK,
    "jupyter-lab": RunKind.NOTEBOOK,
    "papermill": RunKind.NOTEBOOK,
    "node": RunKind.PROGRAM,
    "java": RunKind.PROGRAM,
    "ruby": RunKind.PROGRAM,
    "torchrun": RunKind.PROGRAM,
}
BY_MODULE: dict[str, RunKind] = {
    "pytest": RunKind.TEST,
    "unittest": RunKind.TEST,
    "nose2": RunKind.TEST,
    "tox": RunKind.TEST,
    "nox": RunKind.TEST,
    "pip": RunKind.BUILD,
    "build": RunKind.BUILD,
    "compileall": RunKind.BUILD,
    "http.server": RunKind.SERVE,
    "uvicorn": RunKind.SERVE,
    "gunicorn": RunKind.SERVE,
    "flask": RunKind.SERVE,
    "jupyter": RunKind.NOTEBOOK,
    "notebook": RunKind.NOTEBOOK,
}
WRAPPING_MODULES = frozenset(
    {"cProfile", "profile", "trace", "pdb", "coverage", "debugpy", "kernprof", "memory_profiler", "scalene"}
)
SCRIPT_VERBS: dict[str, RunKind] = {
    "test": RunKind.TEST,
    "start": RunKind.SERVE,
    "dev": RunKind.SERVE,
    "serve": RunKind.SERVE,
}
MAKE_TARGETS: dict[str, RunKind] = {
    "test": RunKind.TEST,
    "check": RunKind.TEST,
    "serve": RunKind.SERVE,
    "run": RunKind.PROGRAM,
}
CARGO_VERBS: dict[str, RunKind] = {"test": RunKind.TEST, "bench": RunKind.TEST, "run": RunKind.PROGRAM}
WRAPPING_TAKES_VALUE = frozenset({"-o", "-s", "--outfile", "--rcfile", "--source"})
