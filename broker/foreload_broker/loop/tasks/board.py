"""What stands of all tasks. Every step is durable before anybody hears of it."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from foreload_core.tasks import (
    FINAL,
    PLACED,
    IllegalTransitionError,
    TaskReport,
    decide_tasks,
    decline,
    take_report,
    withdraw,
)
from foreload_core.types import NO_AMOUNTS
from foreload_core.types.tasks import Task, TaskPhase, TaskSettings, TaskState
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs.tasks import status_to_proto

from foreload_broker.loop.runner import Loop
from foreload_broker.loop.tasks.hosts import Host, Hosts
from foreload_broker.loop.tasks.looks import look_at_fleet
from foreload_broker.loop.tasks.orders import order_for
from foreload_broker.loop.tasks.trails import Trails
from foreload_broker.ports import Inadmissible, NoData, Unavailable
from foreload_broker.store import tasks as store

_LOG = structlog.get_logger(__name__)
LOOK_SECONDS = 1.0
SHORTEST_SECONDS = 0.1
ORDER_AGAIN_SECONDS = 5.0
CLEAN_SECONDS = 600.0
MOST_TASKS = 200
"""Tasks of one environment that have not ended."""
ENDING = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGKILL})
_Change = Callable[[dict[str, Task], datetime], None]


@dataclass(slots=True)
class _Event:
    change: _Change
    answer: asyncio.Future[None] | None = None


class TaskBoard:
    """One per broker, on the event loop; only its own turn changes `tasks`.

    Attributes:
        tasks: as they stand; what is here is stored.
        hosts: the agents that are there.
        trails: where attempts ran, and who follows them.
    """

    def __init__(self, loop: Loop, settings: TaskSettings) -> None:
        self.tasks: dict[str, Task] = {}
        self.hosts = Hosts()
        self.trails = Trails(self.hosts)
        self._loop = loop
        self._settings = settings
        self._commands: dict[str, bytes] = {}
        self._inbox: list[_Event] = []
        self._woken = asyncio.Event()
        self._ordered: dict[str, tuple[int, float]] = {}
        self._ending: set[str] = set()
        self._waiting: dict[str, list[tasks_pb2.TaskFeed]] = {}
        self._cleaned_at = time.monotonic()

    async def load(self) -> None:
        """Reads what stands. Before anything else.

        Raises:
            Unavailable: the database does not work.
        """
        for stored in await self._loop.in_reader(self._read):
            self.tasks[stored.task.task_id] = stored.task
            self._commands[stored.task.task_id] = stored.command

    async def run(self) -> None:
        """Takes turns until it is cancelled."""
        retry_seconds = 0.0
        while True:
            try:
                async with asyncio.timeout(retry_seconds or LOOK_SECONDS):
                    await self._woken.wait()
                await asyncio.sleep(SHORTEST_SECONDS if not self._inbox else 0)
            except TimeoutError:
                pass
            if retry_seconds:
                await asyncio.sleep(retry_seconds)
            self._woken.clear()
            events, self._inbox = self._inbox, []
            try:
                await self._turn(events)
            except Unavailable as trouble:
                self._keep(events, trouble)
                retry_seconds = 1.0
            except Exception as fault:  # noqa: BLE001 - a board that ended would be worse than any fault of one turn
                _LOG.error("turn of tasks failed", exc_info=fault)
                _answer(events, fault)
                retry_seconds = 1.0
            else:
                _answer(events, None)
                retry_seconds = 0.0

    def close(self) -> None:
        """Ends all streams; tasks go on."""
        self.trails.close()
        self.hosts.close()

    def wake(self) -> None:
        """Something has changed that tasks may have to make way for."""
        self._woken.set()

    async def submit(self, task: Task, command: bytes) -> None:
        """Takes a task in; submitted twice, it is one.

        Raises:
            Inadmissible: another environment has one of this id, or this one has too many.
            Unavailable: nothing can be stored just now.
        """

        def change(tasks: dict[str, Task], _now: datetime) -> None:
            known = tasks.get(task.task_id)
            if known is not None and known.environment_id != task.environment_id:
                raise Inadmissible(f"task_id {task.task_id!r} is in use; choose another")
            own = [each for each in tasks.values() if each.environment_id == task.environment_id]
            if sum(each.state not in FINAL for each in own) >= MOST_TASKS:
                raise Inadmissible(
                    f"{task.environment_id} has {MOST_TASKS} tasks that have not ended; more are not taken"
                )
            if known is None:
                tasks[task.task_id] = task
                self._commands[task.task_id] = command

        await self._ask(change)

    async def decline(self, environment_id: str, task_id: str) -> Task:
        """A task is to stay where it is for a while.

        Raises:
            NoData: there is none of this environment.
            Unavailable: nothing can be stored just now.
        """

        def change(tasks: dict[str, Task], now: datetime) -> None:
            task = self.own(environment_id, task_id, tasks)
            if task.state not in FINAL:
                tasks[task_id] = decline(task, now, self._settings.decline_seconds)

        await self._ask(change)
        return self.own(environment_id, task_id)

    async def signal(self, environment_id: str, task_id: str, number: int) -> None:
        """Signals a task; one that is nowhere is withdrawn.

        Raises:
            NoData: there is none of this environment.
            Unavailable: its agent is not there.
        """
        task = self.own(environment_id, task_id)
        if task.state is TaskState.WAITING and number in ENDING:

            def change(tasks: dict[str, Task], now: datetime) -> None:
                known = self.own(environment_id, task_id, tasks)
                if known.state is TaskState.WAITING:
                    tasks[task_id] = replace(withdraw(known, now), signal_number=number)

            await self._ask(change)
            return
        if task.state in FINAL:
            return
        if task.state is TaskState.LEAVING and number in ENDING:
            self._ending.add(task_id)
        feed = tasks_pb2.TaskFeed(task_id=task_id, attempt=task.attempt, signal_number=number)
        if not self.hosts.feed(task.instance_id, feed):
            raise Unavailable(
                f"the agent of {task.instance_id}, where the task runs, is not connected; try again later"
            )

    def feed(self, task: Task, feed: tasks_pb2.TaskFeed) -> None:
        """Passes input on to a task. What is for a task that is nowhere yet waits until it is somewhere."""
        if task.state in PLACED and self.hosts.feed(task.instance_id, feed):
            return
        if task.state not in FINAL:
            self._waiting.setdefault(task.task_id, []).append(feed)

    def own(self, environment_id: str, task_id: str, tasks: dict[str, Task] | None = None) -> Task:
        """A task of an environment.

        Raises:
            NoData: there is none.
        """
        task = (self.tasks if tasks is None else tasks).get(task_id)
        if task is None or task.environment_id != environment_id:
            raise NoData(f"there is no task {task_id!r} of this environment")
        return task

    def command(self, task_id: str) -> tasks_pb2.TaskCommand:
        """What was submitted; empty once the task has ended."""
        return tasks_pb2.TaskCommand.FromString(self._commands.get(task_id, b""))

    def connected(self, task: Task) -> bool:
        """Whether the agent of a task's instance is there."""
        return task.instance_id in self.hosts.by_instance

    def registered(self, host: Host, reports: Iterable[tuple[TaskReport, int]]) -> None:
        """An agent says what it has: every attempt, with how much each has written."""
        name = host.instance_id
        present: set[tuple[str, int]] = set()
        for report, output_bytes in reports:
            present.add((report.task_id, report.attempt))
            if report.task_id not in self.tasks:
                _LOG.warning("agent has a task that is not known here", instance_id=name, task=report.task_id)
                continue
            self.reported(name, report, output_bytes)
        for task in self.tasks.values():
            here = task.instance_id == name and task.state not in FINAL
            if here and task.state is not TaskState.STARTING and (task.task_id, task.attempt) not in present:
                self.reported(name, TaskReport(task.task_id, task.attempt, TaskPhase.UNKNOWN), 0)
            self._ordered.pop(task.task_id, None)

        def change(tasks: dict[str, Task], _now: datetime) -> None:
            for task in list(tasks.values()):
                if name in task.refused_by:
                    kept = tuple(each for each in task.refused_by if each != name)
                    tasks[task.task_id] = replace(task, refused_by=kept)

        self._post(change)
        self.trails.want_from(name)

    def reported(self, instance_id: str, report: TaskReport, output_bytes: int) -> None:
        """An agent says something of one attempt."""
        over = report.phase in (TaskPhase.ENDED, TaskPhase.LEFT, TaskPhase.UNKNOWN, TaskPhase.REFUSED)
        self.trails.seen(report.task_id, report.attempt, instance_id, output_bytes if over else None)

        def change(tasks: dict[str, Task], now: datetime) -> None:
            task = tasks.get(report.task_id)
            if task is None:
                return
            after = take_report(task, report, instance_id, now)
            if after.state is TaskState.WAITING and report.task_id in self._ending:
                after = replace(withdraw(after, now), signal_number=int(signal.SIGTERM))
            tasks[report.task_id] = after

        self._post(change)

    async def _ask(self, change: _Change) -> None:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.append(_Event(change, answer))
        self._woken.set()
        await answer

    def _post(self, change: _Change) -> None:
        self._inbox.append(_Event(change))
        self._woken.set()

    async def _turn(self, events: list[_Event]) -> None:
        tasks, steps = dict(self.tasks), list[store.TaskEvent]()
        now = self._loop.now()
        for event in events:
            before = dict(tasks)
            try:
                event.change(tasks, now)
            except (NoData, Inadmissible, IllegalTransitionError) as refusal:
                tasks = before
                if event.answer is not None and not event.answer.done():
                    event.answer.set_exception(refusal)
            steps += _steps(before, tasks, now)
        before = dict(tasks)
        if any(task.state not in FINAL for task in tasks.values()):
            hosts = list(self.hosts.by_instance.values())
            known, how = tuple(tasks.values()), self._settings
            tick = await self._loop.in_writer(lambda writer, at: look_at_fleet(writer, at, hosts, known, how))
            for task in decide_tasks(tasks.values(), tick):
                if not self._loop.settings.shadow or task.state is TaskState.STARTING:
                    tasks[task.task_id] = task
            steps += _steps(before, tasks, now)
        changed = [task for name, task in tasks.items() if _durable(task) != _durable(self.tasks.get(name))]
        old = self._old(tasks, now)
        if changed or old:
            stored = [store.StoredTask(task, self._commands.get(task.task_id, b"")) for task in changed]
            await self._loop.in_writer(lambda writer, at: writer.administer(_write(stored, steps, old), at))
        for name in old:
            del tasks[name]
        self.tasks = tasks
        self._act(changed, old)

    def _act(self, changed: list[Task], old: list[str]) -> None:
        """Everything is durable; now it may be seen."""
        self._order()  # first: what is wanted of an attempt is wanted after its start
        for name in old:
            self._commands.pop(name, None)
        for task in changed:
            state, why = task.state.value, task.reason.code
            _LOG.info("task", task=task.task_id, state=state, instance_id=task.instance_id, why=why)
            if task.state is TaskState.STARTING:
                self.trails.seen(task.task_id, task.attempt, task.instance_id, None)
            if task.state in FINAL:
                self._commands.pop(task.task_id, None)
                self._ending.discard(task.task_id)
                self._waiting.pop(task.task_id, None)
                self._ordered.pop(task.task_id, None)
            status = status_to_proto(task, self.connected(task))
            self.trails.status(task, self.connected(task))
            subscriber = self._loop.subscribers.get(task.environment_id)
            if subscriber is not None:
                subscriber.task(status)
        self.trails.advance()

    def _order(self) -> None:
        """Tells agents what is to become of tasks, again until they have answered."""
        now_seconds = time.monotonic()
        for task in self.tasks.values():
            host = self.hosts.by_instance.get(task.instance_id)
            if host is None:
                continue
            revision, at_seconds = self._ordered.get(task.task_id, (0, 0.0))
            said = revision == task.revision and now_seconds - at_seconds < ORDER_AGAIN_SECONDS
            if said and task.task_id not in self._waiting:
                continue
            order = order_for(task, lambda task=task: self.command(task.task_id))
            if order is not None:
                self._ordered[task.task_id] = (task.revision, now_seconds)
                host.order(order)
            for feed in self._waiting.pop(task.task_id, ()):
                feed.attempt = task.attempt
                host.feed(feed)

    def _old(self, tasks: dict[str, Task], now: datetime) -> list[str]:
        if time.monotonic() - self._cleaned_at < CLEAN_SECONDS:
            return []
        self._cleaned_at = time.monotonic()
        self.trails.clean()
        limit = now - timedelta(seconds=store.KEPT.total_seconds())
        return [name for name, task in tasks.items() if task.state in FINAL and task.since < limit]

    def _keep(self, events: list[_Event], trouble: Unavailable) -> None:
        """Nothing was stored: what agents said waits, people are told."""
        _LOG.error("tasks cannot be stored", reason=str(trouble))
        _answer(events, trouble)
        self._inbox[:0] = [event for event in events if event.answer is None]

    def _read(self) -> list[store.StoredTask]:
        with self._loop.database.reading() as connection:
            return store.read_tasks(connection)


def _write(
    stored: list[store.StoredTask], steps: list[store.TaskEvent], old: list[str]
) -> Callable[[store.Connection, datetime], None]:
    def job(connection: store.Connection, now: datetime) -> None:
        store.put_tasks(connection, stored, now)
        store.add_events(connection, steps)
        store.forget_tasks(connection, old)

    return job


def _steps(before: dict[str, Task], after: dict[str, Task], now: datetime) -> list[store.TaskEvent]:
    found: list[store.TaskEvent] = []
    for name, task in after.items():
        known = before.get(name)
        if known is not None and known.state is task.state:
            continue
        first = TaskState.WAITING if known is None else known.state
        place = task.instance_id or ("" if known is None else known.instance_id)
        found.append(store.TaskEvent(now, name, task.environment_id, first, task.state, place, task.reason))
    return found


def _durable(task: Task | None) -> Task | None:
    """Without what changes with each look and is measured anew."""
    return None if task is None else replace(task, used=NO_AMOUNTS)


def _answer(events: list[_Event], fault: Exception | None) -> None:
    for event in events:
        if event.answer is None or event.answer.done():
            continue
        if fault is None:
            event.answer.set_result(None)
        else:
            event.answer.set_exception(fault)
