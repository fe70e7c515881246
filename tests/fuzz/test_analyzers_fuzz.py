"""Damaged source in every language, seeded: nothing raises, nothing hangs, and what is reported is well-formed.

The million of the record is made by `python tests/fuzz/test_analyzers_fuzz.py`, which keeps each share in results/ and
writes the record when all are there.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from foreload_analyzers import COMPLEXITIES, Document, analyze, heavy, hover_markdown, lens_text
from foreload_analyzers.generated import is_generated
from foreload_analyzers.languages import LANGUAGES
from foreload_analyzers.notebook import analyze_notebook
from foreload_analyzers.report import Report
from foreload_core.features import problems

TESTS = Path(__file__).parents[1]
RECORD = TESTS / "records" / "fuzz_analyzers.json"
SHARES = TESTS.parent / "results" / "fuzz_analyzers"
FIXTURES = sorted((TESTS / "fixtures" / "analyzers").glob("*.py"))
NOTEBOOK = "notebook"
NAMES = (*(language.name for language in LANGUAGES), NOTEBOOK)
SOURCES = {
    name: [path.read_bytes() for path in sorted((TESTS / "fixtures" / "code" / name).iterdir())] for name in NAMES
}
HANG_SECONDS = 1.0
RUN_INPUTS = 1_000_000
RUN_SEED = 20
SHARE_INPUTS = 25_000
SPLICES = (
    *(
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
    ),
    *(
        b"@",
        b"{",
        b"}",
        b";",
        b"for (;;) ",
        b"for (int i = 0; i < n; i++) ",
        b"while (",
        b"=> ",
        b"-> ",
        b"::",
        b"<",
        b">",
    ),
    *(
        b"/*",
        b"*/",
        b"//",
        b"#",
        b"`",
        b"'",
        b"${",
        b"vec![",
        b"new ",
        b"class A {",
        b"func ",
        b"fn ",
        b"&",
        b"?",
        b"...",
    ),
    *(
        b"return ",
        b"import ",
        b"\x00",
        b"\xe2\x82\xac",
        b"\r\n",
        b"\\\n",
        b"0x",
        b"1e",
        b".",
        b",",
        b"i++",
        b"else if (",
    ),
)
HINTS = ("", "tests/test_x.py", "setup.py", "src/main.go", "a/B.java")


def damaged(source: bytes, chance: random.Random, most: int = 12) -> bytes:
    """The source with pieces lost, moved, doubled and put in."""
    for _ in range(chance.randint(1, most)):
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


def cut_out(source: bytes, chance: random.Random) -> bytes:
    """Some lines of a file, begun and broken off anywhere."""
    at = chance.randrange(len(source))
    return source[at : at + chance.choice((20, 60, 120, 240))]


def spliced(name: str, chance: random.Random) -> bytes:
    """Pieces of files one after the other, mostly of one language."""
    parts: list[bytes] = []
    for _ in range(chance.randint(2, 4)):
        other = name if chance.random() < 0.8 else chance.choice(NAMES)
        parts.append(cut_out(chance.choice(SOURCES[other]), chance))
    return chance.choice((b"", b"\n", b" ")).join(parts)


def soup(name: str, chance: random.Random) -> bytes:
    """Tokens in any order, some of them many times over."""
    tokens = [*SPLICES, *chance.choice(SOURCES[name])[:400].split()]
    return b" ".join(chance.choice(tokens) * chance.choice((1, 1, 1, 1, 7)) for _ in range(chance.randint(3, 25)))


def nested(name: str, chance: random.Random) -> bytes:
    """Brackets within brackets, to any depth."""
    opened = chance.choice((b"(", b"[", b"{", b"a(", b"f(x, ", b"[a, ", b"-", b"!", b"a.b(", b"if (a) ", b"a ? b : "))
    closed = {b"(": b")", b"[": b"]", b"{": b"}"}.get(opened[-1:], b"")
    deep = chance.choice((5, 30, 200))
    return b"x = " + opened * deep + b"1" + closed * deep


def bare(name: str, chance: random.Random) -> bytes:
    """Bytes without a sense."""
    return chance.randbytes(chance.choice((1, 8, 60, 200)))


def whole(name: str, chance: random.Random) -> bytes:
    """A whole file, damaged."""
    return damaged(chance.choice(SOURCES[name]), chance)


MADE: tuple[tuple[int, Callable[[str, random.Random], bytes]], ...] = (
    (34, lambda name, chance: cut_out(chance.choice(SOURCES[name]), chance)),
    (30, spliced),
    (14, lambda name, chance: damaged(cut_out(chance.choice(SOURCES[name]), chance), chance, 4)),
    (10, soup),
    (8, bare),
    (3, nested),
    (1, whole),
)


def inputs(count: int, seed: int) -> Iterator[tuple[int, str, bytes, random.Random]]:
    """Inputs in turn for every language: number, language, bytes, and the chance that made them."""
    weights, makers = [weight for weight, _ in MADE], [maker for _, maker in MADE]
    for turn in range(count):
        chance = random.Random(seed * 10_000_000 + turn)
        name = NAMES[turn % len(NAMES)]
        yield turn, name, chance.choices(makers, weights)[0](name, chance), chance


def check(report: Report, source: bytes) -> None:
    assert problems(report.features) == []
    assert report.complexity in COMPLEXITIES
    lines = source.count(b"\n") + source.count(b"\r") + 1
    for function in report.functions:
        assert 1 <= function.line <= function.end_line <= lines
        assert function.complexity in COMPLEXITIES
        assert 0 <= function.hotness <= 1
    for function in heavy(report, 0.0):
        assert lens_text(function, report, 4).count(" · ") <= 2
        assert hover_markdown(function, report)


def look(name: str, source: bytes, chance: random.Random) -> None:
    """Analyses an input; one of ten is then edited."""
    if name == NOTEBOOK:
        for cell in analyze_notebook(source).cells:
            assert all(function.line >= 1 for function in cell.functions)
        return
    check(analyze(source, name, chance.choice(HINTS)), source)
    if chance.random() < 0.1:
        is_generated(chance.choice(HINTS), source)
        document = Document(name)
        document.open(source)
        document.report()
        at = chance.randrange(len(source) + 1)
        typed = chance.choice(SPLICES)
        text = source[:at] + typed + source[at:]
        document.edit(at, at, at + len(typed), point(source, at), point(source, at), point(text, at + len(typed)), text)
        check(document.report(), text)


def point(source: bytes, byte: int) -> tuple[int, int]:
    return source.count(b"\n", 0, byte), byte - source.rfind(b"\n", 0, byte) - 1


def run(count: int, seed: int) -> tuple[Counter[str], float, str]:
    """Counts by language, the longest time that one input took, and which one it was."""
    counts: Counter[str] = Counter()
    worst, which = 0.0, ""
    for turn, name, source, chance in inputs(count, seed):
        begun = time.process_time()  # a busy machine changes it little
        try:
            look(name, source, chance)
        except Exception as problem:
            raise AssertionError(f"seed {seed}, turn {turn}, {name}: {source!r}") from problem
        spent = time.process_time() - begun
        counts[name] += 1
        if spent > worst:
            worst, which = spent, f"turn {turn}, {name}, {len(source)} bytes"
    return counts, worst, which


def test_damaged_source_in_every_language() -> None:
    counts, _worst, _which = run(2_000, 11)
    assert set(counts) == set(NAMES)


def test_whole_files_damaged() -> None:
    chance = random.Random(3)
    for name in NAMES:
        for _ in range(6):
            look(name, whole(name, chance), chance)


def test_a_parser_that_finds_no_end_is_stopped_and_told() -> None:
    endless = (TESTS / "fixtures" / "code" / "broken.tsx.txt").read_bytes()
    report = analyze(endless, "tsx")
    assert report.functions == ()
    assert "too many readings" in report.problems[0]
    document = Document("tsx")
    document.open(endless)
    document.report()
    text = b"function f(n) { return n }\n"
    document.edit(0, len(endless), len(text), (0, 0), point(endless, len(endless)), (1, 0), text)
    assert [function.name for function in document.report().functions] == ["f"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("share", range(RUN_INPUTS // SHARE_INPUTS))
def test_a_million_inputs(share: int) -> None:
    counts, worst, which = run(SHARE_INPUTS, RUN_SEED + share)
    assert counts.total() == SHARE_INPUTS
    assert worst < HANG_SECONDS, which


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


def code_key() -> str:
    """Names the state of the analysis that a share was run with, and the inputs that were made."""
    here = Path(__file__)
    paths = [here, *sorted(Path(inspect.getfile(Document)).parent.rglob("*.py"))]
    paths += [path for name in NAMES for path in sorted((TESTS / "fixtures" / "code" / name).iterdir())]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:12]


def run_share(share: int) -> dict[str, Any]:
    """Runs one share; its result is kept beside the others, so that the million may be run in parts."""
    begun, key = time.process_time(), code_key()
    counts, worst, which = run(SHARE_INPUTS, RUN_SEED + share)
    found: dict[str, Any] = {
        "seed": RUN_SEED + share,
        "inputs_by_language": dict(sorted(counts.items())),
        "cpu_seconds": round(time.process_time() - begun, 1),
        "worst_seconds": round(worst, 3),
        "worst_input": which,
        "code": key,
        "highest_mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    SHARES.mkdir(parents=True, exist_ok=True)
    (SHARES / f"{share:03d}.json").write_text(json.dumps(found) + "\n")
    return found


def write_record(shares: list[dict[str, Any]]) -> None:
    """Sums the shares up."""
    counts: Counter[str] = Counter()
    for share in shares:
        counts.update(share["inputs_by_language"])
    slowest = max(shares, key=lambda share: share["worst_seconds"])
    record = {
        "inputs": counts.total(),
        "inputs_by_language": dict(sorted(counts.items())),
        "made_percent": {"cut_out": 34, "spliced": 30, "damaged": 14, "soup": 10, "bytes": 8, "nested": 3, "whole": 1},
        "edited_percent": 10,
        "errors": 0,
        "first_seed": RUN_SEED,
        "inputs_a_seed": SHARE_INPUTS,
        "cpu_seconds": round(sum(share["cpu_seconds"] for share in shares)),
        "worst_cpu_seconds": slowest["worst_seconds"],
        "worst_input": f"seed {slowest['seed']}, {slowest['worst_input']}",
        "highest_mebibytes": max(share["highest_mebibytes"] for share in shares),
        "states_of_the_code": len({share["code"] for share in shares}),
        "python": sys.version.split()[0],
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


def main() -> None:
    """Runs what is missing of the million, and writes the record when nothing is.

    One may give the first share and the number of shares, so that several processes take parts of it.
    """
    given = [int(each) for each in sys.argv[1:3]]
    first, count = given if len(given) == 2 else (0, RUN_INPUTS // SHARE_INPUTS)
    for share in range(first, first + count):
        path = SHARES / f"{share:03d}.json"
        if not path.exists():
            found = run_share(share)
            print(share, found["cpu_seconds"], "s, worst", found["worst_seconds"], found["worst_input"], flush=True)
    paths = [SHARES / f"{share:03d}.json" for share in range(RUN_INPUTS // SHARE_INPUTS)]
    if all(path.exists() for path in paths):
        write_record([json.loads(path.read_text()) for path in paths])


if __name__ == "__main__":
    main()
