"""Tasks on this instance: joins what the broker says of them with what is there."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from foreload_core.tasks import TaskReport
from foreload_core.types import Amounts
from foreload_core.types.tasks import TaskPhase
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs import CONTRACT_VERSION, amounts_to_proto
from foreload_system.codecs.tasks import CRITICALITIES, report_to_proto
from foreload_system.identity import Identity, is_name

from foreload_agent.api.host_session import HostSession
from foreload_agent.config import AgentSettings, read_environments, read_workspaces
from foreload_agent.platforms.cgroup import find_layout
from foreload_agent.platforms.tasks import Attempt, Cell, Hosted, Submitted, Workspace, tasks_folder
from foreload_agent.ports import PlatformUnavailableError

_LOG = structlog.get_logger(__name__)
LOOK_SECONDS = 0.2
USE_SECONDS = 1.0
PUMP_SECONDS = 0.02
PIECE_BYTES = 256 * 1024
MOST_FED_BYTES = 1024 * 1024
"""A developer's client holds input back long before this much of it waits here."""
Key = tuple[str, int]
_CRITICALITY_OF = {number: each.value for each, number in CRITICALITIES.items()}


@dataclass(slots=True)
class _Held:
    """One attempt, and what waits for it.

    Attributes:
        orders: carried out one after the other, off the loop.
        wanted: the part of its output that is to be sent.
        fed: input that its keeper has not taken yet; None is the end of it.
        settled: its end was told.
    """

    hosted: Hosted
    environment_id: str
    orders: asyncio.Queue[tasks_pb2.TaskOrder] = field(default_factory=asyncio.Queue[tasks_pb2.TaskOrder])
    wanted: tuple[int, int] = (0, 0)
    fed: deque[bytes | None] = field(default_factory=deque[bytes | None])
    worker: asyncio.Task[None] | None = None
    settled: bool = False
    used_at: float = 0.0


class TaskHosting:
    """All tasks of one instance. Everything but what may take long runs on the agent's event loop.

    Args:
        settings: the agent's.
        identity: who the agent is.
        capacity: what the instance hands out.
    """

    def __init__(self, settings: AgentSettings, identity: Identity, capacity: Amounts) -> None:
        self._settings = settings
        self._capacity = capacity
        self._root = tasks_folder(settings.state)
        self._workspaces = _workspaces(settings)
        self._mounted: tuple[tuple[str, str], ...] = ()
        self._held: dict[Key, _Held] = {}
        self._without_groups = ""
        self._session = HostSession(
            settings.broker, identity, settings.certificate_folder, self._registration, self._told
        )
        for attempt in Attempt.all_in(self._root):
            self._hold(attempt, str(attempt.spec()["environment_id"]))

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Tasks go on when the agent does not."""
        jobs = [
            asyncio.create_task(job)
            for job in (self._session.run(stop), self._look(stop), self._pump(stop), self._look_at_mounts(stop))
        ]
        try:
            await asyncio.gather(*jobs)
        finally:
            for job in (*jobs, *(held.worker for held in self._held.values() if held.worker is not None)):
                job.cancel()

    def _hold(self, attempt: Attempt, environment_id: str) -> _Held:
        group = None
        try:
            group = find_layout(f"{attempt.task_id}-{attempt.number}", f"{self._settings.group}-tasks")
        except PlatformUnavailableError as error:
            if str(error) != self._without_groups:
                self._without_groups = str(error)
                _LOG.warning("tasks have no groups of their own here, and are stopped by signals", why=str(error))
        settings = self._settings
        cell = Cell(attempt, group)
        hosted = Hosted(attempt, cell, settings.task_checkpoint_seconds, settings.task_stop_seconds)
        held = self._held[attempt.task_id, attempt.number] = _Held(hosted, environment_id)
        return held

    def _registration(self) -> tasks_pb2.HostRegistration:
        self._mounted = self._look_at_workspaces()
        reports = [
            report_to_proto(held.hosted.report(), held.environment_id, held.hosted.attempt.output_bytes())
            for held in list(self._held.values())
        ]
        return tasks_pb2.HostRegistration(
            contract_version=CONTRACT_VERSION,
            capacity=amounts_to_proto(self._capacity),
            workspaces=[
                tasks_pb2.MountedWorkspace(environment_id=name, workspace=digest) for name, digest in self._mounted
            ],
            tasks=reports,
        )

    def _look_at_workspaces(self) -> tuple[tuple[str, str], ...]:
        found = ((workspace.environment_id, workspace.digest()) for workspace in self._workspaces)
        return tuple(sorted({(name, digest) for name, digest in found if digest}))

    def _told(self, response: tasks_pb2.HostResponse) -> None:
        match response.WhichOneof("message"):
            case "order":
                self._ordered(response.order)
            case "feed":
                self._fed(response.feed)
            case _:
                pass

    def _ordered(self, order: tasks_pb2.TaskOrder) -> None:
        if not is_name(order.task_id) or order.attempt < 1:
            _LOG.error("order for a task that cannot be", task=order.task_id)
            return
        key = (order.task_id, order.attempt)
        held = self._held.get(key)
        if held is None:
            attempt = Attempt(self._root, *key)
            held = self._hold(attempt, order.start.environment_id)
        if held.worker is None or held.worker.done():
            held.worker = asyncio.create_task(self._carry_out(key, held))
        held.orders.put_nowait(order)

    async def _carry_out(self, key: Key, held: _Held) -> None:
        while True:
            order = await held.orders.get()
            if not held.orders.empty():
                continue  # overtaken by a newer one
            try:
                report = await asyncio.to_thread(self._one_order, held, order)
            except OSError as error:
                _LOG.error("order not carried out", task=order.task_id, why=str(error))
                continue  # the broker says it again
            await self._say(held, report)
            if report.phase in (TaskPhase.REFUSED, TaskPhase.UNKNOWN):
                self._held.pop(key, None)
                return

    def _one_order(self, held: _Held, order: tasks_pb2.TaskOrder) -> TaskReport:
        hosted = held.hosted
        match order.WhichOneof("order"):
            case "start":
                return hosted.start(_submitted(order.start), self._workspaces, order.revision)
            case "pause":
                return hosted.pause(order.revision)
            case "resume":
                return hosted.resume(order.revision)
            case "leave":
                return hosted.leave(order.revision)
            case _:
                return hosted.report(order.revision)

    def _fed(self, feed: tasks_pb2.TaskFeed) -> None:
        key = (feed.task_id, feed.attempt)
        held = self._held.get(key)
        if held is None:
            return
        attempt = held.hosted.attempt
        match feed.WhichOneof("feed"):
            case "input":
                if sum(len(piece or b"") for piece in held.fed) < MOST_FED_BYTES:
                    held.fed.extend([feed.input.data] if feed.input.data else [])
                    held.fed.extend([None] if feed.input.ended else [])
            case "signal_number":
                self._in_thread(held.hosted.signal, feed.signal_number)
            case "window":
                attempt.resize(feed.window.rows, feed.window.columns)
            case "wanted":
                begins = held.wanted[0] if feed.wanted.continues else feed.wanted.from_offset
                held.wanted = (begins, feed.wanted.to_offset)
                attempt.consumed(feed.wanted.from_offset)
            case "forget":
                if held.hosted.attempt.ended() is not None or not held.hosted.attempt.has_keeper():
                    self._held.pop(key, None)
                    if held.worker is not None:
                        held.worker.cancel()
                    self._in_thread(attempt.forget)
            case _:
                pass

    def _in_thread(self, job: object, *arguments: object) -> None:
        asyncio.get_running_loop().run_in_executor(None, job, *arguments)  # pyright: ignore[reportArgumentType]

    async def _look(self, stop: asyncio.Event) -> None:
        """Tells of ends at once, and of use now and then."""
        while not stop.is_set():
            for held in list(self._held.values()):
                if held.settled or not (held.hosted.attempt.folder / "task.json").exists():
                    continue
                ended = held.hosted.attempt.ended() is not None or not held.hosted.attempt.has_keeper()
                due = time.monotonic() - held.used_at >= USE_SECONDS
                if not ended and not due:
                    continue
                held.used_at = time.monotonic()
                await self._say(held, await asyncio.to_thread(held.hosted.report))
            await asyncio.sleep(LOOK_SECONDS)

    async def _say(self, held: _Held, report: TaskReport) -> None:
        size = held.hosted.attempt.output_bytes()
        message = tasks_pb2.HostRequest(report=report_to_proto(report, held.environment_id, size))
        sent = await self._session.send(message)
        # Said again by the next registration in any case.
        held.settled = sent and report.phase in (TaskPhase.ENDED, TaskPhase.LEFT, TaskPhase.UNKNOWN)

    async def _pump(self, stop: asyncio.Event) -> None:
        """Carries output up and input down."""
        while not stop.is_set():
            moved = False
            for key, held in list(self._held.items()):
                moved = await self._send_output(key, held) or moved
                moved = await self._give_input(key, held) or moved
            await asyncio.sleep(0 if moved else PUMP_SECONDS)

    async def _send_output(self, key: Key, held: _Held) -> bool:
        first, last = held.wanted
        attempt = held.hosted.attempt
        if first >= last or attempt.output_bytes() <= first or not self._session.connected.is_set():
            return False
        frames, after = await asyncio.to_thread(attempt.read, first, PIECE_BYTES)
        position = first
        for stream, data in frames:
            position += len(data) + 5
            output = tasks_pb2.TaskOutput(attempt=key[1], next_offset=position, stream=stream, data=data)
            await self._session.send(
                tasks_pb2.HostRequest(output=tasks_pb2.TaskOutputFrame(task_id=key[0], output=output))
            )
        if held.wanted[0] == first:  # nobody has asked for another part meanwhile
            held.wanted = (after, held.wanted[1])
        return bool(frames)

    async def _give_input(self, key: Key, held: _Held) -> bool:
        given = 0
        while held.fed and (held.hosted.attempt.folder / "task.json").exists():
            piece = held.fed.popleft()
            if piece is None:
                if not held.hosted.attempt.end_feed():
                    held.fed.appendleft(None)
                break
            taken = held.hosted.attempt.feed(piece)
            given += taken
            if taken < len(piece):
                held.fed.appendleft(piece[taken:])
                break
        if given:
            taken_message = tasks_pb2.TaskInputTaken(task_id=key[0], attempt=key[1], taken_bytes=given)
            await self._session.send(tasks_pb2.HostRequest(input_taken=taken_message))
        return given > 0

    async def _look_at_mounts(self, stop: asyncio.Event) -> None:
        """A workspace that has come or gone is said at once: tasks are placed by it."""
        while not stop.is_set():
            await asyncio.sleep(1.0)
            if self._session.connected.is_set():
                before = self._mounted
                if await asyncio.to_thread(self._look_at_workspaces) != before:
                    registration = await asyncio.to_thread(self._registration)
                    await self._session.send(tasks_pb2.HostRequest(registration=registration))


def _workspaces(settings: AgentSettings) -> tuple[Workspace, ...]:
    """Where tasks may run. An agent that is not root runs them as its own user, so anywhere that this user may go."""
    path = settings.environments_file
    listed = [Workspace(entry.environment_id, entry.path) for entry in read_workspaces(path)]
    if os.geteuid() != 0:
        named = {workspace.environment_id for workspace in listed}
        own = (entry.environment_id for entry in read_environments(path) if entry.platform != "docker")
        listed += [Workspace(name, None) for name in own if name not in named]
    return tuple(listed)


def _submitted(message: tasks_pb2.StartTask) -> Submitted:
    command = message.command
    terminal = {"rows": command.terminal.rows, "columns": command.terminal.columns}
    return Submitted(
        environment_id=message.environment_id,
        arguments=tuple(command.arguments),
        working_directory=command.working_directory,
        variables=dict(_plain(command.variables.items())),
        terminal=terminal if command.HasField("terminal") else None,
        checkpoint=command.checkpoint,
        workspace=message.workspace,
        criticality=_CRITICALITY_OF.get(message.criticality, "normal"),
    )


def _plain(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """What the kernel takes as a variable."""
    return ((name, value) for name, value in pairs if name and "=" not in name and "\0" not in name + value)
