"""When what was announced begins, and when what is on ends: counts of delays, in samples, that fade with age."""

from __future__ import annotations

import math
from collections.abc import Sequence

FADING = 0.98
"""Each earlier count is worth this much of the one after it."""


class Delays:
    """How many samples passed between a cause and what followed it, or that nothing followed.

    Args:
        assumed: counts that are assumed before anything was seen, one a delay in samples.
        never: the same of causes that nothing follows.
    """

    __slots__ = ("counts", "never")

    def __init__(self, assumed: Sequence[float], never: float) -> None:
        self.counts = list(assumed)
        self.never = never

    def saw(self, samples: int) -> None:
        """Something followed after so many samples."""
        self._fade()
        self.counts[min(max(samples, 0), len(self.counts) - 1)] += 1.0

    def saw_nothing(self) -> None:
        """Nothing followed."""
        self._fade()
        self.never += 1.0

    def within(self, first: int, last: int) -> float:
        """The chance that it comes `first` to `last` samples after the cause, given that it did not come before."""
        first = max(first, 0)
        left = self.never + sum(self.counts[first:])
        return sum(self.counts[first : last + 1]) / left if left > 1e-9 and last >= first else 0.0

    @property
    def follows(self) -> float:
        """The chance that something follows at all."""
        some = sum(self.counts)
        return some / (some + self.never)

    def _fade(self) -> None:
        self.counts = [count * FADING for count in self.counts]
        self.never *= FADING


def still_on(elapsed: float, ahead: float, log_seconds: float, spread: float) -> float:
    """The chance that a run that has lasted `elapsed` seconds lasts `ahead` seconds more.

    Its log length is taken as logistic around `log_seconds`, with the mean absolute error `spread`.
    """
    scale = max(spread, 0.02) / 1.386
    now = (math.log(max(elapsed, 0.1)) - log_seconds) / scale
    later = (math.log(max(elapsed + ahead, 0.1)) - log_seconds) / scale
    # S(later) / S(now) with S(z) = 1 / (1 + e^z), without overflow.
    if now > 30:
        return math.exp(max(now - later, -60.0))
    return (1 + math.exp(now)) / (1 + math.exp(min(later, 60.0)))
