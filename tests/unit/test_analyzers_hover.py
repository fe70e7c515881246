"""The words of the hover: the next likely class where the first is unsure, and what is said of the whole file."""

from __future__ import annotations

from dataclasses import replace

from foreload_analyzers import Document, analyze, hover_markdown
from foreload_analyzers.report import COMPLEXITIES
from foreload_cli.analysis.as_table import print_tables
from foreload_cli.analysis.work import Outcome

PAIRS = b"""
def pairs(rows):
    found = 0
    for one in rows:
        for other in rows:
            found += one == other
    return found
"""


def test_an_unsure_class_is_told_with_the_next_likely_one() -> None:
    report = analyze(PAIRS, "python")
    (function,) = report.functions
    unsure = replace(function, complexity_confidence=0.6)
    assert "Time O(n²) on `rows`, right in about 6 of 10 cases, else most likely O(n)." in hover_markdown(
        unsure, report
    )
    sure = replace(function, complexity_confidence=0.8)
    assert "right in about 8 of 10 cases. Memory" in hover_markdown(sure, report)


def test_every_class_has_a_next_one() -> None:
    report = analyze(PAIRS, "python")
    for name in COMPLEXITIES:
        unsure = replace(report.functions[0], complexity=name, space_complexity=name, complexity_confidence=0.5)
        assert "else most likely" in hover_markdown(unsure, report)


def test_the_models_second_class_is_another_one() -> None:
    report = analyze(PAIRS, "python")
    assert report.complexity_second in set(COMPLEXITIES) - {report.complexity}
    assert report.space_complexity_second in set(COMPLEXITIES) - {report.space_complexity}


def test_what_rules_and_models_say_of_the_file_is_in_the_hover_and_in_the_table(capsys) -> None:
    report = replace(
        analyze(PAIRS, "python"), complexity_confidence=0.6, complexity_second="cubic", notes=("time: rules differ",)
    )
    text = hover_markdown(report.functions[0], report)
    assert "The whole file:\n- time O(n²), right in about 6 of 10 cases, else most likely O(n³)\n" in text
    assert "- time: rules differ" in text
    assert list(print_tables([Outcome("a.py", report, "")])) == []
    printed = capsys.readouterr().out
    assert "time O(n²) or O(n³)" in printed
    assert "time: rules differ" in printed


def test_without_the_models_nothing_is_said_of_a_second_class_of_the_file() -> None:
    document = Document("python")
    document.open(PAIRS)
    report = document.report()
    assert report.complexity_second == ""
    assert "The whole file" not in hover_markdown(report.functions[0], replace(report, notes=()))
