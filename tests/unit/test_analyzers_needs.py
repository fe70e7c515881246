"""What a run of a file takes, in all languages: its kind, how it spreads its work, GPU, network, disk, memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from foreload_analyzers import analyze, language_of
from foreload_analyzers.lenses import needed_bytes
from foreload_analyzers.report import PARALLEL_KINDS, RESOURCE_KINDS, Needs
from foreload_core.history.runs import estimate_demand
from foreload_core.types import Amounts

FIXTURES = Path(__file__).parents[1] / "fixtures" / "needs"
ALL = "all cores"


class Expected(NamedTuple):
    """The kind, how work is spread, over how many workers, and what else is used."""

    kind: str = "cpu"
    spread: str = "none"
    workers: int | str | None = None
    uses: frozenset[str] = frozenset()


NETWORK, DISK, GPU = frozenset({"network"}), frozenset({"disk"}), frozenset({"gpu"})
SERVER = frozenset({"network", "long"})
EXPECTED = {
    "c_file.c": Expected("disk", uses=DISK),
    "c_fork.c": Expected(spread="processes", workers=2),
    "c_omp.c": Expected(spread="threads", workers=ALL),
    "c_omp4.c": Expected(spread="threads", workers=4),
    "c_pthread.c": Expected(spread="threads", workers=4),
    "cpp_async.cpp": Expected(spread="threads", workers=2),
    "cpp_cuda.cpp": Expected("gpu", uses=GPU),
    "cpp_par.cpp": Expected(spread="threads", workers=ALL),
    "cpp_threads.cpp": Expected(spread="threads", workers=ALL),
    "go_cores.go": Expected(spread="threads", workers=ALL),
    "go_each.go": Expected(spread="threads", workers=ALL),
    "go_eight.go": Expected(spread="threads", workers=8),
    "go_server.go": Expected("network", uses=SERVER),
    "java_files.java": Expected("disk", uses=DISK),
    "java_pool.java": Expected(spread="threads", workers=4),
    "java_server.java": Expected("network", uses=SERVER),
    "java_stream.java": Expected(spread="threads", workers=ALL),
    "java_threads.java": Expected(spread="threads", workers=3),
    "javascript_cluster.js": Expected("network", "processes", 2, SERVER),
    "javascript_files.js": Expected("disk", uses=DISK),
    "javascript_four.js": Expected(spread="threads", workers=4),
    "javascript_workers.js": Expected(spread="threads", workers=ALL),
    "python_loader.py": Expected("gpu", "processes", ALL, GPU),
    "python_memory.py": Expected("memory"),
    "python_njobs.py": Expected(spread="processes", workers=ALL),
    "python_pool.py": Expected(spread="processes", workers=4),
    "python_threads.py": Expected("network", uses=NETWORK),
    "rust_pool.rs": Expected(spread="threads", workers=6),
    "rust_rayon.rs": Expected(spread="threads", workers=ALL),
    "rust_threads.rs": Expected(spread="threads", workers=4),
    "rust_tokio.rs": Expected("network", uses=SERVER),
    "tsx_fetch.tsx": Expected("network", uses=NETWORK),
    "typescript_fetch.ts": Expected("network", uses=NETWORK),
    "typescript_piscina.ts": Expected(spread="threads", workers=3),
    "typescript_server.ts": Expected("network", uses=SERVER),
}


def test_every_fixture_is_expected() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_needs_of_the_whole_file(name: str) -> None:
    language = language_of(name)
    assert language is not None
    needs = analyze((FIXTURES / name).read_bytes(), language, name).needs
    uses = {"network": needs.uses_network, "disk": needs.uses_disk, "gpu": needs.uses_gpu, "long": needs.long_running}
    workers = ALL if needs.parallel_all_cores else needs.parallel_workers
    found = Expected(needs.kind, needs.parallel_kind, workers, frozenset(word for word, so in uses.items() if so))
    assert found == EXPECTED[name]
    assert needs.kind in RESOURCE_KINDS
    assert needs.parallel_kind in PARALLEL_KINDS


def test_each_entry_point_has_its_own_needs() -> None:
    source = b"""
import requests
import numpy as np

def fetch(url):
    return requests.get(url).text

def table():
    rows = np.zeros((20000, 20000))
    return _made(rows)

def _made(rows):
    return rows.sum()
"""
    functions = {function.name: function for function in analyze(source, "python").functions}
    assert [name for name, function in functions.items() if function.is_entry] == ["fetch", "table"]
    assert functions["fetch"].needs.kind == "network"
    assert functions["table"].needs.kind == "memory"
    assert functions["table"].needs.memory_data_bytes == 20000 * 20000 * 8


def test_the_start_of_a_program_is_its_entry_point() -> None:
    report = analyze((FIXTURES / "go_eight.go").read_bytes(), "go")
    assert [function.name for function in report.functions if function.is_entry] == ["main"]


def test_threads_share_what_is_loaded_and_processes_do_not() -> None:
    base = 100 * 1024**2
    by_threads = Needs(parallel_kind="threads", parallel_workers=4, memory_base_bytes=base)
    by_processes = Needs(parallel_kind="processes", parallel_workers=4, memory_base_bytes=base)
    assert needed_bytes(by_threads, 4) == base
    assert needed_bytes(by_processes, 4) == 5 * base


def test_code_that_spreads_over_processes_loads_its_libraries_in_each() -> None:
    features = {"memory_base_bytes": 1e8, "cpu_bound_ratio": 0.9, "parallel_workers": 4.0, "parallel_kind": 2.0}
    threads = estimate_demand([], [], features | {"parallel_kind": 1.0}, Amounts(cpu_cores=8.0))
    processes = estimate_demand([], [], features, Amounts(cpu_cores=8.0))
    assert threads is not None
    assert processes is not None
    assert processes.typical.memory_bytes == 5 * (threads.typical.memory_bytes or 0)
