"""What in a file tells the kind of program that it is part of, as numbers for a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from math import log1p, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.expressions import TEXT
from foreload_analyzers.facts import ChunkFacts, ImportFact, Unit
from foreload_analyzers.knowledge import programs
from foreload_analyzers.report import APPLICATION_TYPES

MAIN_GUARD, SHEBANG = "<main>", "<shebang>"
# A module or a call of this weight is strong: the first two kinds of ORDER that have such a sign are signs themselves.
STRONG_MODULE, STRONG_CALL = 4.0, 5.0
ORDER = (
    "test_suite", "game", "gui_desktop", "web_service", "ml_training", "scraping", "build_script", "scientific",
    "data_pipeline", "cli_tool",
)  # fmt: skip
SECTIONS = ("modules", "calls", "words", "places", "share", "first", "second", "best")
MOST_REASONS = 3
SIGNS = len(SECTIONS) * len(APPLICATION_TYPES)
_WORD_WEIGHT = 0.5  # beside modules, calls and places
_MOST_WORDS = 6  # a word that comes more often counts no more
_CALM = 5.0  # so that shares of weak signs are small
_CACHED = 20_000
_ARGUMENTS = re.compile(r"[(\n]")
_PARTS = re.compile(r"[./:]+")
_MARKS = {MAIN_GUARD: "has a part that only a run reaches", SHEBANG: "names its interpreter in the first line"}
_LOADS = frozenset({"require", "import"})

Speaks = tuple[tuple[int, float], ...]  # places in APPLICATION_TYPES with weights
Weights = Mapping[str, Speaks]


class Found(NamedTuple):
    """The signs of a file that the tables know: names of modules, calls and places, and how often each word comes."""

    modules: frozenset[str]
    calls: frozenset[str]
    words: Mapping[str, int]
    places: frozenset[str]


@cache
def weights_of(source: str) -> Weights:
    """The table of a source of signs (`modules`, `calls`, `words`, `places`): name -> what it speaks for."""
    table: dict[str, list[tuple[int, float]]] = {}
    rows: programs.Signs = getattr(programs, source.upper())
    for place, kind in enumerate(APPLICATION_TYPES):
        for weight, names in rows.get(kind, {}).items():
            for name in names.split():
                table.setdefault(name, []).append((place, float(weight)))
    return {name: tuple(found) for name, found in table.items()}


def modules_in(imports: Iterable[ImportFact]) -> frozenset[str]:
    """The known names that some imports speak."""
    found = (f"{fact.module}.{fact.name}" if fact.name else fact.module for fact in imports)
    return frozenset[str]().union(*map(_module_names, found))


def loaded_by_calls(unit: Unit) -> frozenset[str]:
    """The known names of modules that calls load, `require("x")`."""
    texts = [
        call.arguments[0].text.strip("'\"`")
        for call in unit.calls
        if call.path in _LOADS and call.arguments and call.arguments[0].kind == TEXT
    ]
    return frozenset[str]().union(*map(_module_names, texts))


@lru_cache(_CACHED)
def _module_names(module: str) -> frozenset[str]:
    parts = [part for part in _PARTS.split(module) if part]
    names = {module, *(".".join(parts[: count + 1]) for count in range(len(parts)))}
    if "/" in module:
        steps = module.split("/")
        names |= {"/".join(steps[:count]) for count in (1, 2, 3)}
    return frozenset(names & weights_of("modules").keys())


@lru_cache(_CACHED)
def call_names(path: str) -> frozenset[str]:
    """The known names that a call's full path speaks."""
    parts = path.split(".")
    names = {path}
    if len(parts) > 1:
        names |= {f".{parts[-1]}", f"{parts[0]}.*", ".".join(parts[:2]), ".".join(parts[-2:])}
    if len(parts) > 2:
        names.add(f"{parts[0]}.{parts[1]}.*")
    return frozenset(names & weights_of("calls").keys())


def decorator_names(decorators: Iterable[str]) -> frozenset[str]:
    """The same of decorators and annotations."""
    paths = (_ARGUMENTS.split(text, maxsplit=1)[0].strip().replace("::", ".") for text in decorators)
    return frozenset[str]().union(*map(call_names, paths))


def words_in(facts: ChunkFacts) -> Mapping[str, int]:
    """The known words of a chunk with their counts."""
    words = facts.units[0].words
    return {word: words[word] for word in words.keys() & weights_of("words").keys()}


@lru_cache(256)
def place_names(path_hint: str) -> frozenset[str]:
    """The known places that a path names: patterns of its last part, and the two folders around it."""
    *folders, name = path_hint.replace("\\", "/").lower().split("/")
    found = {f"{folder}/" for folder in folders[-2:]} & weights_of("places").keys()
    return frozenset(found | {pattern for pattern, matches in _file_patterns() if matches.fullmatch(name)})


@cache
def _file_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    patterns = [name for name in weights_of("places") if not name.endswith("/")]
    return tuple((pattern, re.compile(".*".join(map(re.escape, pattern.split("*"))))) for pattern in patterns)


def signs_of(found: Found) -> NDArray[np.float64]:
    """The signs of a file for its model, section by section of SECTIONS, a number a kind of program in each."""
    modules = _sum("modules", dict.fromkeys(found.modules, 1.0))
    calls = _sum("calls", dict.fromkeys(found.calls, 1.0))
    words = _sum("words", {word: sqrt(min(count, _MOST_WORDS)) for word, count in found.words.items()})
    places = _sum("places", dict.fromkeys(found.places, 1.0))
    total = modules + calls + places + _WORD_WEIGHT * words
    first, second, best = (np.zeros(len(APPLICATION_TYPES)) for _ in range(3))
    strong = _strong_kinds(found)
    if strong:
        first[strong[0]] = 1.0
    if len(strong) > 1:
        second[strong[1]] = 0.5
    if total.max() > 0:
        best[int(total.argmax())] = 0.7
    shares = 2.0 * total / (total.sum() + _CALM)
    return np.concatenate(
        [*(np.log1p(part) / 2.0 for part in (modules, calls, words, places)), shares, first, second, best]
    )


def _sum(source: str, strengths: Mapping[str, float]) -> NDArray[np.float64]:
    table, total = weights_of(source), np.zeros(len(APPLICATION_TYPES))
    for name in sorted(strengths):
        for place, weight in table[name]:
            total[place] += weight * strengths[name]
    return total


def _strong_kinds(found: Found) -> Sequence[int]:
    strong: set[int] = set()
    for source, names, least in (("modules", found.modules, STRONG_MODULE), ("calls", found.calls, STRONG_CALL)):
        table = weights_of(source)
        strong |= {place for name in names for place, weight in table[name] if weight >= least}
    return [place for place in map(APPLICATION_TYPES.index, ORDER) if place in strong]


def reasons(found: Found, kind: str) -> str:
    """Up to three things that speak most for a kind of program, as the end of "since it ..."; empty: none."""
    place = APPLICATION_TYPES.index(kind)
    told: list[tuple[float, int, str]] = []
    for order, (source, verb, names) in enumerate(
        (
            ("modules", "imports", found.modules),
            ("calls", "calls", found.calls),
            ("places", "lies at", found.places),
            ("words", "says", found.words),
        )
    ):
        table = weights_of(source)
        for name in names:
            weight = sum(weight for one, weight in table[name] if one == place)
            if weight:
                strength = log1p(found.words[name]) * _WORD_WEIGHT if source == "words" else 1.0
                text = _MARKS.get(name) or f"{verb} `{name.strip('.')}`"
                told.append((-weight * strength, order, text))
    texts = [text for _, _, text in sorted(told)[:MOST_REASONS]]
    return " and ".join((", ".join(texts[:-1]), texts[-1])) if len(texts) > 1 else "".join(texts)
