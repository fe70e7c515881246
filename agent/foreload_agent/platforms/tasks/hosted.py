"""One attempt on this instance: started, paused, let go on, asked to leave, and looked at."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from foreload_core.tasks import TaskReport
from foreload_core.types.tasks import TaskPhase

from foreload_agent.platforms.tasks import keeper
from foreload_agent.platforms.tasks.attempt import Attempt, AttemptSpec
from foreload_agent.platforms.tasks.cell import Cell
from foreload_agent.platforms.tasks.workspaces import NotMountedError, User, Workspace, user_for

_LOG = structlog.get_logger(__name__)
LEAVING = "leaving"
POLL_SECONDS = 0.02
SIGNALLED_SECONDS = 2.0
"""A paused task that is signalled goes on for so long, to take it; then it is paused again."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What is to be run: `TaskCommand` of the contract, and where it may."""

    environment_id: str
    arguments: tuple[str, ...]
    working_directory: str
    variables: dict[str, str]
    terminal: dict[str, int] | None
    checkpoint: str
    workspace: str
    criticality: str


class Hosted:
    """One attempt. Its methods may take long and are for a thread of their own; only one of them at a time.

    Args:
        attempt: its folder.
        cell: its processes.
        checkpoint_seconds: how long its checkpoint may take.
        stop_seconds: how long it may take to end once it was asked to.
    """

    def __init__(self, attempt: Attempt, cell: Cell, checkpoint_seconds: float, stop_seconds: float) -> None:
        self.attempt = attempt
        self.cell = cell
        self._checkpoint_seconds = checkpoint_seconds
        self._stop_seconds = stop_seconds

    def start(self, submitted: Submitted, workspaces: tuple[Workspace, ...], revision: int) -> TaskReport:
        """Starts it, unless it was started before."""
        if (self.attempt.folder / "task.json").exists():
            return self.report(revision)
        try:
            user = user_for(workspaces, submitted.environment_id, submitted.workspace, submitted.working_directory)
        except NotMountedError as error:
            _LOG.warning("task not started", task=self.attempt.task_id, why=str(error))
            return self._said(TaskPhase.REFUSED, revision, code="no_workspace")
        try:
            joins = self.cell.make(submitted.criticality)
            self.attempt.start(self._spec(submitted, user, joins))
        except OSError as error:
            _LOG.error("task not started", task=self.attempt.task_id, why=str(error))
            with contextlib.suppress(OSError):
                self.cell.clear()
            self.attempt.forget()
            return self._said(TaskPhase.REFUSED, revision, code="not_allowed")
        return self._said(TaskPhase.RUNNING, revision)

    def pause(self, revision: int) -> TaskReport:
        """Stops its processes where they are."""
        if self.attempt.ended() is None and self.attempt.has_keeper():
            self.cell.pause()
        return self.report(revision)

    def resume(self, revision: int) -> TaskReport:
        """Lets its processes go on."""
        if self.attempt.ended() is None and self.attempt.has_keeper():
            self.attempt.mark(LEAVING, present=False)
            self.cell.resume()
        return self.report(revision)

    def leave(self, revision: int) -> TaskReport:
        """Saves its progress, and ends it in good order. What cannot be saved or does not end goes on."""
        if self.attempt.ended() is not None or not self.attempt.has_keeper():
            return self.report(revision)
        if not self._checkpoint():
            return self._said(TaskPhase.STAYED, revision, code="checkpoint_failed")
        if self.attempt.ended() is not None:
            return self.report(revision)  # it had done its work meanwhile
        self.attempt.mark(LEAVING, present=True)
        self.attempt.signal(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds
        while time.monotonic() < deadline:
            if self.attempt.ended() is not None:
                return self.report(revision)
            time.sleep(POLL_SECONDS)
        return self._said(TaskPhase.STAYED, revision, code="did_not_leave")

    def signal(self, number: int) -> None:
        """Signals it as its developer asks. One that is paused goes on shortly, or it could not take the signal."""
        deadline = time.monotonic() + SIGNALLED_SECONDS
        while self.attempt.pid() is None and self.attempt.ended() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)  # it is just being started
        self.attempt.signal(number)
        if not self.cell.paused():
            return
        self.cell.resume()
        deadline = time.monotonic() + SIGNALLED_SECONDS
        while self.attempt.ended() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if self.attempt.ended() is None:
            self.cell.pause()

    def report(self, revision: int = 0) -> TaskReport:
        """What it is doing now. What has ended leaves nothing of itself behind."""
        ended = self.attempt.ended()
        if ended is not None:
            with contextlib.suppress(OSError):
                self.cell.clear()
            left = self.attempt.marked(LEAVING)
            return TaskReport(
                self.attempt.task_id,
                self.attempt.number,
                TaskPhase.LEFT if left else TaskPhase.ENDED,
                0 if left else revision,
                ended.exit_code,
                ended.signal_number,
                code=ended.code,
            )
        if not self.attempt.has_keeper():
            # Its keeper was killed, or the machine was: what is left of it could not be told from a second attempt.
            with contextlib.suppress(OSError):
                self.cell.clear()
            return self._said(TaskPhase.UNKNOWN, revision)
        phase = TaskPhase.PAUSED if self.cell.paused() else TaskPhase.RUNNING
        return TaskReport(self.attempt.task_id, self.attempt.number, phase, revision, used=self.cell.used())

    def _checkpoint(self) -> bool:
        if not self.attempt.spec()["checkpoint"]:
            return True
        try:
            # By the keeper's program: a fork of this process, with its threads, is no place to change the user in.
            with subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, str(self.attempt.folder), str(self.attempt.pid() or "")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            ) as process:
                exit_code = self._wait(process)
        except (OSError, subprocess.SubprocessError) as error:
            _LOG.warning("checkpoint failed", task=self.attempt.task_id, why=type(error).__name__)
            return False
        if exit_code:
            _LOG.warning("checkpoint failed", task=self.attempt.task_id, exit_code=exit_code)
        return exit_code == 0

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Waits for a checkpoint; one that takes too long is ended."""
        try:
            return process.wait(self._checkpoint_seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise

    def _spec(self, submitted: Submitted, user: User, joins: tuple[str, ...]) -> AttemptSpec:
        own = {"FORELOAD_TASK_ID": self.attempt.task_id, "FORELOAD_TASK_ATTEMPT": str(self.attempt.number)}
        return AttemptSpec(
            environment_id=submitted.environment_id,
            arguments=submitted.arguments,
            working_directory=submitted.working_directory,
            variables={**submitted.variables, **own},
            terminal=submitted.terminal,
            checkpoint=submitted.checkpoint,
            uid=user.uid,
            gid=user.gid,
            groups=user.groups,
            joins=joins,
        )

    def _said(self, phase: TaskPhase, revision: int, code: str = "") -> TaskReport:
        return TaskReport(self.attempt.task_id, self.attempt.number, phase, revision, code=code)


def tasks_folder(state: Path) -> Path:
    """Where attempts lie in a state folder."""
    return state / "agent" / "tasks"
