"""What an instance has left for tasks, now and at each predicted step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from foreload_core.tasks.states import PLACED, USES_CPU
from foreload_core.types.decisions import Reason
from foreload_core.types.resources import Amounts, Resource
from foreload_core.types.tasks import NeedStep, Task, TaskHost

COUNTED: tuple[Resource, ...] = (Resource.CPU, Resource.MEMORY)
UNKNOWN_CPU_CORES, UNKNOWN_CPU_RATIO = 1.0, 0.25
"""What a task is taken to need before it was measured and where its developer says nothing: at most this part of its
instance's CPU, so that it can begin, and then be measured, on small ones too."""
_TINY = 1e-9


def need(task: Task, resource: Resource, capacity: float | None) -> float:
    """What a task needs while it runs on an instance of this capacity: the higher of asked and measured."""
    asked, used = task.asked.get(resource), task.used.get(resource)
    if asked is None and used is None:
        if resource is not Resource.CPU:
            return 0.0
        return UNKNOWN_CPU_CORES if capacity is None else min(UNKNOWN_CPU_CORES, UNKNOWN_CPU_RATIO * capacity)
    return max(asked or 0.0, used or 0.0)


def held(task: Task, resource: Resource, capacity: float | None) -> float:
    """What a task holds where it is: a paused one no CPU, but its memory."""
    if task.state not in PLACED or (resource is Resource.CPU and task.state not in USES_CPU):
        return 0.0
    return need(task, resource, capacity)


class Room:
    """What is left on one instance when its environments have what they need; what tasks hold is counted on top."""

    def __init__(self, host: TaskHost, tasks: Iterable[Task]) -> None:
        self.host = host
        self._held = dict.fromkeys(COUNTED, 0.0)
        for task in tasks:
            self.hold(task)

    def add(self, task: Task) -> None:
        """Counts a task as running here."""
        for resource in COUNTED:
            self._held[resource] += need(task, resource, self.host.capacity.get(resource))

    def hold(self, task: Task) -> None:
        """Counts what a task holds where it is."""
        for resource in COUNTED:
            self._held[resource] += held(task, resource, self.host.capacity.get(resource))

    def resume(self, task: Task) -> None:
        """Counts a paused task of this instance as running."""
        self._held[Resource.CPU] += need(task, Resource.CPU, self.host.capacity.cpu_cores)

    def release(self, task: Task, *, memory: bool) -> None:
        """Counts a task as gone, with its memory or without."""
        self._held[Resource.CPU] -= held(task, Resource.CPU, self.host.capacity.cpu_cores)
        if memory:
            self._held[Resource.MEMORY] -= held(task, Resource.MEMORY, self.host.capacity.memory_bytes)

    def overflow(self) -> tuple[NeedStep, Resource, float] | None:
        """The first step at which environments and tasks together need more than there is, of what, and how much."""
        for step in self.host.needs:
            for resource in COUNTED:
                short = self._short(step.amounts, resource, 0.0)
                if short > 0 and self._held[resource] > 0:
                    return step, resource, short
        return None

    def first_at(self) -> datetime | None:
        """When the overflow begins."""
        found = self.overflow()
        return None if found is None else found[0].at

    def fits(self, task: Task, *, paused_here: bool = False) -> bool:
        """Whether a task may run here, now and at every predicted step."""
        return self.why_not(task, paused_here=paused_here) is None

    def why_not(self, task: Task, *, paused_here: bool = False) -> Reason | None:
        """Why a task may not run here now; None: it may."""
        for step in self.host.needs or (NeedStep(task.since, Amounts()),):
            for resource in COUNTED:
                wanted = (
                    0.0
                    if paused_here and resource is Resource.MEMORY
                    else need(task, resource, self.host.capacity.get(resource))
                )
                short = self._short(step.amounts, resource, wanted)
                if wanted > 0 and short > 0:
                    numbers = {f"need_{resource.field}": wanted, f"short_{resource.field}": short}
                    return Reason("tasks", "no_room", numbers, step.environment_id)
        return None

    def free(self, resource: Resource) -> float:
        """The least that is left over all steps."""
        capacity = self.host.capacity.get(resource) or 0.0
        highest = max(((step.amounts.get(resource) or 0.0) for step in self.host.needs), default=0.0)
        return capacity - highest - self._held[resource]

    def _short(self, needs: Amounts, resource: Resource, wanted: float) -> float:
        capacity = self.host.capacity.get(resource)
        if capacity is None:
            return 0.0
        short = min(needs.get(resource) or 0.0, capacity) + self._held[resource] + wanted - capacity
        return short if short > _TINY * max(1.0, capacity) else 0.0
