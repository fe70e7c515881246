"""Forecasts from the local history each minute, tells the broker what is expected, has Prophet fitted once a day."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from foreload_core.features import SCHEMA_VERSION
from foreload_core.history import Grid
from foreload_core.types import Forecast, NoForecast, Resource

from foreload_daemon.broker.fields import known_features
from foreload_daemon.consent import NotAllowed
from foreload_daemon.daemon import Daemon
from foreload_daemon.forecasts import NOTHING_EXPECTED, Outlook, look_ahead, on_the_wire
from foreload_daemon.history import fits, notes, samples
from foreload_daemon.protocol import VectorRow
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import read

if TYPE_CHECKING:
    import sqlite3

    from foreload_daemon.analysis import Opened

_LOG = logging.getLogger(__name__)

SEND_ASK_EVERY = timedelta(minutes=5)
SCALING = "automaticScaling"
FITTED = (Resource.CPU, Resource.MEMORY)
FIT_EVERY_SECONDS = 86400.0
FIT_HORIZON_SECONDS = 48 * 3600.0
LEAST_FITTED_SECONDS = 3 * 86400.0
LOOK_FOR_FIT_SECONDS, FIRST_LOOK_SECONDS = 600.0, 20.0
RECORD_DAYS = 3
NUMBERS = "window/features"
"""Notification among windows: what kind of code this window works on, in numbers."""


class ForecastBook:
    """The last look ahead, and what of it the broker was told."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.outlook: Outlook = NOTHING_EXPECTED
        self._sent_ask_at = None
        self._sent_features: dict[str, float] = {}
        self._sent_minute = 0

    async def each_minute(self) -> None:
        """Looks ahead, and tells the broker where that is allowed."""
        now = self._daemon.clock.now()
        database = self._daemon.services.database
        effective = self._daemon.services.gate.effective
        if effective.automatic_scaling or effective.analysis:
            revision = await database.run(notes.next_revision, "ask_revision", now.timestamp())
            self.outlook = await database.run(look_ahead, now, revision, self.outlook)
            self._daemon.page_changed()
        else:
            self.outlook = NOTHING_EXPECTED
        try:
            if effective.automatic_scaling:
                await self._send_use(now.timestamp())
                await self._send_ask()
            if effective.share_features:
                await self._send_features()
        except NotAllowed as refusal:
            _LOG.debug("%s", refusal)

    def forget_sent(self) -> None:
        """Permission has changed: what is allowed now is told anew."""
        self._sent_ask_at, self._sent_features = None, {}

    async def _send_use(self, now_seconds: float) -> None:
        from foreload_system.codecs import sample_to_proto

        minute = int(now_seconds) // 60 * 60 - 60
        since = self._sent_minute + 60 if self._sent_minute else minute
        rows = await self._daemon.services.database.run(_minutes_since, since, minute)
        dropped = 0
        for row in rows:
            dropped += await self._daemon.services.link.keep("sample", sample_to_proto(samples.to_sample(row)))
        self._sent_minute = minute
        self._daemon.dropped_messages += dropped

    async def _send_ask(self) -> None:
        from foreload_system.codecs import ask_to_proto

        ask = self.outlook.ask
        if ask is None or (self._sent_ask_at is not None and ask.made_at - self._sent_ask_at < SEND_ASK_EVERY):
            return
        await self._daemon.services.link.keep("ask", ask_to_proto(on_the_wire(ask)))
        self._sent_ask_at = ask.made_at

    async def _send_features(self) -> None:
        from foreload_proto.v1 import broker_pb2

        values = known_features(self._daemon.current_features())
        if values and values != self._sent_features:
            await self._daemon.services.link.keep(
                "features", broker_pb2.Features(schema_version=SCHEMA_VERSION, values=values)
            )
            self._sent_features = values


async def _tell_leader(server: ForeloadServer, values: dict[str, float]) -> None:
    if server.forward is not None:
        await server.forward(NUMBERS, {"values": values})


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Starts forecasting where this window leads."""

    async def lead() -> None:
        book = ForecastBook(daemon)
        daemon.forecasts = book
        daemon.services.sampler.on_minute.append(lambda: server.spawn("the forecast", book.each_minute()) and None)
        daemon.on_permission.append(lambda: _permission_changed(server, book))
        server.spawn("the forecast", book.each_minute())

        def pause() -> float:
            return LOOK_FOR_FIT_SECONDS if book.outlook.grids else FIRST_LOOK_SECONDS

        server.spawn("fitting", server.every("fitting", pause, lambda: _fit_daily(daemon)))

    def reported(opened: Opened) -> None:
        if opened.report is None:
            return
        daemon.note_features(dict(opened.report.features))
        if server.forward is not None:
            server.spawn("the forecast", _tell_leader(server, dict(opened.report.features)))

    async def take_numbers(params: object, _caller: str) -> None:
        values = params.get("values") if isinstance(params, dict) else None
        if isinstance(values, dict):
            daemon.note_features({str(name): read(float, value) for name, value in values.items()})

    server.handlers[NUMBERS] = take_numbers
    daemon.on_lead.append(lead)
    daemon.on_report.append(reported)


def _permission_changed(server: ForeloadServer, book: ForecastBook) -> None:
    book.forget_sent()
    server.spawn("the forecast", book.each_minute())


def forecast_rows(outlook: Outlook) -> list[VectorRow]:
    """What of the forecast is or would be sent, for the permission page."""
    rows: list[VectorRow] = []
    for resource, unit, words in (
        (Resource.CPU, "cpu_cores", "CPU"),
        (Resource.MEMORY, "memory_bytes", "memory"),
    ):
        forecast = outlook.of(resource)
        if isinstance(forecast, Forecast):
            steps = min(forecast.steps, max(1, round(1200 / forecast.step_seconds)))
            value = max(forecast.quantiles[0.9][:steps], default=0.0)
            rows.append(VectorRow(f"forecast_{unit}_p90", f"{value:.6g}", f"{words} in 20 min, 9 of 10 cases", SCALING))
        elif isinstance(forecast, NoForecast):
            rows.append(VectorRow(f"forecast_{unit}_p90", "none", f"{words}: no forecast yet", SCALING))
    rows.append(
        VectorRow("run_kind", "test, build ...", "when a run starts: its kind and what it is expected to need", SCALING)
    )
    return rows


def _minutes_since(connection: sqlite3.Connection, start_seconds: int, last_seconds: int) -> list[samples.Row]:
    return samples.read(connection, samples.MINUTE_SECONDS, start_seconds, last_seconds + 1)[-60:]


async def _fit_daily(daemon: Daemon) -> None:
    """Fits what has no fresh fit, in a process of its own.

    The first time also as of the days before: only what has a record may be acted on.
    """
    effective = daemon.services.gate.effective
    book = daemon.forecasts
    if book is None or not (effective.automatic_scaling or effective.analysis):
        return
    now = daemon.clock.now()
    known = await daemon.services.database.run(fits.read)
    for grid in book.outlook.grids:
        if grid.resource not in FITTED or grid.measured_seconds < LEAST_FITTED_SECONDS:
            continue
        for days in range(RECORD_DAYS, -1, -1):
            until = grid.until(now - timedelta(days=days))
            if until.measured_seconds >= LEAST_FITTED_SECONDS and not _has_fit(known, until):
                await _fit(daemon, until)


async def _fit(daemon: Daemon, grid: Grid) -> None:
    from foreload_system import fitting

    result = await fitting.fit(grid, FIT_HORIZON_SECONDS)
    if isinstance(result, NoForecast):
        _LOG.info("no fit of %s: %s", grid.resource.value, result.reason)
        return
    await daemon.services.database.run(fits.put, [result], daemon.clock.now().timestamp())


def _has_fit(known: Sequence[Forecast], grid: Grid) -> bool:
    """Whether there is a fit as of this day."""
    nearest = [abs((each.start - grid.end).total_seconds()) for each in known if each.resource is grid.resource]
    return min(nearest, default=FIT_EVERY_SECONDS) < FIT_EVERY_SECONDS / 2
