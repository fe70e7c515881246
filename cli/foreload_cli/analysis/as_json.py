"""Tags as JSON, one object a line, a file each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from foreload_analyzers.report import Function, Report

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
        "problems": list(report.problems),
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
