"""Tags as JSON, one object a line, a file each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from foreload_analyzers.report import Function, Needs, Report

from foreload_cli.analysis.work import Outcome


def print_json(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Prints what there is of each file and yields what went wrong."""
    for outcome in outcomes:
        if outcome.report is not None:
            print(json.dumps(as_object(outcome.path, outcome.report), ensure_ascii=False))
        if outcome.failure:
            yield outcome.failure


def as_object(path: str, report: Report) -> dict[str, Any]:
    """The object of one file."""
    return {
        "path": path,
        "language": report.language,
        "application_type": report.application_type,
        "application_type_confidence": report.application_type_confidence,
        "functions": [_function(function) for function in report.functions],
        "complexity": report.complexity,
        "complexity_confidence": report.complexity_confidence,
        "space_complexity": report.space_complexity,
        "space_complexity_confidence": report.space_complexity_confidence,
        "algorithm_class": report.algorithm_class,
        "algorithm_class_confidence": report.algorithm_class_confidence,
        "needs": _needs(report.needs, report.space_complexity),
        "entry_points": [
            {
                "name": function.name,
                "line": function.line,
                "needs": _needs(function.needs, function.space_complexity),
            }
            for function in report.functions
            if function.is_entry
        ],
        "notes": list(report.notes),
        "problems": list(report.problems),
    }


def _needs(needs: Needs, space_complexity: str) -> dict[str, Any]:
    """What a run takes; `memory_growth` is with the size of its input."""
    return {
        "kind": needs.kind,
        "parallel_kind": needs.parallel_kind,
        "parallel_workers": needs.parallel_workers,
        "parallel_all_cores": needs.parallel_all_cores,
        "cpu_bound_ratio": needs.cpu_bound_ratio,
        "memory_base_bytes": needs.memory_base_bytes,
        "memory_data_bytes": needs.memory_data_bytes,
        "memory_growth": space_complexity,
        "uses_gpu": needs.uses_gpu,
        "uses_network": needs.uses_network,
        "uses_disk": needs.uses_disk,
        "long_running": needs.long_running,
    }


def _function(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "line": function.line,
        "end_line": function.end_line,
        "complexity": function.complexity,
        "space_complexity": function.space_complexity,
        "algorithm_class": function.algorithm_class,
        "hotness": function.hotness,
        "loops": [
            {"line": loop.line, "end_line": loop.end_line, "depth": loop.depth, "hotness": loop.hotness}
            for loop in function.loops
        ],
        "bottlenecks": [
            {"line": found.line, "kind": found.kind, "message": found.message} for found in function.bottlenecks
        ],
    }
