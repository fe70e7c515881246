"""How a workspace is told apart: a marker in it, which whoever mounts it sees too."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

MARKER = Path(".foreload") / "workspace-id"
_FORM = re.compile(r"[0-9a-f]{32}")


def find_workspace(folder: Path) -> Path:
    """The workspace that a folder is in: the nearest one above with a marker, else with `.foreload` or `.git`."""
    resolved = folder.resolve()
    upwards = (resolved, *resolved.parents)
    for sign in (MARKER, Path(".foreload"), Path(".git")):
        for candidate in upwards:
            if (candidate / sign).exists():
                return candidate
    return resolved


def read_marker(workspace: Path) -> str:
    """The marker of a workspace; empty where there is none, or it is none."""
    try:
        handle = os.open(workspace / MARKER, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        text = os.read(handle, 64).decode("ascii", "replace").strip()
    except OSError:
        return ""
    finally:
        os.close(handle)
    return text if _FORM.fullmatch(text) else ""


def make_marker(workspace: Path) -> str:
    """The marker of a workspace, made where there is none.

    Raises:
        OSError: it cannot be written.
    """
    marker = read_marker(workspace)
    if marker:
        return marker
    path = workspace / MARKER
    path.parent.mkdir(exist_ok=True)
    marker = secrets.token_hex(16)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return read_marker(workspace)
    try:
        os.write(handle, f"{marker}\n".encode())
    finally:
        os.close(handle)
    return marker


def workspace_digest(marker: str, path: Path) -> str:
    """What names a workspace on the wire: nothing of its path can be read from it.

    The path is part of it: commands name files by their paths, so a workspace mounted elsewhere is another one.
    """
    return hashlib.sha256(f"{marker}\0{path.resolve()}".encode()).hexdigest()
