"""One look at the fleet, for tasks: what each instance has, and what its environments will need."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from foreload_core.tasks import FINAL, EnvironmentLook, need_steps, workspace_key
from foreload_core.types.tasks import Task, TaskHost, TaskSettings, TaskTick

from foreload_broker.loop.tasks.hosts import Host
from foreload_broker.loop.writer import Writer


def look_at_fleet(
    writer: Writer, now: datetime, hosts: Iterable[Host], tasks: Collection[Task], settings: TaskSettings
) -> TaskTick:
    """What tasks are decided on. In the writer's thread, between two turns.

    Only instances on which a task is or could be are looked at: most of a fleet has none.
    """
    fleet, standing = writer.fleet, writer.memory.standing
    living = [task for task in tasks if task.state not in FINAL]
    wanted = {workspace_key(task.environment_id, task.workspace) for task in living}
    named = {task.instance_id for task in living} | {fleet.instance(task.environment_id) for task in living}
    considered = {host.instance_id: host for host in hosts if host.instance_id in named or wanted & host.workspaces}
    there: dict[str, list[EnvironmentLook]] = {name: [] for name in considered}
    for name, placement in fleet.placements.items():
        if placement.instance_id in there:
            look = EnvironmentLook(name, standing.environment(name), fleet.samples.get(name))
            there[placement.instance_id].append(look)
    found: dict[str, TaskHost] = {}
    for host in considered.values():
        looks = there[host.instance_id]
        found[host.instance_id] = TaskHost(
            host.instance_id,
            host.capacity,
            need_steps(looks, now, settings.horizon_seconds, standing.settings),
            host.workspaces,
        )
    homes = {name: placement.instance_id for name, placement in fleet.placements.items()}
    return TaskTick(now, found, homes, settings)
