"""Stacks as text, one a line with a count: py-spy's raw format, and what other tools call collapsed stacks."""

from __future__ import annotations

import re

from foreload_cli.analysis.profiles.measured import BadProfile, Frame, Measured

_PLACE = re.compile(r"^(?P<name>.*) \((?P<file>[^()]*?)(?::(?P<line>\d+))?\)$")
_THREAD = re.compile(r"^(process|thread) \(?\d|^thread ", re.IGNORECASE)


def read_collapsed(text: str) -> Measured:
    """The samples of each stack, `outer (file.py:3);inner (file.py:9) 12`.

    Raises:
        BadProfile: a line has no count.
    """
    measured = Measured("py-spy", "samples")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        stack, space, count = line.rpartition(" ")
        if not space or not count.isdecimal():
            raise BadProfile(f"line {number} is {line[:60]!r}; allowed is a stack, a space and a number of samples")
        # A stack may be empty: the process was seen, and none of its functions.
        frames = [frame_of(part) for part in stack.split(";") if part and not _THREAD.match(part)]
        measured.add(tuple(reversed(frames)), float(count))
    return measured


def frame_of(text: str) -> Frame:
    """`name (file:line)`, or a name alone."""
    found = _PLACE.match(text.strip())
    if found is None:
        return Frame(text.strip())
    return Frame(found["name"], found["file"], int(found["line"] or 0))
