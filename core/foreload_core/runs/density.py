"""The density of demand at steps of seconds: anchors of samples and of runs, mixed by what the signals say.

Each scenario of the outlook (as now, a run begins, one ends, an announced one is there) has its components. What the
signals give as its chance is the prior of their shares; a fitted network and what the environment teaches move them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.inputs import calendar, one_hot
from foreload_core.density.layout import FIRST_RATIO, FLOOR_RATIO, LEAST_FLOOR
from foreload_core.density.mixture import Mixture, beyond, responsibilities
from foreload_core.density.network import Weights
from foreload_core.runs.layout import (
    ANCHORS,
    CLASS_OF_STATE,
    CLASSES,
    COMPONENTS,
    FREE_FROM,
    FREE_PLACES,
    LEVELS,
    QUANTILES_FROM,
    RECENT,
    REFERENCE,
    SAMPLES,
    WINDOWS,
    shares,
)
from foreload_core.runs.outlook import RUN_ANCHORS, STATES
from foreload_core.types import Resource

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
_LAST = np.array([window - 1 for window in WINDOWS])
_LENGTHS = np.array(WINDOWS, np.float32)
_LEVELS = np.array(LEVELS, np.float32)
_MIDDLE = LEVELS.index(0.6)
_SHARES = np.stack((shares(False), shares(False), shares(True)))
ERROR_RATE = np.float32(1.0 - 0.5 ** (1.0 / 24.0))
MOST_ERROR = 4.0
TOP_SAMPLES = np.float32(2160.0)
QUANTILE_RATE, SPREAD_RATE = 0.01, 0.02
LEAST_SCALE, MOST_SCALE = 2e-3, 1.0
FRESH_SCALE, FREE_SCALE, SINGLE_SCALE = 0.1, 0.4, 0.2
PLACE_REACH, FREE_REACH, SCALE_REACH = 1.0, 3.0, 2.5
"""How far the network moves places and log scales."""
LEAST_SHARE = 1e-5
MOST_SHIFT, MOST_STRETCH, MOST_BIAS = 3.0, 2.5, 8.0
_RUN = {name: SAMPLES + place for place, name in enumerate(RUN_ANCHORS)}
_MIDDLES: Final = np.array([_RUN[name] for name in ("all_on", "announced", "chained")])
_SINGLE: Final = np.array([_RUN[name] for name in ("announced_other", "one_less")])
_HIGHS: Final = np.array([_RUN[name] for name in ("all_on_high", "announced_high", "chained_high")])


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast the environment teaches, per sample.

    Attributes:
        share: of all log weights.
        state_share: of those of the present state.
        place, scale: of places and log scales.
        decay: back to what was there at first.
    """

    share: float | Floats = 0.03
    state_share: float | Floats = 0.03
    place: float | Floats = 0.003
    scale: float | Floats = 0.004
    decay: float = 1e-4


FRESH = Rates()
FITTED = Rates(0.02, 0.02, 0.003, 0.001)


@dataclass(frozen=True, slots=True)
class Signals:
    """Outlooks as arrays, one row a resource; see `foreload_core.runs.outlook.Outlook`.

    Attributes:
        anchors: log demand, (rows, run anchors).
        chances: (rows, scenarios).
        state: (rows,).
        features: (rows, features).
        expected: log demand, (rows,).
    """

    anchors: Floats
    chances: Floats
    state: NDArray[np.intp]
    features: Floats
    expected: Floats


class Density:
    """Forecasts rows together; rows of other environments change nothing.

    Args:
        resources: of each row.
        step_seconds: length of an interval.
        horizon: the forecast is for the interval that is so many after the newest one.
        capacity: most that there can be, where it is known.
        weights: the fitted network; None: nothing pretrained.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        step_seconds: float,
        horizon: int,
        capacity: Sequence[float | None],
        weights: Weights | None = None,
    ) -> None:
        single = np.float32
        rows = len(resources)
        self.resources = tuple(resources)
        self.weights = weights
        self.rates: Rates = FRESH if weights is None else FITTED
        self._step, self._horizon = step_seconds, horizon
        self._lines = np.arange(rows)
        self._capacity = np.array([math.nan if each is None else each for each in capacity], np.float64)
        self._most = np.log(np.where(np.isnan(self._capacity), np.inf, self._capacity))
        ratio = np.array([FLOOR_RATIO[each] for each in resources])
        self._floor = np.log(np.fmax(self._capacity * ratio, [LEAST_FLOOR[each] for each in resources]))
        self._kinds = one_hot(self.resources)
        self._ahead = np.zeros(rows)
        self._signals: Signals | None = None
        self._class = np.zeros(rows, np.intp)
        # What is remembered.
        self.count = 0
        self.floor = self._floor.copy()
        self.total = np.zeros(rows)
        self.recent = np.zeros((rows, RECENT), single)
        self.top = np.zeros(rows, single)
        self.error = np.full((rows, ANCHORS), 0.3, single)
        self.quantile = np.zeros((rows, CLASSES, len(LEVELS)), single)
        self.spread = np.full((rows, CLASSES), 0.2, single)
        self.seen = np.zeros((rows, CLASSES), single)
        self.bias = np.zeros((rows, COMPONENTS), single)
        self.state_bias = np.zeros((rows, len(STATES), COMPONENTS), single)
        self.shift = np.zeros((rows, COMPONENTS), single)
        self.stretch = np.zeros((rows, COMPONENTS), single)
        self.waiting_anchor = np.zeros((rows, horizon, ANCHORS), single)
        self.waiting_centre = np.zeros((rows, horizon, COMPONENTS), single)
        self.waiting_scale = np.ones((rows, horizon, COMPONENTS), single)
        self.waiting_weight = np.full((rows, horizon, COMPONENTS), 1 / COMPONENTS, single)
        self.waiting_state = np.zeros((rows, horizon), np.intp)
        self.likelihood: Floats = np.zeros(rows, single)

    @property
    def mean(self) -> Doubles:
        """Mean demand so far, in the resources' units."""
        return self.total / max(self.count, 1)

    def observe(
        self, begun_seconds: float | Doubles, amount: Doubles, censored: NDArray[np.bool_], signals: Signals
    ) -> None:
        """Takes in one interval.

        Args:
            begun_seconds: when it began, seconds of the epoch (one for all rows, or one a row).
            amount: demand of each row in its unit; NaN where it was not measured.
            censored: where it is only a lower bound.
            signals: what they say after this interval, of the interval ahead.
        """
        missing = np.isnan(amount)
        if self.count == 0:
            first = np.nan_to_num(amount)
            low = np.log(np.maximum(first * FIRST_RATIO, np.exp(self._floor)))
            self.floor = np.where(np.isnan(self._capacity), low, self._floor)
            x = np.maximum(np.log(np.maximum(first, 1e-300)), self.floor).astype(np.float32)
            self.recent[:] = x[:, None]
            self.top[:] = x
            self.quantile[:, :2] = x[:, None, None]
        else:
            seen = np.where(missing, np.exp(self.recent[:, -1]), amount)
            x = np.maximum(np.log(np.maximum(seen, 1e-300)), self.floor).astype(np.float32)
        place = self.count % self._horizon
        if self.count >= self._horizon:
            made = Mixture(self.waiting_centre[:, place], self.waiting_scale[:, place], self.waiting_weight[:, place])
            self._learn(made, self.waiting_state[:, place], x, censored, ~missing)
            gap = np.abs(x[:, None] - self.waiting_anchor[:, place])
            self.error += ERROR_RATE * (np.minimum(gap, MOST_ERROR) - self.error)
            lifted = np.flatnonzero(censored & ~missing)
            if len(lifted):
                x[lifted] = np.maximum(np.minimum(beyond(made.rows(lifted), x[lifted]), self._most[lifted]), x[lifted])
        self._track(x, signals)
        self.total += np.exp(x.astype(np.float64))
        self.top = np.maximum(x, self.top + (x - self.top) / TOP_SAMPLES)
        self.recent[:, :-1] = self.recent[:, 1:]
        self.recent[:, -1] = x
        self.count += 1
        self._signals = signals
        self._ahead = np.zeros(len(x)) + (begun_seconds + self._horizon * self._step)

    def _track(self, x: Floats, signals: Signals) -> None:
        """Moves the quantiles of the class that the interval was in (stochastic gradient of the pinball loss)."""
        kind = CLASS_OF_STATE[signals.state]
        relative = x
        before = self._signals
        if before is not None and (kind == 2).any():
            with_runs = kind == 2
            relative = np.where(with_runs, x - before.expected, x)
            # The first interval of a run tells of its begin, not of its course.
            kind = np.where(with_runs & (self._class != 2), -1, kind)
        self._class = CLASS_OF_STATE[signals.state]
        lines, kind, relative = (self._lines, kind, relative) if (kind >= 0).all() else (
            self._lines[kind >= 0], kind[kind >= 0], relative[kind >= 0],
        )  # fmt: skip
        if not len(lines):
            return
        seen = self.seen[lines, kind]
        quantile, spread = self.quantile[lines, kind], self.spread[lines, kind]
        new = seen == 0
        if new.any():
            quantile = np.where(new[:, None] & (kind != 2)[:, None], relative[:, None], quantile)
        rate = np.maximum(QUANTILE_RATE, 1.0 / (seen + 2.0))
        away = np.abs(relative - quantile[:, _MIDDLE])
        spread += np.maximum(SPREAD_RATE, 1.0 / (seen + 2.0)) * (away - spread)
        step = (2.0 * rate * np.maximum(spread, 0.003))[:, None]
        self.quantile[lines, kind] = quantile + step * (_LEVELS - (relative[:, None] < quantile))
        self.spread[lines, kind] = spread
        self.seen[lines, kind] = np.minimum(seen + 1, 1e6)

    def _learn(
        self, made: Mixture, state: NDArray[np.intp], x: Floats, censored: NDArray[np.bool_], known: NDArray[np.bool_]
    ) -> None:
        """Exponentiated gradient on the likelihood (Kivinen and Warmuth 1997)."""
        share, z, self.likelihood = responsibilities(made, x, censored)
        mask = known[:, None].astype(np.float32)
        turn = np.tanh(z / 2)
        pull, push = turn * share * mask, (z * turn - 1.0) * share * mask
        if censored.any():
            pull = np.where(censored[:, None], np.maximum(pull, 0.0), pull)
            push = np.where(censored[:, None], 0.0, push)
        rates = self.rates
        keep = np.float32(1.0 - rates.decay)
        gain = (share - made.weight) * mask
        self.bias = _within(self.bias * keep + _column(rates.share) * gain, MOST_BIAS)
        held = self.state_bias[self._lines, state]
        self.state_bias[self._lines, state] = _within(held + _column(rates.state_share) * gain, MOST_BIAS)
        self.shift = _within(self.shift * keep + _column(rates.place) * pull, MOST_SHIFT)
        self.stretch = _within(self.stretch * keep + _column(rates.scale) * push, MOST_STRETCH)

    def forecast(self) -> Mixture:
        """The density for the interval that is `horizon` after the newest one."""
        signals = self._signals
        assert signals is not None, "forecast comes after observe"
        anchors = self._look(signals)
        base = self._base(anchors, signals)
        if self.weights is not None:
            base = moved(self.weights.outputs(self._inputs(anchors, signals)), base)
        bias = self.bias + self.state_bias[self._lines, signals.state]
        weight = base.weight * np.exp(bias)
        weight /= weight.sum(axis=1, keepdims=True)
        scale = np.minimum(np.maximum(base.scale * np.exp(self.stretch), LEAST_SCALE), MOST_SCALE)
        centre = base.centre + self.shift * base.scale
        made = Mixture(centre.astype(np.float32), scale.astype(np.float32), weight.astype(np.float32))
        place = (self.count - 1) % self._horizon
        self.waiting_anchor[:, place] = anchors
        self.waiting_centre[:, place] = made.centre
        self.waiting_scale[:, place] = made.scale
        self.waiting_weight[:, place] = made.weight
        self.waiting_state[:, place] = signals.state
        return made

    @property
    def byte_count(self) -> int:
        """Bytes that are remembered."""
        arrays = (
            self.floor, self.total, self.recent, self.top, self.error, self.quantile, self.spread, self.seen, self.bias,
            self.state_bias, self.shift, self.stretch, self.waiting_anchor, self.waiting_centre, self.waiting_scale,
            self.waiting_weight,
        )  # fmt: skip
        return sum(array.nbytes for array in arrays)

    def remember_anchors(self) -> None:
        """Keeps the anchors, so that their errors are known later; for fitting, in place of `forecast`."""
        signals = self._signals
        assert signals is not None, "remember_anchors comes after observe"
        self.waiting_anchor[:, (self.count - 1) % self._horizon] = self._look(signals)

    def look(self) -> tuple[Floats, Mixture]:
        """What the network sees now, and the mixture that it moves; for fitting, in place of `forecast`."""
        signals = self._signals
        assert signals is not None, "look comes after observe"
        anchors = self._look(signals)
        self.waiting_anchor[:, (self.count - 1) % self._horizon] = anchors
        return self._inputs(anchors, signals), self._base(anchors, signals)

    def _look(self, signals: Signals) -> Floats:
        back = self.recent[:, ::-1]
        most = np.maximum.accumulate(back, axis=1)[:, _LAST]
        mean = np.cumsum(back, axis=1)[:, _LAST] / _LENGTHS
        least = np.minimum.accumulate(back[:, :36], axis=1)[:, (11, 35)]
        return np.concatenate(
            (back[:, :2], most, mean, least, self.top[:, None], signals.anchors), axis=1, dtype=np.float32
        )

    def _base(self, anchors: Floats, signals: Signals) -> Mixture:
        kind = CLASS_OF_STATE[signals.state]
        offset = np.where(kind == 2, signals.expected, 0.0).astype(np.float32)
        quantile = np.maximum.accumulate(self.quantile[self._lines, kind], axis=1) + offset[:, None]
        free = anchors[:, REFERENCE : REFERENCE + 1] + np.array(FREE_PLACES, np.float32)
        centre = np.concatenate((anchors, quantile, free), axis=1, dtype=np.float32)
        scale = np.full(centre.shape, FRESH_SCALE, np.float32)
        gaps = 0.4 * (quantile[:, 1:] - quantile[:, :-1])
        scale[:, QUANTILES_FROM] = gaps[:, 0]
        scale[:, QUANTILES_FROM + 1 : FREE_FROM - 1] = (gaps[:, 1:] + gaps[:, :-1]) / 2
        scale[:, FREE_FROM - 1] = gaps[:, -1]
        scale[:, FREE_FROM:] = FREE_SCALE
        width = np.minimum(np.maximum(0.4 * (anchors[:, _HIGHS] - anchors[:, _MIDDLES]), 0.03), 0.4)
        scale[:, _MIDDLES] = width
        scale[:, _HIGHS] = width
        scale[:, _SINGLE] = SINGLE_SCALE
        weight = np.matmul(signals.chances[:, None, :], _SHARES[kind])[:, 0] + np.float32(LEAST_SHARE)
        return Mixture(centre, np.maximum(scale, LEAST_SCALE), weight)

    def _inputs(self, anchors: Floats, signals: Signals) -> Floats:
        reference = anchors[:, REFERENCE : REFERENCE + 1]
        rows = len(anchors)
        kind = CLASS_OF_STATE[signals.state]
        quantile = self.quantile[self._lines, kind]
        offset = np.where(kind == 2, signals.expected, 0.0)[:, None]
        cap = np.where(np.isinf(self._most), 0.0, self._most - reference[:, 0])
        mean = np.log(np.maximum(self.mean, 1e-12)) - reference[:, 0]
        single = np.stack(
            (
                np.log(self.spread[self._lines, kind] + 1e-3), mean, np.minimum(reference[:, 0] - self.floor, 4.0), cap,
                np.full(rows, math.log1p(min(self.count, 20_000)) / 4), np.log1p(self.seen[self._lines, kind]) / 4,
            ),
            axis=1,
        )  # fmt: skip
        return np.concatenate(
            (
                anchors - reference,
                quantile + offset - reference,
                self.recent[:, -8:-2] - reference,
                np.log(self.error + 1e-3),
                calendar(self._ahead),
                single,
                self._kinds,
                signals.features,
            ),
            axis=1,
            dtype=np.float32,
        )


def moved(outputs: Floats, base: Mixture) -> Mixture:
    """The mixture with what the network says: places, log scales and log weights, (rows, 3 x components)."""
    place, log_scale, log_weight = np.split(outputs, 3, axis=1)
    reach = np.full(COMPONENTS, PLACE_REACH, np.float32)
    reach[FREE_FROM:] = FREE_REACH
    centre = base.centre + np.tanh(place) * reach
    scale = np.clip(base.scale * np.exp(SCALE_REACH * np.tanh(log_scale)), LEAST_SCALE, MOST_SCALE)
    weight = np.log(base.weight) + log_weight
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    return Mixture(centre, scale, weight / weight.sum(axis=1, keepdims=True))


def _column(rate: float | Floats) -> Floats:
    return np.asarray(rate, np.float32).reshape(-1, 1)


def _within(values: NDArray[Any], most: float) -> Floats:
    """Values no further from 0 than `most`; two bounds are quicker than numpy's clip on rows this short."""
    return np.maximum(np.minimum(values, np.float32(most)), np.float32(-most))
