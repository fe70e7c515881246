"""Which processes of this environment hold the memory. Names are for the person at this machine, and stay on it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from foreload_system.cgroup import Cgroup

LONGEST_NAME = 60
INTERPRETERS = ("python", "node", "java", "ruby", "perl")


@dataclass(frozen=True, slots=True)
class Held:
    """One process: its id, a name that a person knows, and the memory that it alone holds."""

    process_id: int
    name: str
    memory_bytes: int


def held_by(group: Cgroup | None, most: int = 8) -> list[Held]:
    """The processes that hold most, largest first; of the whole machine where there is no group to ask."""
    found: list[Held] = []
    for process_id in _process_ids(group):
        # It may have ended meanwhile, or belong to somebody else.
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(process_id)
            found.append(Held(process_id, _name(process), int(process.memory_info().rss)))
    return sorted(found, key=lambda each: -each.memory_bytes)[:most]


def _process_ids(group: Cgroup | None) -> list[int]:
    place = (group.memory or group.cpu) if group is not None else None
    if place is None:
        return psutil.pids()
    try:
        return [int(line) for line in (place.folder / "cgroup.procs").read_text("ascii").split()]
    except (OSError, ValueError):
        return []


def _name(process: psutil.Process) -> str:
    """The script where an interpreter runs one, else the program."""
    words = process.cmdline()
    program = process.name()
    if program.startswith(INTERPRETERS):
        script = next((word for word in words[1:] if not word.startswith("-")), "")
        module = words[words.index("-m") + 1] if "-m" in words[:-1] else ""
        named = module or script.rpartition("/")[2]
        if named:
            return f"{named} ({program})"[:LONGEST_NAME]
    return program[:LONGEST_NAME]
