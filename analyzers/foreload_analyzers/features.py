"""The report as numbers, for the forecasting side. Absent means missing. A contract test binds the names to the schema."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_analyzers.report import ALGORITHM_CLASSES, APPLICATION_TYPES, COMPLEXITIES, Report

HOT_SHARE = 0.1  # of the file's CPU time


def features_of(report: Report, loop_depth: int, bottlenecks: int) -> Mapping[str, float]:
    """The features of a report.

    Args:
        report: what was found, its own features not yet filled in.
        loop_depth: deepest nesting of loops.
        bottlenecks: those of the whole file.
    """
    needs = report.needs
    values: dict[str, float | None] = {
        "complexity_order": COMPLEXITIES.index(report.complexity),
        "space_complexity_order": COMPLEXITIES.index(report.space_complexity),
        "functions": min(len(report.functions), 100_000),
        "hot_functions": sum(1 for function in report.functions if function.hotness >= HOT_SHARE),
        "loop_depth": min(loop_depth, 100),
        "bottlenecks": min(bottlenecks, 100_000),
        "cpu_bound_ratio": needs.cpu_bound_ratio,
        "parallel_workers": needs.parallel_workers,
        "parallel_all_cores": float(needs.parallel_all_cores),
        "memory_base_bytes": needs.memory_base_bytes,
        "memory_data_bytes": needs.memory_data_bytes,
        "uses_gpu": float(needs.uses_gpu),
        "uses_network": float(needs.uses_network),
        "uses_disk": float(needs.uses_disk),
        "long_running": float(needs.long_running),
        "algorithm_class": None if report.algorithm_class is None else ALGORITHM_CLASSES.index(report.algorithm_class),
        "application_type": None
        if report.application_type is None
        else APPLICATION_TYPES.index(report.application_type),
    }
    return {name: float(value) for name, value in values.items() if value is not None}
