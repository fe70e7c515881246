"""Which class of algorithms code belongs to, by the words and libraries that it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from foreload_analyzers.knowledge.lexicon import LEXICON, MODULES
from foreload_analyzers.report import ALGORITHM_CLASSES

MAX_COUNT = 4  # a word that comes more often counts no more
MIN_SCORE = 6.0
MIN_LEAD = 1.25  # over the second class, as a ratio
NO_SCORES: tuple[float, ...] = (0.0,) * len(ALGORITHM_CLASSES)


@cache
def _table() -> Mapping[str, tuple[tuple[int, float], ...]]:
    table: dict[str, list[tuple[int, float]]] = {}
    for place, name in enumerate(ALGORITHM_CLASSES):
        for weight, words in LEXICON[name].items():
            for word in words.split():
                for form in (word, f"{word}es" if word.endswith(("s", "x", "ch")) else f"{word}s"):
                    table.setdefault(form, []).append((place, float(weight)))
    return {word: tuple(rows) for word, rows in table.items()}


def word_scores(words: Mapping[str, int]) -> tuple[float, ...]:
    """How much the words speak for each class, in the order of ALGORITHM_CLASSES."""
    table = _table()
    scores = [0.0] * len(ALGORITHM_CLASSES)
    for word in words.keys() & table.keys():
        strength = min(words[word], MAX_COUNT) ** 0.5
        for place, weight in table[word]:
            scores[place] += weight * strength
    return tuple(scores)


def module_scores(modules: Iterable[str]) -> tuple[float, ...]:
    """How much the imported modules speak for each class."""
    scores = [0.0] * len(ALGORITHM_CLASSES)
    for module in modules:
        row = MODULES.get(module.split(".", 1)[0])
        if row is not None:
            scores[ALGORITHM_CLASSES.index(row[0])] += row[1]
    return tuple(scores)


def total(rows: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """Scores of several pieces together."""
    return tuple(map(sum, zip(NO_SCORES, *rows, strict=True)))


def choose(scores: Sequence[float], minimum: float = MIN_SCORE) -> tuple[str | None, float]:
    """The class that the scores speak for and the confidence in it; None where they are too weak or too close."""
    ranked = sorted(zip(scores, ALGORITHM_CLASSES, strict=True), key=lambda pair: -pair[0])
    (best, name), (second, _) = ranked[0], ranked[1]
    if best < minimum:
        return None, 0.0
    lead = best / max(second, 1.0)
    if lead < MIN_LEAD:
        return None, 0.0
    return name, round(min(0.9, 0.35 + 0.25 * (lead - 1.0) + min(best, 40.0) / 160.0), 3)
