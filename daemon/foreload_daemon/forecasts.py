"""What is expected, from the local history: the ask that goes to the broker, and the longer view for the screen."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from foreload_core.forecast import choose, make_ask, skill_of
from foreload_core.history import Grid
from foreload_core.types import Ask, Forecast, NoForecast, Resource

from foreload_daemon.history import fits, samples

_LOG = logging.getLogger(__name__)

STEP_SECONDS = 300
PAST_SECONDS = 14 * 86400
LONG_STEP_SECONDS = 3600
LONG_HORIZON_SECONDS = 7 * 86400.0
LONG_PAST_SECONDS = 35 * 86400

ALWAYS = (Resource.CPU, Resource.MEMORY)
"""Resources that every environment has; others are forecast where they were ever used."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One look ahead.

    Attributes:
        grids: use in five-minute steps, by resource.
        ask: what is expected over the next hours; its reasons are for people.
        long: what is expected over a week, in hours.
        tried: CPU's skill of the fitted method whether or not it is used; None: not known.
        measured_seconds: how much of the past was measured.
    """

    grids: tuple[Grid, ...] = ()
    ask: Ask | None = None
    long: tuple[Forecast | NoForecast, ...] = ()
    tried: float | None = None
    measured_seconds: float = 0.0
    by_resource: dict[Resource, Forecast | NoForecast] = field(default_factory=dict[Resource, Forecast | NoForecast])

    def of(self, resource: Resource) -> Forecast | NoForecast | None:
        """What is expected of a resource over the next hours."""
        return self.by_resource.get(resource)

    def long_of(self, resource: Resource) -> Forecast | NoForecast | None:
        """What is expected of a resource over a week."""
        return next((each for each in self.long if each.resource is resource), None)


NOTHING_EXPECTED = Outlook()


def look_ahead(connection: sqlite3.Connection, now: datetime, revision: int, before: Outlook) -> Outlook:
    """A fresh look. The week is looked at anew once an hour, the rest each time.

    Args:
        connection: the history.
        now: UTC.
        revision: of the ask, above the one before.
        before: the last look.
    """
    grids = _grids(connection, now, samples.MINUTE_SECONDS, STEP_SECONDS, PAST_SECONDS)
    past = fits.read(connection)
    ask = make_ask(grids, now, revision=revision, fitted=[each for each in past if _reaches(each, now)], past=past)
    ask = _explained(ask, grids)
    long = before.long
    if not long or (before.ask is not None and before.ask.made_at.hour != now.hour):
        week = _grids(connection, now, samples.QUARTER_SECONDS, LONG_STEP_SECONDS, LONG_PAST_SECONDS)
        long = tuple(choose(grid, now, (), (), LONG_HORIZON_SECONDS) for grid in week)
    return Outlook(
        grids=grids,
        ask=ask,
        long=long,
        tried=_tried(grids, past),
        measured_seconds=grids[0].measured_seconds if grids else 0.0,
        by_resource={each.resource: each for each in ask.forecasts},
    )


def on_the_wire(ask: Ask) -> Ask:
    """The ask as it leaves: reasons in words become known tags, numbers keep the digits that mean something."""
    return replace(ask, forecasts=tuple(_plain(each) for each in ask.forecasts))


def _grids(
    connection: sqlite3.Connection, now: datetime, resolution: int, step_seconds: int, past_seconds: int
) -> tuple[Grid, ...]:
    end = int(now.timestamp()) // step_seconds * step_seconds
    start = end - past_seconds // step_seconds * step_seconds
    found: list[Grid] = []
    for resource in Resource:
        values = samples.series(connection, resource.value, resolution, step_seconds, start, end)
        if resource in ALWAYS or any(values):
            found.append(Grid(resource, datetime.fromtimestamp(start, UTC), float(step_seconds), tuple(values)))
    return tuple(found)


def _reaches(forecast: Forecast, now: datetime) -> bool:
    end = forecast.start.timestamp() + forecast.steps * forecast.step_seconds
    return forecast.step_seconds == STEP_SECONDS and forecast.start <= now and end > now.timestamp()


def _explained(ask: Ask, grids: Sequence[Grid]) -> Ask:
    """Resources that were hardly measured say so, instead of promising a forecast."""
    measured = {grid.resource: grid.measured_seconds for grid in grids}
    forecasts = tuple(
        replace(each, reason="Not measured here.")
        if isinstance(each, NoForecast) and not measured.get(each.resource)
        else each
        for each in ask.forecasts
    )
    return replace(ask, forecasts=forecasts)


def _tried(grids: Sequence[Grid], past: Sequence[Forecast]) -> float | None:
    grid = next((each for each in grids if each.resource is Resource.CPU), None)
    if grid is None:
        return None
    skill = skill_of([each for each in past if each.resource is Resource.CPU], grid)
    return None if skill is None else skill.ratio


def _plain(forecast: Forecast | NoForecast) -> Forecast | NoForecast:
    if isinstance(forecast, NoForecast):
        return replace(
            forecast, reason="not_measured" if forecast.reason.startswith("Not measured") else "too_little_history"
        )
    digits = 0 if forecast.resource in (Resource.MEMORY, Resource.NETWORK_RX, Resource.NETWORK_TX) else 3
    levels = {level: tuple(round(value, digits) for value in values) for level, values in forecast.quantiles.items()}
    return replace(forecast, quantiles=levels)
