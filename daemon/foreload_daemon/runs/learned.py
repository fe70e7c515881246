"""What earlier runs of a file used, in a few numbers for its lenses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from foreload_core.types import RunKind

from foreload_daemon.history import records
from foreload_daemon.history.database import Database
from foreload_daemon.runs.command_lines import resolve_program

LOOKED_AT = 10


@dataclass(frozen=True)
class LearnedQuery:
    """Asks for a file's runs."""

    path: str


@dataclass(frozen=True)
class Learned:
    """Peaks of the last runs: the highest cores and memory, the middle length; None and 0 where there were none."""

    cores: float | None = None
    memory_bytes: int | None = None
    seconds: float | None = None
    run_count: int = 0


async def learned(database: Database, path: Path) -> Learned:
    """What the last runs of a file used."""
    what = resolve_program(str(path))
    kinds = {what.kind, RunKind.PROGRAM}
    rows: list[records.RunRow] = []
    for kind in sorted(kinds):
        key = await database.run(records.run_key, what.key_text, kind.value)
        rows += await database.run(records.by_key, key, LOOKED_AT)
    measured = [row for row in rows if row.cpu_cores_highest is not None and row.duration_seconds is not None]
    if not measured:
        return Learned()
    memory = [row.memory_bytes_highest for row in measured if row.memory_bytes_highest is not None]
    return Learned(
        cores=round(max(row.cpu_cores_highest or 0.0 for row in measured), 1),
        memory_bytes=max(memory, default=None),
        seconds=round(median(row.duration_seconds or 0.0 for row in measured)),
        run_count=len(measured),
    )
