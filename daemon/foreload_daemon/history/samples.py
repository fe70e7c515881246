"""Measured use over time: in steps of 10 s for a day, a minute for two weeks, a quarter of an hour for a year."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from foreload_core.types import Amounts, Sample

FINE_SECONDS = 10
MINUTE_SECONDS = 60
QUARTER_SECONDS = 900

RETENTION_SECONDS: dict[int, int] = {
    FINE_SECONDS: 86400,
    MINUTE_SECONDS: 14 * 86400,
    QUARTER_SECONDS: 366 * 86400,
}
"""How long each resolution is kept."""

_COLUMNS = (
    "start_seconds, measured_seconds, cpu_cores, cpu_cores_highest, memory_bytes, memory_bytes_highest, gpu_count, "
    "network_rx_bytes_per_second, network_tx_bytes_per_second, cpu_limit_cores, memory_limit_bytes, throttled_seconds, "
    "oom_kills"
)

_ROLL_UP = """
INSERT OR REPLACE INTO samples (resolution_seconds, start_seconds, measured_seconds, cpu_cores, cpu_cores_highest,
    memory_bytes, memory_bytes_highest, gpu_count, network_rx_bytes_per_second, network_tx_bytes_per_second,
    cpu_limit_cores, memory_limit_bytes, throttled_seconds, oom_kills)
SELECT :coarse, start_seconds / :coarse * :coarse AS begin, SUM(measured_seconds),
    SUM(cpu_cores * measured_seconds) / SUM(measured_seconds), MAX(cpu_cores_highest),
    CAST(SUM(memory_bytes * measured_seconds) / SUM(measured_seconds) AS INTEGER), MAX(memory_bytes_highest),
    SUM(gpu_count * measured_seconds) / SUM(measured_seconds),
    SUM(network_rx_bytes_per_second * measured_seconds) / SUM(measured_seconds),
    SUM(network_tx_bytes_per_second * measured_seconds) / SUM(measured_seconds),
    MAX(cpu_limit_cores), MAX(memory_limit_bytes), SUM(throttled_seconds), SUM(oom_kills)
FROM samples WHERE resolution_seconds = :fine AND start_seconds >= :since
GROUP BY begin
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One bucket of the history.

    Attributes:
        start_seconds: its beginning, seconds since 1970.
        measured_seconds: how much of it was measured.
        used: mean use.
        highest: highest use of CPU and memory in it.
        limit: limits at its end; the highest of them in coarser buckets.
        throttled_seconds, oom_kills: sums.
    """

    start_seconds: int
    measured_seconds: float
    used: Amounts
    highest: Amounts
    limit: Amounts
    throttled_seconds: float
    oom_kills: int


class Bucket:
    """Collects samples until ten seconds are full."""

    def __init__(self) -> None:
        self._samples: list[Sample] = []
        self._start = 0

    def add(self, sample: Sample) -> Row | None:
        """Takes a sample in, and gives the bucket before it when that is full."""
        start = int(sample.start.timestamp()) // FINE_SECONDS * FINE_SECONDS
        finished = self.close() if self._samples and start != self._start else None
        self._start = start
        self._samples.append(sample)
        return finished

    def close(self) -> Row | None:
        """What was collected, or None where there is nothing."""
        samples, self._samples = self._samples, []
        return _mean(self._start, samples) if samples else None


def put(connection: sqlite3.Connection, rows: Iterable[Row], resolution_seconds: int = FINE_SECONDS) -> None:
    """Writes buckets; one that is there already is replaced, never added to."""
    connection.executemany(
        f"INSERT OR REPLACE INTO samples (resolution_seconds, {_COLUMNS}) VALUES ({', '.join('?' * 14)})",  # noqa: S608
        [
            (
                resolution_seconds,
                row.start_seconds,
                row.measured_seconds,
                row.used.cpu_cores,
                row.highest.cpu_cores,
                row.used.memory_bytes,
                row.highest.memory_bytes,
                row.used.gpu_count,
                row.used.network_rx_bytes_per_second,
                row.used.network_tx_bytes_per_second,
                row.limit.cpu_cores,
                row.limit.memory_bytes,
                row.throttled_seconds,
                row.oom_kills,
            )
            for row in rows
        ],
    )


def roll_up(connection: sqlite3.Connection) -> None:
    """Brings the coarser resolutions up to date from the finer ones. Repeating it changes nothing."""
    for fine, coarse in ((FINE_SECONDS, MINUTE_SECONDS), (MINUTE_SECONDS, QUARTER_SECONDS)):
        since = connection.execute(
            "SELECT COALESCE(MAX(start_seconds), 0) FROM samples WHERE resolution_seconds = ?", (coarse,)
        ).fetchone()[0]
        connection.execute(_ROLL_UP, {"fine": fine, "coarse": coarse, "since": since})


def roll_up_from(connection: sqlite3.Connection, since_seconds: int) -> None:
    """Makes the quarters of an hour from `since_seconds` on anew from the minutes; for an import of the past."""
    since = since_seconds // QUARTER_SECONDS * QUARTER_SECONDS
    connection.execute(_ROLL_UP, {"fine": MINUTE_SECONDS, "coarse": QUARTER_SECONDS, "since": since})


def forget(connection: sqlite3.Connection, now_seconds: float) -> int:
    """Deletes what is older than its resolution is kept. Returns the number of buckets deleted."""
    deleted = 0
    for resolution, kept in RETENTION_SECONDS.items():
        deleted += connection.execute(
            "DELETE FROM samples WHERE resolution_seconds = ? AND start_seconds < ?",
            (resolution, int(now_seconds - kept)),
        ).rowcount
    return deleted


def read(
    connection: sqlite3.Connection, resolution_seconds: int, start_seconds: float, end_seconds: float
) -> list[Row]:
    """Buckets that begin in [start, end), oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM samples WHERE resolution_seconds = ? AND start_seconds >= ? AND start_seconds < ? "  # noqa: S608
        "ORDER BY start_seconds",
        (resolution_seconds, int(start_seconds), int(end_seconds)),
    )
    return [_row(row) for row in rows]


def totals(connection: sqlite3.Connection, start_seconds: float) -> tuple[float, int]:
    """Throttled seconds and kills for want of memory since `start_seconds`, by the minute."""
    throttled, kills = connection.execute(
        "SELECT COALESCE(SUM(throttled_seconds), 0), COALESCE(SUM(oom_kills), 0) FROM samples "
        "WHERE resolution_seconds = ? AND start_seconds >= ?",
        (MINUTE_SECONDS, int(start_seconds)),
    ).fetchone()
    return float(throttled), int(kills)


def to_sample(row: Row) -> Sample:
    """The bucket as a sample, for forecasts and the broker."""
    return Sample(
        start=datetime.fromtimestamp(row.start_seconds, UTC),
        interval_seconds=row.measured_seconds,
        used=row.used,
        limit=row.limit,
        throttled_seconds=row.throttled_seconds,
        oom_kills=row.oom_kills,
    )


def _row(row: sqlite3.Row) -> Row:
    return Row(
        start_seconds=row["start_seconds"],
        measured_seconds=row["measured_seconds"],
        used=Amounts(
            row["cpu_cores"],
            row["memory_bytes"],
            row["gpu_count"],
            row["network_rx_bytes_per_second"],
            row["network_tx_bytes_per_second"],
        ),
        highest=Amounts(row["cpu_cores_highest"], row["memory_bytes_highest"]),
        limit=Amounts(row["cpu_limit_cores"], row["memory_limit_bytes"]),
        throttled_seconds=row["throttled_seconds"],
        oom_kills=row["oom_kills"],
    )


def _mean(start: int, samples: Sequence[Sample]) -> Row:
    memory = _weighted(samples, "memory_bytes")
    highest_memory = max(
        (sample.used.memory_bytes for sample in samples if sample.used.memory_bytes is not None), default=None
    )
    return Row(
        start_seconds=start,
        measured_seconds=sum(sample.interval_seconds for sample in samples),
        used=Amounts(
            cpu_cores=_weighted(samples, "cpu_cores"),
            memory_bytes=None if memory is None else int(memory),
            gpu_count=_weighted(samples, "gpu_count"),
            network_rx_bytes_per_second=_weighted(samples, "network_rx_bytes_per_second"),
            network_tx_bytes_per_second=_weighted(samples, "network_tx_bytes_per_second"),
        ),
        highest=Amounts(
            cpu_cores=max(
                (sample.used.cpu_cores for sample in samples if sample.used.cpu_cores is not None), default=None
            ),
            memory_bytes=highest_memory,
        ),
        limit=samples[-1].limit,
        throttled_seconds=sum(sample.throttled_seconds for sample in samples),
        oom_kills=sum(sample.oom_kills for sample in samples),
    )


def _weighted(samples: Sequence[Sample], field: str) -> float | None:
    pairs = [(getattr(sample.used, field), sample.interval_seconds) for sample in samples]
    known = [(value, seconds) for value, seconds in pairs if value is not None and seconds > 0]
    seconds = sum(seconds for _, seconds in known)
    return sum(value * length for value, length in known) / seconds if seconds else None


_GRID_COLUMNS = {
    "cpu": "cpu_cores",
    "memory": "memory_bytes",
    "gpu": "gpu_count",
    "net_rx": "network_rx_bytes_per_second",
    "net_tx": "network_tx_bytes_per_second",
}


def series(
    connection: sqlite3.Connection,
    resource: str,
    resolution_seconds: int,
    step_seconds: int,
    start_seconds: int,
    end_seconds: int,
) -> list[float | None]:
    """Mean use of one resource in steps, from one resolution; None where less than half of a step was measured.

    Args:
        connection: the history.
        resource: `foreload_core.types.Resource`'s value.
        resolution_seconds: of the buckets to read.
        step_seconds: a multiple of it.
        start_seconds, end_seconds: multiples of the step.
    """
    column = _GRID_COLUMNS[resource]
    values: list[float | None] = [None] * max(0, (end_seconds - start_seconds) // step_seconds)
    rows = connection.execute(
        f"SELECT (start_seconds - ?) / ? AS place, SUM({column} * measured_seconds) / SUM(measured_seconds) AS mean, "  # noqa: S608
        f"SUM(measured_seconds) AS measured FROM samples WHERE resolution_seconds = ? AND start_seconds >= ? "
        f"AND start_seconds < ? AND {column} IS NOT NULL GROUP BY place",
        (start_seconds, step_seconds, resolution_seconds, start_seconds, end_seconds),
    )
    for row in rows:
        if row["measured"] >= step_seconds / 2:
            values[row["place"]] = float(row["mean"])
    return values
