"""How far two rankings of the same functions agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

HOT_RATIO = 0.8  # the hot functions are the fewest that together hold this part of the time
LEAST_FUNCTIONS = 3  # fewer have no ranking worth a number


class Agreement(NamedTuple):
    """How far an expectation agrees with a measurement.

    Attributes:
        first_is_hot: the function expected hottest is a hot one (P@1 is the mean of this over files).
        first_share: the part of the measured time that it holds.
        auc: how often a hot function is ranked above one that is not; None where all are hot.
        tau: Kendall's tau-b of all functions; None where one side has all functions equal.
    """

    first_is_hot: bool
    first_share: float
    auc: float | None
    tau: float | None


def agreement(expected: Sequence[float], measured: Sequence[float]) -> Agreement | None:
    """The agreement; None for fewer functions than have a ranking, or no measured time.

    Args:
        expected, measured: one share for each function, in the same order.
    """
    total = sum(measured)
    if len(expected) < LEAST_FUNCTIONS or total <= 0:
        return None
    hot = hot_set(measured)
    first = max(range(len(expected)), key=lambda place: expected[place])
    return Agreement(first in hot, measured[first] / total, _auc(expected, hot), kendall_tau_b(expected, measured))


def hot_set(measured: Sequence[float]) -> frozenset[int]:
    """The fewest functions that together hold `HOT_RATIO` of the time."""
    total, held = sum(measured), 0.0
    hot: set[int] = set()
    for place in sorted(range(len(measured)), key=lambda place: -measured[place]):
        if held >= HOT_RATIO * total:
            break
        hot.add(place)
        held += measured[place]
    return frozenset(hot)


def _auc(expected: Sequence[float], hot: frozenset[int]) -> float | None:
    others = [value for place, value in enumerate(expected) if place not in hot]
    if not others:
        return None
    wins = sum((expected[place] > value) + (expected[place] == value) / 2 for place in hot for value in others)
    return wins / (len(hot) * len(others))


def kendall_tau_b(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Kendall's rank correlation with ties (tau-b, Kendall 1945): -1 reversed, 0 unrelated, 1 the same order."""
    agreeing = ties_one = ties_other = 0
    pairs = len(one) * (len(one) - 1) // 2
    for place in range(len(one)):
        for later in range(place + 1, len(one)):
            a, b = one[place] - one[later], other[place] - other[later]
            ties_one += a == 0
            ties_other += b == 0
            agreeing += (a * b > 0) - (a * b < 0)
    scale = math.sqrt((pairs - ties_one) * (pairs - ties_other))
    return agreeing / scale if scale else None
