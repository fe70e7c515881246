"""Lowering a memory limit without a kill: what every platform that writes one keeps to."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foreload_core.units import memory_text
from foreload_system.cgroup.files import read_number

POLL_SECONDS = 0.02


class ShrinkRefusedError(Exception):
    """A memory limit was not lowered, and this is why."""


@dataclass(frozen=True, slots=True)
class MemoryMargin:
    """How far above use memory stays: the larger of a part of the use and a number of bytes."""

    ratio: float
    margin_bytes: int

    def least_limit(self, used_bytes: int) -> int:
        """The lowest limit that is safe with this use."""
        return used_bytes + max(self.margin_bytes, math.ceil(used_bytes * self.ratio))

    def require(self, used_bytes: int, memory_bytes: int) -> None:
        """Passes where a limit leaves room for the margin.

        Raises:
            ShrinkRefusedError: it does not; with the use and the least limit in words.
        """
        least = self.least_limit(used_bytes)
        if memory_bytes < least:
            raise ShrinkRefusedError(
                f"{memory_text(used_bytes)} are used and the margin asks for a limit of at least {memory_text(least)} "
                f"({least} bytes); {memory_bytes} bytes are less, so the old limit stays"
            )


def write_value(path: Path, value: str) -> None:
    """Writes one value to a kernel file, which must exist.

    `open().write()` would lose the refusal on the way (the buffer is written again on close); here it is raised.

    Raises:
        OSError: the kernel's refusal.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_TRUNC)
    try:
        os.write(handle, value.encode())
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(handle)


def lower_version2(
    folder: Path,
    memory_bytes: int,
    *,
    lower: Callable[[], None],
    require_fit: Callable[[], None],
    superseded: Callable[[], bool],
    wait_seconds: float,
) -> None:
    """Lowers the limit of a version 2 group.

    Version 2 kills where version 1 refuses. So `memory.high` first, which frees and brakes but never kills; then
    wait until use is below; only then the limit itself.

    Args:
        folder: the group's.
        memory_bytes: the limit.
        lower: sets `memory.max`, by whatever way the platform has.
        require_fit: raises ShrinkRefusedError where use has grown too close; called right before the write.
        superseded: a newer target waits; stop waiting.
        wait_seconds: how long use may take to fall.

    Raises:
        ShrinkRefusedError: it was not lowered; what held before holds.
        OSError: the kernel's refusal.
    """
    high = folder / "memory.high"
    require_fit()
    try:
        write_value(high, str(memory_bytes))
        deadline = time.monotonic() + wait_seconds
        while (use := read_number(folder / "memory.current")) is None or use > memory_bytes:
            if use is None:
                raise FileNotFoundError(errno.ENOENT, "not there", str(folder / "memory.current"))
            if superseded():
                raise ShrinkRefusedError(f"a newer target came while use was still {use} bytes; the old limit stays")
            if time.monotonic() >= deadline:
                raise ShrinkRefusedError(
                    f"use stayed at {use} bytes for {wait_seconds:g} s and would not fit into {memory_bytes}; "
                    "the old limit stays"
                )
            time.sleep(POLL_SECONDS)
        require_fit()
        lower()
    finally:
        with contextlib.suppress(FileNotFoundError):
            write_value(high, "max")
