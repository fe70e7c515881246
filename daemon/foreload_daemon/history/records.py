"""What earlier runs used. The key is an HMAC with a salt that never leaves, so that the same run is found again."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT_SECONDS = 366 * 86400
KEPT_RUNS = 20_000


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run.

    Attributes:
        run_id: random.
        key: of the same run; empty where the entry file is not known.
        kind: `foreload_core.types.RunKind`'s value.
        trigger: terminal, task, debug, process or trace.
        name: what a person calls it; stays here.
        started_at_seconds: seconds since 1970.
        duration_seconds: None while it runs, or where its end was not seen.
        cpu_cores: mean use on top of what ran before it.
        cpu_cores_highest: its peak over a second.
        memory_bytes_highest: its peak on top of what was used before it.
        throttled_seconds: how long the CPU limit held the environment back between its start and its end.
        raised_after_milliseconds: from its start event to the raised limit; None where nothing was raised.
        features: numbers of `foreload_core.features`.
    """

    run_id: str
    key: str
    kind: str
    trigger: str
    name: str
    started_at_seconds: float
    duration_seconds: float | None = None
    cpu_cores: float | None = None
    cpu_cores_highest: float | None = None
    memory_bytes_highest: int | None = None
    network_rx_bytes_per_second: float | None = None
    network_tx_bytes_per_second: float | None = None
    gpu_count: float | None = None
    throttled_seconds: float | None = None
    raised_after_milliseconds: float | None = None
    exit_code: int | None = None
    features: Mapping[str, float] = field(default_factory=dict[str, float])


_FIELDS = tuple(RunRow.__dataclass_fields__)


def run_key(connection: sqlite3.Connection, entry: str, kind: str) -> str:
    """The key of a run: an HMAC of its entry file and kind with the local salt."""
    salt = connection.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()[0]
    return hmac.new(bytes.fromhex(salt), f"{entry}\0{kind}".encode(), hashlib.sha256).hexdigest()[:32]


def put(connection: sqlite3.Connection, run: RunRow) -> None:
    """Writes a run, or replaces what was known of it."""
    values = [getattr(run, name) for name in _FIELDS]
    values[_FIELDS.index("features")] = json.dumps(dict(run.features), sort_keys=True)
    marks = ", ".join("?" * len(_FIELDS))
    connection.execute(f"INSERT OR REPLACE INTO runs ({', '.join(_FIELDS)}) VALUES ({marks})", values)  # noqa: S608


def by_key(connection: sqlite3.Connection, key: str, limit: int = 30) -> list[RunRow]:
    """The last finished runs of a key, newest first."""
    if not key:
        return []
    rows = connection.execute(
        "SELECT * FROM runs WHERE key = ? AND duration_seconds IS NOT NULL ORDER BY started_at_seconds DESC LIMIT ?",
        (key, limit),
    )
    return [_run(row) for row in rows]


def by_kind(connection: sqlite3.Connection, kind: str, limit: int = 60) -> list[RunRow]:
    """The last finished runs of a kind, newest first."""
    rows = connection.execute(
        "SELECT * FROM runs WHERE kind = ? AND duration_seconds IS NOT NULL ORDER BY started_at_seconds DESC LIMIT ?",
        (kind, limit),
    )
    return [_run(row) for row in rows]


def recent(connection: sqlite3.Connection, limit: int = 10) -> list[RunRow]:
    """The last runs that were seen here (not those of a trace), newest first."""
    rows = connection.execute(
        "SELECT * FROM runs WHERE trigger != 'trace' ORDER BY started_at_seconds DESC LIMIT ?", (limit,)
    )
    return [_run(row) for row in rows]


def forget(connection: sqlite3.Connection, now_seconds: float) -> None:
    """Deletes runs older than a year, and the oldest beyond the number that is kept."""
    connection.execute("DELETE FROM runs WHERE started_at_seconds < ?", (now_seconds - KEPT_SECONDS,))
    connection.execute(
        "DELETE FROM runs WHERE run_id IN (SELECT run_id FROM runs ORDER BY started_at_seconds DESC LIMIT -1 OFFSET ?)",
        (KEPT_RUNS,),
    )


def _run(row: sqlite3.Row) -> RunRow:
    values = {name: row[name] for name in _FIELDS}
    values["features"] = json.loads(values["features"])
    return RunRow(**values)
