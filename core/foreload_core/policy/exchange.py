"""How much to give, from a density of the demand: one exchange rate between what is given too much and too little.

Every resource of every environment pays the same price for the same violation; that is the best split of a common
budget of violations (a multiplier or one quantile for all is not). The knob is that price.

Needs numpy, so it is imported only where it is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.mixture import Mixture
from foreload_core.density.record import Record

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
WIDE_POINTS, NEAR_POINTS = 96, 48
NEAR_REACH = 0.5
DEAD_BAND_RATIO = 0.1
"""A shrink by less than this is not carried out."""
_WIDE = np.linspace(0.0, 1.0, WIDE_POINTS, dtype=np.float32)
_HALF = NEAR_REACH * np.expm1(np.linspace(0.0, 1.0, NEAR_POINTS // 2 + 1) * 5) / np.expm1(5)
_PAST_THE_BAND = math.log1p(-DEAD_BAND_RATIO - 1e-3)
_NEAR = np.concatenate((-_HALF[:0:-1], _HALF[1:])).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is weighed, one value a row.

    Attributes:
        violation: price of the chance of a violation, in units of slack.
        unserved: price of a unit of demand that is not served, in units of what is given.
        thrift: 0: slack against violations; 1: money against unserved demand; between them both.
        change: price of a change, in units of slack.
        record_power: how much of what the record says of violations goes into their price; 0: nothing.
        kill_growth: factor of that price for each kill lately.
    """

    violation: Doubles
    unserved: Doubles
    thrift: Doubles
    change: Doubles
    record_power: Doubles | float = 0.0
    kill_growth: Doubles | float = 1.0

    def after(self, record: Record) -> Exchange:
        """With the prices that a record of violations makes of these."""
        violation = self.violation * record.factor(self.record_power, self.kill_growth)
        return replace(self, violation=violation, unserved=self.unserved * record.ratio**self.record_power)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen, one value a row.

    Attributes:
        amount: in the resource's unit.
        chance: that the demand stays below it.
        stays: nothing is changed.
    """

    amount: Doubles
    chance: Doubles
    stays: NDArray[np.bool_]


def choose(
    density: Mixture,
    exchange: Exchange,
    current: Doubles,
    mean: Doubles,
    least: Doubles,
    most: Doubles,
    record: Record | None = None,
) -> Choice:
    """The amount with the least expected loss among: stay, grow, shrink past the dead band.

    With F the chance that the demand stays below a: the expected slack is G = (1/a) ∫ F over 0..a, the expected
    unserved demand T = ∫ (1 - F) over a..; the loss is G + violation (1 - F), or a/m + unserved T/m with the mean
    demand m.

    Args:
        density: of log demand at the time from which the amount holds.
        exchange: the prices.
        current: what holds then if nothing is changed.
        mean: mean demand so far.
        least, most: bounds of the amount; `most` may be infinite.
        record: what came of earlier choices, where that is kept.
    """
    if record is not None:
        exchange = exchange.after(record)
    x, f = _grid(density, np.log(np.maximum(least, 1e-12)), np.log(most), np.log(np.maximum(current, 1e-12)))
    return weigh(x, f, exchange, current, mean)


def weigh(x: Floats, f: Floats, exchange: Exchange, current: Doubles, mean: Doubles) -> Choice:
    """As `choose`, with the grid given: x is log demand, ascending, f the chance to stay below it."""
    a = np.exp(x.astype(np.float64))
    below = np.empty(a.shape)
    below[:, 0] = f[:, 0] * a[:, 0] / 2
    width = a[:, 1:] - a[:, :-1]
    np.cumsum(width * (f[:, 1:] + f[:, :-1]) / 2, axis=1, out=below[:, 1:])
    below[:, 1:] += below[:, :1]
    thrift = exchange.thrift[:, None]
    loss = (1 - thrift) * (below / a + exchange.violation[:, None] * (1 - f))
    if exchange.thrift.any():
        # Over the rest of the grid, (1 - F) is what F leaves of its width.
        short = (a[:, -1:] - a) - (below[:, -1:] - below)
        loss += thrift * (a + exchange.unserved[:, None] * short) / np.maximum(mean, 1e-12)[:, None]
    now = np.log(np.maximum(current, 1e-12))[:, None]
    free = (x > now + 1e-6) | (x < now + np.log1p(-DEAD_BAND_RATIO))
    best = np.where(free, loss + exchange.change[:, None], np.inf).argmin(axis=1)
    lines = np.arange(len(a))
    place = np.clip((x < now).sum(axis=1), 1, x.shape[1] - 1)
    left, right = x[lines, place - 1], x[lines, place]
    part = np.clip((now[:, 0] - left) / np.maximum(right - left, 1e-9), 0.0, 1.0)
    stay = (1 - part) * loss[lines, place - 1] + part * loss[lines, place]
    change = loss[lines, best] + exchange.change
    stays = ~(np.where(free[lines, best], change, np.inf) < stay)
    held = (1 - part) * f[lines, place - 1] + part * f[lines, place]
    return Choice(np.where(stays, current, a[lines, best]), np.where(stays, held, f[lines, best]), stays)


def _grid(density: Mixture, low: Doubles, high: Doubles, now: Doubles) -> tuple[Floats, Floats]:
    """Points of log demand: evenly over all that may come, closer around the likeliest, and the present amount."""
    lines = np.arange(len(now))
    likely = density.centre[lines, (density.weight / density.scale).argmax(axis=1)]
    heavy = density.weight > 1e-5
    bottom = np.where(heavy, density.centre - 5 * density.scale, np.inf).min(axis=1)
    top = np.where(heavy, density.centre + 10 * density.scale, -np.inf).max(axis=1)
    bottom = np.minimum(np.maximum(bottom, low), high - 0.02)
    top = np.maximum(np.minimum(top, high), bottom + 0.01)
    wide = bottom[:, None] + (top - bottom)[:, None] * _WIDE
    x = np.empty((len(now), WIDE_POINTS + NEAR_POINTS + 2), np.float32)
    x[:, :WIDE_POINTS] = wide
    x[:, WIDE_POINTS:-2] = np.minimum(np.maximum(likely[:, None] + _NEAR, bottom[:, None]), top[:, None])
    x[:, -2] = np.minimum(np.maximum(now, low), np.maximum(high, now))
    x[:, -1] = np.minimum(np.maximum(now + _PAST_THE_BAND, low), np.maximum(high, now))
    x.sort(axis=1)
    return x, density.below(x)
