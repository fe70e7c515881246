"""What the network reads: the simple forecasts, how wrong each of them was up to then, and the time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foreload_core.forecast.pooled.anchors import COUNT, ONLY_LEVEL, is_weekend, level_anchors, season_anchors
from foreload_core.forecast.pooled.past import DAY_SECONDS, Floats, Integers, Past

LEADS_SECONDS = (300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 36_000, 57_600, 72_000, 86_400)
REPLAYED = 64
REPLAYED_DAYS = 10
FORGET = 0.96
"""Each replayed origin counts this much of the one after it."""
TIMES = 14
INPUTS = 2 * COUNT + TIMES
FLOOR_RATIO = 0.01


@dataclass(frozen=True, slots=True)
class Table:
    """Simple forecasts of one past, at moments that are over and from now on.

    Attributes:
        origins: how many values were known at each moment; the last one is now.
        leads: steps ahead, growing.
        anchors: (origins, leads, COUNT); nan where one cannot be made.
        errors: (origins, leads, COUNT): mean absolute error of each up to then, newer ones count more; nan: not known.
        actual: (origins, leads): what came; nan for what has not.
    """

    origins: Integers
    leads: Integers
    anchors: Floats
    errors: Floats
    actual: Floats


def replay_leads(past: Past, longest: int) -> Integers:
    """The leads at which the past is replayed: those of `LEADS_SECONDS`, and the longest that is asked for."""
    leads = {max(1, round(seconds / past.step_seconds)) for seconds in LEADS_SECONDS}
    found = sorted(lead for lead in leads if lead < longest)
    return np.array([*found, longest], dtype=np.int64)


def replay_origins(past: Past) -> Integers:
    """Up to 64 moments of the last ten days, and now."""
    first = max(past.steps(3600), past.length - REPLAYED_DAYS * past.day)
    spacing = max(1, -(-(past.length - first) // REPLAYED))
    return np.arange(past.length, first - 1, -spacing, dtype=np.int64)[::-1]


def tabulate(past: Past, origins: Integers, leads: Integers) -> Table:
    """The simple forecasts at each origin and lead, with the errors that were known at that origin."""
    anchors = all_anchors(past, origins, leads)
    target = origins[:, None] + leads[None, :] - 1
    actual = np.where(target < past.length, past.values[np.minimum(target, past.length - 1)], np.nan)
    return Table(origins, leads, anchors, _errors(origins, leads, anchors, actual), actual)


def all_anchors(past: Past, origins: Integers, leads: Integers) -> Floats:
    """Level and season together: (origins, leads, COUNT)."""
    level = level_anchors(past, origins)
    anchors = np.empty((len(origins), len(leads), COUNT))
    anchors[:, :, :ONLY_LEVEL] = level[:, None, :]
    anchors[:, :, ONLY_LEVEL:] = season_anchors(past, origins, leads)
    return anchors


def _errors(origins: Integers, leads: Integers, anchors: Floats, actual: Floats) -> Floats:
    """Running mean absolute errors; a forecast counts from the moment at which its outcome is known."""
    wrong = np.abs(anchors - actual[:, :, None])
    errors = np.full_like(wrong, np.nan)
    columns = np.arange(len(leads))
    total, weight = np.zeros(wrong.shape[1:]), np.zeros(wrong.shape[1:])
    spacing = max(1, int(origins[-1] - origins[-2])) if len(origins) > 1 else 1
    late = -(-leads // spacing)
    for index in range(len(origins)):
        over = index - late
        fresh = wrong[np.maximum(0, over), columns]
        counts = (over >= 0)[:, None] & np.isfinite(fresh)
        total = FORGET * total + np.where(counts, fresh, 0.0)
        weight = FORGET * weight + counts
        np.divide(total, weight, out=errors[index], where=weight > 0)
    return errors


def at_leads(errors: Floats, leads: Integers, wanted: Integers) -> Floats:
    """Errors of one origin (leads, COUNT) at other leads, linear in the logarithm of the lead."""
    position = np.interp(np.log(wanted), np.log(leads), np.arange(len(leads)))
    low = np.minimum(position.astype(np.int64), len(leads) - 1)
    high = np.minimum(low + 1, len(leads) - 1)
    part = (position - low)[:, None]
    mixed = errors[low] * (1 - part) + errors[high] * part
    return np.where(np.isfinite(mixed), mixed, np.where(np.isfinite(errors[low]), errors[low], errors[high]))


def reference(anchors: Floats) -> Floats:
    """The scale of each row: the mean of the last week, and a floor under it that keeps zeros apart."""
    week = anchors[..., 5]
    return np.maximum(week, 0.02 * anchors[..., 9]) + 1e-12


def inputs_of(past: Past, origins: Integers, leads: Integers, anchors: Floats, errors: Floats) -> NDArray[np.float32]:
    """Rows for the network: (origins, leads, INPUTS), without units."""
    scale = reference(anchors)[..., None]
    floor = FLOOR_RATIO * scale
    with np.errstate(invalid="ignore"):
        relative = np.clip(np.log((anchors + floor) / scale), -5.0, 5.0)
        wrong = np.clip(np.log((errors + floor) / scale), -5.0, 5.0)
    times = _times(past, origins, leads, anchors, scale[..., 0])
    rows = np.concatenate([np.nan_to_num(relative, nan=0.0), np.nan_to_num(wrong, nan=0.0), times], axis=2)
    return rows.astype(np.float32)


def _times(past: Past, origins: Integers, leads: Integers, anchors: Floats, scale: Floats) -> Floats:
    target = (origins[:, None] + leads[None, :] - 1).astype(np.float64)
    turn = 2 * math.pi * ((past.first_seconds + target * past.step_seconds) % DAY_SECONDS) / DAY_SECONDS
    ahead = np.log(leads * past.step_seconds / 3600.0)[None, :] + 0 * target
    history = np.log1p(origins * past.step_seconds / DAY_SECONDS)[:, None] + 0 * target
    at = origins - 1
    before = np.maximum(0, at - 1)
    jump = np.abs(past.values[at] - past.values[before])[:, None] / scale
    columns = [
        np.sin(turn),
        np.cos(turn),
        np.sin(2 * turn),
        np.cos(2 * turn),
        is_weekend(past, (origins[:, None] + leads[None, :] - 1)).astype(np.float64),
        is_weekend(past, origins[:, None] + 0 * leads[None, :]).astype(np.float64),
        ahead,
        ahead**2 / 4,
        history,
        np.minimum(jump, 5.0),
        np.isfinite(anchors[:, :, ONLY_LEVEL]).astype(np.float64),
        np.isfinite(anchors[:, :, ONLY_LEVEL + 3]).astype(np.float64),
        np.full_like(target, math.log(past.step_seconds / 300.0)),
        (leads * past.step_seconds <= 1800).astype(np.float64)[None, :] + 0 * target,
    ]
    return np.stack(columns, axis=2)
