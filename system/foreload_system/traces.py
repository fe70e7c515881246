"""Traces: CSV files (also .gz) of what was used, and the events beside them."""

from __future__ import annotations

import csv
import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from foreload_core.history import Grid
from foreload_core.types import NO_AMOUNTS, Resource, Sample
from foreload_core.units import format_time, parse_time

COLUMNS: Mapping[str, Resource] = {
    "cpu_cores": Resource.CPU,
    "memory_bytes": Resource.MEMORY,
    "net_rx_bytes_s": Resource.NETWORK_RX,
    "net_tx_bytes_s": Resource.NETWORK_TX,
    "gpu_util": Resource.GPU,
}
HEADER = "timestamp," + ",".join(COLUMNS)
MOST_ROWS = 5_000_000
TEST_SCOPES: Mapping[str, float] = {"file": 0.0, "package": 1.0, "all": 2.0}
"""Words that traces use for the feature test_scope."""
EVENT_TYPES = ("session_start", "session_end", "save", "run_start", "run_end", "deploy")


class TraceError(ValueError):
    """A trace that cannot be read. The message names the file, the line, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A regular series of what was used.

    Attributes:
        path: where it was read.
        start: beginning of the first interval, UTC.
        interval_seconds: length of each.
        values: one entry an interval for each resource that was measured at all; None where it was not.
    """

    path: Path
    start: datetime
    interval_seconds: float
    values: Mapping[Resource, tuple[float | None, ...]]

    @property
    def length(self) -> int:
        """Number of intervals."""
        return len(next(iter(self.values.values()), ()))

    def grid(self, resource: Resource) -> Grid:
        """The series of one resource; empty where it was never measured."""
        return Grid(resource, self.start, self.interval_seconds, self.values.get(resource, ()))

    def samples(self) -> Iterator[Sample]:
        """One sample an interval, in order."""
        for index in range(self.length):
            used = NO_AMOUNTS
            for resource, values in self.values.items():
                used = used.with_amount(resource, values[index])
            yield Sample(self.start + timedelta(seconds=index * self.interval_seconds), self.interval_seconds, used)


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """One line of the events beside a trace. `features` are numbers; true and false count as 1 and 0."""

    at: datetime
    environment_id: str
    type: str
    run_id: str
    kind: str
    trigger: str
    features: Mapping[str, float]


def read_trace(path: Path) -> Trace:
    """Reads a trace.

    Raises:
        TraceError: it is none, or it cannot be opened.
    """
    with _opened(path) as file:
        rows = csv.reader(file)
        header = next(rows, None)
        columns = _columns(path, header)
        times: list[datetime] = []
        found: dict[Resource, list[float | None]] = {resource: [] for resource in columns.values()}
        for row in rows:
            if not row:
                continue
            line = rows.line_num
            if len(row) != len(header or ()):
                raise TraceError(f"{path}:{line}: {len(row)} fields; the header has {len(header or ())}.")
            if len(times) >= MOST_ROWS:
                raise TraceError(f"{path}:{line}: more than {MOST_ROWS:,} rows; cut the trace into parts.")
            times.append(_time(path, line, row[0]))
            for position, resource in columns.items():
                found[resource].append(_amount(path, line, header or [], position, row[position]))
    interval_seconds = _interval(path, times)
    measured = {
        resource: tuple(values) for resource, values in found.items() if any(value is not None for value in values)
    }
    if not measured:
        raise TraceError(f"{path}: nothing was measured; at least one column needs a number.")
    return Trace(path, times[0], interval_seconds, measured)


def read_events(path: Path) -> tuple[TraceEvent, ...]:
    """Reads the events beside a trace, in the order of their times.

    Raises:
        TraceError: one of its lines is none, or the file cannot be opened.
    """
    events: list[TraceEvent] = []
    with _opened(path) as file:
        for line, text in enumerate(file, 1):
            if text.strip():
                events.append(_event(path, line, text))
    return tuple(sorted(events, key=lambda event: event.at))


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                yield file
        else:
            with path.open(encoding="utf-8", newline="") as file:
                yield file
    except FileNotFoundError:
        raise TraceError(f"{path}: there is no such file.") from None
    except IsADirectoryError:
        raise TraceError(f"{path}: this is a folder; name one trace in it.") from None
    except UnicodeDecodeError as error:
        raise TraceError(f"{path}: no text, byte {error.start} is not UTF-8; a trace is CSV, also .gz.") from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise TraceError(f"{path}: not a whole gzip file ({error}).") from None
    except csv.Error as error:
        raise TraceError(f"{path}: not CSV ({error}).") from None
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror or error}.") from None


def _columns(path: Path, header: list[str] | None) -> dict[int, Resource]:
    """Position -> resource. Columns with other names are passed over."""
    if not header or header[0].strip() != "timestamp":
        first = repr(header[0][:40]) if header else "nothing"
        raise TraceError(f"{path}:1: the header begins with {first}; it is {HEADER}.")
    columns = {position: COLUMNS[name.strip()] for position, name in enumerate(header) if name.strip() in COLUMNS}
    if not columns:
        raise TraceError(f"{path}:1: none of the columns {', '.join(COLUMNS)} is there.")
    return columns


def _time(path: Path, line: int, text: str) -> datetime:
    try:
        return parse_time(text.strip())
    except ValueError:
        raise TraceError(f"{path}:{line}: {text[:40]!r} is no time; write it as 2026-01-05T07:42:00Z.") from None


def _amount(path: Path, line: int, header: list[str], position: int, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        allowed = "a number from 0 on, or nothing where it was not measured"
        raise TraceError(f"{path}:{line}: {header[position]} is {text[:40]!r}; allowed is {allowed}.")
    return value


def _interval(path: Path, times: list[datetime]) -> float:
    if len(times) < 2:
        raise TraceError(f"{path}: rows after the header are {len(times)}; a trace has at least 2.")
    interval = times[1] - times[0]
    if interval <= timedelta(0):
        raise TraceError(f"{path}:3: {format_time(times[1])} is not after the row before; times must grow.")
    for index in range(1, len(times)):
        if times[index] - times[index - 1] != interval:
            gap_seconds = (times[index] - times[index - 1]).total_seconds()
            raise TraceError(
                f"{path}:{index + 2}: {format_time(times[index])} is {gap_seconds:g} s after the row before;"
                f" the interval is {interval.total_seconds():g} s, and it must stay the same."
            )
    return interval.total_seconds()


def _event(path: Path, line: int, text: str) -> TraceEvent:
    try:
        entries: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise TraceError(f"{path}:{line}: not JSON: {text[:60].strip()!r}.") from None
    if not isinstance(entries, dict):
        raise TraceError(f"{path}:{line}: an event is an object with ts, env and type.")
    kind = entries.get("type")
    if kind not in EVENT_TYPES:
        raise TraceError(f"{path}:{line}: type is {kind!r}; allowed are {', '.join(EVENT_TYPES)}.")
    features = entries.get("features") or {}
    if isinstance(features, dict):
        features = {name: TEST_SCOPES.get(str(value), value) for name, value in features.items()}
    if not isinstance(features, dict) or not all(isinstance(value, int | float) for value in features.values()):
        raise TraceError(f"{path}:{line}: features is {features!r}; an object of numbers is expected.")
    return TraceEvent(
        at=_time(path, line, str(entries.get("ts", ""))),
        environment_id=str(entries.get("env", "")),
        type=kind,
        run_id=str(entries.get("run", "")),
        kind=str(entries.get("kind", "")),
        trigger=str(entries.get("trigger", "")),
        features={str(name): float(value) for name, value in features.items()},
    )
