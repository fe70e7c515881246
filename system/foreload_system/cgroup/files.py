"""Small kernel files, read with as few system calls as there can be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

UNLIMITED_FROM_BYTES = 1 << 60
"""A memory limit this large is the kernel's way of saying that there is none."""


def read_text(path: Path | str) -> str | None:
    """A kernel file's text without its last newline; None where it is missing, or its group is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    try:
        parts: list[bytes] = []
        while part := os.read(handle, 65536):
            parts.append(part)
    except OSError:  # ENODEV: removed between open and read; EOPNOTSUPP: a file that this group does not have
        return None
    finally:
        os.close(handle)
    return b"".join(parts).decode("ascii", "replace").strip()


def read_number(path: Path | str) -> int | None:
    """A file with one whole number; None where it is missing, "max" or no number."""
    text = read_text(path)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return None


def read_table(path: Path | str) -> Mapping[str, int]:
    """A file with a name and a number on each line; empty where it is missing."""
    table: dict[str, int] = {}
    for line in (read_text(path) or "").splitlines():
        name, _, value = line.partition(" ")
        if value.lstrip("-").isdigit():
            table[name] = int(value)
    return table


def limit_bytes(value: int | None) -> int | None:
    """A memory limit, or None where the number stands for no limit."""
    return None if value is None or not 0 <= value < UNLIMITED_FROM_BYTES else value


def smallest(values: list[int | None]) -> int | None:
    """The smallest of those that are given."""
    return min((value for value in values if value is not None), default=None)
