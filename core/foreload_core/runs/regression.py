"""What a run of a kind needs, learned from its earlier runs: recursive least squares over code features.

Recursive least squares with forgetting (Haykin, Adaptive Filter Theory): all targets of a kind share one inverse
covariance, so that a run costs one small update whatever is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foreload_core.runs.events import VECTOR_LENGTH

Floats = NDArray[np.float32]
FORGETTING = 0.99
FIRST_COVARIANCE = 8.0
"""Of every coefficient, in units of a run's own noise: a few runs outweigh what was assumed before."""
FITTED_COVARIANCE = 0.5
"""The same of what features add, where that was fitted on other environments."""
ENOUGH_RUNS = 20
"""From so many runs on, nothing is expected that is far above the highest that was seen."""
SPREAD_RATE, FIRST_SPREAD, LEAST_SPREAD, MOST_SPREAD = 0.1, 0.6, 0.02, 1.2
PEAK_DECAY = 0.995


@dataclass(frozen=True, slots=True)
class KindPrior:
    """What is assumed of the runs of one kind before any was seen, fitted on other environments.

    Attributes:
        coefficients: of the features for each target; needs are told as parts of the capacity.
        spread: mean absolute error of each target, in log units.
    """

    coefficients: Mapping[str, Sequence[float]]
    spread: Mapping[str, float]


class KindModel:
    """Linear models of log need and log length of the runs of one kind.

    Args:
        assumed: log value of each target before any run.
        slopes: for each target what the features add to it, where that is known from other environments.
        spreads: mean absolute error of each target, where it is known.

    Attributes:
        count: runs seen.
        spread: mean absolute error of each target, in log units.
        highest: decayed highest log value of each target; what was assumed, before any run.
    """

    __slots__ = ("_coefficients", "_covariance", "count", "highest", "last", "spread")

    def __init__(
        self,
        assumed: Sequence[float],
        slopes: Sequence[Sequence[float]] | None = None,
        spreads: Sequence[float] | None = None,
    ) -> None:
        targets = len(assumed)
        self.count = 0
        self._coefficients = np.zeros((targets, VECTOR_LENGTH), np.float32)
        self._coefficients[:, 0] = assumed
        self._covariance = np.eye(VECTOR_LENGTH, dtype=np.float32) * np.float32(FIRST_COVARIANCE)
        if slopes is not None:
            self._coefficients[:, 1:] = slopes
            self._covariance[1:, 1:] *= np.float32(FITTED_COVARIANCE / FIRST_COVARIANCE)
        self.spread = [FIRST_SPREAD] * targets if spreads is None else list(spreads)
        self.highest = list(assumed)
        self.last = list(assumed)

    def expect(self, explaining: Sequence[float]) -> list[float]:
        """The expected log value of each target."""
        found: list[float] = (self._coefficients @ np.array(explaining, np.float32)).tolist()
        if self.count < ENOUGH_RUNS:
            return found
        return [min(value, highest + 0.7) for value, highest in zip(found, self.highest, strict=True)]

    def learn(self, explaining: Sequence[float], seen: Sequence[float], lower_bound: Sequence[bool]) -> None:
        """Takes in a run that has ended.

        Args:
            explaining: its features, see `vector`.
            seen: log value of each target.
            lower_bound: where a limit held the run back, so that it needed at least so much.
        """
        x = np.array(explaining, np.float32)
        expected: list[float] = (self._coefficients @ x).tolist()
        errors = [
            0.0 if bound and value < told else value - told
            for value, told, bound in zip(seen, expected, lower_bound, strict=True)
        ]
        gain = self._covariance @ x
        gain /= np.float32(FORGETTING) + x @ gain
        self._coefficients += np.array(errors, np.float32)[:, None] * gain
        covariance = (self._covariance - np.outer(gain, self._covariance @ x)) / np.float32(FORGETTING)
        # Directions that no run shows would grow without end.
        self._covariance = np.clip((covariance + covariance.T) / 2, -FIRST_COVARIANCE, FIRST_COVARIANCE)
        rate = max(SPREAD_RATE, 1.0 / (self.count + 2.0))
        first = self.count == 0
        for place, error in enumerate(errors):
            grown = self.spread[place] + rate * (min(abs(error), 3.0) - self.spread[place])
            self.spread[place] = min(max(grown, LEAST_SPREAD), MOST_SPREAD)
            value = max(seen[place], expected[place]) if lower_bound[place] else seen[place]
            before = self.highest[place]
            self.highest[place] = value if first else max(value, before + (1 - PEAK_DECAY) * (value - before))
            self.last[place] = value
        self.count += 1

    @property
    def byte_count(self) -> int:
        """Bytes that are remembered."""
        return self._coefficients.nbytes + self._covariance.nbytes + 12 * len(self.spread) + 4
