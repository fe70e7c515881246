"""Version 2: one folder in the one hierarchy."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from foreload_core.types import Amounts, Resource
from foreload_system.cgroup import Cgroup, Place
from foreload_system.cgroup import v2 as files
from foreload_system.cgroup.files import limit_bytes, read_number, read_text

from foreload_agent.platforms.cgroup.groups import (
    kill_processes,
    make_group,
    move_processes,
    process_ids,
    remove_group,
    wait_until,
)
from foreload_agent.platforms.cgroup.layout import PERIOD_MICROSECONDS, quota_microseconds
from foreload_agent.ports import PlatformUnavailableError
from foreload_agent.shrinking import lower_version2, write_value

USUAL_WEIGHT = 100
CONTROLLERS = ("cpu", "memory", "pids")


class LayoutV2:
    """One environment's group.

    Args:
        base: the folder below which groups may be made: the root, or what was delegated to this user.
        group: name of the folder that holds those of all environments.
        environment_id: name of the own folder.
    """

    version = 2

    def __init__(self, point: Path, base: Path, group: str, environment_id: str) -> None:
        self._point = point
        self._base = base
        self._folder = base / group / environment_id

    def create(self) -> frozenset[Resource]:
        """See `Layout`."""
        parent = self._folder.parent
        make_group(parent)
        for folder in (self._base, parent):
            self._hand_down(folder)
        made = make_group(self._folder)
        if not self.changeable():
            offered = read_text(self._base / "cgroup.controllers") or "none"
            raise PlatformUnavailableError(f"{self._base} offers the controllers {offered}; needed are cpu or memory")
        high = self._folder / "memory.high"
        if not made and (read_text(high) or "max") != "max":
            write_value(high, "max")  # a lowering that was cut off by kill -9 would go on braking
        return self.changeable() if made else frozenset()

    def exists(self) -> bool:
        """See `Layout`."""
        return self._folder.is_dir()

    def changeable(self) -> frozenset[Resource]:
        """See `Layout`."""
        names = {Resource.CPU: "cpu.max", Resource.MEMORY: "memory.max"}
        return frozenset(resource for resource, name in names.items() if (self._folder / name).exists())

    def cgroup(self) -> Cgroup:
        """See `Layout`."""
        place = Place(2, self._point, self._folder)
        return Cgroup(place, place, place)

    def own_limit(self) -> Amounts:
        """See `Layout`."""
        memory_bytes = limit_bytes(read_number(self._folder / "memory.max"))
        return Amounts(files.cpu_limit_cores(self._folder), memory_bytes)

    def set_cpu(self, cores: float) -> None:
        """See `Layout`."""
        write_value(self._folder / "cpu.max", f"{quota_microseconds(cores)} {PERIOD_MICROSECONDS}")

    def raise_memory(self, memory_bytes: int) -> None:
        """See `Layout`."""
        write_value(self._folder / "memory.max", str(memory_bytes))
        # What an interrupted lowering may have left would go on braking.
        write_value(self._folder / "memory.high", "max")

    def lower_memory(
        self, memory_bytes: int, require_fit: Callable[[], None], superseded: Callable[[], bool], wait_seconds: float
    ) -> None:
        """See `Layout`."""
        lower_version2(
            self._folder,
            memory_bytes,
            lower=lambda: write_value(self._folder / "memory.max", str(memory_bytes)),
            require_fit=require_fit,
            superseded=superseded,
            wait_seconds=wait_seconds,
        )

    def join(self, pid: int) -> None:
        """See `Layout`."""
        move_processes([pid], self._folder)

    def process_ids(self) -> tuple[int, ...]:
        """See `Layout`."""
        return process_ids(self._folder)

    def joins(self) -> tuple[Path, ...]:
        """See `Layout`."""
        return (self._folder / "cgroup.procs",)

    def weigh(self, ratio: float, family_ratio: float) -> None:
        """See `Layout`."""
        if (self._folder / "cpu.weight").exists():
            write_value(self._folder / "cpu.weight", str(max(1, round(USUAL_WEIGHT * ratio))))
            write_value(self._folder.parent / "cpu.weight", str(max(1, round(USUAL_WEIGHT * family_ratio))))

    def freeze(self, frozen: bool) -> None:
        """See `Layout`."""
        write_value(self._folder / "cgroup.freeze", "1" if frozen else "0")
        events, wanted = self._folder / "cgroup.events", f"frozen {int(frozen)}"
        wait_until(lambda: wanted in (read_text(events) or ""), events, f"did not say {wanted}")

    def frozen(self) -> bool:
        """See `Layout`."""
        return read_text(self._folder / "cgroup.freeze") == "1"

    def remove(self, kill: bool) -> None:
        """See `Layout`. The folder that holds all environments goes with the last of them."""
        if kill:
            kill_processes(self._folder)
        parent = self._folder.parent
        refuge = self._base
        if self._folder.is_dir() and process_ids(self._folder) and not _takes_processes(refuge):
            # A delegated base with controllers on takes no processes of its own; a plain sibling does.
            refuge = self._base / f"{parent.name}-released"
            make_group(refuge)
        remove_group(self._folder, refuge)
        if parent.is_dir() and not any(path.is_dir() for path in parent.iterdir()):
            remove_group(parent, refuge)

    def _hand_down(self, folder: Path) -> None:
        """Lets the groups below `folder` use the controllers that it has."""
        offered = (read_text(folder / "cgroup.controllers") or "").split()
        handed = (read_text(folder / "cgroup.subtree_control") or "").split()
        for name in CONTROLLERS:
            if name in offered and name not in handed:
                try:
                    write_value(folder / "cgroup.subtree_control", f"+{name}")
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        raise
                    raise PlatformUnavailableError(
                        f"{folder} holds processes, so it cannot hand {name} down to groups below it; "
                        "start the agent in a group of its own (systemd-run --scope)"
                    ) from error


def _takes_processes(folder: Path) -> bool:
    """Whether processes may be put into this group itself: the root may, others only without controllers below."""
    is_root = not (folder / "cgroup.type").exists() and not (folder / "cgroup.events").exists()
    return is_root or not (read_text(folder / "cgroup.subtree_control") or "").strip()
