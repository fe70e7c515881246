"""How fast files are analysed that are seen for the first time, beside radon, and edits in real code."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import tarfile
import typing
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

from foreload_analyzers import Document
from radon.complexity import cc_visit  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

MODULES = (argparse, inspect, tarfile, typing)  # some 300 KB that every Python has
EDITS = 120
# Whole statements, so that what is typed after them leaves the syntax good.
ASSIGNMENT = re.compile(rb"^ {8}[\w.]+ = [\w.]+$", re.MULTILINE)


def processor_seconds(work: Callable[[], object]) -> float:
    """This process's CPU time for some work: a busy machine changes it little."""
    start = process_time()
    work()
    return process_time() - start


def open_document(text: bytes) -> Document:
    """A new document with its report made."""
    document = Document("python")
    document.open(text)
    document.report()
    return document


def edit_milliseconds(text: bytes) -> list[float]:
    """Times of single edits spread over a file, every sixth of them a new line."""
    document = open_document(text)
    times: list[float] = []
    for turn in range(EDITS):
        places = [match.end() for match in ASSIGNMENT.finditer(text)]
        at = places[turn * 7919 % len(places)]
        typed = b"\n        total = at" if turn % 6 == 5 else b"s"
        changed = text[:at] + typed + text[at:]
        row, column = text.count(b"\n", 0, at), at - text.rfind(b"\n", 0, at) - 1
        end = (row + 1, len(typed) - 1) if typed.startswith(b"\n") else (row, column + len(typed))

        def edit(
            at: int = at,
            typed: bytes = typed,
            place: tuple[int, int] = (row, column),
            end: tuple[int, int] = end,
            changed: bytes = changed,
        ) -> None:
            document.edit(at, at, at + len(typed), place, place, end, changed)
            document.report()

        times.append(processor_seconds(edit) * 1000)
        text = changed
    return sorted(times)


def main() -> None:
    """Prints the rows."""
    texts = [Path(str(module.__file__)).read_bytes() for module in MODULES]
    open_document(b"x = 1\n")  # grammar and queries are loaded once
    megabytes = sum(map(len, texts)) / 1e6
    ours = sum(processor_seconds(lambda text=text: open_document(text)) for text in texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        radon = sum(processor_seconds(lambda text=text: cc_visit(text.decode())) for text in texts)
    rows: list[dict[str, object]] = [
        {"name": "first analysis of 1 MB", "value": ours / megabytes, "unit": "s", "bar": None},
        {"name": "first analysis against radon's count", "value": ours / radon, "unit": "times", "bar": None},
    ]
    for text, bar in ((texts[0], 5.0), (b"\n".join([*texts, texts[0].replace(b"class ", b"class Second")]), 25.0)):
        lines = text.count(b"\n")
        times = edit_milliseconds(text)
        rows.append(
            {"name": f"edit in {lines} lines of the library, p50", "value": median(times), "unit": "ms", "bar": bar}
        )
        rows.append(
            {
                "name": f"edit in {lines} lines of the library, p95",
                "value": times[int(len(times) * 0.95)],
                "unit": "ms",
                "bar": None,
            }
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
