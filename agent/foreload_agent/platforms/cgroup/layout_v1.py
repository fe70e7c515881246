"""Version 1: one folder in each controller's hierarchy."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from pathlib import Path

from foreload_core.types import Amounts, Resource
from foreload_system.cgroup import Cgroup, Mount, Place
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
from foreload_agent.shrinking import ShrinkRefusedError, write_value

USUAL_SHARES = 1024
CONTROLLERS = ("cpu", "cpuacct", "memory", "pids", "freezer")
"""Those that are used; the last two keep an environment's processes together for what pauses or counts them."""


class LayoutV1:
    """One environment's groups.

    Args:
        mounts: controller -> its hierarchy; only those that this machine has.
        group: name of the folder that holds those of all environments.
        environment_id: name of the own folder.
    """

    version = 1

    def __init__(self, mounts: Mapping[str, Mount], group: str, environment_id: str) -> None:
        self._points = {name: mounts[name].point for name in CONTROLLERS if name in mounts}
        self._folders = {name: point / group / environment_id for name, point in self._points.items()}

    def create(self) -> frozenset[Resource]:
        """See `Layout`."""
        made = {folder for folder in dict.fromkeys(self._folders.values()) if make_group(folder)}
        resources = {Resource.CPU: self._folders.get("cpu"), Resource.MEMORY: self._folders.get("memory")}
        return frozenset(resource for resource, folder in resources.items() if folder in made)

    def exists(self) -> bool:
        """See `Layout`."""
        return all(folder.is_dir() for folder in self._folders.values())

    def changeable(self) -> frozenset[Resource]:
        """See `Layout`."""
        names = {Resource.CPU: "cpu", Resource.MEMORY: "memory"}
        return frozenset(resource for resource, name in names.items() if name in self._folders)

    def cgroup(self) -> Cgroup:
        """See `Layout`."""
        cpu, cpuacct, memory = (
            Place(1, self._points[name], self._folders[name]) if name in self._folders else None
            for name in ("cpu", "cpuacct", "memory")
        )
        return Cgroup(cpu, cpuacct, memory)

    def own_limit(self) -> Amounts:
        """See `Layout`."""
        cores = None
        if "cpu" in self._folders:
            quota = read_number(self._folders["cpu"] / "cpu.cfs_quota_us")
            period = read_number(self._folders["cpu"] / "cpu.cfs_period_us")
            cores = quota / period if quota and quota > 0 and period else None
        memory = self._folders.get("memory")
        return Amounts(cores, limit_bytes(read_number(memory / "memory.limit_in_bytes")) if memory else None)

    def set_cpu(self, cores: float) -> None:
        """See `Layout`."""
        folder = self._folders["cpu"]
        if read_number(folder / "cpu.cfs_period_us") != PERIOD_MICROSECONDS:
            write_value(folder / "cpu.cfs_period_us", str(PERIOD_MICROSECONDS))
        write_value(folder / "cpu.cfs_quota_us", str(quota_microseconds(cores)))

    def raise_memory(self, memory_bytes: int) -> None:
        """See `Layout`. The limit of memory and swap together is never below that of memory, so it goes up first."""
        folder = self._folders["memory"]
        if self._counts_swap():
            write_value(folder / "memory.memsw.limit_in_bytes", str(memory_bytes))
        write_value(folder / "memory.limit_in_bytes", str(memory_bytes))

    def lower_memory(
        self, memory_bytes: int, require_fit: Callable[[], None], superseded: Callable[[], bool], wait_seconds: float
    ) -> None:
        """See `Layout`. Version 1 frees cache while it lowers and answers EBUSY where that does not do: no waiting."""
        del superseded, wait_seconds
        folder = self._folders["memory"]
        require_fit()
        try:
            write_value(folder / "memory.limit_in_bytes", str(memory_bytes))
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            use = read_number(folder / "memory.usage_in_bytes") or 0
            raise ShrinkRefusedError(
                f"the kernel could not bring use from {use} bytes below {memory_bytes} (EBUSY); the old limit stays"
            ) from error
        if self._counts_swap():
            try:
                write_value(folder / "memory.memsw.limit_in_bytes", str(memory_bytes))
            except OSError as error:
                # What is swapped out already counts here; memory itself is limited as asked, so this one may wait.
                if error.errno != errno.EBUSY:
                    raise

    def join(self, pid: int) -> None:
        """See `Layout`."""
        for folder in dict.fromkeys(self._folders.values()):
            move_processes([pid], folder)

    def process_ids(self) -> tuple[int, ...]:
        """See `Layout`."""
        return tuple(sorted({pid for folder in self._folders.values() for pid in process_ids(folder)}))

    def joins(self) -> tuple[Path, ...]:
        """See `Layout`."""
        return tuple(folder / "cgroup.procs" for folder in dict.fromkeys(self._folders.values()))

    def weigh(self, ratio: float, family_ratio: float) -> None:
        """See `Layout`."""
        folder = self._folders.get("cpu")
        if folder is not None:
            write_value(folder / "cpu.shares", str(max(2, round(USUAL_SHARES * ratio))))
            write_value(folder.parent / "cpu.shares", str(max(2, round(USUAL_SHARES * family_ratio))))

    def freeze(self, frozen: bool) -> None:
        """See `Layout`."""
        if "freezer" not in self._folders:
            raise OSError(errno.ENODEV, "this machine has no freezer", "freezer")
        state = self._folders["freezer"] / "freezer.state"
        wanted = "FROZEN" if frozen else "THAWED"
        write_value(state, wanted)
        wait_until(lambda: read_text(state) == wanted, state, f"did not become {wanted}")

    def frozen(self) -> bool:
        """See `Layout`."""
        folder = self._folders.get("freezer")
        return folder is not None and (read_text(folder / "freezer.state") or "").startswith("FR")

    def remove(self, kill: bool) -> None:
        """See `Layout`. The folder that holds all environments goes with the last of them."""
        pairs = {folder: self._points[name] for name, folder in self._folders.items()}
        for folder, point in pairs.items():
            if kill:
                kill_processes(folder)
            remove_group(folder, point)
            _remove_when_empty(folder.parent, point)

    def _counts_swap(self) -> bool:
        return (self._folders["memory"] / "memory.memsw.limit_in_bytes").exists()


def _remove_when_empty(folder: Path, point: Path) -> None:
    """Removes the folder of all environments where it holds neither groups nor processes."""
    if not folder.is_dir() or folder == point:
        return
    if any(path.is_dir() for path in folder.iterdir()) or process_ids(folder):
        return
    remove_group(folder, point)
