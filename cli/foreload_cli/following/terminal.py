"""This side's terminal while a task runs somewhere else."""

from __future__ import annotations

import os
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PIECE_BYTES = 32768


def is_terminal() -> bool:
    """Whether a person sits at both ends: then the task gets a terminal too."""
    return os.isatty(0) and os.isatty(1)


def window_size() -> tuple[int, int]:
    """Rows and columns."""
    size = os.get_terminal_size(1)
    return size.lines, size.columns


@contextmanager
def raw_terminal(wanted: bool) -> Iterator[None]:
    """Keys go to the task as they are, Ctrl-C too; put back as it was at the end."""
    if not wanted:
        yield
        return
    before: Any = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def write_out(stream: int, data: bytes) -> None:
    """Writes output of the task where it belongs.

    Raises:
        BrokenPipeError: nobody reads it.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(2 if stream == 2 else 1, view) :]


def say(text: str, raw: bool) -> None:
    """Tells the person something that is not the task's."""
    end = "\r\n" if raw else "\n"
    sys.stderr.write(f"foreload: {text}{end}")
    sys.stderr.flush()


def read_input(give: Callable[[bytes], None], room: threading.Semaphore) -> None:
    """Starts a thread that reads standard input to its end, a piece each time there is room for one; b"" is the end."""

    def read() -> None:
        while True:
            room.acquire()
            try:
                data = os.read(0, PIECE_BYTES)
            except OSError:  # it is closed
                data = b""
            try:
                give(data)
            except RuntimeError:  # the loop has ended
                return
            if not data:
                return

    threading.Thread(target=read, name="input", daemon=True).start()
