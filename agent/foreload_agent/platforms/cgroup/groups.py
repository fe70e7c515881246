"""The few things that are done to a group's folder, and the kernel's refusals in words."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from foreload_agent.platforms.cgroup.layout import FREEZE_SECONDS
from foreload_agent.shrinking import write_value

REMOVE_SECONDS = 3.0
"""How long a group whose processes have just left is tried to be removed: the kernel lets it go a little later."""


def make_group(folder: Path) -> bool:
    """Makes a group and the groups above it; true where it was not there.

    Raises:
        OSError: the kernel's refusal.
    """
    if folder.is_dir():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def process_ids(folder: Path) -> tuple[int, ...]:
    """The processes in a group, those of groups below included."""
    found: set[int] = set()
    for path in (folder / "cgroup.procs", *folder.glob("**/cgroup.procs")):
        with contextlib.suppress(OSError):  # a group below may go while it is looked at
            found.update(int(line) for line in path.read_text().split())
    found.discard(0)  # a process of another pid namespace, which cannot be named here
    return tuple(sorted(found))


def move_processes(pids: Iterable[int], folder: Path) -> None:
    """Moves processes into a group. Those that have ended meanwhile are done with.

    Raises:
        OSError: the kernel's refusal.
    """
    for pid in pids:
        try:
            write_value(folder / "cgroup.procs", str(pid))
        except ProcessLookupError:
            continue


def kill_processes(folder: Path) -> None:
    """Kills what is in a group, and what it starts meanwhile, until the group is empty or `REMOVE_SECONDS` are over."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while (pids := process_ids(folder)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def remove_group(folder: Path, refuge: Path) -> None:
    """Removes a group and the groups below it; what runs in them goes to `refuge`. Gone already: nothing to do.

    Raises:
        OSError: the kernel's refusal.
    """
    if not folder.is_dir():
        return
    below = sorted(
        (path for path in folder.rglob("*") if path.is_dir()), key=lambda path: len(path.parts), reverse=True
    )
    deadline = time.monotonic() + REMOVE_SECONDS
    for group in (*below, folder):
        while True:
            move_processes(process_ids(group), refuge)
            try:
                group.rmdir()
            except FileNotFoundError:
                break
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                break


def wait_until(reached: Callable[[], bool], path: Path, otherwise: str) -> None:
    """Waits until a group's file says what it was told.

    Raises:
        OSError: it does not within `FREEZE_SECONDS`.
    """
    deadline = time.monotonic() + FREEZE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise OSError(errno.ETIMEDOUT, f"{otherwise} within {FREEZE_SECONDS:g} s", str(path))
        time.sleep(0.005)


def refusal_text(error: OSError) -> str:
    """The kernel's refusal, for a person."""
    where = f"{error.filename}: " if error.filename else ""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return f"{where}this user may not change it; run the agent as root, or in a delegated group"
        case errno.EROFS:
            return f"{where}the cgroups are mounted read-only here; the container needs them writable"
        case errno.ENOENT | errno.ENODEV:
            return f"{where}the group or its controller is not there"
        case errno.EINVAL:
            return f"{where}the kernel does not take this value; it may be above the limit of a group above"
        case errno.EBUSY:
            return f"{where}busy: the kernel could not free enough, or processes are in the way"
        case _:
            return f"{where}{error.strerror or error}"
