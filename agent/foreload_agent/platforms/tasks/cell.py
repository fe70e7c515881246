"""What holds one attempt's processes: a group of its own where there is one, else their process group."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from typing import Protocol

import psutil
from foreload_core.types import NO_AMOUNTS, Amounts
from foreload_system.cgroup import Cgroup, NoCgroupError

from foreload_agent.platforms.tasks.attempt import Attempt

STOPPED = "stopped"
WEIGHTS = {"low": 0.25, "normal": 1.0, "high": 4.0}
SHORTEST_LOOK_SECONDS = 0.5
"""Over less time a burst would look like what a task always uses."""
FAMILY_WEIGHT = 0.0625
"""All tasks together get this part of what an ordinary group gets where CPU is short: environments come first."""


class Group(Protocol):
    """What is asked of a group of the kernel; see `Layout` of the cgroup platform."""

    def create(self) -> object: ...  # noqa: D102 - as there
    def exists(self) -> bool: ...  # noqa: D102
    def cgroup(self) -> Cgroup: ...  # noqa: D102
    def joins(self) -> tuple[Path, ...]: ...  # noqa: D102
    def weigh(self, ratio: float, family_ratio: float) -> None: ...  # noqa: D102
    def freeze(self, frozen: bool) -> None: ...  # noqa: D102
    def frozen(self) -> bool: ...  # noqa: D102
    def process_ids(self) -> tuple[int, ...]: ...  # noqa: D102
    def remove(self, kill: bool) -> None: ...  # noqa: D102


class Cell:
    """The processes of one attempt.

    Args:
        attempt: whose.
        group: None where groups cannot be made here.
    """

    def __init__(self, attempt: Attempt, group: Group | None) -> None:
        self._attempt = attempt
        self._group = group
        self._looked: tuple[float, float] | None = None

    def make(self, criticality: str) -> tuple[str, ...]:
        """Makes the group. Returns the files by which a process joins it.

        Raises:
            OSError: the kernel's refusal.
        """
        if self._group is None:
            return ()
        self._group.create()
        self._group.weigh(WEIGHTS.get(criticality, 1.0), FAMILY_WEIGHT)
        return tuple(str(path) for path in self._group.joins())

    def joins(self) -> tuple[str, ...]:
        """The files by which a process joins it."""
        return () if self._group is None else tuple(str(path) for path in self._group.joins())

    def pause(self) -> None:
        """Stops its processes.

        Raises:
            OSError: the kernel's refusal.
        """
        if self._group is not None:
            self._group.freeze(True)
        else:
            self._attempt.signal(signal.SIGSTOP)
            self._attempt.mark(STOPPED, present=True)

    def resume(self) -> None:
        """Lets them go on.

        Raises:
            OSError: the kernel's refusal.
        """
        if self._group is not None:
            self._group.freeze(False)
        else:
            self._attempt.signal(signal.SIGCONT)
            self._attempt.mark(STOPPED, present=False)

    def paused(self) -> bool:
        """Whether they are stopped."""
        if self._group is not None:
            return self._group.exists() and self._group.frozen()
        return self._attempt.marked(STOPPED)

    def used(self) -> Amounts:
        """What they used since the last look; no CPU at the first one, and at one that follows too soon."""
        now = time.monotonic()
        try:
            seconds, memory_bytes = self._usage()
        except (NoCgroupError, psutil.Error):
            return NO_AMOUNTS
        before = self._looked
        if before is not None and now - before[0] < SHORTEST_LOOK_SECONDS:
            return Amounts(memory_bytes=memory_bytes)
        self._looked = (now, seconds)
        if before is None:
            return Amounts(memory_bytes=memory_bytes)
        return Amounts(max(0.0, seconds - before[1]) / (now - before[0]), memory_bytes)

    def clear(self) -> None:
        """Ends what is left of them, and takes the group away.

        Raises:
            OSError: the kernel's refusal.
        """
        if self._group is not None and self._group.exists():
            with contextlib.suppress(OSError):
                self._group.freeze(False)  # a stopped process does not even die
            self._group.remove(True)

    def _usage(self) -> tuple[float, int]:
        if self._group is not None:
            reading = self._group.cgroup().read()
            return reading.cpu_usage_seconds or 0.0, reading.memory_bytes or 0
        pid = self._attempt.pid()
        if pid is None:
            raise NoCgroupError(f"task {self._attempt.task_id} has no process yet")
        first = psutil.Process(pid)
        seconds, memory_bytes = 0.0, 0
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                seconds += times.user + times.system
                memory_bytes += process.memory_info().rss
        return seconds, memory_bytes
