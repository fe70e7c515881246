"""Brings a trace, with the events beside it, into the local history."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from foreload_core.types import NO_AMOUNTS, Resource, RunKind, Sample
from foreload_system.traces import Trace, TraceEvent, read_events, read_trace

from foreload_daemon.broker.fields import known_features
from foreload_daemon.history import records, samples

WEEK = timedelta(days=7)
BASE_STEPS = 3


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought.

    Attributes:
        points, runs: how many.
        start, end: first and last moment as they stand in the history now, UTC; None where nothing lies in the past.
        shifted: by how much the times were moved.
    """

    points: int
    runs: int
    start: datetime | None
    end: datetime | None
    shifted: timedelta


def import_trace(connection: sqlite3.Connection, path: Path, now: datetime, *, keep_times: bool = False) -> Imported:
    """Brings a trace into the history. Doing it twice changes nothing.

    Args:
        connection: the history, in a transaction.
        path: the CSV; events are read from NAME-events.jsonl(.gz) or NAME.jsonl(.gz) beside it, where there are any.
        now: UTC.
        keep_times: as they are; else all move by whole weeks to reach to now, which keeps weekdays and hours.

    Raises:
        TraceError: the file, or the one of its events, cannot be read.
    """
    trace = read_trace(path)
    end = trace.start + timedelta(seconds=trace.length * trace.interval_seconds)
    shift = timedelta() if keep_times else _weeks_to(trace.start, end, now)
    shown = [sample for sample in trace.samples() if sample.start + shift < now]
    rows = list(_minutes(shown, shift))
    samples.put(connection, rows, samples.MINUTE_SECONDS)
    if rows:
        samples.roll_up_from(connection, rows[0].start_seconds)
    runs = list(_runs(connection, trace, shift, now))
    for run in runs:
        records.put(connection, run)
    samples.forget(connection, now.timestamp())
    records.forget(connection, now.timestamp())
    return Imported(
        points=len(shown),
        runs=len(runs),
        start=datetime.fromtimestamp(rows[0].start_seconds, UTC) if rows else None,
        end=datetime.fromtimestamp(rows[-1].start_seconds + samples.MINUTE_SECONDS, UTC) if rows else None,
        shifted=shift,
    )


def _weeks_to(start: datetime, end: datetime, now: datetime) -> timedelta:
    """Whole weeks by which a trace must move to reach to now.

    What then lies ahead of now is cut off. It ends before now instead where it ends within the last day then, or where
    too little would be left.
    """
    weeks = WEEK * math.ceil((now - end) / WEEK)
    overshoot, left = end + weeks - now, now - (start + weeks)
    ends_before = overshoot > WEEK - timedelta(days=1) or left < max(WEEK, (end - start) / 2)
    return weeks - WEEK if ends_before and overshoot else weeks


def _minutes(points: Sequence[Sample], shift: timedelta) -> Iterator[samples.Row]:
    """The trace in minutes: finer lines are averaged, coarser ones stand for each minute that they cover."""
    gathered: dict[int, list[Sample]] = {}
    for point in points:
        start = int((point.start + shift).timestamp())
        for offset in range(0, max(1, round(point.interval_seconds)), samples.MINUTE_SECONDS):
            place = (start + offset) // samples.MINUTE_SECONDS * samples.MINUTE_SECONDS
            gathered.setdefault(place, []).append(point)
    for place, group in sorted(gathered.items()):
        measured = min(samples.MINUTE_SECONDS, sum(point.interval_seconds for point in group))
        yield _row(place, group, measured)


def _row(start: int, group: Sequence[Sample], measured_seconds: float) -> samples.Row:
    used, highest = NO_AMOUNTS, NO_AMOUNTS
    for resource in Resource:
        values = [amount for point in group if (amount := point.used.get(resource)) is not None]
        if values:
            used = used.with_amount(resource, sum(values) / len(values))
            highest = highest.with_amount(resource, max(values))
    return samples.Row(start, measured_seconds, used, highest, NO_AMOUNTS, 0.0, 0)


def _events_file(path: Path) -> Path | None:
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    for stem in dict.fromkeys((name, name.rpartition("-")[0])):
        for ending in ("-events.jsonl", "-events.jsonl.gz", ".jsonl", ".jsonl.gz"):
            candidate = path.with_name(stem + ending)
            if stem and candidate.is_file():
                return candidate
    return None


def _runs(connection: sqlite3.Connection, trace: Trace, shift: timedelta, now: datetime) -> Iterator[records.RunRow]:
    """The runs that the events tell of, with what the trace says was used meanwhile."""
    path = _events_file(trace.path)
    started: dict[str, TraceEvent] = {}
    for event in read_events(path) if path is not None else ():
        if event.type == "run_start":
            started[event.run_id] = event
        elif event.type == "run_end" and event.run_id in started and event.at + shift < now:
            yield _run(connection, trace, started.pop(event.run_id), event.at, shift)


def _run(
    connection: sqlite3.Connection, trace: Trace, begin: TraceEvent, end: datetime, shift: timedelta
) -> records.RunRow:
    kind = next((each for each in RunKind if each.value == begin.kind), RunKind.OTHER)
    cores = _above(trace, Resource.CPU, begin.at, end)
    memory = _above(trace, Resource.MEMORY, begin.at, end)
    number = hashlib.sha256(f"{begin.environment_id}\0{begin.run_id}\0{begin.at}".encode()).hexdigest()[:32]
    return records.RunRow(
        run_id=number,
        key=records.run_key(connection, f"trace:{begin.environment_id}", kind.value),
        kind=kind.value,
        trigger="trace",
        name=kind.value,
        started_at_seconds=(begin.at + shift).timestamp(),
        duration_seconds=max(0.0, (end - begin.at).total_seconds()),
        cpu_cores=sum(cores) / len(cores) if cores else None,
        cpu_cores_highest=max(cores, default=None),
        memory_bytes_highest=int(max(memory)) if memory else None,
        features=known_features(begin.features),
    )


def _above(trace: Trace, resource: Resource, begin: datetime, end: datetime) -> list[float]:
    """What was used during a run on top of the least that was used just before it."""
    grid = trace.grid(resource)
    if not grid.values:
        return []
    first, last = max(0, grid.index_of(begin)), max(0, grid.index_of(end))
    before = [value for value in grid.values[max(0, first - BASE_STEPS) : first] if value is not None]
    base: float = min(before, default=0.0)
    during: list[float] = [value for value in grid.values[first : last + 1] if value is not None]
    return [max(0.0, value - base) for value in during]
