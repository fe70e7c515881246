"""Where a process's cgroups lie in the file system: mounts, memberships, and how containers bend both.

Everything is relative to a root folder, so that a frozen tree reads like a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

UNIFIED = ""
"""Name under which version 2's single hierarchy stands among the controllers of version 1."""


class NoCgroupError(Exception):
    """No cgroup can be read: which one, and why."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted hierarchy.

    Attributes:
        version: 1 or 2.
        controllers: version 1: those of this hierarchy. Version 2: empty.
        shown: path inside the hierarchy that is visible at `point`; "/" for all of it.
        point: where it is mounted.
    """

    version: int
    controllers: frozenset[str]
    shown: str
    point: Path


@dataclass(frozen=True, slots=True)
class Place:
    """One group's folder in one hierarchy.

    Attributes:
        version: 1 or 2.
        point: the highest folder that can be seen.
        folder: the group's own, `point` or below.
    """

    version: int
    point: Path
    folder: Path

    def upwards(self) -> Iterator[Path]:
        """The folder and its ancestors up to the mount point, lowest first."""
        folder = self.folder
        yield folder
        while folder != self.point:
            folder = folder.parent
            yield folder


def find_mounts(root: Path = Path("/")) -> tuple[Mount, ...]:
    """The hierarchies that this process can see.

    Raises:
        NoCgroupError: /proc/self/mountinfo cannot be read, or names none.
    """
    found: list[Mount] = []
    for line in _lines(root / "proc/self/mountinfo"):
        left, separator, right = line.partition(" - ")
        fields, kinds = left.split(), right.split()
        if not separator or len(fields) < 5 or not kinds or kinds[0] not in ("cgroup", "cgroup2"):
            continue
        version = 2 if kinds[0] == "cgroup2" else 1
        options = kinds[2].split(",") if len(kinds) > 2 else []
        controllers = frozenset(option for option in options if "=" not in option) if version == 1 else frozenset[str]()
        point = root / _unescaped(fields[4]).lstrip("/")
        found.append(Mount(version, controllers, _unescaped(fields[3]), point))
    if not found:
        raise NoCgroupError(
            f"{root / 'proc/self/mountinfo'} names no cgroup mount; limits and use of a container are not known"
        )
    return tuple(found)


def read_memberships(pid: int | str = "self", root: Path = Path("/")) -> Mapping[str, str]:
    """Which group a process is in: controller -> path, version 2's under `UNIFIED`.

    Raises:
        NoCgroupError: the process is gone, or the kernel knows no cgroups.
    """
    memberships: dict[str, str] = {}
    for line in _lines(root / f"proc/{pid}/cgroup"):
        number, _, rest = line.partition(":")
        names, colon, path = rest.partition(":")
        if not colon:
            continue
        if number == "0" and not names:
            memberships[UNIFIED] = path
        for name in names.split(","):
            if name and "=" not in name:
                memberships[name] = path
    return memberships


def find_place(controller: str, mounts: tuple[Mount, ...], memberships: Mapping[str, str]) -> Place | None:
    """Where the files of `controller` lie for a process with these memberships; None where they cannot be seen.

    Version 1's own hierarchy wins where there is one; else version 2's, which holds all controllers.
    """
    if controller in memberships:
        own = [mount for mount in mounts if mount.version == 1 and controller in mount.controllers]
        place = _best(own, memberships[controller])
        if place is not None:
            return place
    if UNIFIED in memberships:
        return _best([mount for mount in mounts if mount.version == 2], memberships[UNIFIED])
    return None


def _best(mounts: list[Mount], path: str) -> Place | None:
    """The place that shows most of `path`, of several mounts of one hierarchy."""
    # A mount that shows the path's own part of the tree, then one whose root stands for it: inside a container the
    # path may be the host's (not visible here) or that of another namespace ("/..").
    for mount in sorted(mounts, key=lambda mount: len(mount.shown), reverse=True):
        below = _below(path, mount.shown)
        if below is not None and (mount.point / below).is_dir():
            return Place(mount.version, mount.point, mount.point / below)
    for mount in mounts:
        if mount.point.is_dir():
            return Place(mount.version, mount.point, mount.point)
    return None


def _below(path: str, shown: str) -> str | None:
    """`path` relative to what is shown; None where it lies elsewhere."""
    if ".." in path.split("/"):
        return None
    if shown == "/":
        return path.lstrip("/")
    if path == shown or path.startswith(f"{shown}/"):
        return path[len(shown) :].lstrip("/")
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise NoCgroupError(f"{path} cannot be read ({error.strerror})") from error
