"""What the analysis says of one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FEATURE_SCHEMA_VERSION = 2

RESOURCE_KINDS = ("cpu", "memory", "gpu", "network", "disk")
PARALLEL_KINDS = ("none", "threads", "processes")
COMPLEXITIES = ("constant", "logn", "linear", "nlogn", "quadratic", "cubic", "exponential")
ALGORITHM_CLASSES = (
    "backtracking",
    "bit_manipulation",
    "crypto_hash",
    "data_structure",
    "dynamic_programming",
    "geometry",
    "graph",
    "image_processing",
    "io_network",
    "machine_learning",
    "math_number_theory",
    "matrix_numeric",
    "searching",
    "sorting",
    "string",
)
APPLICATION_TYPES = (
    "build_script",
    "cli_tool",
    "data_pipeline",
    "game",
    "gui_desktop",
    "ml_training",
    "notebook",
    "scientific",
    "scraping",
    "test_suite",
    "web_service",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact behind a judgement: a line (from 1) and a sentence about it."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop. `depth` is 1 for an outermost one; `hotness` is its expected share of the program's CPU time, 0..1."""

    line: int
    end_line: int
    depth: int
    hotness: float


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Something that costs more than it needs to. `message` says what, why, and what instead."""

    line: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What running this is expected to take, before anything was measured.

    Attributes:
        kind: what bounds it most, one of RESOURCE_KINDS.
        parallel_kind: how it spreads its work, one of PARALLEL_KINDS; threads share memory, processes do not.
        parallel_workers: workers that compute at once where the code states a number; None: not stated.
        parallel_all_cores: it takes as many workers as there are cores.
        cpu_bound_ratio: share of the run in which it computes.
        memory_base_bytes: interpreter and libraries.
        memory_data_bytes: data of stated size; None: unknown.
        uses_gpu, uses_network, uses_disk: what else it touches.
        long_running: a server or another loop without an end.
    """

    kind: str = "cpu"
    parallel_kind: str = "none"
    parallel_workers: int | None = None
    parallel_all_cores: bool = False
    cpu_bound_ratio: float = 0.5
    memory_base_bytes: int = 16 * 1024 * 1024
    memory_data_bytes: int | None = None
    uses_gpu: bool = False
    uses_network: bool = False
    uses_disk: bool = False
    long_running: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method, by its own name (`Class.method` for methods).

    Attributes:
        line, end_line: of the definition, from 1.
        complexity, space_complexity: one of COMPLEXITIES, with a confidence 0..1.
        grows_with: what `n` is, as the code names it; empty when unclear. Stays on this machine.
        algorithm_class: one of ALGORITHM_CLASSES, or None.
        hotness: expected share of the program's own CPU time, 0..1, comparable within a file.
        cyclomatic: radon's count for Python; 0 where there is none.
        evidence: why, in the order of the lines.
        needs: what running it takes.
        is_entry: a run may begin with it: a program's start, a test, a route; of a library, what is public and is not
            called by the file itself.
    """

    name: str
    line: int
    end_line: int
    complexity: str
    complexity_confidence: float
    space_complexity: str
    space_complexity_confidence: float
    grows_with: str
    algorithm_class: str | None
    hotness: float
    cyclomatic: int
    loops: tuple[Loop, ...] = ()
    bottlenecks: tuple[Bottleneck, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    needs: Needs = Needs()
    is_entry: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said of one file. `problems` holds what could not be analysed, in words; the rest still stands.

    `notes` says why the application type was chosen, and where rules and models differ. `complexity_second` and
    `space_complexity_second` are the classes that are next likely; empty where nothing was judged.
    """

    language: str
    functions: tuple[Function, ...] = ()
    application_type: str | None = None
    application_type_confidence: float = 0.0
    complexity: str = "constant"
    complexity_confidence: float = 0.0
    space_complexity: str = "constant"
    space_complexity_confidence: float = 0.0
    algorithm_class: str | None = None
    algorithm_class_confidence: float = 0.0
    needs: Needs = Needs()
    features: Mapping[str, float] = field(default_factory=dict[str, float])
    problems: tuple[str, ...] = ()
    is_generated: bool = False
    notes: tuple[str, ...] = ()
    complexity_second: str = ""
    space_complexity_second: str = ""
