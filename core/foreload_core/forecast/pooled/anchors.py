"""Simple forecasts: each is a value that the use had, or a mean, quantile or extreme of such, at one lead.

All of them scale with the use, so that what is learned on one environment holds on another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from foreload_core.forecast.pooled.past import DAY_SECONDS, Floats, Integers, Past, trailing_highest

LEVEL_NAMES = (
    *("last", "mean_15min", "mean_1h", "mean_3h", "mean_day", "mean_week", "median_1h", "highest_1h", "highest_day"),
    *("highest_week", "lowest_1h", "lowest_day", "q10_day", "median_day", "q90_day", "median_week", "q95_week"),
)
SEASON_NAMES = (
    *("day_ago", "day_ago_1h", "day_ago_highest", "week_ago", "week_ago_1h"),
    *("days_mean", "days_median", "days_highest", "days_lowest", "like_days_mean"),
    *("days_shifted", "days_scaled", "days_last", "day_ago_shifted"),
)
NAMES = LEVEL_NAMES + SEASON_NAMES
COUNT = len(NAMES)
ONLY_LEVEL = len(LEVEL_NAMES)
DAYS = 7


def level_anchors(past: Past, origins: Integers) -> Floats:
    """What does not hang on the lead: shape (origins, len(LEVEL_NAMES)). An origin is how many values are known."""
    x, hour = past.values, past.steps(3600)
    at = origins - 1
    day, week = past.day, 7 * past.day
    recent = _windows(x, origins, hour, hour)
    of_day = np.sort(_windows(x, origins, day, min(day, 96)), axis=1)
    of_week = np.sort(_windows(x, origins, week, min(week, 168)), axis=1)
    columns = [
        x[at],
        past.mean(origins, past.steps(900)),
        past.mean(origins, hour),
        past.mean(origins, past.steps(3 * 3600)),
        past.mean(origins, day),
        past.mean(origins, week),
        np.median(recent, axis=1),
        recent.max(axis=1),
        trailing_highest(x, day)[at],
        trailing_highest(x, week)[at],
        recent.min(axis=1),
        -trailing_highest(-x, day)[at],
        _of_sorted(of_day, 0.1),
        _of_sorted(of_day, 0.5),
        _of_sorted(of_day, 0.9),
        _of_sorted(of_week, 0.5),
        _of_sorted(of_week, 0.95),
    ]
    return np.stack(columns, axis=1)


def _windows(x: Floats, origins: Integers, steps: int, count: int) -> Floats:
    """About `count` values, evenly, out of the `steps` before each origin; where there are fewer, of those."""
    spread = np.linspace(0, 1, count) if count > 1 else np.zeros(1)
    span = np.minimum(steps, origins) - 1
    return x[(origins - 1)[:, None] - np.round(span[:, None] * spread[None, :]).astype(np.int64)]


def _of_sorted(ordered: Floats, level: float) -> Floats:
    return ordered[:, min(ordered.shape[1] - 1, int(level * ordered.shape[1]))]


def season_anchors(past: Past, origins: Integers, leads: Integers) -> Floats:
    """What hangs on the time of day: shape (origins, leads, len(SEASON_NAMES)); nan where there is no day before.

    Args:
        past: the use.
        origins: how many values are known, each at least 1.
        leads: steps ahead; 1 is the first step that is not known.
    """
    x, day = past.values, past.day
    week, near, half = 7 * day, past.steps(900), past.steps(1800)
    known = origins[:, None]
    target = known + leads[None, :] - 1
    day_ago = target - (-(-leads // day) * day)[None, :]
    week_ago = target - (-(-leads // week) * week)[None, :]
    has_day, has_week = day_ago >= 0, week_ago >= 0
    around_day = past.between(day_ago - half, np.minimum(known, day_ago + half + 1))
    around_week = past.between(week_ago - half, np.minimum(known, week_ago + half + 1))
    width = 2 * near + 1
    trailing = trailing_highest(x, width)
    highest_day = trailing[np.clip(np.minimum(known - 1, day_ago + near), 0, past.length - 1)]
    back = day_ago[:, :, None] - day * np.arange(2 * DAYS)[None, None, :]
    measured = back - near >= 0
    means = np.where(measured, past.between(back - near, np.minimum(known[:, :, None], back + near + 1)), np.nan)
    first = means[:, :, :DAYS]
    number = np.maximum(1, np.isfinite(first).sum(axis=2))
    days_mean = np.nansum(first, axis=2) / number
    ordered = np.sort(first, axis=2)  # nan comes last
    middle = np.take_along_axis(ordered, ((number - 1) // 2)[:, :, None], axis=2)[:, :, 0]
    last = np.take_along_axis(ordered, (number - 1)[:, :, None], axis=2)[:, :, 0]
    alike = _like_days_mean(past, means, target, back)
    shift, factor, last_shift, day_shift = _against_days(past, origins, half)
    columns = [
        x[np.maximum(0, day_ago)],
        around_day,
        highest_day,
        np.where(has_week, x[np.maximum(0, week_ago)], np.nan),
        np.where(has_week, around_week, np.nan),
        days_mean,
        middle,
        last,
        ordered[:, :, 0],
        np.where(np.isfinite(alike), alike, days_mean),
        np.maximum(0.0, days_mean + shift[:, None]),
        days_mean * factor[:, None],
        np.maximum(0.0, days_mean + last_shift[:, None]),
        np.maximum(0.0, around_day + day_shift[:, None]),
    ]
    found = np.stack(columns, axis=2)
    found[~(has_day & measured[:, :, 0])] = np.nan
    return found


def _like_days_mean(past: Past, means: Floats, target: Integers, back: Integers) -> Floats:
    """Mean over those of the last two weeks' days that are workdays like the target's, or days of a weekend."""
    alike = (is_weekend(past, back) == is_weekend(past, target)[:, :, None]) & np.isfinite(means)
    count = alike.sum(axis=2)
    total = np.where(alike, means, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(1, count), np.nan)


def is_weekend(past: Past, steps: Integers) -> NDArray[np.bool_]:
    """Whether a step begins on a Saturday or Sunday, UTC. 1 January 1970 was a Thursday."""
    days = np.floor((past.first_seconds + steps * past.step_seconds) / DAY_SECONDS)
    return (days + 3) % 7 >= 5


def _against_days(past: Past, origins: Integers, half: int) -> tuple[Floats, Floats, Floats, Floats]:
    """How the last hour, and the last value, differ from what is usual at that time: shifts and a factor."""
    day, hour = past.day, 2 * half
    back = origins[:, None] - day * np.arange(1, DAYS + 1)[None, :]
    measured = back - hour >= 0
    usual = np.where(measured, past.between(back - hour, back), np.nan)
    count = np.maximum(1, measured.sum(axis=1))
    usual_hour = np.nansum(usual, axis=1) / count
    now = past.mean(origins, hour)
    known = measured[:, 0]
    shift = np.where(known, now - usual_hour, 0.0)
    factor = np.where(known, np.clip((now + 1e-12) / (usual_hour + 1e-12), 0.1, 10.0), 1.0)
    near = past.between(back - 2, back + 2)
    usual_now = np.nansum(np.where(measured, near, np.nan), axis=1) / count
    last_shift = np.where(known, past.values[origins - 1] - usual_now, 0.0)
    day_shift = np.where(known, now - np.where(known, usual[:, 0], 0.0), 0.0)
    return shift, factor, last_shift, day_shift
