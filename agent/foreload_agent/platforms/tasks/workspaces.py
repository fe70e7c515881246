"""Which workspaces are mounted here. A marker in each tells whether two folders of two instances are the same one."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from foreload_system.workspaces import read_marker, workspace_digest

ANY_WORKSPACE = "*"


class NotMountedError(Exception):
    """A task may not run in a folder: which, and why."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder in which tasks of an environment may run.

    Attributes:
        path: where it is mounted here; None: anywhere that the agent's own user may go.
    """

    environment_id: str
    path: Path | None

    def digest(self) -> str:
        """What names it, the same on every instance that has it under this path; empty: it is not there (now)."""
        if self.path is None:
            return ANY_WORKSPACE
        marker = read_marker(self.path)
        return workspace_digest(marker, self.path) if marker else ""


@dataclass(frozen=True, slots=True)
class User:
    """Whose process a task is; None: the agent's own user."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()


def user_for(workspaces: tuple[Workspace, ...], environment_id: str, digest: str, working_directory: str) -> User:
    """Looks again whether a task may run in a folder, and as whom: the owner of its workspace.

    Raises:
        NotMountedError: the workspace is not there, or the folder is not in it.
    """
    for workspace in workspaces:
        if workspace.environment_id != environment_id:
            continue
        if workspace.path is None:
            return User()
        if workspace.digest() != digest:
            continue
        root = workspace.path.resolve()
        if not Path(working_directory).resolve().is_relative_to(root):
            raise NotMountedError(f"{working_directory} is not in the workspace {root}")
        return _owner(root)
    raise NotMountedError(f"no workspace of {environment_id} with this marker is mounted here")


def _owner(path: Path) -> User:
    if os.geteuid() != 0:
        return User()
    status = path.stat()
    try:
        entry = pwd.getpwuid(status.st_uid)
        groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
        return User(entry.pw_uid, entry.pw_gid, groups)
    except KeyError:  # a user of another machine
        return User(status.st_uid, status.st_gid, (status.st_gid,))
