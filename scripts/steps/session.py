"""What `npm start` has running, written down so that `npm run stop` can end it, also after a crash of the first."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from steps.places import ROOT, VENV, is_root

MARK = "FORELOAD_SESSION"
GRACE_SECONDS = 5.0


def state_directory() -> Path:
    """Where broker and agent keep their state; the same rule as theirs, which runs before they are installed."""
    named = os.environ.get("FORELOAD_STATE_DIR")
    if named:
        return Path(named).expanduser().absolute()
    if is_root():
        return Path("/var/lib/foreload")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "foreload"


@dataclass(frozen=True)
class Session:
    """One `npm start`.

    Attributes:
        pid: of the script that started it and waits for its end.
        mark: value of FORELOAD_SESSION in the environment of every process of the IDE.
        environment: id of the environment that the IDE runs in.
        address: of the IDE.
    """

    pid: int
    mark: str
    environment: str
    address: str

    @staticmethod
    def file() -> Path:
        """Where it is written down."""
        return state_directory() / "run" / "start.json"

    @staticmethod
    def read() -> Session | None:
        """The one that was last started and not yet stopped."""
        try:
            return Session(**json.loads(Session.file().read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self) -> None:
        """Writes it down."""
        file = Session.file()
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self)) + "\n")
        unfinished.replace(file)

    def alive(self) -> bool:
        """Whether its script still waits."""
        try:
            return b"start.py" in Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except FileNotFoundError:
            return False

    def processes(self) -> list[int]:
        """Every process that carries its mark: IDE, terminals, daemon, and what was started in them."""
        wanted = f"{MARK}={self.mark}".encode()
        found: list[int] = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if wanted in (folder / "environ").read_bytes().split(b"\0"):
                        found.append(int(folder.name))
        return sorted({*found, *self._in_cgroup()} - {os.getpid()})

    def _in_cgroup(self) -> set[int]:
        found: set[int] = set()
        for listing in Path("/sys/fs/cgroup").glob(f"**/foreload/{self.environment}/cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in listing.read_text().split())
        return found

    def end_processes(self) -> list[int]:
        """Asks all of them to end, then kills what is left; returns what could not be ended."""
        _signal_all(self.processes(), signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        while self.processes() and time.monotonic() < until:
            time.sleep(0.1)
        for _ in range(20):
            left = self.processes()
            if not left:
                break
            _signal_all(left, signal.SIGKILL)
            time.sleep(0.1)
        return self.processes()


def _signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def foreload(*arguments: str, seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Runs the foreload command of the repository's environment, with its output kept."""
    return subprocess.run(
        [str(VENV / "bin" / "foreload"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def clear(session: Session) -> list[str]:
    """Ends everything of a session; the history stays.

    Returns:
        What is left all the same, one sentence each.
    """
    problems = [f"process {pid} could not be ended" for pid in session.end_processes()]
    for command in (("down",), ("agent", "clean", "--kill", "--environment", session.environment)):
        ended = foreload(*command)
        if ended.returncode != 0:
            problems.append(f"`foreload {' '.join(command)}`: {(ended.stderr or ended.stdout).strip()}")
    groups = Path("/sys/fs/cgroup").glob(f"**/foreload/{session.environment}")
    problems += [f"the cgroup {group} is still there" for group in groups]
    for place in state_directory().glob("ide/**/*.sock"):  # of processes that had no time to take them away
        place.unlink(missing_ok=True)
    Session.file().unlink(missing_ok=True)
    return problems
