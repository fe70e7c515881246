"""Runs programs and steps so that a person always sees what is being done, for how long, and what went wrong."""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NETWORK_SIGNS = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ENETUNREACH",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    "Name or service not known",
    "NewConnectionError",
    "Network is unreachable",
    "Could not resolve host",
)
TAIL_LINES = 30
KNOWN_TAIL_LINES = 2
"""Where the message already says what to do."""
QUIET_SECONDS = 15.0


class StepError(Exception):
    """A step that could not be done; the text is one clear message."""


@dataclass(frozen=True)
class Step:
    """One thing to set up.

    Attributes:
        name: what a person reads while it runs.
        stamp: the file that remembers for which inputs it was last done; it lies in what the step makes.
        inputs: hash of everything that the result depends on.
        act: does it. May return a sentence that says what was left out.
        kept: whether the result is still there; asked beside the stamp.
    """

    name: str
    stamp: Path
    inputs: Callable[[], str]
    act: Callable[[], str | None]
    kept: Callable[[], bool] = lambda: True

    def fresh(self) -> bool:
        """Whether there is nothing to do."""
        try:
            return self.stamp.read_text().strip() == self.inputs() and self.kept()
        except FileNotFoundError:
            return False


def say(text: str) -> None:
    """One line on the screen, at once."""
    print(text, flush=True)


def run_steps(steps: Sequence[Step]) -> None:
    """Does the steps in order, each only when its inputs changed; says what it did and how long it took."""
    began = time.monotonic()
    done = 0
    for number, step in enumerate(steps, 1):
        head = f"[{number}/{len(steps)}] {step.name}"
        if step.fresh():
            continue
        done += 1
        say(f"{head} …")
        started = time.monotonic()
        left_out = step.act()
        step.stamp.parent.mkdir(parents=True, exist_ok=True)
        step.stamp.write_text(step.inputs() + "\n")
        say(f"{head}: {left_out or 'done'} ({time.monotonic() - started:.1f} s)")
    say(f"Set up: {done} of {len(steps)} steps had something to do ({time.monotonic() - began:.1f} s)")


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Holds a lock on a folder, so that two set-ups never write over each other; says so while it waits."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another set-up is working in {folder}: waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def run(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, what: str, seconds: float = 1800.0
) -> str:
    """Runs a program with its output kept back; on a terminal its last line is shown live, else a line now and then.

    Args:
        command: program and arguments, never through a shell.
        cwd: where it runs.
        env: its environment; None for this process's own.
        what: what it does, for the messages.
        seconds: how long it may take.

    Returns:
        All that it printed.

    Raises:
        StepError: it could not be started, failed or took too long; the message carries its last lines.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise StepError(f"{what}: {command[0]} could not be started: {error}") from error
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read_lines, args=(process, lines), daemon=True)
    reader.start()
    try:
        output = _follow(process, lines, what, seconds)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        reader.join(5)
        if process.stdout is not None and not reader.is_alive():  # a grandchild may still hold the other end
            process.stdout.close()
    if process.wait() != 0:
        raise StepError(failure_text(what, command, process.returncode, output))
    return "".join(output)


def _read_lines(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _follow(process: subprocess.Popen[str], lines: queue.Queue[str | None], what: str, seconds: float) -> list[str]:
    output: list[str] = []
    started = spoken = time.monotonic()
    live = sys.stdout.isatty()
    while True:
        passed = time.monotonic() - started
        if passed > seconds:
            raise StepError(f"{what}: {process.args!r} did not end within {seconds:.0f} s")
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            line = ""
        if line is None:
            break
        if line:
            output.append(line)
        last = output[-1].strip()[:90] if output else ""
        if live:
            print(f"\r\033[K    {passed:4.0f} s  {last}", end="", flush=True)
        elif time.monotonic() - spoken > QUIET_SECONDS:
            spoken = time.monotonic()
            say(f"    {passed:.0f} s  {last}")
    if live:
        print("\r\033[K", end="", flush=True)
    return output


def failure_text(what: str, command: Sequence[str], code: int, output: Sequence[str]) -> str:
    """One message for a program that failed: its last lines, and what to do where that is known."""
    text = "".join(output)
    tail = "".join(deque(output, TAIL_LINES)).rstrip()
    end = "".join(deque(output, KNOWN_TAIL_LINES)).rstrip()
    if any(sign in text for sign in NETWORK_SIGNS):
        return (
            f"{what}: no answer from the package registry. This step needs the network (once; what it brings is kept): "
            f"connect, or set the proxy or mirror of your package client, and run the same command again.\n{end}"
        )
    if "No space left on device" in text or "ENOSPC" in text:
        return f"{what}: the disk is full. Make room and run the same command again.\n{end}"
    return f"{what}: `{' '.join(command[:6])}` ended with exit code {code}. Its last lines:\n{tail}"
