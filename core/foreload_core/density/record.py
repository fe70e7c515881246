"""The record of what was decided: how often the demand was above it, beside how often it was expected to be.

A price that is the same for all is the best split of a common budget of violations only where the forecast chances are
right. Where an environment is short more often than it was said, its violations are the cheaper ones to avoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.state import Rows

Doubles = NDArray[np.float64]
COUNT_DAYS, KILL_DAYS = 14.0, 28.0
"""Half-lives of what is counted."""
FIRST_COUNT = 3.0
"""The record is taken as one of so many violations where so many were expected, until there is more."""
MOST_KILL_FACTOR = 32.0


@dataclass(frozen=True, slots=True)
class Record:
    """What came of the decisions so far, one value a row.

    Attributes:
        ratio: violations beside those that were expected; 1 where nothing is known.
        kills: how often the demand began to be above what was given, lately.
    """

    ratio: Doubles
    kills: Doubles

    def factor(self, power: Doubles | float, kill_growth: Doubles | float) -> Doubles:
        """By what the price of a violation is to be multiplied."""
        return self.ratio**power * np.minimum(MOST_KILL_FACTOR, np.asarray(kill_growth) ** self.kills)


def take_in(
    rows: Rows, place: NDArray[np.int64], violated: NDArray[np.bool_], known: NDArray[np.bool_], step_seconds: float
) -> None:
    """Takes in one interval.

    Args:
        rows: changed in place.
        place: where its decision waits, one a row.
        violated: the demand was above what was in force.
        known: rows that were measured.
        step_seconds: length of the interval.
    """
    lines = np.arange(len(place))
    chance = rows.waiting_chance[lines, place]
    counts = known & ~np.isnan(chance)
    above = (counts & violated).astype(np.float32)
    faded, kept = (np.float32(0.5 ** (step_seconds / (86_400.0 * days))) for days in (COUNT_DAYS, KILL_DAYS))
    rows.violated = rows.violated * faded + above
    rows.expected = rows.expected * faded + np.where(counts, chance, 0.0).astype(np.float32)
    rows.kills = (rows.kills * kept + above * (1.0 - rows.short)).astype(np.float32)
    rows.short = np.where(counts, above, rows.short)


def record_of(rows: Rows) -> Record:
    """What the rows say."""
    ratio = (rows.violated + FIRST_COUNT) / (rows.expected + FIRST_COUNT)
    return Record(ratio.astype(np.float64), rows.kills.astype(np.float64))
