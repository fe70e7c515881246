"""Adaptive conformal calibration: how often the upper quantiles held lately moves them, at each distance.

The mean of two offsets. One runs: it grows with each miss and shrinks with each hit, so that in the long run the stated
part is missed whatever the regime (Gibbs and Candès, Adaptive Conformal Inference Under Distribution Shift, 2021). The
other is a quantile of the scores in which newer ones weigh more (Barber, Candès, Ramdas and Tibshirani, Conformal
Prediction Beyond Exchangeability, 2023): it is there at once after a change of regime.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from foreload_core.forecast.pooled.past import Floats
from foreload_core.types import LEVELS

DISTANCES_SECONDS = (0.0, 600.0, 1800.0, 4 * 3600.0, float("inf"))
"""Leads up to each of these are calibrated together."""
MISSED_RATIO = {0.9: 0.08, 0.95: 0.035}
"""How often a level may be missed. A little less than stated: the record is short, and a miss costs more."""
RATE = 0.3
HALF_LIFE = 12.0
"""In moments of the replay: about two days."""
LEAST_SCORES = 10
LEAST_OFFSET, MOST_OFFSET = -0.5, 4.0
LOW, HIGH = LEVELS.index(0.1), LEVELS.index(0.9)


def offsets(replayed: Floats, actual: Floats, lead_seconds: Floats) -> dict[float, Floats]:
    """Offsets of the upper levels at each distance, in widths of the band from 0.1 to 0.9.

    Args:
        replayed: quantiles of the moments that are over, oldest first: (origins, leads, levels).
        actual: what came, nan where it has not yet: (origins, leads).
        lead_seconds: of each lead.
    """
    width = np.maximum(replayed[:, :, HIGH] - replayed[:, :, LOW], 1e-12)
    found: dict[float, Floats] = {}
    for level, missed_ratio in MISSED_RATIO.items():
        scores = (actual - replayed[:, :, LEVELS.index(level)]) / width
        levels: list[float] = []
        for begins, ends in pairwise(DISTANCES_SECONDS):
            chosen = (lead_seconds > begins) & (lead_seconds <= ends)
            levels.append(_offset(scores[:, chosen], missed_ratio))
        found[level] = np.array(levels)
    return found


def _offset(scores: Floats, missed_ratio: float) -> float:
    running = 0.0
    for row in scores.tolist():
        known = [score for score in row if score == score]
        if known:
            missed = sum(score > running for score in known) / len(known)
            running = min(MOST_OFFSET, max(LEAST_OFFSET, running + RATE * (missed - missed_ratio)))
    measured = np.isfinite(scores)
    if np.count_nonzero(measured) < LEAST_SCORES:
        return running
    age = np.arange(len(scores), 0, -1, dtype=np.float64)
    weight: Floats = np.broadcast_to((0.5 ** (age / HALF_LIFE))[:, None], scores.shape)[measured]
    held: Floats = scores[measured]
    order = np.argsort(held)
    total: Floats = np.cumsum(weight[order])
    place = min(len(total) - 1, int((total < (1.0 - missed_ratio) * total[-1]).sum()))
    recent = float(held[order][place])
    return (running + min(MOST_OFFSET, max(LEAST_OFFSET, recent))) / 2


def calibrated(quantiles: Floats, found: dict[float, Floats], lead_seconds: Floats) -> Floats:
    """The quantiles of one origin, (leads, levels), with their upper levels moved."""
    group = np.searchsorted(np.array(DISTANCES_SECONDS[1:]), lead_seconds)
    width = quantiles[:, HIGH] - quantiles[:, LOW]
    moved = quantiles.copy()
    for level, offset in found.items():
        place = LEVELS.index(level)
        moved[:, place] = np.maximum(moved[:, place - 1], quantiles[:, place] + offset[group] * width)
    return moved
