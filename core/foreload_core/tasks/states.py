"""The states of a task and the only ways from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from foreload_core.types.decisions import Reason
from foreload_core.types.tasks import Task, TaskState

_S = TaskState
TRANSITIONS: Mapping[TaskState, frozenset[TaskState]] = {
    # Nowhere: until an instance has room for it, or its developer ends it.
    _S.WAITING: frozenset({_S.STARTING, _S.ENDED}),
    # An agent is told to start it. Refused there, it waits for another place.
    _S.STARTING: frozenset({_S.RUNNING, _S.WAITING, _S.ENDED, _S.LOST}),
    # To waiting only where it may be started again: its instance has lost it.
    _S.RUNNING: frozenset({_S.WARNED, _S.LEAVING, _S.PAUSING, _S.WAITING, _S.ENDED, _S.LOST}),
    # Runs, and its developer knows when it makes way; back when that is declined or the peak is not expected any more.
    _S.WARNED: frozenset({_S.RUNNING, _S.LEAVING, _S.PAUSING, _S.WAITING, _S.ENDED, _S.LOST}),
    # Checkpoint, then a stop in good order. What does not end in time, or has no checkpoint to go back to, is paused.
    _S.LEAVING: frozenset({_S.WAITING, _S.PAUSING, _S.ENDED, _S.LOST}),
    _S.PAUSING: frozenset({_S.PAUSED, _S.WAITING, _S.ENDED, _S.LOST}),
    _S.PAUSED: frozenset({_S.RESUMING, _S.WAITING, _S.ENDED, _S.LOST}),
    _S.RESUMING: frozenset({_S.RUNNING, _S.WAITING, _S.ENDED, _S.LOST}),
    _S.ENDED: frozenset(),
    _S.LOST: frozenset(),
}
"""From a state to those that may follow."""

FINAL = frozenset({_S.ENDED, _S.LOST})
ORDERED = frozenset({_S.STARTING, _S.LEAVING, _S.PAUSING, _S.RESUMING})
"""The agent was told something and has not answered yet; it is told again until it has."""
PLACED = frozenset({*ORDERED, _S.RUNNING, _S.WARNED, _S.PAUSED})
"""It is on an instance."""
USES_CPU = frozenset({_S.STARTING, _S.RUNNING, _S.WARNED, _S.RESUMING, _S.LEAVING, _S.PAUSING})


class IllegalTransitionError(ValueError):
    """There is no way from the one state to the other."""


def moved_to(task: Task, state: TaskState, now: datetime, reason: Reason, **changes: Any) -> Task:
    """The task in another state; an order to its agent gets the next revision.

    Args:
        task: as it is.
        state: the new one.
        now: UTC.
        reason: why.
        changes: other fields that change with it.

    Raises:
        IllegalTransitionError: there is no such way; the message names the task, both states and what is allowed.
    """
    if state not in TRANSITIONS[task.state]:
        allowed = ", ".join(sorted(TRANSITIONS[task.state])) or "none"
        raise IllegalTransitionError(f"task {task.task_id} cannot go from {task.state} to {state}; allowed: {allowed}")
    if state is not TaskState.WARNED:
        changes.setdefault("leaves_at", None)
    if state in (TaskState.WAITING, TaskState.ENDED, TaskState.LOST):
        changes.setdefault("instance_id", "" if state is TaskState.WAITING else task.instance_id)
    revision = task.revision + 1 if state in ORDERED else task.revision
    return replace(task, state=state, since=now, reason=reason, revision=revision, **changes)
