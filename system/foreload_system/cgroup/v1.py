"""The files of cgroup version 1."""

from __future__ import annotations

from pathlib import Path

from foreload_system.cgroup.files import limit_bytes, read_number, read_table, smallest
from foreload_system.cgroup.places import Place

NANOSECONDS = 1e9


def cpu_usage_seconds(place: Place) -> float | None:
    """CPU time used since the group was made."""
    used = read_number(f"{place.folder}/cpuacct.usage")
    return None if used is None else used / NANOSECONDS


def cpu_limit_cores(folder: Path) -> float | None:
    """The limit that this one folder sets."""
    quota = read_number(f"{folder}/cpu.cfs_quota_us")
    if quota is None or quota <= 0:
        return None
    period = read_number(f"{folder}/cpu.cfs_period_us")
    return quota / period if period else None


def throttling(folder: Path) -> tuple[float, int]:
    """Seconds, and periods, in which this folder's limit held something back, since it was made."""
    table = read_table(f"{folder}/cpu.stat")
    return table.get("throttled_time", 0) / NANOSECONDS, table.get("nr_throttled", 0)


def memory(place: Place) -> tuple[int | None, int | None, int]:
    """Working set and limit in bytes, and kills for want of memory since the group was made.

    Version 1 counts a kill in the victim's own group only; what groups below this one lose is not seen.
    """
    table = read_table(f"{place.folder}/memory.stat")
    usage = read_number(f"{place.folder}/memory.usage_in_bytes")
    # use_hierarchy: usage counts the groups below, so the cache to take off must count them as well.
    inactive = table.get("total_inactive_file", table.get("inactive_file", 0))
    limits = [limit_bytes(read_number(f"{folder}/memory.limit_in_bytes")) for folder in place.upwards()]
    # The kernel's own walk also knows the ancestors that a container cannot see.
    limits.append(limit_bytes(table.get("hierarchical_memory_limit")))
    kills = read_table(f"{place.folder}/memory.oom_control").get("oom_kill", 0)
    return None if usage is None else max(0, usage - inactive), smallest(limits), kills
