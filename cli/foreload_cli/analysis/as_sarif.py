"""Tags as SARIF 2.1.0: bottlenecks as warnings, and hot functions as notes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foreload_analyzers.bottlenecks import KINDS
from foreload_analyzers.costs import BIG_O
from foreload_analyzers.lenses import heavy

from foreload_cli.analysis.work import Outcome

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOT = "hot_function"
BASE = "%SRCROOT%"
"""Stands for the working directory in the addresses of the files below it."""


def print_sarif(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Prints one log of all files and yields what went wrong."""
    places = {kind: place for place, kind in enumerate((*KINDS, HOT))}
    results: list[dict[str, Any]] = []
    failures: list[str] = []
    notifications: list[dict[str, Any]] = []
    for outcome in outcomes:
        if outcome.report is not None:
            results.extend(_results(outcome, places))
            notifications.extend(_notification(outcome.path, problem) for problem in outcome.report.problems)
        if outcome.failure:
            failures.append(outcome.failure)
            yield outcome.failure
    rules = [_rule(kind, text, "warning") for kind, text in KINDS.items()]
    rules.append(_rule(HOT, "Much of the file's time goes here", "note"))
    run = {
        "tool": {"driver": {"name": "foreload", "version": version("foreload"), "rules": rules}},
        "invocations": [{"executionSuccessful": not failures, "toolExecutionNotifications": notifications}],
        "originalUriBaseIds": {BASE: {"uri": Path.cwd().as_uri().rstrip("/") + "/"}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    print(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False))


def _rule(kind: str, text: str, level: str) -> dict[str, Any]:
    return {
        "id": kind,
        "name": "".join(word.capitalize() for word in kind.split("_")),
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": level},
    }


def _results(outcome: Outcome, places: dict[str, int]) -> list[dict[str, Any]]:
    report = outcome.report
    assert report is not None
    found = [
        _result(outcome, places, item.kind, "warning", item.message, item.line)
        for function in report.functions
        for item in function.bottlenecks
    ]
    for function in heavy(report):
        share = f"about {function.hotness:.0%} of this file's time".replace("%", " %")
        text = f"{function.name} is hot: {share}, {BIG_O[function.complexity]}"
        found.append(_result(outcome, places, HOT, "note", text, function.line))
    return found


def _result(outcome: Outcome, places: dict[str, int], rule: str, level: str, text: str, line: int) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": line}
    if line in outcome.columns:
        region["startColumn"], region["endColumn"] = outcome.columns[line]
    place = {"artifactLocation": _address(outcome.path), "region": region}
    return {
        "ruleId": rule,
        "ruleIndex": places[rule],
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _address(path: str) -> dict[str, str]:
    """Relative to the working directory for what lies below it, else absolute."""
    absolute = Path(path).absolute()
    if path == "-":
        return {"uri": "stdin"}
    if absolute.is_relative_to(Path.cwd()) and ".." not in absolute.parts:
        from urllib.parse import quote

        return {"uri": quote(absolute.relative_to(Path.cwd()).as_posix()), "uriBaseId": BASE}
    return {"uri": absolute.resolve().as_uri()}


def _notification(path: str, problem: str) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": _address(path)}}
    return {"level": "warning", "message": {"text": f"{path}: {problem}"}, "locations": [place]}
