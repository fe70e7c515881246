"""Which tasks run where: who makes way before a predicted peak, who goes on after it, who starts.

A predicted peak is a moment at which the environments of an instance will need so much that its tasks do not fit beside
them. The least critical tasks make way before it: a restartable one whose workspace is mounted on an instance with room
leaves for that; any other is paused where it is. What an environment does is judged by its work, not by its editor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from foreload_core.tasks.room import Room
from foreload_core.tasks.states import PLACED, moved_to
from foreload_core.types.decisions import Reason
from foreload_core.types.resources import Resource
from foreload_core.types.tasks import Criticality, NeedStep, Task, TaskState, TaskTick

RANK: Mapping[Criticality, int] = {Criticality.LOW: 0, Criticality.NORMAL: 1, Criticality.HIGH: 2}
_S = TaskState
_MAY_LEAVE = (_S.RUNNING, _S.WARNED)


def decide_tasks(tasks: Iterable[Task], tick: TaskTick) -> tuple[Task, ...]:
    """The tasks that change, as they are then. Pure and total: the same tasks and tick give the same answer.

    Only what has an instance whose agent is there is decided on; the others keep their state.
    """
    known = {task.task_id: task for task in sorted(tasks, key=lambda task: task.task_id)}
    rooms = {
        name: Room(host, (task for task in known.values() if task.instance_id == name))
        for name, host in sorted(tick.hosts.items())
    }
    changed: dict[str, Task] = {}
    for name, room in rooms.items():
        here = [task for task in known.values() if task.instance_id == name and task.state in PLACED]
        for task in _make_way(here, room, rooms, tick):
            changed[task.task_id] = task
        for task in _go_on(here, room, tick):
            changed[task.task_id] = task
    waiting = [task for task in known.values() if task.state is _S.WAITING]
    for task in sorted(waiting, key=_most_important_first):
        placed = _placed(task, rooms, tick)
        if placed is not None:
            changed[task.task_id] = placed
    return tuple(changed[name] for name in sorted(changed))


def workspace_key(environment_id: str, workspace: str) -> str:
    """How a host names a workspace that is mounted there."""
    return f"{environment_id} {workspace}"


def _make_way(here: list[Task], room: Room, rooms: Mapping[str, Room], tick: TaskTick) -> list[Task]:
    """Who makes way on one instance; `room` is left without them."""
    chosen = _victims(here, room, tick)
    changed = [
        moved_to(task, _S.RUNNING, tick.now, Reason("tasks", "peak_gone"))
        for task in here
        if task.task_id not in chosen and task.state is _S.WARNED
    ]
    for task in sorted((task for task in here if task.task_id in chosen), key=_least_important_first):
        step, resource = chosen[task.task_id]
        target = _refuge(task, rooms, tick)
        leaves_at = max(tick.now, step.at - timedelta(seconds=tick.settings.leave_seconds))
        reason = _peak_reason(task, step, resource, tick.now, target is not None)
        if leaves_at > tick.now:
            if task.state is _S.RUNNING:
                changed.append(moved_to(task, _S.WARNED, tick.now, reason, leaves_at=leaves_at))
            elif task.leaves_at != leaves_at:
                changed.append(replace(task, leaves_at=leaves_at))
        elif target is not None:
            target.add(task)  # nobody else is to take the place meanwhile
            changed.append(moved_to(task, _S.LEAVING, tick.now, reason))
        else:
            changed.append(moved_to(task, _S.PAUSING, tick.now, reason))
    return changed


def _victims(here: list[Task], room: Room, tick: TaskTick) -> dict[str, tuple[NeedStep, Resource]]:
    """The least critical tasks that have to make way so that the rest fits, and for which step and resource."""
    candidates = sorted((task for task in here if _may_be_chosen(task, tick.now)), key=_least_important_first)
    going = [task for task in here if task.state in (_S.LEAVING, _S.PAUSING)]
    for task in going:  # or others would have to go for what will be free in a moment
        room.release(task, memory=True)
    chosen: dict[str, tuple[NeedStep, Resource]] = {}
    for task in candidates:
        found = room.overflow()
        if found is None:
            break
        step, resource, _short = found
        # A paused task keeps its memory, so where that is short only one that can leave is of help.
        if resource is Resource.MEMORY and not task.restartable:
            continue
        chosen[task.task_id] = (step, resource)
        room.release(task, memory=task.restartable)
    # The more critical ones were chosen last; whoever still fits after all stays.
    for task in sorted((task for task in candidates if task.task_id in chosen), key=_most_important_first):
        if room.fits(task):
            room.add(task)
            del chosen[task.task_id]
    for task in going:  # until they are gone nobody else is to come
        room.hold(task)
    return chosen


def _go_on(here: list[Task], room: Room, tick: TaskTick) -> list[Task]:
    """Paused tasks that fit again, the most critical first."""
    changed: list[Task] = []
    rested = [task for task in here if task.state is _S.PAUSED and _rested(task, tick)]
    for task in sorted(rested, key=_most_important_first):
        if room.fits(task, paused_here=True):
            room.resume(task)
            changed.append(moved_to(task, _S.RESUMING, tick.now, Reason("tasks", "room_again")))
    return changed


def _placed(task: Task, rooms: Mapping[str, Room], tick: TaskTick) -> Task | None:
    """A waiting task where there is room for it, or with the reason why it goes on waiting; None: nothing is new."""
    allowed = [room for room in rooms.values() if _may_be_on(task, room, tick)]
    fitting = [room for room in allowed if room.fits(task)]
    if fitting:
        home = tick.homes.get(task.environment_id)
        best = min(
            fitting, key=lambda room: (room.host.instance_id != home, -room.free(Resource.CPU), room.host.instance_id)
        )
        best.add(task)
        code = "placed" if task.attempt == 0 else "placed_again"
        return moved_to(
            task,
            _S.STARTING,
            tick.now,
            Reason("tasks", code, reference=best.host.instance_id),
            instance_id=best.host.instance_id,
            attempt=task.attempt + 1,
        )
    reason = allowed[0].why_not(task) if allowed else Reason("tasks", "no_instance")
    if reason is None or reason.code == task.reason.code:
        return None
    return replace(task, reason=reason)


def _refuge(task: Task, rooms: Mapping[str, Room], tick: TaskTick) -> Room | None:
    """Where a restartable task could go on instead, or None."""
    if not task.restartable:
        return None
    others = [
        room
        for name, room in rooms.items()
        if name != task.instance_id and _may_be_on(task, room, tick) and room.fits(task)
    ]
    return max(others, key=lambda room: (room.free(Resource.CPU), room.host.instance_id), default=None)


def _may_be_on(task: Task, room: Room, tick: TaskTick) -> bool:
    """Its workspace is there: mounted, as the agent has looked; or it is its environment's own instance."""
    name = room.host.instance_id
    if name in task.refused_by:
        return False
    if not task.workspace:
        return tick.homes.get(task.environment_id) == name
    return workspace_key(task.environment_id, task.workspace) in room.host.workspaces


def _may_be_chosen(task: Task, now: datetime) -> bool:
    declined = task.declined_until is not None and task.declined_until > now
    return task.state in _MAY_LEAVE and not declined


def _rested(task: Task, tick: TaskTick) -> bool:
    return (tick.now - task.since).total_seconds() >= tick.settings.calm_seconds


def _peak_reason(task: Task, step: NeedStep, resource: Resource, now: datetime, moves: bool) -> Reason:
    begins_seconds = max(0.0, (step.at - now).total_seconds())
    numbers = {"begins_seconds": begins_seconds, f"need_{resource.field}": step.amounts.get(resource) or 0.0}
    if step.environment_id == task.environment_id:
        numbers["own"] = 1.0
    return Reason("tasks", "moves_before_peak" if moves else "pauses_before_peak", numbers, task.instance_id)


def _least_important_first(task: Task) -> tuple[int, float, str]:
    return RANK[task.criticality], -task.created_at.timestamp(), task.task_id


def _most_important_first(task: Task) -> tuple[int, float, str]:
    return -RANK[task.criticality], task.created_at.timestamp(), task.task_id
