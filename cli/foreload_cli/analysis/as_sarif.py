"""Tags as SARIF 2.1.0: bottlenecks, and hot functions as notes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from foreload_analyzers.bottlenecks import KINDS
from foreload_analyzers.costs import BIG_O
from foreload_analyzers.lenses import heavy
from foreload_analyzers.report import Report

from foreload_cli.analysis.work import Outcome

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOT = "hot_function"


def print_sarif(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Prints one log of all files and yields what went wrong."""
    results: list[dict[str, Any]] = []
    failures: list[str] = []
    notifications: list[dict[str, Any]] = []
    for outcome in outcomes:
        if outcome.report is not None:
            results.extend(_results(outcome.path, outcome.report))
            notifications.extend(_notification(outcome.path, problem) for problem in outcome.report.problems)
        if outcome.failure:
            failures.append(outcome.failure)
            yield outcome.failure
    rules = [{"id": kind, "shortDescription": {"text": text}} for kind, text in KINDS.items()]
    rules.append({"id": HOT, "shortDescription": {"text": "Much of the file's time goes here"}})
    run = {
        "tool": {"driver": {"name": "foreload", "version": version("foreload"), "rules": rules}},
        "invocations": [{"executionSuccessful": not failures, "toolExecutionNotifications": notifications}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    print(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False))


def _results(path: str, report: Report) -> list[dict[str, Any]]:
    found = [
        _result(path, item.kind, "warning", item.message, item.line)
        for function in report.functions
        for item in function.bottlenecks
    ]
    for function in heavy(report):
        share = f"about {function.hotness:.0%} of this file's time".replace("%", " %")
        text = f"{function.name} is hot: {share}, {BIG_O[function.complexity]}"
        found.append(_result(path, HOT, "note", text, function.line))
    return found


def _result(path: str, rule: str, level: str, text: str, line: int) -> dict[str, Any]:
    return {"ruleId": rule, "level": level, "message": {"text": text}, "locations": [_location(path, line)]}


def _location(path: str, line: int) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(Path(path).as_posix())},
            "region": {"startLine": line},
        }
    }


def _notification(path: str, problem: str) -> dict[str, Any]:
    return {"level": "warning", "message": {"text": f"{path}: {problem}"}}
