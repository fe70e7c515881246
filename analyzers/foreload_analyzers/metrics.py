"""Cyclomatic complexity of Python by radon: slow, so it is never on the way of an edit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from foreload_analyzers.report import Report

MAX_RADON_BYTES = 512 * 1024


def with_radon(report: Report, source: bytes) -> Report:
    """The report with the cyclomatic complexity of its functions; as it is where radon cannot read the source."""
    if report.language != "python" or not report.functions or len(source) > MAX_RADON_BYTES:
        return report
    counts = _counts(source)
    if not counts:
        return report
    functions = tuple(replace(function, cyclomatic=counts.get(function.line, 0)) for function in report.functions)
    return replace(report, functions=functions)


def _counts(source: bytes) -> dict[int, int]:
    """Line of each definition -> its count."""
    from radon.complexity import cc_visit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of the code's style is not for our output
            blocks: list[Any] = list(cc_visit(source.decode("utf-8", "replace")))  # pyright: ignore[reportUnknownArgumentType]
    except (SyntaxError, ValueError, RecursionError, MemoryError, AttributeError, TypeError, KeyError, IndexError):
        return {}  # radon reads what this Python's own parser reads; anything else has no count
    counts: dict[int, int] = {}
    _collect(blocks, counts)
    return counts


def _collect(blocks: Iterable[Any], counts: dict[int, int]) -> None:
    for block in blocks:
        methods: list[Any] = list(getattr(block, "methods", None) or [])
        inner: list[Any] = list(getattr(block, "closures", None) or []) + list(
            getattr(block, "inner_classes", None) or []
        )
        if not hasattr(block, "methods"):
            counts.setdefault(int(block.lineno), int(block.complexity))
        _collect([*methods, *inner], counts)
