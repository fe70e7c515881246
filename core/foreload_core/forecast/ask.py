"""What an environment asks for: for each resource the forecast that has earned it, with its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from foreload_core.forecast.forecaster import SeasonalNaive, no_history
from foreload_core.forecast.skill import calibrated, skill_of, upper_misses
from foreload_core.history import Grid
from foreload_core.types import Ask, Forecast, NoForecast, WindowKind, WindowOccurrence

HORIZON_SECONDS = 6 * 3600.0
VALID_SECONDS = 15 * 60.0
NAIVE = SeasonalNaive()


def make_ask(
    grids: Sequence[Grid],
    now: datetime,
    *,
    revision: int,
    fitted: Sequence[Forecast] = (),
    past: Sequence[Forecast] = (),
    horizon_seconds: float = HORIZON_SECONDS,
    valid_seconds: float = VALID_SECONDS,
) -> Ask:
    """The ask of an environment.

    Args:
        grids: the use so far, one grid a resource.
        now: UTC.
        revision: above that of the ask before.
        fitted: forecasts of a fitted method (Prophet, a learned one) that reach from before now into the horizon.
        past: earlier forecasts of the same methods, by whose outcome these are licensed and calibrated.
        horizon_seconds: how far ahead.
        valid_seconds: how long the ask is decided on.
    """
    forecasts = tuple(
        choose(grid, now, [each for each in fitted if each.resource is grid.resource], past, horizon_seconds)
        for grid in grids
    )
    return Ask(revision, now, now + timedelta(seconds=valid_seconds), forecasts)


def choose(
    grid: Grid, now: datetime, fitted: Sequence[Forecast], past: Sequence[Forecast], horizon_seconds: float
) -> Forecast | NoForecast:
    """The forecast of one resource: the one that was closest lately, if it was closer than seasonal-naive; else that.

    The candidates are the pooled forecaster, which makes its record by replaying the last ten days, and the fitted
    ones, whose record are their earlier forecasts. Seasonal-naive has a skill of 0 by definition and is acted on.
    Before there is a season, the pooled one is shown; it has no record and is not acted on.
    """
    seen = grid.until(now)
    steps = max(1, round(horizon_seconds / grid.step_seconds))
    best: Forecast | None = None
    for candidate in fitted:
        record = [each for each in past if each.resource is grid.resource and each.method == candidate.method]
        skill = skill_of(record, seen)
        cut = _from_now(candidate, now, steps)
        if skill is None or skill.ratio <= 0 or cut is None or (best and (best.skill_ratio or 0) >= skill.ratio):
            continue
        best = replace(calibrated(cut, upper_misses(record, seen)), skill_ratio=skill.ratio)
    learned = pooled_forecast(seen, steps)
    if isinstance(learned, Forecast) and (learned.skill_ratio or 0) > (0 if best is None else best.skill_ratio or 0):
        best = learned
    if best is not None:
        return best
    naive = NAIVE.fit(seen, steps)
    if isinstance(naive, Forecast):
        return replace(naive, skill_ratio=0.0)
    return replace(learned, skill_ratio=None) if isinstance(learned, Forecast) else naive


def pooled_forecast(grid: Grid, steps: int) -> Forecast | NoForecast:
    """The pooled forecaster's. What it needs (numpy, its weights) is loaded with the first one that can be made."""
    short = no_history(grid)
    if short is not None:
        return short
    from foreload_core.forecast.pooled.forecaster import pooled

    return pooled().fit(grid, steps)


def _from_now(forecast: Forecast, now: datetime, steps: int) -> Forecast | None:
    """The part of a forecast that begins now; None when it is over."""
    passed = max(0, int((now - forecast.start).total_seconds() // forecast.step_seconds))
    quantiles = {level: values[passed : passed + steps] for level, values in forecast.quantiles.items()}
    if not any(quantiles.values()):
        return None
    start = forecast.start + timedelta(seconds=passed * forecast.step_seconds)
    return replace(forecast, start=start, quantiles=quantiles)


def with_windows(forecast: Forecast, windows: Sequence[WindowOccurrence]) -> Forecast:
    """The forecast as a person expects it: within a profile's window at least what the window says. For screens.

    The policy does not need it: it looks at windows by itself, and does not want them twice.
    """
    levels = dict(forecast.quantiles)
    for window in windows:
        expected = window.expected.get(forecast.resource)
        if expected is None or window.kind is WindowKind.IDLE:
            continue
        begins = (window.start - forecast.start).total_seconds() / forecast.step_seconds
        ends = (window.end - forecast.start).total_seconds() / forecast.step_seconds
        for level, values in levels.items():
            levels[level] = tuple(
                max(value, expected) if begins - 1 < step < ends and level >= 0.5 else value
                for step, value in enumerate(values)
            )
    return replace(forecast, quantiles=levels)
