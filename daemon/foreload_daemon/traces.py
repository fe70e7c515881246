"""Reads a trace (CSV, also gzipped, with its events beside it) into the local history."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from foreload_core.types import Amounts, RunKind
from foreload_core.units import parse_time

from foreload_daemon.broker.fields import known_features
from foreload_daemon.history import records, samples

COLUMNS = ("timestamp", "cpu_cores", "memory_bytes", "net_rx_bytes_s", "net_tx_bytes_s", "gpu_util")
WEEK = timedelta(days=7)
LONGEST_INTERVAL_SECONDS = 3600
_SCOPES = {"file": 0.0, "package": 1.0, "all": 2.0}


class TraceError(ValueError):
    """A trace that cannot be read: which file and line, which value, what is allowed."""


@dataclass(frozen=True, slots=True)
class Point:
    """One line of a trace: what was used in the interval that begins then."""

    at: datetime
    used: Amounts
    cpu_cores_highest: float | None


@dataclass(slots=True)
class Imported:
    """What an import brought.

    Attributes:
        points, runs: how many.
        start, end: first and last moment as they stand in the history now, UTC.
        shifted: by how much the times were moved.
        problems: lines that were left out, in words.
    """

    points: int = 0
    runs: int = 0
    start: datetime | None = None
    end: datetime | None = None
    shifted: timedelta = timedelta()
    problems: list[str] = field(default_factory=list[str])


def import_trace(connection: sqlite3.Connection, path: Path, now: datetime, *, keep_times: bool = False) -> Imported:
    """Brings a trace into the history. Doing it twice changes nothing.

    Args:
        connection: the history, in a transaction.
        path: the CSV; events are read from NAME-events.jsonl(.gz) or NAME.jsonl(.gz) beside it, where there are any.
        now: UTC.
        keep_times: as they are; else all move by whole weeks to reach to now, which keeps weekdays and hours.

    Raises:
        TraceError: the file is no trace.
        OSError: it cannot be read.
    """
    points = list(read_points(path))
    if not points:
        raise TraceError(f"{path} holds no lines; a header and at least one line are needed")
    interval = _interval_seconds(path, points)
    end = points[-1].at + timedelta(seconds=interval)
    shift = timedelta() if keep_times else _weeks_to(points[0].at, end, now)
    found = Imported(shifted=shift)
    shown = [point for point in points if point.at + shift < now]
    rows = list(_minutes(shown, shift, interval))
    samples.put(connection, rows, samples.MINUTE_SECONDS)
    if rows:
        samples.roll_up_from(connection, rows[0].start_seconds)
        found.start = datetime.fromtimestamp(rows[0].start_seconds, UTC)
        found.end = datetime.fromtimestamp(rows[-1].start_seconds + samples.MINUTE_SECONDS, UTC)
    found.points = len(shown)
    events = _events_file(path)
    if events is not None:
        for run in _runs(connection, events, shown, shift, now, found.problems):
            records.put(connection, run)
            found.runs += 1
    samples.forget(connection, now.timestamp())
    records.forget(connection, now.timestamp())
    return found


def read_points(path: Path) -> Iterator[Point]:
    """The lines of a trace.

    Raises:
        TraceError: the header lacks a column that is needed, or a value is no number.
    """
    with _opened(path) as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or []
        if "timestamp" not in header or "cpu_cores" not in header:
            raise TraceError(f"{path}: the header is {','.join(header)[:100]!r}; needed is {','.join(COLUMNS)}")
        for number, line in enumerate(reader, start=2):
            yield _point(path, number, line)


def _point(path: Path, number: int, line: Mapping[str, str | None]) -> Point:
    def value(name: str) -> float | None:
        text = (line.get(name) or "").strip()
        if not text:
            return None
        try:
            amount = float(text)
        except ValueError:
            amount = math.nan
        if not math.isfinite(amount) or amount < 0:
            raise TraceError(
                f"{path}, line {number}: {name} is {text[:40]!r}; allowed is a number of at least 0, or nothing"
            )
        return amount

    text = line.get("timestamp") or ""
    try:
        at = parse_time(text)
    except ValueError as error:
        raise TraceError(
            f"{path}, line {number}: timestamp is {text[:40]!r}; allowed is 2026-01-05T07:42:43Z"
        ) from error
    memory = value("memory_bytes")
    used = Amounts(
        value("cpu_cores"),
        None if memory is None else int(memory),
        value("gpu_util"),
        value("net_rx_bytes_s"),
        value("net_tx_bytes_s"),
    )
    return Point(at, used, value("cpu_max_cores"))


def _interval_seconds(path: Path, points: list[Point]) -> int:
    if len(points) < 2:
        return samples.MINUTE_SECONDS
    seconds = (points[1].at - points[0].at).total_seconds()
    if not 1 <= seconds <= LONGEST_INTERVAL_SECONDS:
        raise TraceError(f"{path}: the interval is {seconds:g} s; allowed is 1 to {LONGEST_INTERVAL_SECONDS}")
    return round(seconds)


def _weeks_to(start: datetime, end: datetime, now: datetime) -> timedelta:
    """Whole weeks by which a trace must move to reach to now. What then lies ahead of now is cut off; where too little would
    be left, it ends within the week before instead."""
    weeks = WEEK * math.ceil((now - end) / WEEK)
    left = now - (start + weeks)
    return weeks if left >= max(WEEK, (end - start) / 2) else weeks - WEEK


def _minutes(points: list[Point], shift: timedelta, interval_seconds: int) -> Iterator[samples.Row]:
    """The trace in minutes: finer lines are averaged, coarser ones stand for each minute that they cover."""
    minute = samples.MINUTE_SECONDS
    if interval_seconds >= minute:
        for point in points:
            start = int((point.at + shift).timestamp())
            for offset in range(0, interval_seconds, minute):
                yield _row((start + offset) // minute * minute, [point], minute)
        return
    gathered: list[Point] = []
    place = None
    for point in points:
        start = int((point.at + shift).timestamp()) // minute * minute
        if place is not None and start != place:
            yield _row(place, gathered, len(gathered) * interval_seconds)
            gathered = []
        place = start
        gathered.append(point)
    if place is not None:
        yield _row(place, gathered, len(gathered) * interval_seconds)


def _row(start: int, points: list[Point], measured_seconds: float) -> samples.Row:
    def mean(name: str) -> float | None:
        values = [amount for point in points if (amount := getattr(point.used, name)) is not None]
        return sum(values) / len(values) if values else None

    memory = mean("memory_bytes")
    cores = [
        value for point in points for value in (point.used.cpu_cores, point.cpu_cores_highest) if value is not None
    ]
    bytes_used = [point.used.memory_bytes for point in points if point.used.memory_bytes is not None]
    return samples.Row(
        start_seconds=start,
        measured_seconds=float(measured_seconds),
        used=Amounts(
            mean("cpu_cores"),
            None if memory is None else int(memory),
            mean("gpu_count"),
            mean("network_rx_bytes_per_second"),
            mean("network_tx_bytes_per_second"),
        ),
        highest=Amounts(max(cores, default=None), max(bytes_used, default=None)),
        limit=Amounts(),
        throttled_seconds=0.0,
        oom_kills=0,
    )


def _events_file(path: Path) -> Path | None:
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    stems = dict.fromkeys((name, name.rpartition("-")[0]))
    for stem in stems:
        for ending in ("-events.jsonl", "-events.jsonl.gz", ".jsonl", ".jsonl.gz"):
            candidate = path.with_name(stem + ending)
            if stem and candidate.is_file():
                return candidate
    return None


def _runs(
    connection: sqlite3.Connection,
    path: Path,
    points: list[Point],
    shift: timedelta,
    now: datetime,
    problems: list[str],
) -> Iterator[records.RunRow]:
    started: dict[str, dict[str, Any]] = {}
    times = [point.at for point in points]
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                event = json.loads(line)
                at = parse_time(event["ts"])
                kind = event.get("type")
            except (ValueError, KeyError, TypeError, AttributeError):
                problems.append(f"{path}, line {number}: no event; allowed is a JSON object with ts and type")
                continue
            if kind == "run_start":
                started[str(event.get("run"))] = {**event, "at": at}
            elif kind == "run_end" and str(event.get("run")) in started and at + shift < now:
                begin = started.pop(str(event["run"]))
                yield _run(connection, path, begin, at, points, times, shift)


def _run(
    connection: sqlite3.Connection,
    path: Path,
    begin: Mapping[str, Any],
    end: datetime,
    points: list[Point],
    times: list[datetime],
    shift: timedelta,
) -> records.RunRow:
    from bisect import bisect_left, bisect_right

    kind = next((each for each in RunKind if each.value == begin.get("kind")), RunKind.OTHER)
    start: datetime = begin["at"]
    during = points[max(0, bisect_right(times, start) - 1) : bisect_left(times, end)]
    before = points[max(0, bisect_left(times, start) - 3) : bisect_left(times, start)]
    base_cores = min((point.used.cpu_cores for point in before if point.used.cpu_cores is not None), default=0.0)
    base_bytes = min((point.used.memory_bytes for point in before if point.used.memory_bytes is not None), default=0)
    cores = [max(0.0, point.used.cpu_cores - base_cores) for point in during if point.used.cpu_cores is not None]
    peaks = [max(0.0, point.cpu_cores_highest - base_cores) for point in during if point.cpu_cores_highest is not None]
    memory = [max(0, point.used.memory_bytes - base_bytes) for point in during if point.used.memory_bytes is not None]
    number = hashlib.sha256(f"{path.name}\0{begin.get('run')}\0{begin.get('ts')}".encode()).hexdigest()[:32]
    return records.RunRow(
        run_id=number,
        key=records.run_key(connection, f"trace:{begin.get('env', '')}", kind.value),
        kind=kind.value,
        trigger="trace",
        name=kind.value,
        started_at_seconds=(start + shift).timestamp(),
        duration_seconds=max(0.0, (end - start).total_seconds()),
        cpu_cores=sum(cores) / len(cores) if cores else None,
        cpu_cores_highest=max([*peaks, *cores], default=None),
        memory_bytes_highest=max(memory, default=None),
        features=known_features(_numbers(begin.get("features"))),
    )


def _numbers(features: object) -> dict[str, float]:
    if not isinstance(features, Mapping):
        return {}
    found: dict[str, float] = {}
    for name, value in features.items():
        if isinstance(value, bool | int | float):
            found[str(name)] = float(value)
        elif value in _SCOPES:
            found[str(name)] = _SCOPES[value]
    return found


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="")
    return path.open(encoding="utf-8", errors="replace", newline="")
