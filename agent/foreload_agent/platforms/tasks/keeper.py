"""Keeps one attempt of a task: a small process of its own, so that the task outlives the agent.

Run as `python keeper.py FOLDER`; with a process id after it, as the checkpoint of that process. It imports nothing of
ours: it is there as often as tasks are. It starts the process, writes what that writes into the file `output`, feeds it
from the pipe `input`, takes signals from the pipe `control`, and says in `status.json` how it ended. While it lives it
holds a lock on `lock`.

`output` is frames of stream (1 byte), length (4 bytes) and data; `input` of kind (`I` data, `E` end), length (2) and
data; `control` of kind (`S` signal, `W` window), and two numbers of 2 bytes each. All numbers are big-endian. Frames of
the pipes are at most 4096 bytes, which the kernel writes whole or not at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from typing import Any

STREAMS = {"output": 1, "error": 2}
PIECE_BYTES = 65536
MOST_UNREAD_BYTES = 64 * 1024 * 1024
"""So much output may wait for its reader; then the process is held back, as a pipe would."""
MOST_INPUT_BYTES = 256 * 1024
DRAIN_SECONDS = 0.5
NOT_FOUND, NOT_EXECUTABLE = 127, 126


def main(folder: str) -> int:
    """Runs the attempt that `task.json` in `folder` describes, to its end."""
    os.chdir(folder)
    lock = os.open("lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0  # started twice
    if Path("status.json").exists() or Path("process.json").exists():
        return 0
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    task = json.loads(Path("task.json").read_text(encoding="utf-8"))
    keeper = Keeper(task)
    error = keeper.start()
    if error:
        _replace("status.json", error)
        return 0
    _replace("process.json", {"pid": keeper.pid})
    _replace("status.json", keeper.run())
    return 0


def checkpoint(folder: str, pid: str) -> None:
    """Becomes the command that saves the progress of the attempt in `folder`: in its group, as its user."""
    task = json.loads((Path(folder) / "task.json").read_text(encoding="utf-8"))
    nothing = os.open(os.devnull, os.O_RDWR)
    task["arguments"] = ["/bin/sh", "-c", task["checkpoint"]]
    task["variables"]["FORELOAD_TASK_PID"] = pid
    _become(task, (nothing, nothing, nothing), nothing, terminal=False)


class Keeper:
    """One process, its pipes or terminal, and the files that stand for the other side of them."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task
        self._file = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._written = 0
        # Opened for both, so that the pipes never end while nobody writes to them.
        self._input = os.open("input", os.O_RDWR | os.O_NONBLOCK)
        self._control = os.open("control", os.O_RDWR | os.O_NONBLOCK)
        self._streams: dict[int, int] = {}
        self._waiting = bytearray()
        self._half: dict[int, bytes] = {}
        self._ends = False
        self._feed = -1
        self._terminal = task.get("terminal")
        self.pid = 0

    def start(self) -> dict[str, Any] | None:
        """Starts the process; returns how it ended where it could not be started."""
        told, tells = os.pipe()
        if self._terminal:
            master, slave = os.openpty()
            _set_window(master, self._terminal["rows"], self._terminal["columns"])
            ends = (slave, slave, slave)
            self._streams, self._feed, given = {master: STREAMS["output"]}, os.dup(master), (slave,)
        else:
            in_read, in_write = os.pipe()
            out_read, out_write = os.pipe()
            error_read, error_write = os.pipe()
            ends = (in_read, out_write, error_write)
            self._streams = {out_read: STREAMS["output"], error_read: STREAMS["error"]}
            self._feed, given = in_write, ends
        os.set_blocking(self._feed, False)
        self.pid = os.fork()
        if self.pid == 0:
            _become(self._task, ends, tells, terminal=bool(self._terminal))
        os.close(tells)
        for end in given:
            os.close(end)
        said = _read_all(told)
        os.close(told)
        if not said:
            return None
        os.waitpid(self.pid, 0)
        failed: dict[str, Any] = json.loads(said)
        self._write(STREAMS["error"], (failed.pop("message") + "\n").encode())
        return failed

    def run(self) -> dict[str, Any]:
        """Serves the process until it has ended; returns how."""
        ended = os.pidfd_open(self.pid)
        poll = select.poll()
        for descriptor in (ended, self._control):
            poll.register(descriptor, select.POLLIN)
        over = False
        while not over:
            free = self._has_room()
            for descriptor in self._streams:
                _set(poll, descriptor, select.POLLIN if free else 0)
            _set(poll, self._input, select.POLLIN if len(self._waiting) < MOST_INPUT_BYTES and not self._ends else 0)
            if self._feed >= 0:
                _set(poll, self._feed, select.POLLOUT if self._waiting else 0)
            for descriptor, _events in poll.poll(None if free else 100):
                if descriptor == ended:
                    over = True
                elif descriptor == self._control:
                    self._obey()
                elif descriptor == self._input:
                    self._take_input()
                elif descriptor == self._feed:
                    self._give(poll)
                elif not self._copy(descriptor):
                    poll.unregister(descriptor)
                    del self._streams[descriptor]
        self._drain()
        _pid, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            return {"exit_code": None, "signal_number": os.WTERMSIG(status)}
        return {"exit_code": os.WEXITSTATUS(status), "signal_number": None}

    def _has_room(self) -> bool:
        if self._written < MOST_UNREAD_BYTES:
            return True
        try:
            consumed = int(Path("consumed").read_text(encoding="ascii") or 0)
        except (FileNotFoundError, ValueError):
            consumed = 0
        return self._written - consumed < MOST_UNREAD_BYTES

    def _copy(self, descriptor: int) -> bool:
        """Takes what the process wrote; false at its end."""
        try:
            data = os.read(descriptor, PIECE_BYTES)
        except OSError:  # a terminal whose last user is gone
            return False
        if data:
            self._write(self._streams[descriptor], data)
        return bool(data)

    def _write(self, stream: int, data: bytes) -> None:
        frame = struct.pack(">BI", stream, len(data)) + data
        view = memoryview(frame)
        while view:
            view = view[os.write(self._file, view) :]
        self._written += len(frame)

    def _drain(self) -> None:
        """What is still in the pipes. Who holds them open longer is no part of the task's end."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._streams and time.monotonic() < deadline:
            readable, _, _ = select.select(list(self._streams), [], [], 0)
            if not readable:
                return
            for descriptor in readable:
                if not self._copy(descriptor):
                    del self._streams[descriptor]

    def _take_input(self) -> None:
        for kind, data in self._frames(self._input, ">cH"):
            if kind == b"I":
                self._waiting += data
            elif self._terminal:
                self._waiting += b"\x04"  # what a terminal's user types for the end
            else:
                self._ends = True
        if self._ends and not self._waiting:
            self._close_feed()

    def _give(self, poll: select.poll) -> None:
        try:
            count = os.write(self._feed, self._waiting[:PIECE_BYTES])
        except BlockingIOError:
            return
        except OSError:  # the process does not read any more
            poll.unregister(self._feed)
            self._waiting.clear()
            self._close_feed()
            return
        del self._waiting[:count]
        if self._ends and not self._waiting:
            poll.unregister(self._feed)
            self._close_feed()

    def _close_feed(self) -> None:
        if self._feed >= 0:
            os.close(self._feed)
            self._feed = -1

    def _obey(self) -> None:
        data = self._half.pop(self._control, b"") + _read_some(self._control)
        size = struct.calcsize(">cHH")
        while len(data) >= size:
            kind, first, second = struct.unpack(">cHH", data[:size])
            data = data[size:]
            if kind == b"S":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, first)
            elif self._terminal:
                _set_window(next(iter(self._streams), self._feed), first, second)
        self._half[self._control] = data

    def _frames(self, descriptor: int, form: str) -> list[tuple[bytes, bytes]]:
        data = self._half.pop(descriptor, b"") + _read_some(descriptor)
        size, found = struct.calcsize(form), list[tuple[bytes, bytes]]()
        while len(data) >= size:
            kind, length = struct.unpack(form, data[:size])
            if len(data) < size + length:
                break
            found.append((kind, data[size : size + length]))
            data = data[size + length :]
        self._half[descriptor] = data
        return found


def _become(task: dict[str, Any], ends: tuple[int, int, int], tells: int, *, terminal: bool) -> None:
    """In the new process: takes its place, user and folder, and becomes the command. Never returns."""
    where = "the task's group"
    try:
        with contextlib.suppress(PermissionError):  # a checkpoint leads its session already
            os.setsid()
        for path in task["joins"]:
            handle = os.open(path, os.O_WRONLY)
            os.write(handle, str(os.getpid()).encode())
            os.close(handle)
        for target, end in enumerate(ends):
            os.dup2(end, target)
        if terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in range(1, signal.NSIG):
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        where = "its user"
        if task["uid"] is not None:
            os.setgroups(task["groups"])
            os.setgid(task["gid"])
            os.setuid(task["uid"])
        where = task["working_directory"]
        os.chdir(where)
        where = task["arguments"][0]
        os.execvpe(where, task["arguments"], task["variables"])  # noqa: S606 - it is what a task is
    except BaseException as error:  # noqa: BLE001 - this process has no other way to say it
        missing = isinstance(error, FileNotFoundError)
        reason = getattr(error, "strerror", None) or str(error)
        said = {
            "exit_code": NOT_FOUND if missing else NOT_EXECUTABLE,
            "signal_number": None,
            "code": "not_started",
            "message": f"foreload: {where}: {reason}",
        }
        os.write(tells, json.dumps(said).encode())
    finally:
        os._exit(NOT_FOUND)


def _set(poll: select.poll, descriptor: int, events: int) -> None:
    """Watches for these events, or not at all: a hang-up is told even where nothing was asked for."""
    if events:
        poll.register(descriptor, events)
    else:
        with contextlib.suppress(KeyError):
            poll.unregister(descriptor)


def _read_some(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, PIECE_BYTES)
    except BlockingIOError:
        return b""


def _read_all(descriptor: int) -> bytes:
    parts: list[bytes] = []
    while part := os.read(descriptor, PIECE_BYTES):
        parts.append(part)
    return b"".join(parts)


def _set_window(descriptor: int, rows: int, columns: int) -> None:
    with contextlib.suppress(OSError):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _replace(name: str, content: dict[str, Any]) -> None:
    with Path(f".{name}").open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    Path(f".{name}").replace(name)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        checkpoint(sys.argv[1], sys.argv[2])
    sys.exit(main(sys.argv[1]))
