"""How much closer than seasonal-naive the replayed forecasts of the last ten days were."""

from __future__ import annotations

import numpy as np

from foreload_core.forecast.pooled.anchors import NAMES
from foreload_core.forecast.pooled.past import Floats
from foreload_core.types import LEVELS

LEAST_STEPS = 48
"""A record of fewer outcomes says nothing."""
DAY_AGO, WEEK_AGO = NAMES.index("day_ago"), NAMES.index("week_ago")


def replayed_skill(replayed: Floats, anchors: Floats, actual: Floats) -> float | None:
    """1 - pinball loss / that of seasonal-naive, over all outcomes that both forecast; None while they are too few.

    Seasonal-naive is given the spread that its errors had over the very same days, which it could not know.

    Args:
        replayed: quantiles, (origins, leads, levels).
        anchors: (origins, leads, COUNT).
        actual: what came, nan where it has not: (origins, leads).
    """
    week, day = anchors[:, :, WEEK_AGO], anchors[:, :, DAY_AGO]
    naive = np.where(np.isfinite(week), week, day)
    both = np.isfinite(naive) & np.isfinite(actual)
    if both.sum() < LEAST_STEPS:
        return None
    came, centre = actual[both], naive[both]
    offsets = np.quantile(came - centre, LEVELS)
    loss = _loss(came, replayed[both])
    naive_loss = _loss(came, np.maximum(0.0, centre[:, None] + offsets[None, :]))
    if naive_loss <= 0:
        return 0.0 if loss <= 0 else -1.0
    return max(-1.0, 1 - loss / naive_loss)


def _loss(actual: Floats, quantiles: Floats) -> float:
    levels = np.array(LEVELS)
    gap = actual[:, None] - quantiles
    return float(np.maximum(levels * gap, (levels - 1) * gap).mean())
