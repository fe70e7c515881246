"""Shares of a file's time: how often functions are called counts, also where the call is not sure."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
from foreload_analyzers import analyze, heavy
from foreload_analyzers.hot_loops import FLAGS as LOOP_FLAGS
from foreload_analyzers.hot_loops import RANKED as LOOP_RANKED
from foreload_analyzers.hot_loops import settled
from foreload_analyzers.hot_model import hotness_models, ranks
from foreload_analyzers.hot_signs import FLAGS, RANKED

SHAPES = """\
    class Circle:
        def area(self):
            return 3.14 * self.radius * self.radius + self.border * 2.0 - self.hole

        def name(self):
            return "a circle with" + self.kind + self.colour + self.label + self.size

    class Square:
        def area(self):
            return self.side * self.side + self.border * 2.0 - self.hole * self.depth

    def total(shapes, rounds):
        found = 0.0
        for _ in range(rounds):
            for shape in shapes:
                found += shape.area()
        return found
    """


def shares_of(source: str) -> dict[str, float]:
    return {function.name: function.hotness for function in analyze(dedent(source).encode(), "python").functions}


def test_a_method_that_several_classes_have_is_called_in_a_loop() -> None:
    shares = shares_of(SHAPES)
    assert min(shares["Circle.area"], shares["Square.area"]) > shares["Circle.name"]


def test_an_attribute_that_holds_a_function_calls_it() -> None:
    body = "            return [x * x for x in row] + [x + 1 for x in row] + [x - 1 for x in row]\n"
    source = (
        "        class Reader:\n            def __init__(self):\n                self.step = self._quick\n\n"
        f"            def _quick(self, row):\n    {body}\n            def _slow(self, row):\n    {body}\n"
        "            def read(self, rows):\n                for row in rows:\n                    self.step(row)\n"
    )
    shares = shares_of(source)
    assert shares["Reader._quick"] > shares["Reader._slow"]


def test_shares_come_to_one_and_loops_to_no_more_than_their_function() -> None:
    functions = analyze(dedent(SHAPES).encode(), "python").functions
    assert abs(sum(function.hotness for function in functions) - 1.0) < 0.01
    for function in functions:
        assert sum(loop.hotness for loop in function.loops) <= function.hotness * 1.01


def test_what_loops_claim_too_much_goes_to_loops_of_functions_with_room() -> None:
    owners = np.array([0, 0, 1])
    assert np.allclose(settled(np.array([0.3, 0.1, 0.1]), owners, [0.2, 0.7]), [0.15, 0.05, 0.3])
    assert np.allclose(settled(np.array([0.1, 0.05, 0.1]), owners, [0.2, 0.7]), [0.1, 0.05, 0.1])
    assert np.allclose(settled(np.array([0.5, 0.3, 0.1]), owners, [0.2, 0.1]), [0.125, 0.075, 0.1])
    assert np.allclose(settled(np.array([0.5, 0.5, 0.0]), owners, [0.0, 0.1]), [0.0, 0.0, 0.0])


def test_written_turns_make_a_loop_hot() -> None:
    first_loop, second_loop = "for row in rows:\n        a += row", "for i in range(1_000_000):\n        a += i"
    source = f"def f(rows):\n    a = 0\n    {first_loop}\n    {second_loop}\n    return a\n"
    first, second = analyze(source.encode(), "python").functions[0].loops
    assert second.hotness > 5 * first.hotness


def test_ranks_count_equal_rows_by_half() -> None:
    assert ranks(np.array([[1.0], [2.0], [2.0], [5.0]]))[:, 0].tolist() == [0.0, 0.5, 0.5, 1.0]
    assert ranks(np.array([[7.0]])).tolist() == [[0.5]]


def test_the_models_have_a_weight_for_each_sign() -> None:
    models = hotness_models()
    assert (len(models["functions"].ranked), len(models["functions"].flags)) == (len(RANKED), len(FLAGS))
    assert (len(models["loops"].ranked), len(models["loops"].flags)) == (len(LOOP_RANKED), len(LOOP_FLAGS))


def test_generated_files_get_no_lens() -> None:
    source = b"def f(rows):\n for a in rows:\n  for b in rows:\n   print(a, b)\n"
    assert heavy(analyze(source, "python", "pairs.py"))
    assert not heavy(analyze(source, "python", "node_modules/pairs/pairs.py"))
