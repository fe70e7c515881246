"""The local broker and agent as processes: what runs, starting it apart from this terminal, ending it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from foreload_cli.failure import CommandFailed

TERM_SECONDS = 10.0
"""A program that was asked to end has this long before it is killed."""


@dataclass(frozen=True, slots=True)
class Program:
    """One of the local programs: `broker` or `agent`.

    Attributes:
        name: sub-command that runs it.
        state: state folder.
    """

    name: str
    state: Path

    @property
    def run_file(self) -> Path:
        """Where it says that it runs, and where."""
        return self.state / "run" / f"{self.name}.json"

    @property
    def log_file(self) -> Path:
        """What it writes while it runs."""
        return self.state / "log" / f"{self.name}.log"

    def said(self) -> dict[str, Any] | None:
        """What it says of itself, if it runs; a file that a crash has left behind says nothing."""
        try:
            said: dict[str, Any] = json.loads(self.run_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        try:
            process = psutil.Process(said["pid"])
            alive = process.status() != psutil.STATUS_ZOMBIE and self.name in process.cmdline()
        except (KeyError, TypeError, psutil.NoSuchProcess):
            return None
        except psutil.AccessDenied:
            return said  # another user's, and there
        return said if alive else None

    def start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Starts it in a session of its own, so that it outlives this terminal; its output goes to the log."""
        self.log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-m", "foreload_cli.main", self.name, "--state", str(self.state), *arguments]
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )

    def why_ended(self, since_bytes: int) -> str:
        """The last word of a program that ended while it started: its own one-line message, or the end of its log."""
        text = self.log_file.read_bytes()[since_bytes:].decode(errors="replace").strip()
        own = [line.removeprefix("foreload: ") for line in text.splitlines() if line.startswith("foreload: ")]
        return own[-1] if own else f"{self.name} ended while it started; its log is {self.log_file}: {text[-400:]}"

    def log_bytes(self) -> int:
        """Length of the log."""
        return self.log_file.stat().st_size if self.log_file.exists() else 0

    def stop(self) -> str:
        """Ends it: asked first, killed after a while. Returns what happened, in a word for a person.

        Raises:
            CommandFailed: it is another user's.
        """
        said = self.said()
        if said is None:
            self.run_file.unlink(missing_ok=True)
            return "did not run"
        process = psutil.Process(said["pid"])
        try:
            process.send_signal(signal.SIGTERM)
            how = "stopped"
            try:
                process.wait(TERM_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(TERM_SECONDS)
                how = f"killed, since it did not stop within {TERM_SECONDS:g} s"
        except psutil.NoSuchProcess:
            how = "stopped"
        except psutil.AccessDenied as denied:
            raise CommandFailed(
                f"{self.name} (process {said['pid']}) is another user's; stop it as that user"
            ) from denied
        self.run_file.unlink(missing_ok=True)
        return how


def wait_until_said(
    program: Program, process: subprocess.Popen[bytes], since_bytes: int, seconds: float
) -> dict[str, Any]:
    """What a program that has just been started says, once it does.

    Raises:
        CommandFailed: it ended, or said nothing in time.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise CommandFailed(program.why_ended(since_bytes))
        said = program.said()
        if said is not None and said["pid"] == process.pid:
            return said
        time.sleep(0.05)
    raise CommandFailed(f"{program.name} did not start within {seconds:g} s; its log is {program.log_file}")


def stop_all(state: Path) -> dict[str, str]:
    """Stops the agent, then the broker. Returns what happened to each."""
    return {name: Program(name, state).stop() for name in ("agent", "broker")}
