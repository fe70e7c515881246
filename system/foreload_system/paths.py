"""Where Foreload keeps its files, and how a file is replaced so that no reader ever sees half of it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

SYSTEM_STATE = Path("/var/lib/foreload")


def state_directory() -> Path:
    """Folder of the broker's and the agent's state.

    FORELOAD_STATE_DIR where it is set, else /var/lib/foreload for root, else the user's own state folder. It need not
    be there yet.
    """
    chosen = os.environ.get("FORELOAD_STATE_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return SYSTEM_STATE
    return _user_state() / "foreload"


def daemon_directory(environment_id: str) -> Path:
    """Folder of one environment's daemon: its history, outbox and socket. It need not exist.

    FORELOAD_DAEMON_DIR where it is set, else a folder named by the environment in the user's own state folder.
    """
    chosen = os.environ.get("FORELOAD_DAEMON_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return _user_state() / "foreload-daemon" / environment_id


def authority_directory(state: Path) -> Path:
    """Folder of the certificate authority below a state folder."""
    return state / "certs" / "authority"


def certificate_directory(state: Path, kind: str, name: str) -> Path:
    """Folder of one identity's certificate below a state folder."""
    return state / "certs" / f"{kind}-{name}"


def replace_file(path: Path, content: bytes, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Writes a file so that readers see the old or the new content, also after a crash at any point.

    Args:
        path: the file; its folder exists.
        content: all of it.
        mode: permission bits.
        owner: uid and gid that it is to have; None leaves them to the system.

    Raises:
        OSError: it could not be written; the old file is untouched.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if owner is not None:
                os.fchown(stream.fileno(), *owner)
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _user_state() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return Path(base) if base and Path(base).is_absolute() else Path.home() / ".local" / "state"
