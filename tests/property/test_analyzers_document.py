"""Whatever is typed: nothing raises, reports are well-formed, and edits lead to the report that a fresh parse gives."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from pathlib import Path

from foreload_analyzers import ALGORITHM_CLASSES, APPLICATION_TYPES, COMPLEXITIES, Document, Report, analyze
from foreload_core.features import problems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[1] / "fixtures" / "analyzers"
SOURCES = [path.read_text() for path in sorted(FIXTURES.glob("*.py"))] + [inspect.getsource(inspect)[:20_000]]
TYPED = (
    *(
        "",
        " ",
        "x",
        "\n",
        "    ",
        "\n    ",
        "for a in rows:\n        ",
        "def f(n):\n    return f(n - 1)\n\n",
        '"""',
        "(",
        ")",
        "[",
        ":",
        "#",
    ),
    *(
        "\\\n",
        "    pass\n",
        "class A:\n    def m(self):\n        self.x = []\n",
        "import re\n",
        "é",
        "else:\n",
        "@cache\n",
        "while True:\n    pass\n",
    ),
)


def check(report: Report, source: bytes) -> None:
    lines = source.count(b"\n") + 1
    assert report.complexity in COMPLEXITIES
    assert report.space_complexity in COMPLEXITIES
    assert report.algorithm_class in (None, *ALGORITHM_CLASSES)
    assert report.application_type in (None, *APPLICATION_TYPES)
    assert problems(report.features) == []
    for function in report.functions:
        assert 1 <= function.line <= function.end_line <= lines
        assert 0 <= function.hotness <= 1
        assert 0 <= function.complexity_confidence <= 1
        for loop in function.loops:
            assert 1 <= loop.line <= loop.end_line <= lines
            assert 0 <= loop.hotness <= 1
            assert loop.depth >= 1
        for found in (*function.bottlenecks, *function.evidence):
            assert 1 <= found.line <= lines
    assert sum(function.hotness for function in report.functions) <= 1.05


def is_good(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@given(st.binary(max_size=2_000))
@settings(max_examples=60, deadline=None)
def test_any_bytes(source: bytes) -> None:
    check(analyze(source, "python"), source)


@given(st.text(alphabet=st.sampled_from("defclassforinwhile :()[]{}=+-*/.,\n\t \"'#@\\0129abx"), max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_text_like_code(text: str) -> None:
    check(analyze(text.encode(), "python"), text.encode())


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_edits_lead_where_a_fresh_parse_does(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SOURCES))
    document = Document("python")
    document.open(text.encode())
    document.report()
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from((0, 0, 1, 4, 30))))
        typed = data.draw(st.sampled_from(TYPED))
        text = apply(document, text, start, end, typed)
        report = document.report()
        check(report, text.encode())
        fresh = Document("python")
        fresh.open(text.encode())
        if not fresh.report().problems and is_good(text):
            assert report == fresh.report()


def apply(document: Document, text: str, start: int, end: int, typed: str) -> str:
    """Makes an edit in the document and returns the new text."""
    old, new = text.encode(), (text[:start] + typed + text[end:]).encode()
    first, last = len(text[:start].encode()), len(text[:end].encode())
    now = first + len(typed.encode())
    document.edit(first, last, now, point(old, first), point(old, last), point(new, now), new)
    return text[:start] + typed + text[end:]


def point(source: bytes, byte: int) -> tuple[int, int]:
    return source.count(b"\n", 0, byte), byte - source.rfind(b"\n", 0, byte) - 1


def test_an_edit_that_does_not_fit_opens_the_text_anew() -> None:
    document = Document("python")
    document.open(b"x = 1\n")
    document.edit(400, 500, 9, (9, 9), (9, 9), (9, 9), b"def f():\n    return 1\n")
    assert [function.name for function in document.report().functions] == ["f"]


def test_a_report_says_the_same_twice() -> None:
    document = Document("python")
    document.open(SOURCES[0].encode())
    assert document.report() is document.report()
    assert replace(document.report()) == document.report()
