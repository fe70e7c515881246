"""What every forecaster promises, and the forecasters that need no fitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from foreload_core.history import Grid, quantile
from foreload_core.types import LEVELS, Forecast, NoForecast
from foreload_core.units import duration_text

DAY_SECONDS, WEEK_SECONDS = 86_400.0, 7 * 86_400.0
FIRST_SECONDS = 2 * 3600.0
"""The first forecast comes after this much was measured."""
LEAST_RESIDUALS = 12
RECENT_SECONDS = 3600.0
RESIDUAL_SECONDS = 14 * DAY_SECONDS


class Forecaster(Protocol):
    """Makes a distribution of the future out of the past, or says why it cannot.

    Total: any grid gives an answer. What it sees ends with the grid; the first step of a forecast begins there.
    """

    @property
    def name(self) -> str:
        """Name of the method, as in `Forecast.method`."""
        ...

    def fit(self, grid: Grid, steps: int) -> Forecast | NoForecast:
        """The forecast of the next `steps` steps of the grid."""
        ...


class SeasonalNaive:
    """The same as a week ago, or where that is not known a day ago, with the spread that this showed up to now."""

    name = "seasonal_naive"

    def fit(self, grid: Grid, steps: int) -> Forecast | NoForecast:
        """See `Forecaster.fit`. The method's name says which season was taken."""
        short = no_history(grid)
        if short is not None:
            return short
        for season_name, season_seconds in (("week", WEEK_SECONDS), ("day", DAY_SECONDS)):
            season = round(season_seconds / grid.step_seconds)
            residuals = _residuals(grid, season)
            centre = [
                _value_before(grid.values, index, season) for index in range(len(grid.values), len(grid.values) + steps)
            ]
            if len(residuals) < LEAST_RESIDUALS or any(value is None for value in centre):
                continue
            values = [0.0 if value is None else value for value in centre]
            offsets = {level: quantile(residuals, level) for level in LEVELS}
            return forecast_around(grid, values, offsets, f"{self.name}_{season_name}")
        return NoForecast(
            grid.resource,
            f"{duration_text(grid.measured_seconds)} of history: a forecast for a time of day needs more than one day.",
        )


def _residuals(grid: Grid, season: int) -> list[float]:
    first = max(season, len(grid.values) - round(RESIDUAL_SECONDS / grid.step_seconds))
    found: list[float] = []
    for index in range(first, len(grid.values)):
        value, before = grid.values[index], grid.values[index - season]
        if value is not None and before is not None:
            found.append(value - before)
    return found


def _value_before(values: Sequence[float | None], index: int, season: int) -> float | None:
    """The value one season before, or as many as are needed to come out of the future or of a gap."""
    index -= season
    while index >= len(values) or (index >= 0 and values[index] is None):
        index -= season
    return values[index] if index >= 0 else None


class ReactiveQuantile:
    """The spread of the last hour goes on. Good for minutes, not for hours."""

    name = "reactive_quantile"

    def fit(self, grid: Grid, steps: int) -> Forecast | NoForecast:
        """See `Forecaster.fit`."""
        short = no_history(grid)
        if short is not None:
            return short
        recent = [value for value in grid.last(RECENT_SECONDS) if value is not None]
        if not recent:
            return NoForecast(grid.resource, "Nothing was measured in the last hour, so the next one is not known.")
        levels = {level: quantile(recent, level) for level in LEVELS}
        return forecast_around(grid, [0.0] * steps, levels, self.name)


def no_history(grid: Grid) -> NoForecast | None:
    """The reason why there is no forecast yet, or None where enough was measured."""
    if grid.measured_seconds >= FIRST_SECONDS:
        return None
    first = f"the first forecast comes after about {duration_text(FIRST_SECONDS).replace('120 min', '2 h')} of use."
    if grid.measured_seconds <= 0:
        return NoForecast(grid.resource, f"No history yet: {first}")
    return NoForecast(grid.resource, f"{duration_text(grid.measured_seconds)} of history: {first}")


def forecast_around(grid: Grid, centre: Sequence[float], offsets: Mapping[float, float], method: str) -> Forecast:
    """A forecast that begins where the grid ends: a value a step, with the same spread around each; never below 0."""
    quantiles = {level: tuple(max(0.0, value + offsets[level]) for value in centre) for level in sorted(offsets)}
    return Forecast(grid.resource, grid.end, grid.step_seconds, quantiles, method)
