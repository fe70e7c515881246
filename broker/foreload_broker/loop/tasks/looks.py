"""One look at the fleet, for tasks: what each instance has, and what its environments will need."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from foreload_core.tasks import EnvironmentLook, need_steps
from foreload_core.types.tasks import TaskHost, TaskSettings, TaskTick

from foreload_broker.loop.tasks.hosts import Host
from foreload_broker.loop.writer import Writer


def look_at_fleet(writer: Writer, now: datetime, hosts: Iterable[Host], settings: TaskSettings) -> TaskTick:
    """What tasks are decided on. In the writer's thread, between two turns."""
    fleet, standing = writer.fleet, writer.memory.standing
    found: dict[str, TaskHost] = {}
    for host in hosts:
        looks = [
            EnvironmentLook(name, standing.environment(name), fleet.samples.get(name))
            for name in fleet.of(host.instance_id)
        ]
        found[host.instance_id] = TaskHost(
            host.instance_id,
            host.capacity,
            need_steps(looks, now, settings.horizon_seconds, standing.settings),
            host.workspaces,
        )
    homes = {name: placement.instance_id for name, placement in fleet.placements.items()}
    return TaskTick(now, found, homes, settings)
