"""Memory and time stay bounded: what is analysed leaves nothing behind, and what a machine wrote takes no ages."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path

import pytest
from foreload_analyzers import Document, analyze

FEW = 40  # of the last document, held until the next one comes
CODE = Path(__file__).parents[1] / "fixtures" / "code"
SOURCES = [
    (name, path.read_bytes())
    for name in ("python", "java", "cpp", "javascript", "go", "rust")
    for path in sorted((CODE / name).iterdir())
]


def alive() -> Counter[str]:
    """How many objects of each of our kinds there are; spellings and types are kept up to a number."""
    gc.collect()
    names = (f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())
    ours = ("foreload_analyzers", "tree_sitter")
    return Counter(name for name in names if name.startswith(ours) and not name.endswith(("._Token", ".Shape")))


def test_documents_that_are_analysed_leave_nothing_behind() -> None:
    for name, source in SOURCES:
        analyze(source, name)
    before = alive()
    for turn in range(2):
        for name, source in SOURCES:
            analyze(source.replace(b"i", b"i" * (turn + 2)), name)
    assert (alive() - before).total() < FEW


def test_what_is_done_with_goes_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        for name, source in SOURCES:
            analyze(source, name)
        assert gc.collect() < FEW
    finally:
        gc.enable()


def test_an_edited_document_does_not_grow() -> None:
    source = b"".join(b"def work_%d(rows):\n    return sorted(rows)\n\n\n" % number for number in range(30))
    document = Document("python")
    document.open(source)

    def edit_all() -> None:
        nonlocal source
        for row in range(1, 4 * 30, 4):
            at = sum(len(line) + 1 for line in source.split(b"\n")[:row]) + len("    return sorted(")
            source = source[:at] + b"x" + source[at:]
            column = len("    return sorted(")
            document.edit(at, at, at + 1, (row, column), (row, column), (row, column + 1), source)
            document.report()

    edit_all()
    before = alive()
    for _ in range(4):
        edit_all()
    assert (alive() - before).total() < FEW


@pytest.mark.parametrize("line", [b"    rows = sorted(rows)\n", b"    a = a + b\n    b = a + b\n"])
def test_a_name_that_gets_a_value_thousands_of_times_is_told_of(line: bytes) -> None:
    report = analyze(b"def work(rows, a, b):\n" + line * 1_500, "python")
    assert [function.name for function in report.functions] == ["work"]
