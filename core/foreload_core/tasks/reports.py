"""What an agent or a developer says of a task, taken in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from foreload_core.tasks.states import PLACED, moved_to
from foreload_core.types.decisions import Reason
from foreload_core.types.resources import NO_AMOUNTS, Amounts, Resource
from foreload_core.types.tasks import Task, TaskPhase, TaskState

RISING_RATIO, FADING_RATIO = 0.2, 0.1
"""A look moves what a task is taken to use by so much of the difference: a burst while it starts is not its need."""
_S = TaskState


@dataclass(frozen=True, slots=True)
class TaskReport:
    """What an agent says of one attempt of a task.

    Attributes:
        revision: of the order that it answers; 0: it speaks of itself.
        used: what it uses; absent: not measured.
        code: why, where it is no success; a word of `foreload_core.tasks.words`.
    """

    task_id: str
    attempt: int
    phase: TaskPhase
    revision: int = 0
    exit_code: int | None = None
    signal_number: int | None = None
    used: Amounts = NO_AMOUNTS
    code: str = ""


def take_report(task: Task, report: TaskReport, instance_id: str, now: datetime) -> Task:
    """The task after what the agent of `instance_id` says. What is of another attempt or place changes nothing."""
    if task.state not in PLACED or report.attempt != task.attempt or instance_id != task.instance_id:
        return task
    task = take_use(task, report.used)
    # An answer to an order that was overtaken by a newer one says nothing of the newer one.
    stale = 0 < report.revision < task.revision
    match report.phase:
        case TaskPhase.LEFT if task.restartable:
            # Also where it had said that it stays, and took its time.
            return moved_to(task, _S.WAITING, now, task.reason)
        case TaskPhase.ENDED | TaskPhase.LEFT:
            return _ended(task, report, now)
        case TaskPhase.UNKNOWN if not stale:
            return _unknown(task, now)
        case TaskPhase.STAYED if task.state is _S.LEAVING and not stale:
            return moved_to(task, _S.PAUSING, now, Reason("tasks", report.code or "did_not_leave"))
        case TaskPhase.REFUSED if task.state is _S.STARTING and not stale:
            refused = (*task.refused_by, instance_id)
            return moved_to(task, _S.WAITING, now, Reason("tasks", report.code or "refused"), refused_by=refused)
        case TaskPhase.RUNNING if task.state is _S.STARTING and not stale:
            return moved_to(task, _S.RUNNING, now, task.reason)
        case TaskPhase.RUNNING if task.state is _S.RESUMING and not stale:
            return moved_to(task, _S.RUNNING, now, task.reason)
        case TaskPhase.PAUSED if task.state is _S.PAUSING and not stale:
            return moved_to(task, _S.PAUSED, now, task.reason)
        case _:
            return task


def take_use(task: Task, used: Amounts) -> Task:
    """The task with what it uses: CPU smoothed, faster up than down; memory as it is."""
    merged = task.used
    for resource, amount in used.items():
        before = merged.get(resource)
        if before is None:
            before = task.asked.get(resource)
        if before is None or resource is Resource.MEMORY:
            before = amount
        ratio = RISING_RATIO if amount > before else FADING_RATIO
        merged = merged.with_amount(resource, before + (amount - before) * ratio)
    return task if merged == task.used else replace(task, used=merged)


def decline(task: Task, now: datetime, seconds: float) -> Task:
    """The task whose developer wants it to stay: it is not chosen for so long."""
    until = now + timedelta(seconds=seconds)
    if task.state is _S.WARNED:
        return moved_to(task, _S.RUNNING, now, Reason("tasks", "declined"), declined_until=until)
    return replace(task, declined_until=until)


def withdraw(task: Task, now: datetime) -> Task:
    """The task whose developer ends it before it is anywhere."""
    return moved_to(task, _S.ENDED, now, Reason("tasks", "withdrawn"))


def _ended(task: Task, report: TaskReport, now: datetime) -> Task:
    code = report.code or "ended"
    return moved_to(
        task, _S.ENDED, now, Reason("tasks", code), exit_code=report.exit_code, signal_number=report.signal_number
    )


def _unknown(task: Task, now: datetime) -> Task:
    if task.state is _S.STARTING or task.restartable:
        return moved_to(task, _S.WAITING, now, Reason("tasks", "instance_lost_it"))
    return moved_to(task, _S.LOST, now, Reason("tasks", "lost"))
