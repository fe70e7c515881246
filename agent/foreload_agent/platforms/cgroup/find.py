"""Which layout this machine and user have, and where in it groups may be made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from foreload_system.cgroup import Mount, NoCgroupError, find_mounts, read_memberships
from foreload_system.cgroup.places import UNIFIED, find_place

from foreload_agent.platforms.cgroup.layout import Layout
from foreload_agent.platforms.cgroup.layout_v1 import CONTROLLERS, LayoutV1
from foreload_agent.platforms.cgroup.layout_v2 import LayoutV2
from foreload_agent.ports import PlatformUnavailableError

IN_SCOPE_VARIABLE = "FORELOAD_IN_SCOPE"
_SCOPE_HINT = "start it as root, or in a delegated group: systemd-run --user --scope foreload agent"


def find_layout(environment_id: str, group: str, root: Path = Path("/")) -> Layout:
    """The group of an environment, which need not be there yet.

    Args:
        environment_id: the environment.
        group: name of the folder that holds those of all environments.
        root: where proc and sys lie; a frozen tree in tests.

    Raises:
        PlatformUnavailableError: groups cannot be made here, and what would help.
    """
    try:
        mounts = find_mounts(root)
        controllers = _version1(mounts)
        if controllers:
            return LayoutV1(controllers, group, environment_id)
        point, base = _base_of_version2(mounts, root, group)
    except NoCgroupError as error:
        raise PlatformUnavailableError(str(error)) from error
    return LayoutV2(point, base, group, environment_id)


def list_environments(group: str, root: Path = Path("/")) -> tuple[str, ...]:
    """Ids of the environments whose groups are there.

    Raises:
        PlatformUnavailableError: as for `find_layout`.
    """
    try:
        mounts = find_mounts(root)
        controllers = _version1(mounts)
        folders = [mount.point / group for mount in controllers.values()]
        if not controllers:
            folders = [_base_of_version2(mounts, root, group)[1] / group]
    except NoCgroupError as error:
        raise PlatformUnavailableError(str(error)) from error
    names = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_dir()}
    return tuple(sorted(names))


def scope_command(arguments: Sequence[str], group: str) -> list[str] | None:
    """The command that runs `arguments` in a scope of the user's own systemd, below which groups may be made.

    None where that is not needed (root, version 1, delegated already) or there is no systemd of the user to ask.
    """
    if os.geteuid() == 0 or os.environ.get(IN_SCOPE_VARIABLE) or not os.environ.get("XDG_RUNTIME_DIR"):
        return None
    systemd_run = shutil.which("systemd-run")
    if systemd_run is None:
        return None
    try:
        mounts = find_mounts()
        if _version1(mounts):
            return None
        _base_of_version2(mounts, Path("/"), group)
    except NoCgroupError:
        return None
    except PlatformUnavailableError:
        return [systemd_run, "--user", "--scope", "--quiet", f"--setenv={IN_SCOPE_VARIABLE}=1", "--", *arguments]
    return None


def _version1(mounts: tuple[Mount, ...]) -> Mapping[str, Mount]:
    """Controller -> hierarchy of version 1; empty where it has neither CPU nor memory (then version 2 does)."""
    found: dict[str, Mount] = {}
    for mount in mounts:
        for name in mount.controllers & set(CONTROLLERS):
            found.setdefault(name, mount)
    return found if "cpu" in found or "memory" in found else {}


def _base_of_version2(mounts: tuple[Mount, ...], root: Path, group: str) -> tuple[Path, Path]:
    """The mount point, and the folder below which this user may make groups."""
    memberships = read_memberships("self", root)
    place = find_place(UNIFIED, mounts, memberships)
    if place is None:
        raise PlatformUnavailableError("no cgroup version 2 is mounted here")
    if os.geteuid() == 0:
        return place.point, place.point
    # From inside an environment, what lies beside it are the others; the base is above all of them.
    parent = place.folder.parent.parent if place.folder.parent.name == group else place.folder.parent
    if place.folder == place.point or not os.access(parent, os.W_OK) or not os.access(parent / "cgroup.procs", os.W_OK):
        raise PlatformUnavailableError(f"this user may not make groups beside {place.folder}; {_SCOPE_HINT}")
    return place.point, parent
