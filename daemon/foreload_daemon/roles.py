"""Which window leads, and what the others get of it: the part of the daemon that knows of windows."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreload_core.types import NO_AMOUNTS, Amounts

from foreload_daemon import settings as setting
from foreload_daemon.clock import Clock
from foreload_daemon.protocol import Context
from foreload_daemon.server import EDITOR, ForeloadServer
from foreload_daemon.settings import Settings
from foreload_daemon.windows.election import WindowLock, socket_path
from foreload_daemon.windows.follower import Follower, LeaderGone

if TYPE_CHECKING:
    from foreload_daemon.broker.link import Link
    from foreload_daemon.consent import Gate
    from foreload_daemon.history.database import Database
    from foreload_daemon.sampling import Sampler
    from foreload_daemon.windows.leader import Leader

_LOG = logging.getLogger(__name__)

PUSH_ANALYSIS = "window/analysisAllowed"
"""Push to the other windows: whether code may be analysed."""

NO_CONTEXT = Context(telemetryEnabled=False, trusted=False, focused=True, lensesEnabled=True, lensThresholdRatio=0.1)


class Services:
    """What only the leading window has."""

    def __init__(self, database: Database, gate: Gate, link: Link, sampler: Sampler) -> None:
        self.database, self.gate, self.link, self.sampler = database, gate, link, sampler


class Roles:
    """One window: leads, or follows the one that does.

    Attributes:
        environment: the environment's name.
        folder: where its history and socket lie.
        context: what this window's editor said last.
        watched: dashboards that are open, by window, with their range.
        analysis_allowed: whether code may be analysed.
        on_lead: called when this window begins to lead, in order; features start what only a leader does.
        on_permission, on_context: called after a change.
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
        self.contexts: dict[str, Context] = {}
        self.watched: dict[str, str] = {}
        self.analysis_allowed = False
        self.on_lead: list[Callable[[], Awaitable[None]]] = []
        self.on_permission: list[Callable[[], None]] = []
        self.on_context: list[Callable[[], None]] = []
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

    def set_context(self, context: Context, caller: str) -> None:
        """What a window's editor knows. VS Code's telemetry switch counts as off while any window says so."""
        self.contexts[caller] = context
        self._tell_gate()
        for listener in self.on_context:
            listener()

    def _tell_gate(self) -> None:
        if self._services is not None:
            change = asyncio.to_thread(self._services.gate.set_telemetry, self._telemetry_enabled)
            self.server.spawn("permission", change)

    def _telemetry_enabled(self) -> bool:
        return (
            self.settings.telemetry_enabled
            and bool(self.contexts)
            and all(context.telemetryEnabled for context in tuple(self.contexts.values()))
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
        certificates = setting.certificates_folder(self.settings, self.variables)
        link = Link(database, gate, self.clock, address, certificates, self.environment)
        self._services = Services(database, gate, link, Sampler(database, self.clock, self._needs_fine_samples))
        self.server.forward = None
        gate.set_telemetry(self._telemetry_enabled)
        self._leader = Leader(self.server.handlers, self._window_joined, self._window_left)
        try:
            await self._leader.listen(socket_path(self.folder))
        except OSError as error:
            text = f"Other windows cannot share this one's measurements: {self.folder}: {error.strerror}."
            if database.problem:
                _LOG.warning("%s", text)  # the same folder, and what is wrong with it has been said
            else:
                self.server.say_once("windows", text)
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
        self.server.spawn("renewing the certificate", link.keep_certificate())

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
        self._tell_gate()

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
