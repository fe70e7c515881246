"""Quantiles of what was seen."""

from __future__ import annotations

from collections.abc import Sequence


def quantile(values: Sequence[float], level: float) -> float:
    """The empirical quantile, linear between the values.

    Args:
        values: at least one.
        level: 0..1.
    """
    ordered = sorted(values)
    position = min(1.0, max(0.0, level)) * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def weighted_quantile(values: Sequence[float], weights: Sequence[float], level: float) -> float:
    """The smallest value below or at which lies at least `level` of all the weight.

    Args:
        values: at least one.
        weights: one for each value, not negative, not all 0.
        level: 0..1.
    """
    pairs = sorted(zip(values, weights, strict=True))
    wanted = level * sum(weights) - 1e-12
    reached = 0.0
    for value, weight in pairs:
        reached += weight
        if reached >= wanted:
            return value
    return pairs[-1][0]
