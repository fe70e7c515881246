"""A grid as arrays: no gaps, running sums and running extremes, so that any window costs two look-ups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foreload_core.history import Grid

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
DAY_SECONDS = 86_400.0
LONGEST_DAYS = 15
"""More than two weeks of past change nothing but the time that it takes."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one resource.

    Attributes:
        values: one a step, gaps filled with the value before them.
        step_seconds: length of a step.
        day: steps of a day, at least 1.
        first_seconds: beginning of the first step, seconds since 1970.
        running: running[i] is the sum of the first i values.
    """

    values: Floats
    step_seconds: float
    day: int
    first_seconds: float
    running: Floats

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.values)

    def mean(self, ends: Any, steps: int) -> Floats:
        """Mean of the `steps` values before each of `ends`, or of as many as there are."""
        begins = np.maximum(0, ends - steps)
        return (self.running[ends] - self.running[begins]) / np.maximum(1, ends - begins)

    def between(self, begins: Any, ends: Any) -> Floats:
        """Mean of the values from `begins` up to before `ends`; one value where that is empty."""
        begins = np.clip(begins, 0, self.length - 1)
        ends = np.clip(np.maximum(ends, begins + 1), 1, self.length)
        return (self.running[ends] - self.running[begins]) / (ends - begins)

    def steps(self, seconds: float) -> int:
        """So many seconds in steps, at least one."""
        return max(1, round(seconds / self.step_seconds))


def past_of(grid: Grid) -> Past | None:
    """The last days of a grid; None where nothing was measured."""
    day = max(1, round(DAY_SECONDS / grid.step_seconds))
    first = max(0, len(grid.values) - LONGEST_DAYS * day)
    known = grid.values[first:]
    while known and known[0] is None:
        known = known[1:]
        first += 1
    if not known:
        return None
    values = np.array([np.nan if value is None else value for value in known], dtype=np.float64)
    return past_from(filled(values), grid.step_seconds, grid.start.timestamp() + first * grid.step_seconds)


def filled(values: Floats) -> Floats:
    """The values with each gap filled by the value before it; the first one is known."""
    indices = np.where(np.isnan(values), 0, np.arange(len(values)))
    return values[np.maximum.accumulate(indices)]


def past_from(values: Floats, step_seconds: float, first_seconds: float) -> Past:
    """A past of values without gaps."""
    running = np.concatenate([[0.0], np.cumsum(values)])
    return Past(values, step_seconds, max(1, round(DAY_SECONDS / step_seconds)), first_seconds, running)


def trailing_highest(values: Floats, steps: int) -> Floats:
    """The highest of each value and the `steps - 1` before it, by doubling."""
    found, span = values.copy(), 1
    while span < steps:
        shift = min(span, steps - span)
        found[shift:] = np.maximum(found[shift:], found[:-shift]) if shift < len(found) else found[shift:]
        span += shift
    return found
