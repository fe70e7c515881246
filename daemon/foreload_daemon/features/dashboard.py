"""The dashboard: the whole page as one value, pushed while it is open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from foreload_core.units import duration_text

from foreload_daemon.daemon import Daemon
from foreload_daemon.history import decided as cache
from foreload_daemon.history import fits, records, samples
from foreload_daemon.pages import cost, words
from foreload_daemon.pages.decision_rows import marks, planned_rows, rows
from foreload_daemon.pages.series import RANGES, SHOWN, held, series, times
from foreload_daemon.protocol import (
    DASHBOARD_CHANGED,
    GET_DASHBOARD,
    GET_DECISIONS,
    WATCH_DASHBOARD,
    Dashboard,
    DashboardQuery,
    DashboardUpdate,
    Decisions,
    DecisionsQuery,
    LaneWindow,
    RunRow,
    SkillDay,
    Watch,
)
from foreload_daemon.server import EDITOR, ForeloadServer
from foreload_daemon.wire import BadMessage

if TYPE_CHECKING:
    import sqlite3

    from foreload_daemon.pages.situation import Situation
    from foreload_daemon.pages.skill_days import DayLoss

_LOG = logging.getLogger(__name__)

PUSH_SECONDS = {"15m": 1.0, "6h": 2.0, "7d": 10.0}
SHORTEST_PUSH_SECONDS = 1.0
WEEK_SECONDS = 7 * 86400
RUNS_SHOWN = 10
MOST_DECISIONS = 2000
SLOW_PARTS_SECONDS = 60.0
NO_TASKS = (
    "No tasks. Work that may wait or move has to be started through the broker of a fleet; this environment has none "
    "running. What you run here is under Runs."
)


class SlowParts:
    """What of the page changes by the minute and reads much: money, and how each day's forecast did."""

    def __init__(self) -> None:
        self._at: float | None = None
        self.bill = cost.NO_BILL
        self.losses: Sequence[DayLoss] = ()

    def refresh(self, connection: sqlite3.Connection, daemon: Daemon) -> None:
        """Reads anew what is older than a minute."""
        from foreload_core.types import Forecast, Resource

        from foreload_daemon.pages.skill_days import day_losses

        monotonic = daemon.clock.monotonic()
        if self._at is not None and monotonic - self._at < SLOW_PARTS_SECONDS:
            return
        self._at = monotonic
        now = daemon.clock.now()
        since = min(cost.month_start(now).timestamp(), now.timestamp() - WEEK_SECONDS)
        rows = samples.read(connection, samples.QUARTER_SECONDS, since, now.timestamp() + 1)
        self.bill = cost.bill(rows, daemon.capacity(), now, daemon.prices())
        grids = daemon.forecasts.outlook.grids if daemon.forecasts is not None else ()
        grid = next((each for each in grids if each.resource is Resource.CPU), None)
        forecast = daemon.forecasts.outlook.of(Resource.CPU) if daemon.forecasts is not None else None
        self.losses = ()
        if grid is not None and isinstance(forecast, Forecast):
            self.losses = day_losses(fits.read(connection), grid, forecast.method)


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests, and pushes while a page is open."""
    changed = asyncio.Event()
    slow = SlowParts()

    async def lead() -> None:
        server.spawn("the dashboard", _push(server, daemon, changed, slow))
        daemon.services.link.on_state.append(changed.set)
        daemon.services.link.on_allocation.append(changed.set)
        daemon.on_page.append(changed.set)
        daemon.on_permission.append(changed.set)

    daemon.on_lead.append(lead)

    @server.request(GET_DASHBOARD, DashboardQuery)
    async def get_dashboard(query: DashboardQuery, _caller: str) -> Dashboard:
        _check(query.range)
        return await build(daemon, query.range, slow)

    @server.request(GET_DECISIONS, DecisionsQuery)
    async def get_decisions(query: DecisionsQuery, _caller: str) -> Decisions:
        return await older(daemon, max(1, min(MOST_DECISIONS, query.limit)))

    @server.request(WATCH_DASHBOARD, Watch, local=True)
    async def watch(message: Watch, caller: str) -> None:
        _check(message.range)
        if message.open:
            daemon.watched[caller] = message.range
        else:
            daemon.watched.pop(caller, None)
        if caller == EDITOR and server.forward is not None:
            await server.forward(WATCH_DASHBOARD, vars(message))
        elif daemon.leads:
            daemon.services.sampler.hurry()
            changed.set()


async def build(daemon: Daemon, chosen: str, slow: SlowParts) -> Dashboard:
    """The page for one range."""
    situation = daemon.situation()
    decided = tuple(daemon.decisions.recent) if daemon.decisions is not None else ()
    windows = daemon.profiles.numbers.windows if daemon.profiles is not None else ()

    def make(connection: sqlite3.Connection) -> Dashboard:
        now = situation.now.timestamp()
        slow.refresh(connection, daemon)
        shown = held(situation)
        span = RANGES[chosen]
        axis = times(span, shown.now.timestamp())
        measured = samples.read(connection, span.resolution_seconds, axis[0] - span.step_seconds, now + 1)
        reason = words.no_forecast(situation)
        lines = [series(resource, axis, span, measured, shown, windows, reason) for resource in SHOWN]
        status, kind = words.status(situation)
        can_act = situation.allowed.automatic_scaling and daemon.services.link.connected
        throttled, kills = samples.totals(connection, now - WEEK_SECONDS)

        def past(start: float, end: float) -> Sequence[samples.Row]:
            resolution = samples.FINE_SECONDS if now - start < 43200 else samples.MINUTE_SECONDS
            return samples.read(connection, resolution, start, end)

        log = rows(decided, past, situation.now, daemon.window_names(), can_act, situation.standing.pinned)
        planned = situation.planned or (situation.standing.planned if situation.without_broker else ())
        ahead = planned_rows(planned, situation.limit.get, daemon.window_names(), can_act)
        if situation.paused_until is not None:
            ahead = [replace(row, outcome="heldBack", outcomeText="held back") for row in ahead]
        book = daemon.decisions
        return Dashboard(
            environment=situation.environment,
            status=status,
            statusKind=kind,
            sentence=words.sentence(situation),
            strip=words.strip(situation),
            now=shown.now.timestamp(),
            start=axis[0],
            end=axis[-1],
            times=axis,
            series=[
                line
                for line in lines
                if line.resource in ("cpu", "memory") or any(value is not None for value in line.used)
            ],
            windows=_windows(daemon, situation, axis[0], axis[-1]),
            marks=marks(decided, situation.planned, situation.limit.get, axis[0]),
            decisions=[*ahead, *log],
            decisionTotal=max(book.total if book is not None else 0, len(log)),
            runs=[_run_row(run) for run in records.recent(connection, RUNS_SHOWN)],
            skillText=words.skill_text(situation, slow.losses),
            skillDays=[SkillDay(_day(loss), round(loss.skill_ratio, 3)) for loss in slow.losses],
            cost=cost.card(
                slow.bill,
                daemon.capacity(),
                situation.limit,
                daemon.budget_usd_per_month(),
                situation.now,
                situation.standing.prices,
            ),
            tasksText=NO_TASKS,
            throttledSecondsWeek=round(throttled, 1),
            oomKillsWeek=kills,
            changesToday=book.changes_today if book is not None else 0,
            scalingPaused=situation.paused_until is not None,
            range=chosen,
        )

    return await daemon.services.database.run(make)


async def older(daemon: Daemon, limit: int) -> Decisions:
    """The newest decisions that are kept here, more of them than the dashboard holds."""
    from foreload_daemon.broker.news import parse_decisions
    from foreload_daemon.features.decisions import decided_of

    situation = daemon.situation()
    can_act = situation.allowed.automatic_scaling and daemon.services.link.connected

    def make(connection: sqlite3.Connection) -> Decisions:
        now = situation.now.timestamp()
        decided = [decided_of(message) for message in parse_decisions(cache.newest(connection, limit))]

        def past(start: float, end: float) -> Sequence[samples.Row]:
            resolution = samples.FINE_SECONDS if now - start < 43200 else samples.MINUTE_SECONDS
            return samples.read(connection, resolution, start, end)

        log = rows(decided, past, situation.now, daemon.window_names(), can_act, situation.standing.pinned)
        total = daemon.decisions.total if daemon.decisions is not None else 0
        return Decisions(log, max(total, len(log)))

    return await daemon.services.database.run(make)


def _day(loss: DayLoss) -> str:
    local = loss.start.astimezone()
    return f"{local.day} {local:%b}"


async def _push(server: ForeloadServer, daemon: Daemon, changed: asyncio.Event, slow: SlowParts) -> None:
    while True:
        pause = min((PUSH_SECONDS[chosen] for chosen in daemon.watched.values()), default=None)
        try:
            async with asyncio.timeout(pause):
                await changed.wait()
        except TimeoutError:
            pass
        changed.clear()
        pages: dict[str, Dashboard] = {}
        for caller, chosen in tuple(daemon.watched.items()):
            try:
                if chosen not in pages:
                    pages[chosen] = await build(daemon, chosen, slow)
                daemon.push(caller, DASHBOARD_CHANGED, DashboardUpdate(pages[chosen]))
            except Exception as error:  # noqa: BLE001 - the next push may succeed; the page keeps what it has
                server.failed("the dashboard", error)
        # At most once a second, however much changes.
        await asyncio.sleep(SHORTEST_PUSH_SECONDS * 0.9)


def _check(chosen: str) -> None:
    if chosen not in RANGES:
        raise BadMessage(f"range is {chosen!r}; allowed are {', '.join(RANGES)}")


def _windows(daemon: Daemon, situation: Situation, start: float, end: float) -> list[LaneWindow]:
    found: list[LaneWindow] = []
    names = daemon.window_names()
    for window in daemon.profiles.numbers.windows if daemon.profiles is not None else ():
        if window.end.timestamp() > start and window.start.timestamp() < end:
            name = names.get(window.window_id, "")
            found.append(LaneWindow(window.kind.value, window.start.timestamp(), window.end.timestamp(), name))
    for run in situation.runs:
        text = run.name if run.expected_cores is None else f"{run.name}, up to {run.expected_cores:.1f} cores"
        found.append(LaneWindow("signal", run.started_at.timestamp(), max(situation.now.timestamp(), start), text))
    return found


def _run_row(run: records.RunRow) -> RunRow:
    return RunRow(
        at=run.started_at_seconds,
        name=run.name or run.kind,
        trigger=run.trigger,
        raisedAfterMilliseconds=None if run.raised_after_milliseconds is None else round(run.raised_after_milliseconds),
        throttledSeconds=None if run.throttled_seconds is None else round(run.throttled_seconds, 2),
        seconds=None if run.duration_seconds is None else round(run.duration_seconds, 1),
        text=_run_text(run),
    )


def _run_text(run: records.RunRow) -> str:
    parts: list[str] = []
    if run.raised_after_milliseconds is not None:
        parts.append(f"limit up after {run.raised_after_milliseconds:.0f} ms")
    if run.throttled_seconds is not None:
        parts.append(f"held back {run.throttled_seconds:.1f} s" if run.throttled_seconds >= 0.05 else "never held back")
    if run.cpu_cores_highest is not None:
        parts.append(f"used up to {run.cpu_cores_highest:.1f} cores")
    if run.duration_seconds is not None:
        parts.append(f"took {duration_text(run.duration_seconds)}")
    elif datetime.now(UTC).timestamp() - run.started_at_seconds < 86400 and not parts:
        parts.append("goes on")
    return ", ".join(parts)
