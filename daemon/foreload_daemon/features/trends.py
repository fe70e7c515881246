"""Trends by day and week, the older decisions, and the heaviest functions of the open files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from foreload_core.types import Resource

from foreload_daemon.daemon import Daemon
from foreload_daemon.history import fits, samples
from foreload_daemon.protocol import (
    GET_HEAVIEST,
    GET_TRENDS,
    Heaviest,
    HeavyFunction,
    Trends,
    TrendsQuery,
)
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import BadMessage, Nothing

if TYPE_CHECKING:
    import sqlite3

PAST_SECONDS = 12 * 7 * 86400.0
SHOWN = (Resource.CPU, Resource.MEMORY, Resource.GPU, Resource.NETWORK_RX)
VIEWS = ("week", "day")
MOST_FUNCTIONS = 5


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests."""

    @server.request(GET_TRENDS, TrendsQuery)
    async def get_trends(query: TrendsQuery, _caller: str) -> Trends:
        allowed = [resource.value for resource in SHOWN]
        if query.resource not in allowed:
            raise BadMessage(f"TrendsQuery.resource is {query.resource!r}; allowed are {', '.join(allowed)}")
        if query.by not in VIEWS:
            raise BadMessage(f"TrendsQuery.by is {query.by!r}; allowed are {', '.join(VIEWS)}")
        return await daemon.services.database.run(_trends, daemon, Resource(query.resource), query.by)

    @server.request(GET_HEAVIEST, Nothing, local=True)
    async def get_heaviest(_message: Nothing, _caller: str) -> Heaviest:
        return _heaviest(daemon)


def _trends(connection: sqlite3.Connection, daemon: Daemon, resource: Resource, by: str) -> Trends:
    from foreload_daemon.pages.skill_days import day_losses
    from foreload_daemon.pages.trends import trends

    now = daemon.clock.now()
    rows = samples.read(connection, samples.QUARTER_SECONDS, now.timestamp() - PAST_SECONDS, now.timestamp())
    grids = daemon.forecasts.outlook.grids if daemon.forecasts is not None else ()
    grid = next((each for each in grids if each.resource is resource), None)
    losses = day_losses(fits.read(connection), grid) if grid is not None else []
    shown = [each for each in SHOWN if each in SHOWN[:2] or any(row.used.get(each) for row in rows)]
    return trends(resource, by, rows, daemon.capacity(), daemon.environment, now, losses, shown)


def _heaviest(daemon: Daemon) -> Heaviest:
    if not daemon.analysis_allowed:
        return Heaviest([], "Code is not read: analysis is not allowed.")
    from foreload_analyzers import heavy, lens_text

    found: list[HeavyFunction] = []
    for opened in daemon.analysis.documents.values() if daemon.analysis is not None else ():
        if opened.report is None:
            continue
        for function in heavy(opened.report, daemon.context.lensThresholdRatio):
            words = lens_text(function, opened.report, daemon.cores())
            name = Path(opened.uri).name
            found.append(HeavyFunction(function.name, name, opened.uri, function.line, function.hotness, words))
    found.sort(key=lambda each: -each.share)
    text = (
        "Seen and counted here only; names don’t leave this machine."
        if found
        else "No heavy function in the open files."
    )
    return Heaviest(found[:MOST_FUNCTIONS], text)
