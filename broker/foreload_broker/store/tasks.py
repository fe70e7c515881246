"""Tasks as they stand, what was submitted with them, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.plain import canonical, from_plain, to_plain
from foreload_core.tasks import FINAL
from foreload_core.types import Reason
from foreload_core.types.tasks import Task, TaskState
from sqlalchemy import Connection, delete, insert, select

from foreload_broker.store import tables
from foreload_broker.store.moments import from_microseconds, to_microseconds
from foreload_broker.store.rows import put

_TASKS, _EVENTS = tables.TASKS, tables.TASK_EVENTS
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task and what was submitted with it; empty once it has ended."""

    task: Task
    command: bytes


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """One step from state to state."""

    at: datetime
    task_id: str
    environment_id: str
    from_state: TaskState
    to_state: TaskState
    instance_id: str
    reason: Reason


def put_tasks(connection: Connection, stored: Iterable[StoredTask], now: datetime) -> None:
    """Keeps tasks as they are now. What was submitted goes when a task has ended."""
    rows = [
        {
            "task_id": entry.task.task_id,
            "environment_id": entry.task.environment_id,
            "updated_at_microseconds": to_microseconds(now),
            "task": canonical(to_plain(entry.task)),
            "command": b"" if entry.task.state in FINAL else entry.command,
        }
        for entry in stored
    ]
    put(connection, _TASKS, rows)


def add_events(connection: Connection, events: Sequence[TaskEvent]) -> None:
    """Notes what became of tasks."""
    if events:
        rows = [
            {
                "environment_id": event.environment_id,
                "task_id": event.task_id,
                "at_microseconds": to_microseconds(event.at),
                "from_state": event.from_state.value,
                "to_state": event.to_state.value,
                "instance_id": event.instance_id,
                "reason": canonical(to_plain(event.reason)),
            }
            for event in events
        ]
        connection.execute(insert(_EVENTS), rows)


def read_tasks(connection: Connection) -> list[StoredTask]:
    """All tasks that are kept."""
    rows = connection.execute(select(_TASKS.c.task, _TASKS.c.command).order_by(_TASKS.c.task_id))
    return [StoredTask(from_plain(Task, json.loads(row.task), "task"), bytes(row.command)) for row in rows]


def read_events(connection: Connection, environment_id: str | None, limit: int = 1000) -> list[TaskEvent]:
    """What became of the tasks of an environment, or of all; oldest first, the newest `limit`."""
    query = select(_EVENTS).order_by(_EVENTS.c.number.desc()).limit(limit)
    if environment_id is not None:
        query = query.where(_EVENTS.c.environment_id == environment_id)
    return [
        TaskEvent(
            at=from_microseconds(row["at_microseconds"]),
            task_id=row["task_id"],
            environment_id=row["environment_id"],
            from_state=TaskState(row["from_state"]),
            to_state=TaskState(row["to_state"]),
            instance_id=row["instance_id"],
            reason=from_plain(Reason, json.loads(row["reason"]), "reason"),
        )
        for row in reversed(connection.execute(query).mappings().all())
    ]


def forget_tasks(connection: Connection, task_ids: Iterable[str]) -> None:
    """Deletes tasks and what became of them."""
    names = sorted(task_ids)
    if names:
        connection.execute(delete(_TASKS).where(_TASKS.c.task_id.in_(names)))
        connection.execute(delete(_EVENTS).where(_EVENTS.c.task_id.in_(names)))
