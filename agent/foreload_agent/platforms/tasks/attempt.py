"""One attempt of a task as it lies in its folder: what is told to its keeper, and what that says."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from foreload_system.paths import replace_file

from foreload_agent.platforms.tasks import keeper

FRAME_HEADER = struct.Struct(">BI")
MOST_FRAME_BYTES = 4000
"""With its header less than what the kernel writes to a pipe whole or not at all."""
STARTING_SECONDS = 5.0
"""A folder that was made so lately and has no keeper yet is about to get one."""


@dataclass(frozen=True, slots=True)
class AttemptSpec:
    """What a keeper runs.

    Attributes:
        variables: all of the process's environment.
        terminal: rows and columns; None: pipes.
        uid, gid, groups: whose process it is; None: the agent's own user.
        joins: files of the groups that it joins.
    """

    environment_id: str
    arguments: tuple[str, ...]
    working_directory: str
    variables: dict[str, str]
    terminal: dict[str, int] | None
    checkpoint: str
    uid: int | None
    gid: int | None
    groups: tuple[int, ...]
    joins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended; `code` is a word of the contract where it never began."""

    exit_code: int | None
    signal_number: int | None
    code: str = ""


class Attempt:
    """One folder, named by task and attempt.

    Attributes:
        task_id, number: which attempt it is.
        folder: where it lies.
    """

    def __init__(self, root: Path, task_id: str, number: int) -> None:
        self.task_id = task_id
        self.number = number
        self.folder = root / f"{task_id}.{number}"
        self._process: subprocess.Popen[bytes] | None = None
        self._feeds: dict[str, int] = {}

    @classmethod
    def all_in(cls, root: Path) -> list[Attempt]:
        """The attempts that lie in a folder, from an agent before this one."""
        found: list[Attempt] = []
        for path in sorted(root.glob("*.*")) if root.is_dir() else ():
            task_id, _, number = path.name.rpartition(".")
            if task_id and number.isdecimal() and (path / "task.json").exists():
                found.append(cls(root, task_id, int(number)))
        return found

    def start(self, spec: AttemptSpec) -> None:
        """Starts it, unless it was started before.

        Raises:
            OSError: the folder cannot be written, or no process can be made.
        """
        if (self.folder / "task.json").exists():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("input", "control"):
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self.folder / name, 0o600)
        replace_file(self.folder / "task.json", json.dumps(asdict(spec)).encode())
        with (self.folder / "keeper.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )

    def spec(self) -> dict[str, Any]:
        """What its keeper runs.

        Raises:
            OSError: it is gone.
        """
        plain: dict[str, Any] = json.loads((self.folder / "task.json").read_text(encoding="utf-8"))
        return plain

    def pid(self) -> int | None:
        """Of the task's first process, which leads its process group; None before it runs."""
        try:
            return int(json.loads((self.folder / "process.json").read_text(encoding="utf-8"))["pid"])
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def ended(self) -> Ended | None:
        """How it ended; None: it has not."""
        if self._process is not None:
            self._process.poll()  # or it would stay as a zombie
        try:
            said = json.loads((self.folder / "status.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return Ended(said["exit_code"], said["signal_number"], said.get("code", ""))

    def has_keeper(self) -> bool:
        """Whether its keeper lives, or is about to."""
        if self._process is not None and self._process.poll() is None:
            return True
        try:
            with (self.folder / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            with contextlib.suppress(FileNotFoundError):
                return time.time() - (self.folder / "task.json").stat().st_mtime < STARTING_SECONDS
        return False

    def output_bytes(self) -> int:
        """How much it has written, with the headers of its frames."""
        try:
            return (self.folder / "output").stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, offset: int, most_bytes: int) -> tuple[list[tuple[int, bytes]], int]:
        """Whole frames from `offset` on: stream and data of each, and the position after them."""
        frames: list[tuple[int, bytes]] = []
        try:
            file = (self.folder / "output").open("rb")
        except FileNotFoundError:
            return frames, offset
        with file:
            file.seek(offset)
            taken = 0
            while taken < most_bytes and len(header := file.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
                stream, length = FRAME_HEADER.unpack(header)
                data = file.read(length)
                if len(data) < length:
                    break
                frames.append((stream, data))
                taken += FRAME_HEADER.size + length
        return frames, offset + taken

    def consumed(self, offset: int) -> None:
        """Its reader has had everything before `offset`: the keeper need not hold the process back."""
        with contextlib.suppress(FileNotFoundError):
            replace_file(self.folder / "consumed", str(offset).encode())

    def feed(self, data: bytes) -> int:
        """Gives it input. Returns how much was taken; the rest has to wait."""
        given = 0
        while given < len(data):
            piece = data[given : given + MOST_FRAME_BYTES]
            if not self._send("input", struct.pack(">cH", b"I", len(piece)) + piece):
                break
            given += len(piece)
        return given

    def end_feed(self) -> bool:
        """There is no more input. False: the keeper is busy, it is to be said again."""
        return self._send("input", struct.pack(">cH", b"E", 0))

    def signal(self, number: int) -> None:
        """Signals its process group."""
        self._send("control", struct.pack(">cHH", b"S", number, 0))

    def resize(self, rows: int, columns: int) -> None:
        """Its terminal has another size."""
        self._send("control", struct.pack(">cHH", b"W", min(rows, 65535), min(columns, 65535)))

    def mark(self, name: str, *, present: bool) -> None:
        """Remembers something of it, over restarts of the agent."""
        if present:
            (self.folder / name).touch(mode=0o600)
        else:
            (self.folder / name).unlink(missing_ok=True)

    def marked(self, name: str) -> bool:
        """Whether this is remembered of it."""
        return (self.folder / name).exists()

    def forget(self) -> None:
        """Takes its folder away."""
        for descriptor in self._feeds.values():
            os.close(descriptor)
        self._feeds.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _send(self, name: str, frame: bytes) -> bool:
        try:
            if name not in self._feeds:
                # For both ways: without a reader yet, a pipe that is only written to cannot be opened.
                self._feeds[name] = os.open(self.folder / name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._feeds[name], frame)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.EPIPE):
                raise
            return True  # it is gone; nobody is to wait for it
        return True
