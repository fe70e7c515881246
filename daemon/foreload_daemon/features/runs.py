"""Runs: the editor says that one starts, the broker is asked, and the answer comes when the limit is up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from foreload_core.types import Amounts

from foreload_daemon.broker.fields import known_features
from foreload_daemon.daemon import Daemon
from foreload_daemon.protocol import RUN_ENDED, RUN_STARTING, RunAnswer, RunEnded, RunStarting
from foreload_daemon.runs.book import Run, RunBook, kind_only
from foreload_daemon.runs.command_lines import Resolved, resolve, resolve_program
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import BadMessage

if TYPE_CHECKING:
    from foreload_daemon.runs.processes import ProcessWatch, Seen

_LOG = logging.getLogger(__name__)

TRIGGERS = ("terminal", "task", "debug")
PROCESS_POLL_SECONDS = 2.0
LONGEST_WAIT_MILLISECONDS = 10_000
PATIENCE_RATIO, LONGEST_PATIENCE_SECONDS = 0.5, 1.0
"""The analysis of a run's code may take this part of the time for which its launch waits; the rest is the broker's."""


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the request and the notification."""

    async def lead() -> None:
        services = daemon.services
        daemon.runs = book = RunBook(
            services.database,
            services.sampler,
            services.link,
            daemon.clock,
            features_of=lambda entry: _features_of(daemon, entry),
            capacity=lambda: _capacity(daemon),
            on_change=daemon.runs_changed,
        )
        daemon.run_active = lambda: bool(book.active)
        server.spawn("watching processes", _watch_processes(server, daemon, book))

    daemon.on_lead.append(lead)

    @server.request(RUN_STARTING, RunStarting)
    async def starting(message: RunStarting, _caller: str) -> RunAnswer:
        started = daemon.clock.monotonic()
        _check(message)
        what = await asyncio.to_thread(_resolved, message, daemon.workspace)
        if what is None or daemon.runs is None:
            return RunAnswer("unknown")
        return await _begin(server, daemon, daemon.runs, message, what, started)

    @server.request(RUN_ENDED, RunEnded)
    async def ended(message: RunEnded, _caller: str) -> None:
        if daemon.runs is not None:
            await daemon.runs.end(message.runId, message.exitCode)


async def _begin(
    server: ForeloadServer, daemon: Daemon, book: RunBook, message: RunStarting, what: Resolved, started: float
) -> RunAnswer:
    patience = min(LONGEST_PATIENCE_SECONDS, message.waitMilliseconds / 1000 * PATIENCE_RATIO)
    run = await book.start(message.runId, what, message.trigger, started, patience_seconds=patience)
    server.spawn("watching the limit", book.watch_limit(run))
    seconds = message.waitMilliseconds / 1000

    def answer(state: str) -> RunAnswer:
        group = daemon.services.sampler.cgroup
        limit = group.read().cpu_limit_cores if group is not None else None
        return RunAnswer(state, limit, (daemon.clock.monotonic() - started) * 1000)

    if not daemon.services.gate.effective.automatic_scaling:
        return answer("notAllowed")
    if run.demand is None:
        return answer("unknown")
    if not daemon.services.link.connected:
        return answer("noBroker")
    left = started + seconds - daemon.clock.monotonic()
    allocation = await daemon.services.link.wait_for_signal(run.signal_id, max(0.0, left))
    if allocation is None:
        return answer("late")
    wanted = daemon.services.link.standing.target.cpu_cores
    if wanted is None or (run.limit_before_cores is not None and wanted <= run.limit_before_cores * 1.001):
        return answer("enough")
    while daemon.clock.monotonic() < started + seconds:
        if _limit_is_up(daemon, wanted):
            return answer("raised")
        await asyncio.sleep(0.01)
    return answer("raised" if _limit_is_up(daemon, wanted) else "late")


def _limit_is_up(daemon: Daemon, wanted_cores: float) -> bool:
    group = daemon.services.sampler.cgroup
    if group is None:
        return False
    limit = group.read().cpu_limit_cores
    return limit is None or limit >= wanted_cores * 0.99


def _check(message: RunStarting) -> None:
    if message.trigger not in TRIGGERS:
        raise BadMessage(f"RunStarting.trigger is {message.trigger!r}; allowed are {', '.join(TRIGGERS)}")
    if not 0 <= message.waitMilliseconds <= LONGEST_WAIT_MILLISECONDS:
        raise BadMessage(
            f"RunStarting.waitMilliseconds is {message.waitMilliseconds}; allowed is 0 to {LONGEST_WAIT_MILLISECONDS}"
        )


def _resolved(message: RunStarting, workspace: tuple[Path, ...]) -> Resolved | None:
    """What starts; None for a terminal command that is no run (ls, git ...)."""
    cwd = Path(message.cwd) if message.cwd else (workspace[0] if workspace else Path.cwd())
    if message.program:
        return resolve_program(str(cwd / message.program), message.kind)
    if message.commandLine:
        found = resolve(message.commandLine, cwd)
        if found is not None or message.trigger == "terminal":
            return found
    return kind_only(message.kind)


async def _features_of(daemon: Daemon, entry: Path) -> Mapping[str, float]:
    if daemon.analysis is None or not daemon.analysis_allowed:
        return {}
    report = await daemon.analysis.report_of_file(entry)
    return known_features(report.features) if report is not None else {}


def _capacity(daemon: Daemon) -> Amounts:
    """What the environment could have: what the broker says, else what this machine has."""
    return daemon.services.link.standing.capacity.over(daemon.machine_capacity())


async def _watch_processes(server: ForeloadServer, daemon: Daemon, book: RunBook) -> None:
    watch: ProcessWatch | None = None
    last = daemon.clock.monotonic()
    by_process: dict[int, str] = {}
    while True:
        await asyncio.sleep(PROCESS_POLL_SECONDS)
        group = daemon.services.sampler.cgroup
        wanted = daemon.settings.runs_watch_processes and daemon.services.gate.effective.automatic_scaling
        if not wanted or group is None:
            watch = None
            continue
        if watch is None:
            from foreload_daemon.runs.processes import ProcessWatch

            watch = ProcessWatch(group, daemon.workspace)
        now = daemon.clock.monotonic()
        heavy, alive = watch.look(now - last)
        last = now
        for seen in heavy:
            if not _announced(book, seen):
                name = f"process-{seen.process_id}-{now:.3f}"
                by_process[seen.process_id] = name
                run = await book.start(name, seen.what, "process", now - PROCESS_POLL_SECONDS, seen.process_id)
                server.spawn("watching the limit", book.watch_limit(run))
        for process_id in [process_id for process_id in by_process if process_id not in alive]:
            await book.end(by_process.pop(process_id), None)


def _announced(book: RunBook, seen: Seen) -> bool:
    """Whether a run that goes on explains this process: the same entry, or one that starts others (a build, tests)."""
    for run in book.active.values():
        same = run.what.entry is not None and run.what.entry == seen.what.entry
        if same or run.what.entry is None or run.trigger != "process" or run.process_id == seen.parent_id:
            return True
    return False


def describe(run: Run) -> str:
    """A run in words, for the screen."""
    return run.what.name or run.what.kind.value
