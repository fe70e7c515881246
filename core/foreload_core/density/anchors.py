"""Scale-free anchors: what earlier demand says about the demand ahead, in log demand, one row a resource.

All that is read lies in the past: `remember` takes the newest sample in, `Anchors.look` reads only what was taken in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.layout import (
    ANCHOR_COUNT,
    CODE_STEP,
    DAY_SECONDS,
    HALF_LIVES,
    LAGS,
    MOST_ERROR,
    QUANTILES,
    RING_SLOTS,
    SLOT_SECONDS,
    WINDOWS,
)
from foreload_core.density.state import Rows

Floats = NDArray[np.float32]
_RATES = np.array([1.0 - 0.5 ** (1.0 / half) for half in HALF_LIVES], np.float32)
_EXCEED_RATE = np.float32(1.0 - 0.5 ** (1.0 / 576.0))
_LEVELS = np.array(QUANTILES, np.float32)
_LAGS = np.array(LAGS, np.int64)
_LAG_RATE = np.float32(1.0 / 300.0)
_LAST = np.array([window - 1 for window in WINDOWS])
_LENGTHS = np.array(WINDOWS, np.float32)
_DECODED = np.arange(256, dtype=np.float32) * np.float32(CODE_STEP)
SLOW_COUNT = 14
_WRAP = RING_SLOTS - 1
"""The ring's length is a power of two."""
JUMP = 0.7
"""A rise by this much, in log demand, counts as a jump."""


@dataclass(frozen=True, slots=True)
class Grain:
    """How samples lie in time.

    Attributes:
        step_seconds: length of an interval.
        horizon: the forecast is for the interval that is so many after the newest one.
    """

    step_seconds: float
    horizon: int

    @property
    def slot_seconds(self) -> float:
        """Length of a slot of the ring."""
        return max(float(SLOT_SECONDS), self.step_seconds)

    @property
    def slots_per_day(self) -> int:
        """Slots of a day."""
        return max(1, round(DAY_SECONDS / self.slot_seconds))


def remember(rows: Rows, grain: Grain, begun: NDArray[np.float64], x: Floats) -> None:
    """Takes in one sample of each row.

    Args:
        rows: changed in place.
        grain: how samples lie in time.
        begun: when the interval began, seconds of the epoch, one a row.
        x: log demand.
    """
    first = rows.count == 0
    if first.any():
        for array in (rows.recent, rows.quantile):
            array[first] = x[first][:, None]
        rows.top[first] = x[first]
    _remember_slot(rows, grain, begun, x)
    # How wrong the anchors were that were made for this interval.
    place = rows.count % grain.horizon
    made = rows.waiting_anchor[np.arange(len(x)), place]
    known = (rows.count >= grain.horizon)[:, None]
    gap = x[:, None] - made
    wrong = np.minimum(np.abs(gap), MOST_ERROR)
    rows.error += known[:, None] * _RATES[None, :, None] * (wrong[:, None, :] - rows.error)
    rows.exceeded += known * _EXCEED_RATE * ((gap > 1e-4) - rows.exceeded)
    jumped = x - rows.recent[:, -1] > JUMP
    high = x > rows.quantile[:, 2]
    rows.since += 1.0
    rows.since[high, 0] = 0.0
    rows.since[jumped, 1] = 0.0
    rate = np.maximum(0.01, 1.0 / (rows.count + 2.0)).astype(np.float32)
    middle = rows.quantile[:, 0]
    rows.spread += 0.01 * (np.abs(x - middle) - rows.spread)
    step = (2.0 * rate * np.maximum(rows.spread, 0.01))[:, None]
    rows.quantile += step * (_LEVELS - (x[:, None] < rows.quantile))
    rows.top = np.maximum(x, rows.top + (rows.quantile[:, 0] - rows.top) / np.float32(576.0))
    rows.recent[:, :-1] = rows.recent[:, 1:]
    rows.recent[:, -1] = x
    rows.count += 1


def _remember_slot(rows: Rows, grain: Grain, begun: NDArray[np.float64], x: Floats) -> None:
    slot = np.floor(begun / grain.slot_seconds).astype(np.int64)
    code = np.clip(np.rint((x - rows.floor) / CODE_STEP) + 1, 1, 255).astype(np.uint8)
    lines = np.arange(len(x))
    new = slot != rows.slot
    if new.any():
        started = rows.slot >= 0
        _score_lags(rows, np.flatnonzero(new & started))
        for row in np.flatnonzero(new & started & (slot != rows.slot + 1)):
            # Slots that were passed over hold what is too old to be read as theirs.
            last = int(min(slot[row], rows.slot[row] + RING_SLOTS))
            between = np.arange(int(rows.slot[row]) + 1, last)
            rows.ring[row, between & _WRAP] = 0
    place = slot & _WRAP
    held = rows.ring[lines, place]
    rows.ring[lines, place] = np.where(new, code, np.maximum(code, held))
    rows.slot = np.maximum(slot, rows.slot)


def _score_lags(rows: Rows, done: NDArray[np.intp]) -> None:
    """The slot that was written last is complete: how well did each lag tell it?"""
    if not len(done):
        return
    at = rows.slot[done][:, None]
    now = rows.ring[done[:, None], at & _WRAP]
    then = rows.ring[done[:, None], (at - _LAGS) & _WRAP]
    wrong = np.minimum(np.abs(now.astype(np.float32) - then) * np.float32(CODE_STEP), MOST_ERROR)
    held = rows.lag_error[done]
    rows.lag_error[done] = np.where(then > 0, held + _LAG_RATE * (wrong - held), held)


def log_demand(rows: Rows, code: NDArray[np.uint8]) -> Floats:
    """What the bytes of the ring mean."""
    return (_DECODED[code] + (rows.floor - CODE_STEP)[:, None]).astype(np.float32)


def _mean_code(codes: NDArray[np.uint8], unknown: Floats | None = None) -> Floats:
    """Mean of the codes that are known; `unknown`, or a code of 0, where none is."""
    count = np.count_nonzero(codes, axis=1)
    mean = (codes.sum(axis=1, dtype=np.int32) / np.maximum(count, 1)).astype(np.float32)
    return mean if unknown is None else np.where(count > 0, mean, unknown)


class Anchors:
    """Reads the rows; keeps what changes only from slot to slot."""

    def __init__(self, grain: Grain, rows: int) -> None:
        self.grain = grain
        day, hour = grain.slots_per_day, max(1, grain.slots_per_day // 24)
        week = 7 * day
        near = range(3, -4, -1)
        self._offsets = np.array(
            [day + step for step in near]
            + [week + step for step in near]
            + [day * number for number in range(1, 8)]
            + [hour * number for number in range(1, 25)],
            np.int64,
        )
        self._day = np.arange(min(day, RING_SLOTS - 64), dtype=np.int64)
        self._lines = np.arange(rows)[:, None]
        self._target = np.full(rows, -1, np.int64)
        self.slow = np.zeros((rows, SLOW_COUNT), np.float32)
        """Anchors `max_day` to `lag_max`."""
        self.around = np.zeros((rows, 38), np.float32)
        """Yesterday and last week around the same time (7 each), and the same minute of 24 hours."""

    def look(self, rows: Rows, ahead: NDArray[np.float64]) -> Floats:
        """The anchors for the interval that begins at `ahead` (seconds of the epoch), (rows, ANCHOR_COUNT)."""
        target = np.floor(ahead / self.grain.slot_seconds).astype(np.int64)
        changed = target != self._target
        if changed.any():
            self._look_back(rows, target, changed)
            self._target = target
        back = rows.recent[:, ::-1]
        most = np.maximum.accumulate(back, axis=1)[:, _LAST]
        mean = np.cumsum(back, axis=1)[:, _LAST] / _LENGTHS
        least = np.minimum.accumulate(back[:, :36], axis=1)[:, (11, 35)]
        quantile = np.maximum.accumulate(rows.quantile, axis=1)
        anchors = np.concatenate(
            (back[:, :4], most, mean, self.slow, quantile, rows.top[:, None], least), axis=1, dtype=np.float32
        )
        assert anchors.shape[1] == ANCHOR_COUNT
        return anchors

    def _look_back(self, rows: Rows, target: NDArray[np.int64], changed: NDArray[np.bool_]) -> None:
        """Means and highest values are taken of the ring's bytes, which are linear in log demand, and then decoded."""
        at = target[:, None] - self._offsets
        codes = rows.ring[self._lines, at & _WRAP]
        codes[at > rows.slot[:, None]] = 0
        recent = rows.ring[self._lines, (rows.slot[:, None] - self._day) & _WRAP]
        day_mean = _mean_code(recent)
        values = np.where(codes > 0, codes, day_mean[:, None])
        # A week that is not known is yesterday.
        values[:, 7:14] = np.where(codes[:, 7:14] > 0, values[:, 7:14], values[:, :7])
        slow = np.zeros((len(codes), SLOW_COUNT), np.float32)
        slow[:, 0] = recent.max(axis=1)
        slow[:, 1] = day_mean
        slow[:, 2] = values[:, 3]
        slow[:, 3] = values[:, 2:5].max(axis=1)
        slow[:, 4] = values[:, :7].max(axis=1)
        slow[:, 5] = values[:, :7].mean(axis=1)
        slow[:, 6] = values[:, 10]
        slow[:, 7] = values[:, 7:14].max(axis=1)
        days, hours = codes[:, 14:21], codes[:, 21:45]
        slow[:, 8] = _mean_code(days, day_mean)
        days_max = days.max(axis=1)
        slow[:, 9] = np.where(days_max > 0, days_max, day_mean)
        slow[:, 10] = _mean_code(hours, day_mean)
        slow[:, 11] = values[:, 21:29].max(axis=1)
        around = np.concatenate((values[:, :14], values[:, 21:45]), axis=1)
        base = (rows.floor - CODE_STEP).astype(np.float32)[:, None]
        slow = slow * np.float32(CODE_STEP) + base
        around = around * np.float32(CODE_STEP) + base
        slow[:, 12], slow[:, 13] = self._best_lag(rows, target)
        if not changed.all():
            slow = np.where(changed[:, None], slow, self.slow)
            around = np.where(changed[:, None], around, self.around)
        self.slow, self.around = slow, around

    def _best_lag(self, rows: Rows, target: NDArray[np.int64]) -> tuple[Floats, Floats]:
        reach = (target - rows.slot)[:, None]
        best = _LAGS[np.where(reach < _LAGS, rows.lag_error, np.inf).argmin(axis=1)]
        at = target[:, None] - best[:, None] + np.array([0, -1, 1])
        codes = np.where(at <= rows.slot[:, None], rows.ring[self._lines, at & _WRAP], 0)
        values: Floats = np.where(codes > 0, log_demand(rows, codes), rows.recent[:, -1:])
        return values[:, 0], values.max(axis=1)
