"""The report as numbers, for forecasting. Absent means missing; a contract test binds the names to the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from foreload_analyzers.report import (
    ALGORITHM_CLASSES,
    APPLICATION_TYPES,
    COMPLEXITIES,
    PARALLEL_KINDS,
    RESOURCE_KINDS,
    Report,
)

HOT_SHARE = 0.1  # of the file's CPU time
LEAST_CONFIDENCE = 0.5  # a class that is less sure than this counts as missing


def features_of(report: Report, functions: int, loop_depth: int, bottlenecks: int) -> Mapping[str, float]:
    """The features of a report.

    Args:
        report: what was found, its own features not yet filled in.
        functions: in the file, without the code outside functions.
        loop_depth: deepest nesting of loops.
        bottlenecks: those of the whole file.
    """
    needs = report.needs
    values: dict[str, float | None] = {
        "complexity_order": COMPLEXITIES.index(report.complexity),
        "space_complexity_order": COMPLEXITIES.index(report.space_complexity),
        "functions": min(functions, 100_000),
        "hot_functions": sum(1 for function in report.functions if function.hotness >= HOT_SHARE),
        "loop_depth": min(loop_depth, 100),
        "bottlenecks": min(bottlenecks, 100_000),
        "cpu_bound_ratio": needs.cpu_bound_ratio,
        "resource_kind": RESOURCE_KINDS.index(needs.kind),
        "parallel_kind": PARALLEL_KINDS.index(needs.parallel_kind),
        "parallel_workers": needs.parallel_workers,
        "parallel_all_cores": float(needs.parallel_all_cores),
        "memory_base_bytes": needs.memory_base_bytes,
        "memory_data_bytes": needs.memory_data_bytes,
        "uses_gpu": float(needs.uses_gpu),
        "uses_network": float(needs.uses_network),
        "uses_disk": float(needs.uses_disk),
        "long_running": float(needs.long_running),
        "algorithm_class": _place(ALGORITHM_CLASSES, report.algorithm_class, report.algorithm_class_confidence),
        "application_type": _place(APPLICATION_TYPES, report.application_type, report.application_type_confidence),
    }
    return {name: float(value) for name, value in values.items() if value is not None}


def _place(labels: Sequence[str], label: str | None, confidence: float) -> int | None:
    return None if label is None or confidence < LEAST_CONFIDENCE else labels.index(label)
