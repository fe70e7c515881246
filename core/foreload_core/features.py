"""The one schema of features: code reports, run signals and the `events.features` of a trace.

Every feature is a number. An absent one is missing, not zero. Only these leave the machine, and only with the
developer's permission. The analyzers emit names and the version as plain data; a contract test binds both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its name, the range of its values (both ends allowed), and what it means."""

    name: str
    low: float
    high: float
    meaning: str


CODE_FEATURES = (
    Feature(
        "complexity_order", 0, 6, "growth: 0 constant, 1 logn, 2 linear, 3 nlogn, 4 quadratic, 5 cubic, 6 exponential"
    ),
    Feature("space_complexity_order", 0, 6, "growth of memory, the same scale"),
    Feature("functions", 0, 1e5, "functions in the file"),
    Feature("hot_functions", 0, 1e5, "functions with at least a tenth of the file's expected CPU time"),
    Feature("loop_depth", 0, 100, "deepest nesting of loops"),
    Feature("bottlenecks", 0, 1e5, "bottlenecks found"),
    Feature("cpu_bound_ratio", 0, 1, "expected share of the run's time in which it computes"),
    Feature("resource_kind", 0, 4, "what bounds a run most: 0 CPU, 1 memory, 2 GPU, 3 network, 4 disk"),
    Feature("parallel_kind", 0, 2, "how work is spread: 0 not, 1 over threads, which share memory, 2 over processes"),
    Feature("parallel_workers", 1, 4096, "processes or threads that compute at once, where the code states a number"),
    Feature("parallel_all_cores", 0, 1, "1: takes as many workers as there are cores"),
    Feature("memory_base_bytes", 0, 1e13, "memory of the interpreter and the libraries it loads"),
    Feature("memory_data_bytes", 0, 1e13, "memory of the data that the code makes, where its sizes are stated"),
    Feature("uses_gpu", 0, 1, "1: computes on a GPU"),
    Feature("uses_network", 0, 1, "1: talks to the network"),
    Feature("uses_disk", 0, 1, "1: reads or writes files"),
    Feature("long_running", 0, 1, "1: a server or another loop without an end"),
    Feature("algorithm_class", 0, 14, "index into ALGORITHM_CLASSES"),
    Feature("application_type", 0, 10, "index into APPLICATION_TYPES"),
)

EVENT_FEATURES = (
    Feature("files_changed", 0, 1e6, "files changed since the last run of the kind"),
    Feature("loc_changed", 0, 1e7, "lines changed since then"),
    Feature("touches_header", 0, 1, "1: a file that many others include is among them"),
    Feature("deps_changed", 0, 1, "1: the dependencies changed"),
    Feature("clean", 0, 1, "1: nothing is cached, all is built anew"),
    Feature("test_scope", 0, 2, "0 file, 1 package, 2 all"),
    Feature("data_mb", 0, 1e8, "size of the input, where it is known"),
    Feature("parallel", 0, 1, "1: runs in parallel"),
    Feature("workers", 0, 4096, "workers it was told to use"),
    Feature("epochs", 0, 1e7, "passes over the data"),
    Feature("batch", 0, 1e7, "examples that are taken at once"),
    Feature("remote_data", 0, 1, "1: the input comes over the network"),
)

FEATURES: Mapping[str, Feature] = {feature.name: feature for feature in CODE_FEATURES + EVENT_FEATURES}


def problems(values: Mapping[str, float]) -> list[str]:
    """What is wrong with a feature vector: unknown names and values out of range, one sentence each."""
    found: list[str] = []
    for name, value in values.items():
        feature = FEATURES.get(name)
        if feature is None:
            found.append(f"{name} is no feature of schema {SCHEMA_VERSION}")
        elif not feature.low <= value <= feature.high:
            found.append(f"{name} is {value}; allowed is {feature.low:g} to {feature.high:g}")
    return found
