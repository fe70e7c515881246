"""Damaged real source, seeded: nothing raises, and what is reported is well-formed."""

from __future__ import annotations

import argparse
import inspect
import random
import typing
from pathlib import Path

import pytest
from foreload_analyzers import COMPLEXITIES, Document, analyze, heavy, hover_markdown, lens_text
from foreload_core.features import problems

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "analyzers").glob("*.py"))
SPLICES = (
    b"def ",
    b"(",
    b")",
    b"\n",
    b"    ",
    b'"""',
    b"lambda",
    b":",
    b"\xff",
    b"for x in x:",
    b"[",
    b"*",
    b"async ",
    b"=",
    b"@",
)


def damaged(source: bytes, chance: random.Random) -> bytes:
    """The source with pieces lost, moved, doubled and put in."""
    for _ in range(chance.randint(1, 12)):
        at, end = sorted(chance.randrange(len(source) + 1) for _ in range(2))
        end = min(end, at + chance.choice((0, 1, 3, 40, 400)))
        way = chance.randrange(4)
        if way == 0:
            source = source[:at] + source[end:]
        elif way == 1:
            source = source[:at] + chance.choice(SPLICES) + source[at:]
        elif way == 2:
            source = source[:end] + source[at:end] + source[end:]
        else:
            source = source[:at] + bytes(chance.randrange(1, 256) for _ in range(3)) + source[end:]
    return source


def run(rounds: int, seed: int, sources: list[bytes]) -> None:
    chance = random.Random(seed)
    for turn in range(rounds):
        source = damaged(chance.choice(sources), chance)
        report = analyze(source, "python", chance.choice(("", "tests/test_x.py", "setup.py")))
        assert problems(report.features) == [], f"seed {seed}, turn {turn}"
        assert report.complexity in COMPLEXITIES
        for function in heavy(report, 0.0):
            assert lens_text(function, report, 4).count(" · ") <= 2
            assert hover_markdown(function, report)


def test_damaged_source() -> None:
    run(60, 11, [path.read_bytes() for path in FIXTURES])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(6))
def test_damaged_source_for_long(seed: int) -> None:
    library = [inspect.getsource(module).encode() for module in (argparse, inspect, typing)]
    run(400, seed, [path.read_bytes() for path in FIXTURES] + library)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_long_session_ends_where_a_fresh_parse_does() -> None:
    chance = random.Random(5)
    source = inspect.getsource(argparse).encode()
    document = Document("python")
    document.open(source)
    document.report()
    for _ in range(1_500):
        places = [place for place in range(len(source)) if source[place : place + 1] == b"\n"]
        at = chance.choice(places)
        typed = chance.choice((b" ", b"  # note", b"\n", b"\n\n"))
        row, column = source.count(b"\n", 0, at), at - source.rfind(b"\n", 0, at) - 1
        end = (row, column + len(typed)) if typed[:1] != b"\n" else (row + len(typed), 0)
        source = source[:at] + typed + source[at:]
        document.edit(at, at, at + len(typed), (row, column), (row, column), end, source)
        document.report()
    fresh = Document("python")
    fresh.open(source)
    assert document.report().problems or document.report() == fresh.report()
