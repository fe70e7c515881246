"""How good forecasts were: loss, skill against seasonal-naive, and calibration. Nothing here looks ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from foreload_core.forecast.forecaster import Forecaster, SeasonalNaive
from foreload_core.history import Grid, quantile
from foreload_core.types import Forecast

UPPER_LEVEL = 0.9
LEAST_STEPS = 48
"""A record shorter than this many steps says nothing."""
LEAST_MISSES = 100
"""A calibration from fewer steps than this would move more by chance than it corrects."""


@dataclass(frozen=True, slots=True)
class Skill:
    """How much closer than seasonal-naive: 1 - loss / its loss. Above 0 is better; 0 is the same.

    Attributes:
        ratio: the skill.
        loss, naive_loss: mean pinball loss over all levels, in the resource's unit.
        step_count: steps behind it.
    """

    ratio: float
    loss: float
    naive_loss: float
    step_count: int


def pinball_loss(actual: float, predicted: float, level: float) -> float:
    """Loss of a quantile; its mean is smallest for the true quantile."""
    gap = actual - predicted
    return gap * level if gap >= 0 else gap * (level - 1)


def forecast_loss(forecast: Forecast, grid: Grid, steps: int | None = None) -> tuple[float, int]:
    """Sum of the loss (mean over the levels) over the steps that came and were measured, and how many those were."""
    offset = round((forecast.start - grid.start).total_seconds() / grid.step_seconds)
    total, count = 0.0, 0
    for step in range(forecast.steps if steps is None else min(steps, forecast.steps)):
        index = offset + step
        actual = grid.values[index] if 0 <= index < len(grid.values) else None
        if actual is None:
            continue
        losses = [pinball_loss(actual, values[step], level) for level, values in forecast.quantiles.items()]
        total += sum(losses) / len(losses)
        count += 1
    return total, count


def skill_of(past: Sequence[Forecast], grid: Grid) -> Skill | None:
    """The skill of forecasts that were made, by what came of them.

    Args:
        past: forecasts of one method and of the grid's step. Each counts until the next one begins, as it was used.
        grid: what came, and enough before it for seasonal-naive.

    Returns:
        None while there is too little to say anything.
    """
    ordered = sorted((each for each in past if each.step_seconds == grid.step_seconds), key=lambda each: each.start)
    total, naive_total, count = 0.0, 0.0, 0
    for position, forecast in enumerate(ordered):
        steps = forecast.steps
        if position + 1 < len(ordered):
            until_next = (ordered[position + 1].start - forecast.start).total_seconds()
            steps = min(steps, round(until_next / grid.step_seconds))
        naive = SeasonalNaive().fit(grid.until(forecast.start), steps)
        if not isinstance(naive, Forecast):
            continue
        loss, measured = forecast_loss(forecast, grid, steps)
        naive_loss, _ = forecast_loss(naive, grid, steps)
        total, naive_total, count = total + loss, naive_total + naive_loss, count + measured
    return _skill(total, naive_total, count)


def rolling_skill(forecaster: Forecaster, grid: Grid, steps: int, every: int) -> Skill | None:
    """The skill that a forecaster would have had: fitted anew every so many steps on what was known then.

    Args:
        forecaster: one that is quick to fit.
        grid: the past.
        steps: horizon of each fit.
        every: steps from one fit to the next.
    """
    made: list[Forecast] = []
    for index in range(every, len(grid.values), every):
        forecast = forecaster.fit(grid.until(grid.time_of(index)), min(steps, len(grid.values) - index))
        if isinstance(forecast, Forecast):
            made.append(forecast)
    return skill_of(made, grid)


def _skill(total: float, naive_total: float, count: int) -> Skill | None:
    if count < LEAST_STEPS:
        return None
    perfect = 0.0 if total <= 0 else -1.0
    ratio = perfect if naive_total <= 0 else max(-1.0, 1 - total / naive_total)
    return Skill(ratio, total / count, naive_total / count, count)


def upper_misses(past: Sequence[Forecast], grid: Grid, level: float = UPPER_LEVEL) -> list[float]:
    """By how much the actual use was above the upper quantile (below: negative), for each step that was measured."""
    misses: list[float] = []
    for forecast in past:
        values = forecast.quantiles.get(level, ())
        offset = round((forecast.start - grid.start).total_seconds() / grid.step_seconds)
        for step, predicted in enumerate(values):
            index = offset + step
            actual = grid.values[index] if 0 <= index < len(grid.values) else None
            if actual is not None:
                misses.append(actual - predicted)
    return misses


def calibrated(forecast: Forecast, misses: Sequence[float], level: float = UPPER_LEVEL) -> Forecast:
    """The forecast with its upper quantiles moved so that they would have held as often as they say (split conformal).

    Args:
        forecast: any forecast.
        misses: as `upper_misses` gives them for earlier forecasts of the same method; too few change nothing.
        level: the level that they are of. Levels from it on move by the same amount; those below are kept below.
    """
    if len(misses) < LEAST_MISSES or level not in forecast.quantiles:
        return forecast
    shift = quantile(misses, min(1.0, level * (1 + 1 / len(misses))))
    moved: dict[float, tuple[float, ...]] = {}
    floor: tuple[float, ...] = (0.0,) * forecast.steps
    for each, values in sorted(forecast.quantiles.items()):
        shifted = tuple(value + shift if each >= level else value for value in values)
        floor = tuple(max(low, value) for low, value in zip(floor, shifted, strict=True))
        moved[each] = floor
    return replace(forecast, quantiles=moved)
