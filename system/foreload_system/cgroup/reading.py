"""One cgroup, whatever its version, and one look at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foreload_system.cgroup import v1, v2
from foreload_system.cgroup.places import NoCgroupError, Place, find_mounts, find_place, read_memberships


@dataclass(frozen=True, slots=True)
class CgroupReading:
    """What a group's files say at one moment. None: not measured, or no limit.

    Attributes:
        cpu_usage_seconds: CPU time used since the group was made.
        throttled_seconds: time in which the tightest CPU limit held something back, summed over the CPUs it held back.
        throttled_periods: periods of that limit in which it did.
        memory_bytes: working set: use less the file cache that can go at once.
        oom_kills: kills for want of memory.
        cpu_limit_cores: the smallest limit of the group and its ancestors.
        memory_limit_bytes: the same of memory.
    """

    cpu_usage_seconds: float | None = None
    throttled_seconds: float = 0.0
    throttled_periods: int = 0
    memory_bytes: int | None = None
    oom_kills: int = 0
    cpu_limit_cores: float | None = None
    memory_limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Cgroup:
    """One group: where the files of each controller lie. None: this controller cannot be seen.

    Attributes:
        cpu: limits and throttling.
        cpuacct: CPU time used; with version 2 the same place as `cpu`.
        memory: use, limits and kills.
    """

    cpu: Place | None
    cpuacct: Place | None
    memory: Place | None

    def read(self) -> CgroupReading:
        """One look at the files, without a cache.

        Raises:
            NoCgroupError: none of the files is there: the group is gone.
        """
        usage = self._usage_seconds()
        limit, throttled_seconds, throttled_periods = self._cpu_limit()
        memory_bytes, memory_limit, kills = self._memory()
        if usage is None and memory_bytes is None:
            raise NoCgroupError(
                f"{self} has neither CPU nor memory files; the group was removed, or its controllers are off"
            )
        return CgroupReading(
            cpu_usage_seconds=usage,
            throttled_seconds=throttled_seconds,
            throttled_periods=throttled_periods,
            memory_bytes=memory_bytes,
            oom_kills=kills,
            cpu_limit_cores=limit,
            memory_limit_bytes=memory_limit,
        )

    def __str__(self) -> str:
        places = [place.folder for place in (self.cpu, self.cpuacct, self.memory) if place is not None]
        return "cgroup " + (", ".join(dict.fromkeys(map(str, places))) or "without files")

    def _usage_seconds(self) -> float | None:
        if self.cpuacct is None:
            return None
        return (v1 if self.cpuacct.version == 1 else v2).cpu_usage_seconds(self.cpuacct)

    def _cpu_limit(self) -> tuple[float | None, float, int]:
        """The smallest limit up the tree, and how it throttled."""
        if self.cpu is None:
            return None, 0.0, 0
        files = v1 if self.cpu.version == 1 else v2
        limit, binding = None, self.cpu.folder
        for folder in self.cpu.upwards():
            cores = files.cpu_limit_cores(folder)
            if cores is not None and (limit is None or cores < limit):
                limit, binding = cores, folder
        return limit, *files.throttling(binding)

    def _memory(self) -> tuple[int | None, int | None, int]:
        if self.memory is None:
            return None, None, 0
        return (v1 if self.memory.version == 1 else v2).memory(self.memory)


def locate(pid: int | str = "self", root: Path | str = "/") -> Cgroup:
    """The cgroup of a process, as far as this process can see it.

    Args:
        pid: the process.
        root: where proc and sys lie; a frozen tree in tests.

    Raises:
        NoCgroupError: the kernel has no cgroups, the process is gone, or nothing of its group can be seen.
    """
    base = Path(root)
    mounts, memberships = find_mounts(base), read_memberships(pid, base)
    cpu, cpuacct, memory = (find_place(controller, mounts, memberships) for controller in ("cpu", "cpuacct", "memory"))
    if cpu is None and cpuacct is None and memory is None:
        raise NoCgroupError(f"process {pid} is in groups that cannot be seen here: {dict(memberships)}")
    return Cgroup(cpu, cpuacct or cpu, memory)
