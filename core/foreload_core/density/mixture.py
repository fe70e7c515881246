"""A mixture of logistic distributions over the logarithm of the demand: what is expected, one row a resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_BISECTIONS = 40
BLOCK_ROWS = 8
MOST_Z = np.float32(80.0)
"""Further than this from a component its exponential would not fit into 32 bits."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Densities of log demand, one row a resource; all arrays are (rows, components).

    Attributes:
        centre: where each component stands, in log demand.
        scale: its scale.
        weight: its share; a row adds up to 1.
    """

    centre: Floats
    scale: Floats
    weight: Floats

    def below(self, points: Floats) -> Floats:
        """The chance that the demand stays below each point of log demand; points are (rows, any)."""
        found = np.empty(points.shape, np.float32)
        inverse = np.float32(-1.0) / self.scale
        for first in range(0, len(points), BLOCK_ROWS):  # what fits into the processor's cache is quicker by half
            block = slice(first, first + BLOCK_ROWS)
            z = points[block, :, None] - self.centre[block, None, :]
            z *= inverse[block, None, :]
            np.minimum(z, MOST_Z, out=z)
            np.exp(z, out=z)
            z += 1.0
            np.reciprocal(z, out=z)
            np.matmul(z, self.weight[block, :, None], out=found[block, :, None])
        return found

    def quantile(self, level: float) -> Floats:
        """Log demand that is not exceeded with the chance `level`, one value a row."""
        return self.quantiles(np.full(len(self.centre), level, np.float32))

    def quantiles(self, levels: Floats) -> Floats:
        """As `quantile`, with a level of its own for each row."""
        low: NDArray[Any] = (self.centre - 20 * self.scale).min(axis=1)
        high: NDArray[Any] = (self.centre + 20 * self.scale).max(axis=1)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            under = self.below(middle[:, None].astype(np.float32))[:, 0] < levels
            low = np.where(under, middle, low)
            high = np.where(under, high, middle)
        return ((low + high) / 2).astype(np.float32)

    def rows(self, chosen: NDArray[np.intp]) -> Mixture:
        """Only the rows that are named."""
        return Mixture(self.centre[chosen], self.scale[chosen], self.weight[chosen])


def softplus(values: Floats) -> Floats:
    """log(1 + e^v), without overflow."""
    return np.maximum(values, 0.0) + np.log1p(np.exp(-np.abs(values)))


def responsibilities(mixture: Mixture, seen: Floats, censored: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """How much of what was seen each component explains.

    Args:
        mixture: what was expected.
        seen: log demand of each row.
        censored: rows where `seen` is only a lower bound.

    Returns:
        The posterior share of each component, its standardised error z, and the log likelihood of each row.
    """
    z = (seen[:, None] - mixture.centre) / mixture.scale
    np.minimum(np.maximum(z, -60.0, out=z), 60.0, out=z)
    log_density = -z - np.log(mixture.scale) - 2.0 * softplus(-z)
    if censored.any():
        log_density = np.where(censored[:, None], -softplus(z), log_density)
    joint = log_density + np.log(np.maximum(mixture.weight, 1e-12))
    most = joint.max(axis=1, keepdims=True)
    share = np.exp(joint - most)
    total = share.sum(axis=1, keepdims=True)
    return share / total, z, (most + np.log(total))[:, 0]


def beyond(mixture: Mixture, bound: Floats) -> Floats:
    """The median of the demand given that it is at least `bound` (log demand), one value a row."""
    low = mixture.below(bound[:, None])[:, 0]
    levels = np.minimum(low + (1.0 - low) / 2, 1.0 - 1e-5).astype(np.float32)
    return np.maximum(mixture.quantiles(levels), bound)
