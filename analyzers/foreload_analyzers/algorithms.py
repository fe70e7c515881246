"""Which class of algorithms code belongs to: a program by a fitted model, a function by the words that it uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from foreload_analyzers.knowledge.lexicon import LEXICON
from foreload_analyzers.linear_model import Bags, LinearModel
from foreload_analyzers.package_data import model_data
from foreload_analyzers.report import ALGORITHM_CLASSES

MAX_COUNT = 4  # a word that comes more often counts no more
SURE_SCORE = 8.0
UNSURE = 0.4  # below, what the hot functions are about decides, where they are about one thing
MOST_TIME = 0.5
MOST_REASONS = 3
LEAST_WORDS = 6  # fewer words in names and comments say nothing
SURE_LEAD = 1.25  # over the second class, as a ratio


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


def choose_surely(scores: Sequence[float]) -> str | None:
    """The class that the scores speak for clearly; None where they are weak or close, as for most small functions."""
    best, second, place = _first_two(scores)
    return ALGORITHM_CLASSES[place] if best >= SURE_SCORE and best >= SURE_LEAD * max(second, 1.0) else None


def _first_two(scores: Sequence[float]) -> tuple[float, float, int]:
    place = max(range(len(scores)), key=lambda index: scores[index])
    return scores[place], max(score for index, score in enumerate(scores) if index != place), place


@cache
def _model() -> LinearModel:
    return LinearModel.of_bytes(model_data("algorithm"))


def choose_algorithm(bags: Bags) -> tuple[str | None, float]:
    """The class of a whole program by the fitted model, and the calibrated confidence in it.

    Args:
        bags: the counted features of the program. With fewer than LEAST_WORDS of them there is no answer: None and 0.
    """
    words = bags.get("words")
    if words is None or float(words.counts.sum()) < LEAST_WORDS:
        return None, 0.0
    model = _model()
    chances = model.probabilities(model.scores(bags))
    place = int(chances.argmax())
    return model.labels[place], round(float(chances[place]), 3)


def settle_algorithm(
    chosen: tuple[str | None, float], shares: Iterable[tuple[str | None, float]]
) -> tuple[str | None, float]:
    """The class of a program where the model is unsure: that of the functions in which most of the time is spent.

    There it is right about as often as the model; and the file is then told as its functions are.

    Args:
        chosen: what the model says, and how sure it is.
        shares: the class of each function, None where it is of none, and its share of the time.
    """
    label, confidence = chosen
    if label is None or confidence >= UNSURE:
        return chosen
    times: dict[str, float] = {}
    for function_class, share in shares:
        if function_class is not None:
            times[function_class] = times.get(function_class, 0.0) + share
    most = max(times, key=lambda name: times[name], default=label)
    return (most, confidence) if times.get(most, 0.0) > MOST_TIME else chosen


def algorithm_sentence(label: str | None, texts: Iterable[Mapping[str, int]]) -> str:
    """Why a class was chosen, in one sentence: the words that speak most for it; empty where none is known.

    Args:
        label: the class; None: none was chosen.
        texts: how often each word occurs in each part of the file.
    """
    if label is None:
        return ""
    place, table = ALGORITHM_CLASSES.index(label), _table()
    counts: dict[str, int] = {}
    for words in texts:
        for word in words.keys() & table.keys():
            counts[word] = counts.get(word, 0) + words[word]
    told: list[tuple[float, str]] = []
    for word, count in counts.items():
        weight = sum(weight for one, weight in table[word] if one == place)
        if weight:
            told.append((-weight * min(count, MAX_COUNT) ** 0.5, f"`{word}`"))
    *first, last = [word for _, word in sorted(told)[:MOST_REASONS]] or [""]
    said = f"{', '.join(first)} and {last}" if first else last
    return f"{label.replace('_', ' ')}, since it says {said}" if said else ""
