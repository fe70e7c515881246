"""What an environment teaches the density about itself: shares, places and scales of the components.

Exponentiated gradient on the likelihood of each forecast when its demand has come (Kivinen and Warmuth 1997), with a
slow decay back to what was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.mixture import Mixture, responsibilities
from foreload_core.density.state import Rows

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast the correction learns, per sample; one value a row, or one for all.

    Attributes:
        share: of the components' log weights.
        place, scale: of their places and log scales.
        decay: back to what was fitted.
    """

    share: float | Floats = 0.03
    place: float | Floats = 0.003
    scale: float | Floats = 0.001
    decay: float = 1e-4


FITTED = Rates()
FRESH = Rates(share=0.05, place=0.003, scale=0.004)
MOST_SHIFT, MOST_STRETCH, MOST_BIAS = 3.0, 2.0, 60.0
LEAST_SCALE, MOST_SCALE = np.float32(2e-3), np.float32(1.0)


def corrected(rows: Rows, fitted: Mixture) -> Mixture:
    """The fitted mixture with what was learned here."""
    weight = np.maximum(fitted.weight, 1e-12) * np.exp(rows.bias - rows.bias.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    scale = fitted.scale * np.exp(rows.stretch + rows.common[:, 1:2])
    centre = fitted.centre + (rows.shift + rows.common[:, 0:1]) * fitted.scale
    return Mixture(
        centre.astype(np.float32, copy=False), np.minimum(np.maximum(scale, LEAST_SCALE), MOST_SCALE), weight
    )


def learn(
    rows: Rows, made: Mixture, x: Floats, censored: NDArray[np.bool_], known: NDArray[np.bool_], rates: Rates
) -> Floats:
    """Takes in what came of a forecast.

    Args:
        rows: changed in place.
        made: the forecast for the interval that has ended.
        x: its log demand, or a lower bound of it.
        censored: where it is only a lower bound.
        known: rows for which there was a forecast.
        rates: how fast.

    Returns:
        The log likelihood of each row.
    """
    share, z, likelihood = responsibilities(made, x, censored)
    moves = np.tanh(z / 2)
    mask = known[:, None].astype(np.float32)
    seen = share * mask
    pull = moves * seen
    push = (z * moves - 1.0) * seen
    if censored.any():
        pull[censored] = np.maximum(pull[censored], 0.0)
        push[censored] = 0.0
    keep = np.float32(1.0 - rates.decay)
    rows.bias = _within(rows.bias * keep + _column(rates.share) * mask * (share - made.weight), MOST_BIAS)
    rows.shift = _within(rows.shift * keep + _column(rates.place) * pull, MOST_SHIFT)
    rows.stretch = _within(rows.stretch * keep + _column(rates.scale) * push, MOST_STRETCH)
    half = np.empty(rows.common.shape, np.float32)
    half[:, 0] = rates.place * pull.sum(axis=1) / 2
    half[:, 1] = rates.scale * push.sum(axis=1) / 2
    rows.common = _within(rows.common * keep + half, MOST_STRETCH)
    return likelihood


def _column(rate: float | Floats) -> Floats:
    return np.asarray(rate, np.float32).reshape(-1, 1)


def _within(values: NDArray[Any], most: float) -> Floats:
    return np.minimum(np.maximum(values, np.float32(-most)), np.float32(most)).astype(np.float32, copy=False)
