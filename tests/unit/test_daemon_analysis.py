"""Lines that move while a report is made, what is ignored, and fixes that are safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreload_analyzers.fixes import Fix, fix_for
from foreload_analyzers.languages import BY_ID, BY_SUFFIX
from foreload_daemon.analysing.edits import Move, moved_line
from foreload_daemon.analysing.ignored import LENS, WHOLE_FILE, Ignored
from foreload_daemon.analysing.languages import LANGUAGE_IDS, SUFFIXES, language_of_document


@pytest.mark.parametrize(
    ("move", "lines"),
    [
        (Move(1, 2, False, 0, 1), {2: 2, 3: 4}),  # Enter in line 2
        (Move(1, 2, True, 0, 3), {1: 1, 2: 5}),  # lines typed before line 2
        (Move(1, 2, True, 2, 0), {1: 1, 4: 2, 5: 3}),  # two lines deleted
        (Move(1, 2, False, 3, 0), {3: 2, 6: 3}),  # what stood within is gone
    ],
)
def test_lines_follow_their_text(move: Move, lines: dict[int, int]) -> None:
    assert {line: moved_line(line, [move]) for line in lines} == lines


def test_the_table_of_the_daemon_says_what_the_analysis_does() -> None:
    for name, language in LANGUAGE_IDS.items():
        assert BY_ID[name].name == language
    assert {suffix: language.name for suffix, language in BY_SUFFIX.items()} == SUFFIXES
    assert language_of_document("json", "file:///a/profile.json") is None
    assert language_of_document("plaintext", "file:///a.b/c") is None
    assert language_of_document("plaintext", "file:///a/b.rs") == "rust"


def test_what_is_ignored_is_kept(tmp_path: Path) -> None:
    book = Ignored(tmp_path)
    book.add("file:///a.py", "work", LENS)
    book.add("file:///b.py", WHOLE_FILE, "sort_in_loop")
    again = Ignored(tmp_path)
    assert again.holds("file:///a.py", "work", LENS)
    assert not again.holds("file:///a.py", "other", LENS)
    assert again.holds("file:///b.py", "any", "sort_in_loop")
    again.clear("file:///b.py")
    assert not Ignored(tmp_path).holds("file:///b.py", "any", "sort_in_loop")


def test_what_cannot_be_kept_still_holds(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = Ignored(tmp_path / "file")
    book.add("file:///a.py", "work", LENS)
    assert book.holds("file:///a.py", "work", LENS)


def applied(source: str, fix: Fix | None) -> str:
    assert fix is not None
    lines = source.split("\n")
    for change in sorted(fix.changes, key=lambda change: (change.line, change.column), reverse=True):
        assert change.line == change.end_line
        line = lines[change.line]
        lines[change.line] = line[: change.column] + change.text + line[change.end_column :]
    return "\n".join(lines)


def test_a_fixed_pattern_is_compiled_before_the_loop() -> None:
    source = "import re\ndef f(rows):\n    for row in rows:\n        re.compile(r'ä+', re.I).match(row)\n"
    fixed = applied(source, fix_for(source, "compile_in_loop", 4))
    assert "    pattern = re.compile(r'ä+', re.I)\n    for row in rows:\n        pattern.match(row)\n" in fixed


def test_a_list_that_stays_is_searched_as_a_set() -> None:
    source = "def f(rows, text):\n    words = text.split()\n    for row in rows:\n"
    source += "        if row in words:\n            print(row)\n"
    fixed = applied(source, fix_for(source, "list_membership", 4))
    assert "    words_set = set(words)\n    for row in rows:\n        if row in words_set:\n" in fixed


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("import re\nfor row in rows:\n    re.compile(row)\n", "compile_in_loop", 3),
        ("if x:\n  for a in b: re.compile('a')\n", "sort_in_loop", 2),
        (
            "words = t.split()\nfor row in rows:\n    if row in words:\n        words.append(row)\n",
            "list_membership",
            3,
        ),
        (
            "def f(words, rows):\n    for row in rows:\n        if row in words:\n            pass\n",
            "list_membership",
            3,
        ),
        ("def broken(:\n", "list_membership", 1),
    ],
)
def test_what_is_not_sure_gets_no_fix(source: str, kind: str, line: int) -> None:
    assert fix_for(source, kind, line) is None
