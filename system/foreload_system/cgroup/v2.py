"""The files of cgroup version 2."""

from __future__ import annotations

from pathlib import Path

from foreload_system.cgroup.files import limit_bytes, read_number, read_table, read_text, smallest
from foreload_system.cgroup.places import Place

MICROSECONDS = 1e6


def cpu_usage_seconds(place: Place) -> float | None:
    """CPU time used since the group was made."""
    used = read_table(f"{place.folder}/cpu.stat").get("usage_usec")
    return None if used is None else used / MICROSECONDS


def cpu_limit_cores(folder: Path) -> float | None:
    """The limit that this one folder sets."""
    quota, _, period = (read_text(f"{folder}/cpu.max") or "").partition(" ")
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def throttling(folder: Path) -> tuple[float, int]:
    """Seconds, and periods, in which this folder's limit held something back, since it was made."""
    table = read_table(f"{folder}/cpu.stat")
    return table.get("throttled_usec", 0) / MICROSECONDS, table.get("nr_throttled", 0)


def memory(place: Place) -> tuple[int | None, int | None, int]:
    """Working set and limit in bytes, and kills for want of memory since the group was made, those below included."""
    usage = read_number(f"{place.folder}/memory.current")
    inactive = read_table(f"{place.folder}/memory.stat").get("inactive_file", 0)
    limits = [limit_bytes(read_number(f"{folder}/memory.max")) for folder in place.upwards()]
    kills = read_table(f"{place.folder}/memory.events").get("oom_kill", 0)
    return None if usage is None else max(0, usage - inactive), smallest(limits), kills
