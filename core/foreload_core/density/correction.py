"""What an environment teaches the density about itself: shares, places and scales of the components.

Exponentiated gradient on the likelihood of each forecast when its demand has come (Kivinen and Warmuth 1997), with a
slow decay back to what was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

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
MOST_SHIFT, MOST_STRETCH = 3.0, 2.0


def corrected(rows: Rows, fitted: Mixture) -> Mixture:
    """The fitted mixture with what was learned here."""
    log_weight = np.log(np.maximum(fitted.weight, 1e-12)) + rows.bias
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    scale = fitted.scale * np.exp(rows.stretch + rows.common[:, 1:2])
    centre = fitted.centre + (rows.shift + rows.common[:, 0:1]) * fitted.scale
    return Mixture(centre.astype(np.float32), np.clip(scale, 2e-3, 1.0).astype(np.float32), weight.astype(np.float32))


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
    mask = known[:, None].astype(np.float32)
    pull = np.where(censored[:, None], np.maximum(np.tanh(z / 2), 0.0), np.tanh(z / 2)) * share * mask
    push = np.where(censored[:, None], 0.0, z * np.tanh(z / 2) - 1.0) * share * mask
    keep = np.float32(1.0 - rates.decay)
    rows.bias = (rows.bias * keep + (_column(rates.share) * mask) * (share - made.weight)).astype(np.float32)
    moved = rows.shift * keep + _column(rates.place) * pull
    rows.shift = np.clip(moved, -MOST_SHIFT, MOST_SHIFT).astype(np.float32)
    stretched = rows.stretch * keep + _column(rates.scale) * push
    rows.stretch = np.clip(stretched, -MOST_STRETCH, MOST_STRETCH).astype(np.float32)
    pulled, pushed = pull.sum(axis=1), push.sum(axis=1)
    half = np.stack((np.broadcast_to(rates.place, pulled.shape) * pulled, rates.scale * pushed), axis=1) / 2
    rows.common = np.clip(rows.common * keep + half, -MOST_STRETCH, MOST_STRETCH).astype(np.float32)
    return likelihood


def _column(rate: float | Floats) -> Floats:
    return np.asarray(rate, np.float32).reshape(-1, 1)
