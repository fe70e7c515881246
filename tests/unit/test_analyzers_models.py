"""Where models and rules meet: sure rules hold, unsure models give way, and each says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from foreload_analyzers import Document, analyze
from foreload_analyzers.algorithms import UNSURE, algorithm_sentence, settle_algorithm
from foreload_analyzers.complexity_model import EvenOdds, decide
from foreload_analyzers.report import ALGORITHM_CLASSES, COMPLEXITIES

FIXTURES = Path(__file__).parents[1] / "fixtures" / "analyzers"


def test_a_sure_rule_is_not_put_down_by_the_model() -> None:
    text = (FIXTURES / "light.py").read_bytes()
    document = Document("python")
    document.open(text)
    assert document.report().complexity == "linear"
    whole = analyze(text, "python")
    assert whole.complexity == "linear"
    assert whole.complexity_confidence > 0.5
    assert not any(note.startswith("time") for note in whole.notes)


def test_a_class_below_the_floor_is_not_chosen() -> None:
    scores = np.array([3.0, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0], np.float32)
    free, held = decide(COMPLEXITIES, scores, 1.0, "linear"), decide(COMPLEXITIES, scores, 1.0, "linear", "linear")
    assert (free.label, held.label) == ("constant", "linear")
    assert 0.6 < held.confidence < 0.7
    assert decide(COMPLEXITIES, scores[::-1].copy(), 1.0, "linear", "linear").label == "exponential"


def test_an_unsure_model_gives_way_to_what_the_hot_functions_are_about() -> None:
    hot = [("sorting", 0.4), (None, 0.1), ("sorting", 0.2), ("graph", 0.3)]
    assert settle_algorithm(("string", UNSURE - 0.01), hot) == ("sorting", UNSURE - 0.01)
    assert settle_algorithm(("string", UNSURE), hot) == ("string", UNSURE)
    assert settle_algorithm(("string", 0.1), [("sorting", 0.4), ("graph", 0.3)]) == ("string", 0.1)
    assert settle_algorithm((None, 0.0), hot) == (None, 0.0)
    assert settle_algorithm(("string", 0.1), []) == ("string", 0.1)


def test_the_class_of_algorithms_is_explained_by_its_words() -> None:
    sentence = algorithm_sentence("sorting", [{"pivot": 3, "swap": 1, "other": 9}, {"partition": 2}])
    assert sentence == "sorting, since it says `pivot`, `partition` and `swap`"
    assert algorithm_sentence("graph", [{"other": 1}]) == ""
    assert algorithm_sentence(None, [{"pivot": 3}]) == ""
    assert all(
        algorithm_sentence(name, [{"number": 1}]) in ("", f"{name.replace('_', ' ')}, since it says `number`")
        for name in ALGORITHM_CLASSES
    )


def test_a_file_is_told_as_its_hot_function() -> None:
    report = analyze((FIXTURES / "simulate.py").read_bytes(), "python")
    hottest = max(report.functions, key=lambda function: function.hotness)
    assert report.algorithm_class == hottest.algorithm_class == "matrix_numeric"


def test_of_programs_unlike_the_fitted_ones_it_is_told_how_sure_the_same_class_is() -> None:
    scores = np.array([1.0, 0.0, 2.0, 0.0, 1.5, 0.0, 0.0], np.float32)
    shifts = [0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    plain = decide(COMPLEXITIES, scores, 1.0, "linear")
    even = decide(COMPLEXITIES, scores, 1.0, "linear", even=EvenOdds(1.0, shifts))
    assert (plain.label, plain.second) == (even.label, even.second) == ("linear", "quadratic")
    assert even.confidence < plain.confidence


def test_a_program_that_reads_its_input_is_told_with_even_odds() -> None:
    body = "for row in rows:\n    total += row\nprint(total)\n"
    given = analyze(f"rows = list(range(n))\ntotal = 0\n{body}".encode(), "python")
    reading = analyze(f"rows = list(map(int, input().split()))\ntotal = 0\n{body}".encode(), "python")
    assert given.complexity == reading.complexity == "linear"
    assert reading.complexity_confidence < given.complexity_confidence
