"""Which class of algorithms code belongs to, by the words and libraries that it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from foreload_analyzers.knowledge.lexicon import LEXICON, MODULES
from foreload_analyzers.report import ALGORITHM_CLASSES

MAX_COUNT = 4  # a word that comes more often counts no more
SURE_SCORE = 8.0
SURE_LEAD = 1.25  # over the second class, as a ratio
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


def choose(scores: Sequence[float]) -> tuple[str | None, float]:
    """The class that the scores speak most for and the confidence in it, 0..1; None where nothing speaks for any."""
    best, second, place = _first_two(scores)
    if best <= 0:
        return None, 0.0
    lead = best / max(second, 1.0)
    return ALGORITHM_CLASSES[place], round(min(0.9, 0.2 + 0.35 * min(lead - 1.0, 1.2) + min(best, 40.0) / 160.0), 3)


def choose_surely(scores: Sequence[float]) -> str | None:
    """The class that the scores speak for clearly; None where they are weak or close, as for most small functions."""
    best, second, place = _first_two(scores)
    return ALGORITHM_CLASSES[place] if best >= SURE_SCORE and best >= SURE_LEAD * max(second, 1.0) else None


def _first_two(scores: Sequence[float]) -> tuple[float, float, int]:
    place = max(range(len(scores)), key=lambda index: scores[index])
    return scores[place], max(score for index, score in enumerate(scores) if index != place), place
