"""Profiles of cProfile: what `pstats` reads."""

from __future__ import annotations

import marshal
from typing import Any

from foreload_cli.analysis.profiles.measured import BadProfile, Frame, Measured, Stack

_DICTIONARY = (b"{", b"\xfb")  # how a marshalled dictionary begins
_BUILT_IN = "~"  # the file of what is written in C


def is_cprofile(content: bytes) -> bool:
    """Whether a file begins as Python's own dump of a dictionary of tuples does."""
    return content[:1] in _DICTIONARY and content[1:2] in (b"(", b")", b"\xa8", b"\xa9", b"0")


def read_cprofile(content: bytes) -> Measured:
    """The time of each function itself; what is written in C counts for those who call it.

    Raises:
        BadProfile: it is something else.
    """
    try:
        table: dict[Any, Any] = marshal.loads(content)  # noqa: S302 - the person's own file, in the format of pstats
    except (ValueError, EOFError, TypeError) as error:
        raise BadProfile(f"this looks like a profile of cProfile and cannot be read ({error})") from error
    measured = Measured("cProfile", "seconds")
    try:
        for (file, line, name), (_primitive, _calls, own_seconds, _all_seconds, callers) in table.items():
            if file != _BUILT_IN:
                measured.add((Frame(name, file, line),), own_seconds)
                continue
            for (caller_file, caller_line, caller), row in callers.items():
                stack: Stack = (
                    Frame(name),
                    Frame(caller, "" if caller_file == _BUILT_IN else caller_file, caller_line),
                )
                measured.add(stack, row[2])
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadProfile("this is a dump of Python, but no profile of cProfile") from error
    return measured
