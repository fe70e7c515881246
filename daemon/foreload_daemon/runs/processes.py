"""New processes in the own container that nobody announced: tmux, ssh, a make that starts Python."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foreload_daemon.runs.command_lines import Resolved, resolve_words

if TYPE_CHECKING:
    from foreload_system.cgroup import Cgroup

LONGEST_COMMAND_BYTES = 8192
HEAVY_CORES = 0.5
LOOKS_BEFORE_LIGHT = 5


@dataclass(slots=True)
class Seen:
    """A process that may be a run.

    Attributes:
        ticks: CPU time that it had used at the last look, in clock ticks.
        looks: how often it was looked at without being heavy.
    """

    process_id: int
    parent_id: int
    what: Resolved
    ticks: int
    looks: int = 0


class ProcessWatch:
    """Finds heavy new processes whose entry file lies in the workspace.

    Args:
        group: the own container.
        workspace: folders of the workspace; what runs from elsewhere (language servers, the editor) is none of ours.
        root: where proc lies; a frozen tree in tests.
    """

    def __init__(self, group: Cgroup, workspace: Iterable[Path], root: Path = Path("/")) -> None:
        self._root = root
        self._workspace = tuple(folder.resolve() for folder in workspace)
        place = group.cpu or group.cpuacct or group.memory
        self._file = place.folder / "cgroup.procs" if place is not None else None
        self._known: set[int] = set()
        self._candidates: dict[int, Seen] = {}
        self._ticks_per_second = os.sysconf("SC_CLK_TCK")
        self._first = True

    def look(self, interval_seconds: float) -> tuple[list[Seen], set[int]]:
        """One look.

        Args:
            interval_seconds: time since the last look.

        Returns:
            Processes that have become heavy since, and all processes there are.
        """
        alive = self._process_ids()
        new, self._known = alive - self._known, alive
        if self._first:
            # What was there before us is no new run.
            self._first = False
            return [], alive
        self._candidates = {pid: seen for pid, seen in self._candidates.items() if pid in alive}
        for pid in new:
            candidate = self._candidate(pid)
            if candidate is not None:
                self._candidates[pid] = candidate
        return self._heavy(interval_seconds), alive

    def _heavy(self, interval_seconds: float) -> list[Seen]:
        heavy: list[Seen] = []
        for pid, seen in tuple(self._candidates.items()):
            status = _status(self._root, pid)
            if status is None:
                continue
            used = (status[1] - seen.ticks) / self._ticks_per_second / max(interval_seconds, 0.1)
            seen.ticks = status[1]
            seen.looks += 1
            if used >= HEAVY_CORES:
                heavy.append(seen)
                del self._candidates[pid]
            elif seen.looks > LOOKS_BEFORE_LIGHT:
                del self._candidates[pid]
        return heavy

    def _candidate(self, pid: int) -> Seen | None:
        status = _status(self._root, pid)
        if status is None:
            return None
        try:
            with (self._root / f"proc/{pid}/cmdline").open("rb") as file:
                words = file.read(LONGEST_COMMAND_BYTES).decode("utf-8", "replace").split("\0")[:-1]
            cwd = (self._root / f"proc/{pid}/cwd").readlink()
        except OSError:
            return None
        what = resolve_words(words, cwd) if words else None
        if what is None or what.entry is None or not self._is_ours(what.entry):
            return None
        return Seen(pid, status[0], what, 0)

    def _is_ours(self, entry: Path) -> bool:
        return any(entry.is_relative_to(folder) for folder in self._workspace)

    def _process_ids(self) -> set[int]:
        if self._file is None:
            return set()
        try:
            return {int(line) for line in self._file.read_text("ascii").split()}
        except (OSError, ValueError):
            return set()


def _status(root: Path, pid: int) -> tuple[int, int] | None:
    """A process's parent and the CPU time that it and its ended children have used, in clock ticks."""
    try:
        text = (root / f"proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    try:
        return int(fields[1]), sum(int(fields[index]) for index in (11, 12, 13, 14))
    except (IndexError, ValueError):
        return None
