"""What the two versions have in common: one environment's group, its limits, its processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from foreload_core.types import Amounts, Resource
from foreload_system.cgroup import Cgroup

PERIOD_MICROSECONDS = 100_000
SMALLEST_QUOTA_MICROSECONDS = 1_000
PAGE_BYTES = 4096
FREEZE_SECONDS = 2.0


class Layout(Protocol):
    """One environment's group. Methods raise OSError with the kernel's refusal."""

    version: int

    def create(self) -> frozenset[Resource]:
        """Makes what is missing; returns the resources whose part was made now."""
        ...

    def exists(self) -> bool:
        """Whether the group is there."""
        ...

    def changeable(self) -> frozenset[Resource]:
        """Resources whose controller is there."""
        ...

    def cgroup(self) -> Cgroup:
        """The group, to be read."""
        ...

    def own_limit(self) -> Amounts:
        """The limits that the group itself sets; None: none."""
        ...

    def set_cpu(self, cores: float) -> None:
        """Sets the CPU limit."""
        ...

    def raise_memory(self, memory_bytes: int) -> None:
        """Sets a memory limit that is not below the one that holds."""
        ...

    def lower_memory(
        self, memory_bytes: int, require_fit: Callable[[], None], superseded: Callable[[], bool], wait_seconds: float
    ) -> None:
        """Sets a lower memory limit.

        Args:
            memory_bytes: the limit.
            require_fit: raises ShrinkRefusedError where use has grown too close; called right before the write.
            superseded: a newer target waits; stop waiting.
            wait_seconds: how long use may take to fall.

        Raises:
            ShrinkRefusedError: it was not lowered; what held before holds.
        """
        ...

    def join(self, pid: int) -> None:
        """Puts a process into the group."""
        ...

    def process_ids(self) -> tuple[int, ...]:
        """The processes in the group and below."""
        ...

    def joins(self) -> tuple[Path, ...]:
        """The files into which a process writes its id to join the group."""
        ...

    def weigh(self, ratio: float, family_ratio: float) -> None:
        """Sets what part of an ordinary group's share the group gets when CPU is short, and all groups beside it."""
        ...

    def freeze(self, frozen: bool) -> None:
        """Stops all processes of the group, or lets them go on.

        Raises:
            OSError: no freezer here, or it was not done within `FREEZE_SECONDS`.
        """
        ...

    def frozen(self) -> bool:
        """Whether the group is stopped, or about to be."""
        ...

    def remove(self, kill: bool) -> None:
        """Takes the group away; what runs in it moves to the group above, or is killed first."""
        ...


def quota_microseconds(cores: float) -> int:
    """The quota of one period for so many cores; the kernel takes no less than 1 ms."""
    return max(SMALLEST_QUOTA_MICROSECONDS, round(cores * PERIOD_MICROSECONDS))


def whole_pages(memory_bytes: float) -> int:
    """As the kernel keeps memory limits: rounded down to pages."""
    return int(memory_bytes) // PAGE_BYTES * PAGE_BYTES
