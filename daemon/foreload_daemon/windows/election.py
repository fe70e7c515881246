"""Which window leads: the one that holds the lock. The system lets go of it when its holder dies, whatever kills it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

LOCK_NAME = "window.lock"
SOCKET_NAME = "window.sock"
LONGEST_SOCKET_PATH_BYTES = 100
"""The kernel's own limit is 108 with the closing zero."""


class WindowLock:
    """The lock of one environment's daemons on this machine."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._handle: int | None = None

    def take(self) -> bool:
        """Takes the lock if nobody holds it.

        Raises:
            OSError: the folder cannot be used.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        except OSError:
            os.close(handle)
            raise
        self._handle = handle
        return True

    def release(self) -> None:
        """Lets another window lead."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def socket_path(folder: Path) -> Path:
    """Where the leading window listens: in the folder, or where that path is too long for a socket, in the user's own
    folder of temporary files."""
    path = folder / SOCKET_NAME
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH_BYTES:
        return path
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    own = base / f"foreload-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.is_symlink() or own.stat().st_uid != os.getuid() or own.stat().st_mode & 0o077:
        raise PermissionError(f"{own} belongs to someone else or is open to others; remove it")
    return own / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.sock"
