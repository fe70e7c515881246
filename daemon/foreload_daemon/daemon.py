"""What the features of one window share: settings, permission, history, samples, the link to the broker, who leads."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreload_core.types import NO_AMOUNTS, Amounts
from lsprotocol import types

from foreload_daemon import settings as setting
from foreload_daemon.clock import Clock
from foreload_daemon.protocol import Context, VectorRow
from foreload_daemon.server import EDITOR, ForeloadServer
from foreload_daemon.settings import Settings
from foreload_daemon.windows.election import WindowLock, socket_path
from foreload_daemon.windows.follower import Follower, LeaderGone

if TYPE_CHECKING:
    from foreload_daemon.analysis import Analysis, Opened
    from foreload_daemon.broker.link import Link
    from foreload_daemon.consent import Gate
    from foreload_daemon.features.decisions import DecisionBook
    from foreload_daemon.features.forecast import ForecastBook
    from foreload_daemon.features.profile import ProfileBook
    from foreload_daemon.history.database import Database
    from foreload_daemon.pages.situation import Situation
    from foreload_daemon.pages.warning import MemoryWarning
    from foreload_daemon.runs.book import RunBook
    from foreload_daemon.sampling import Sampler
    from foreload_daemon.windows.leader import Leader

_LOG = logging.getLogger(__name__)
CONNECT_DEADLINE_SECONDS = 5.0

PUSH_ANALYSIS = "window/analysisAllowed"
"""Push to the other windows: whether code may be analysed."""

NO_CONTEXT = Context(telemetryEnabled=False, trusted=False, focused=True, lensesEnabled=True, lensThresholdRatio=0.1)


class Services:
    """What only the leading window has."""

    def __init__(self, database: Database, gate: Gate, link: Link, sampler: Sampler) -> None:
        self.database, self.gate, self.link, self.sampler = database, gate, link, sampler


class Daemon:
    """One window's daemon.

    Attributes:
        environment: the environment's name.
        folder: where its history and socket lie.
        context: what this window's editor said last.
        analysis_allowed: whether code may be analysed.
        on_lead: called when this window begins to lead, in order; features start what only a leader does.
        on_permission, on_context, on_settings: called after a change.
        on_report: called with each finished analysis.
        on_document: called with address and text of a document that was opened or changed.
        on_runs: called when a run starts or ends.
        on_page: called when something that the dashboard shows has changed.
        analysis: the open documents; None where the feature could not be set up.
        runs, forecasts, profiles, decisions: what those features know; None before this window leads.
        warning: memory that will be full, where a person must act.
        dropped_messages: how many messages were dropped because the broker was away for too long.
    """

    def __init__(
        self, server: ForeloadServer, clock: Clock | None = None, variables: Mapping[str, str] = os.environ
    ) -> None:
        self.server = server
        self.clock = clock or Clock()
        self.variables = variables
        self.settings = Settings()
        self.environment = setting.LOCAL_ENVIRONMENT
        self.folder = Path()
        self.workspace: tuple[Path, ...] = ()
        self.contexts: dict[str, Context] = {}
        self.watched: dict[str, str] = {}
        self.analysis_allowed = False
        self.on_lead: list[Callable[[], Awaitable[None]]] = []
        self.on_permission: list[Callable[[], None]] = []
        self.on_context: list[Callable[[], None]] = []
        self.on_settings: list[Callable[[], None]] = []
        self.on_report: list[Callable[[Opened], None]] = []
        self.on_document: list[Callable[[str, str], None]] = []
        self.on_runs: list[Callable[[], None]] = []
        self.on_page: list[Callable[[], None]] = []
        self.analysis: Analysis | None = None
        self.runs: RunBook | None = None
        self.forecasts: ForecastBook | None = None
        self.profiles: ProfileBook | None = None
        self.decisions: DecisionBook | None = None
        self.warning: MemoryWarning | None = None
        self.dropped_messages = 0
        self._features: dict[str, float] = {}
        self._machine = NO_AMOUNTS
        self._services: Services | None = None
        self._leader: Leader | None = None
        self._follower: Follower | None = None
        self._lock: WindowLock | None = None

    @property
    def context(self) -> Context:
        """What this window's editor said last."""
        return self.contexts.get(EDITOR, NO_CONTEXT)

    @property
    def leads(self) -> bool:
        """Whether this window leads."""
        return self._services is not None

    @property
    def services(self) -> Services:
        """What only the leading window has; handlers run there."""
        assert self._services is not None
        return self._services

    def configure(self, options: Mapping[str, Any], workspace: tuple[Path, ...]) -> list[str]:
        """Takes in the editor's initialization options. Returns what is wrong with them, one sentence each."""
        named = {"broker.address": options.get("broker"), "broker.certificates": options.get("certificates")}
        named["environment"] = options.get("environment")
        given = options.get("settings")
        problems: list[str] = []
        if isinstance(given, Mapping):
            self.settings, problems = setting.read_settings(given)
        self.settings, more = setting.read_settings(
            {key: value for key, value in named.items() if value}, self.settings
        )
        from foreload_system.paths import daemon_directory

        self.environment = setting.environment_id(self.settings, self.variables)
        self.folder = daemon_directory(self.environment)
        self.workspace = workspace
        return problems + more

    def change_settings(self, given: Mapping[str, Any]) -> list[str]:
        """Takes in changed settings. Returns what is wrong with them."""
        self.settings, problems = setting.read_settings(given, self.settings)
        if self._services is not None:
            link = self._services.link
            link.configure(
                setting.broker_address(self.settings, self.variables),
                setting.certificates_folder(self.settings, self.variables),
            )
        for listener in self.on_settings:
            listener()
        return problems

    async def start(self) -> None:
        """Leads, or follows the window that does; goes on for as long as the daemon lives."""
        while True:
            lock = WindowLock(self.folder)
            try:
                leads = lock.take()
            except OSError as error:
                _LOG.warning("no lock in %s (%s): this window works for itself", self.folder, error)
                leads = True
            if leads:
                self._lock = lock
                await self._lead()
                return
            try:
                await self._follow()
            except OSError as error:
                _LOG.debug("the leading window is not there yet: %s", error)
                await asyncio.sleep(0.2)

    async def stop(self) -> None:
        """Writes what is to be kept, and lets another window lead."""
        self.server.stop_jobs()
        if self._follower is not None:
            self._follower.close()
        if self._services is not None:
            await self._services.sampler.close()
            await asyncio.to_thread(self._services.database.close)
        if self._leader is not None:
            await self._leader.close()
        if self._lock is not None:
            self._lock.release()

    def broadcast(self, method: str, message: Any) -> None:
        """Tells all windows."""
        self.server.notify(method, message)
        if self._leader is not None:
            self._leader.push(method, message)

    def push(self, caller: str, method: str, message: Any) -> None:
        """Tells one window."""
        if caller == EDITOR:
            self.server.notify(method, message)
        elif self._leader is not None:
            self._leader.push(method, message, to=caller)

    def page_changed(self) -> None:
        """Something that the dashboard shows has changed."""
        for listener in self.on_page:
            listener()

    def runs_changed(self) -> None:
        """A run has started or ended."""
        for listener in (*self.on_runs, *self.on_page):
            listener()

    def note_features(self, values: dict[str, float]) -> None:
        """What kind of code is worked on now, in numbers."""
        self._features = values

    def current_features(self) -> dict[str, float]:
        """What kind of code was worked on last; empty where nothing may be analysed."""
        return self._features if self.analysis_allowed else {}

    def window_names(self) -> Mapping[str, str]:
        """Names of the profile's windows, by their id on the wire."""
        return self.profiles.window_names if self.profiles is not None else {}

    def maximum(self) -> Amounts:
        """The profile's maximum."""
        return self.profiles.numbers.maximum if self.profiles is not None else NO_AMOUNTS

    def machine_capacity(self) -> Amounts:
        """What this machine, or the container that stands for it, has."""
        return self._machine

    def cores(self) -> float:
        """Cores that "all cores" comes to: what the environment can get, else what it has."""
        said = self._services.link.standing.capacity.cpu_cores if self._services is not None else None
        return said or self._machine.cpu_cores or float(len(os.sched_getaffinity(0)))

    def limit(self) -> Amounts:
        """The limits of the last sample, and what the machine has where there is none."""
        latest = self._services.sampler.latest if self._services is not None else None
        return latest.limit.over(self._machine) if latest is not None else self._machine

    def forecast_rows(self) -> list[VectorRow]:
        """What of the forecast is or would be sent."""
        from foreload_daemon.features.forecast import forecast_rows

        return forecast_rows(self.forecasts.outlook) if self.forecasts is not None else []

    def situation(self) -> Situation:
        """How it stands now."""
        from foreload_daemon.forecasts import NOTHING_EXPECTED
        from foreload_daemon.pages.situation import RunningRun, Situation

        services = self.services
        latest = services.sampler.latest
        measured = latest is not None and latest.used.cpu_cores is not None
        runs = self.runs.active.values() if self.runs is not None else ()
        return Situation(
            now=self.clock.now(),
            environment=self.environment,
            used=latest.used if latest is not None else NO_AMOUNTS,
            limit=self.limit(),
            measured_at=latest.start + timedelta(seconds=latest.interval_seconds)
            if latest is not None and measured
            else None,
            given=services.gate.given,
            allowed=services.gate.effective,
            link=services.link.state,
            has_broker=bool(services.link.address),
            standing=services.link.standing,
            outlook=self.forecasts.outlook if self.forecasts is not None else NOTHING_EXPECTED,
            warning=self.warning,
            runs=tuple(
                RunningRun(
                    run.what.name or run.what.kind.value,
                    datetime.fromtimestamp(run.started_at_seconds, UTC),
                    run.demand.high.cpu_cores if run.demand is not None else None,
                )
                for run in runs
            ),
            names=self.window_names(),
            dropped_messages=self.dropped_messages,
        )

    def report_changed(self, opened: Opened) -> None:
        """An analysis has finished."""
        for listener in self.on_report:
            listener(opened)

    def document_changed(self, uri: str, text: str) -> None:
        """The editor has opened or changed a document."""
        for listener in self.on_document:
            listener(uri, text)

    def set_context(self, context: Context, caller: str) -> None:
        """What a window's editor knows. VS Code's telemetry switch counts as off while any window says so."""
        self.contexts[caller] = context
        if self._services is not None:
            self._services.gate.set_telemetry(self._telemetry_enabled())
        for listener in self.on_context:
            listener()

    def _telemetry_enabled(self) -> bool:
        return (
            self.settings.telemetry_enabled
            and bool(self.contexts)
            and all(context.telemetryEnabled for context in self.contexts.values())
        )

    async def _lead(self) -> None:
        from foreload_daemon.broker.link import Link
        from foreload_daemon.consent import Gate
        from foreload_daemon.history.database import Database
        from foreload_daemon.sampling import Sampler
        from foreload_daemon.windows.leader import Leader

        loop = asyncio.get_running_loop()
        database = await asyncio.to_thread(Database, self.folder)
        database.on_problem = lambda text: _from_thread(loop, self.server.say_once, "history", text)
        if database.problem:
            self.server.say_once("history", database.problem)
        gate = Gate(database, self.clock)
        gate.on_change.append(lambda: _from_thread(loop, self._permission_changed))
        address = setting.broker_address(self.settings, self.variables)
        link = Link(database, gate, self.clock, address, setting.certificates_folder(self.settings, self.variables))
        self._services = Services(database, gate, link, Sampler(database, self.clock, self._needs_fine_samples))
        self.server.forward = None
        gate.set_telemetry(self._telemetry_enabled())
        self._leader = Leader(self.server.handlers, self._window_joined, self._window_left)
        try:
            await self._leader.listen(socket_path(self.folder))
        except OSError as error:
            self.server.say_once("windows", f"Other windows cannot share this one's measurements: {error}.")
        self._machine = await asyncio.to_thread(_capacity)
        self._permission_changed()
        for begin in self.on_lead:
            try:
                await begin()
            except Exception as error:  # noqa: BLE001 - one feature's failure never ends the others
                self.server.failed(getattr(begin, "__module__", "a feature").rpartition(".")[2], error)
        self.server.ready.set()
        self.server.spawn("the status bar", self._services.sampler.run())
        self.server.spawn("the link to the broker", link.run())

    async def _follow(self) -> None:
        follower = Follower(self._pushed)
        await follower.connect(socket_path(self.folder))
        self._follower = follower
        self.server.forward = follower.ask
        self.server.ready.set()
        running = self.server.spawn("the connection to the leading window", follower.run())
        from foreload_daemon import protocol

        # The window that led before may have known these; the one that leads now must hear them again.
        replay: list[tuple[str, Any]] = [(protocol.SET_CONTEXT, vars(self.context))] if EDITOR in self.contexts else []
        if EDITOR in self.watched:
            replay.append((protocol.WATCH_DASHBOARD, {"open": True, "range": self.watched[EDITOR]}))
        try:
            for method, params in replay:
                await follower.ask(method, params)
            await running
        except LeaderGone as gone:
            _LOG.info("%s", gone)
        finally:
            self.server.ready.clear()
            self._follower = None

    def _pushed(self, method: str, params: Any) -> None:
        if method == PUSH_ANALYSIS:
            self._set_analysis(bool(params))
        else:
            self.server.notify(method, params)

    def _window_joined(self, name: str) -> None:
        assert self._leader is not None
        self._leader.push(PUSH_ANALYSIS, self.analysis_allowed, to=name)
        for listener in self.on_context:
            listener()

    def _window_left(self, name: str) -> None:
        self.contexts.pop(name, None)
        self.watched.pop(name, None)
        if self._services is not None:
            self._services.gate.set_telemetry(self._telemetry_enabled())

    def _permission_changed(self) -> None:
        gate = self.services.gate
        self._set_analysis(gate.effective.analysis)
        if self._leader is not None:
            self._leader.push(PUSH_ANALYSIS, self.analysis_allowed)
        self.services.link.reconnect()
        for listener in self.on_permission:
            listener()

    def _set_analysis(self, allowed: bool) -> None:
        if allowed != self.analysis_allowed:
            self.analysis_allowed = allowed
            if not self.leads:
                for listener in self.on_permission:
                    listener()

    def _needs_fine_samples(self) -> bool:
        return bool(self.watched) or self.run_active()

    run_active: Callable[[], bool] = staticmethod(lambda: False)
    """Whether a run goes on; the feature `runs` puts its own here."""


def _from_thread(loop: asyncio.AbstractEventLoop, job: Callable[..., None], *args: object) -> None:
    loop.call_soon_threadsafe(job, *args)


def _capacity() -> Amounts:
    from foreload_system.telemetry import capacity_of_machine

    return capacity_of_machine()


def show_problems(server: ForeloadServer, problems: list[str]) -> None:
    """Shows each problem of the settings once."""
    for text in problems:
        server.say_once(text, f"Foreload: {text}.", types.MessageType.Warning)
