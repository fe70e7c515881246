"""Sets one environment's limits by its group's files."""

from __future__ import annotations

from collections.abc import Callable

from foreload_core.types import NO_AMOUNTS, Actuation, Amounts, Resource
from foreload_system.cgroup import NoCgroupError

from foreload_agent.platforms.cgroup.groups import refusal_text
from foreload_agent.platforms.cgroup.layout import (
    Layout,
    quota_microseconds,
    whole_pages,
)
from foreload_agent.ports import Capability, Outcome, PlatformUnavailableError
from foreload_agent.shrinking import MemoryMargin, ShrinkRefusedError


class CgroupActuator:
    """CPU and memory limits of a group.

    Args:
        layout: the environment's group.
        margin: how far above use memory stays.
        wait_seconds: how long a lower memory limit waits for use to fall (version 2).
    """

    def __init__(self, layout: Layout, margin: MemoryMargin, wait_seconds: float) -> None:
        self._layout = layout
        self._margin = margin
        self._wait_seconds = wait_seconds

    def create(self, initial: Amounts) -> bool:
        """See `Actuator`."""
        try:
            made = self._layout.create()
            if Resource.CPU in made and initial.cpu_cores is not None:
                self._layout.set_cpu(initial.cpu_cores)
            if Resource.MEMORY in made and initial.memory_bytes is not None:
                # A new group has no limit, so its first one is a lowering, of a group in which nothing runs.
                self._layout.lower_memory(whole_pages(initial.memory_bytes), lambda: None, lambda: False, 0.0)
        except ShrinkRefusedError as error:
            raise PlatformUnavailableError(str(error)) from error
        except OSError as error:
            raise PlatformUnavailableError(refusal_text(error)) from error
        return bool(made)

    def capabilities(self) -> tuple[Capability, ...]:
        """See `Actuator`."""
        changeable = self._layout.changeable()
        version = self._layout.version
        return tuple(
            Capability(
                resource,
                resource in changeable,
                f"cgroup version {version}"
                if resource in changeable
                else f"no cgroup controller limits {resource} here",
            )
            for resource in Resource
        )

    def limit(self) -> Amounts:
        """See `Actuator`."""
        return self._layout.own_limit()

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        """See `Actuator`. CPU first: it takes no time, and memory may have to wait."""
        return tuple(self._outcome(resource, amount, superseded) for resource, amount in target.items())

    def remove(self, kill: bool) -> None:
        """See `Actuator`."""
        try:
            self._layout.remove(kill)
        except OSError as error:
            raise PlatformUnavailableError(refusal_text(error)) from error

    def _outcome(self, resource: Resource, amount: float, superseded: Callable[[], bool]) -> Outcome:
        if not self._layout.exists():
            return Outcome(resource, Actuation.FAILED, None, "the group is gone; it is made again with the next look")
        if resource not in self._layout.changeable():
            return Outcome(resource, Actuation.REFUSED, None, f"no cgroup controller limits {resource} here")
        try:
            if resource is Resource.CPU:
                changed = self._set_cpu(amount)
            else:
                changed = self._set_memory(whole_pages(amount), superseded)
        except ShrinkRefusedError as refusal:
            return Outcome(resource, Actuation.REFUSED, self._held(resource), str(refusal))
        except OSError as error:
            return Outcome(resource, Actuation.FAILED, self._held(resource), refusal_text(error))
        except NoCgroupError as error:
            return Outcome(resource, Actuation.FAILED, None, str(error))
        return Outcome(resource, Actuation.APPLIED if changed else Actuation.NO_CHANGE, self._held(resource))

    def _set_cpu(self, cores: float) -> bool:
        held = self._layout.own_limit().cpu_cores
        if held is not None and quota_microseconds(held) == quota_microseconds(cores):
            return False
        self._layout.set_cpu(cores)
        return True

    def _set_memory(self, memory_bytes: int, superseded: Callable[[], bool]) -> bool:
        held = self._layout.own_limit().memory_bytes
        if held == memory_bytes:
            return False
        if held is not None and memory_bytes > held:
            self._layout.raise_memory(memory_bytes)
            return True

        def require_fit() -> None:
            used = self._layout.cgroup().read().memory_bytes or 0
            self._margin.require(used, memory_bytes)

        self._layout.lower_memory(memory_bytes, require_fit, superseded, self._wait_seconds)
        return True

    def _held(self, resource: Resource) -> float | None:
        return (self._layout.own_limit() if self._layout.exists() else NO_AMOUNTS).get(resource)
