"""Traces: what is read, and the message for what is not."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
from foreload_core.types import Resource
from foreload_core.units import parse_time
from foreload_system.traces import HEADER, TraceError, read_events, read_trace

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "core"


def rows(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def row(minute: int, cores: str = "0.5") -> str:
    return f"2026-01-05T00:{minute:02d}:00Z,{cores},1000,,,"


def test_a_trace_is_read_also_compressed(tmp_path: Path) -> None:
    plain = read_trace(FIXTURES / "morning.csv")
    packed_path = tmp_path / "morning.csv.gz"
    packed_path.write_bytes(gzip.compress((FIXTURES / "morning.csv").read_bytes()))
    packed = read_trace(packed_path)
    assert packed.values == plain.values
    assert (plain.length, plain.interval_seconds) == (720, 10.0)
    assert list(plain.values) == [Resource.CPU, Resource.MEMORY, Resource.NETWORK_RX, Resource.NETWORK_TX]
    samples = list(plain.samples())
    assert samples[1].start - samples[0].start == timedelta(seconds=10)
    assert plain.grid(Resource.GPU).values == ()
    assert plain.grid(Resource.CPU).values[3] == samples[3].used.cpu_cores


def test_what_was_not_measured_and_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("timestamp,cpu_cores,cpu_max_cores\n2026-01-05T00:00:00Z,,9\n2026-01-05T00:01:00+00:00,1.5,9\n\n")
    assert read_trace(path).values == {Resource.CPU: (None, 1.5)}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the header begins with nothing"),
        ("time,cpu\n", 1, "the header begins with 'time'"),
        ("timestamp,disk\n", 1, "none of the columns cpu_cores"),
        (rows(row(0)), None, "rows after the header are 1; a trace has at least 2"),
        (rows(row(0), row(1, "many")), 3, "cpu_cores is 'many'; allowed is a number from 0 on"),
        (rows(row(0), row(1, "-1")), 3, "cpu_cores is '-1'"),
        (rows(row(0), row(1, "nan")), 3, "cpu_cores is 'nan'"),
        (rows(row(0), "yesterday,1,1,,,"), 3, "'yesterday' is no time"),
        (rows(row(0), "2026-01-05T00:01:00,1,1,,,"), 3, "is no time"),
        (rows(row(0), row(1), row(3)), 4, "is 120 s after the row before; the interval is 60 s"),
        (rows(row(1), row(0)), 3, "times must grow"),
        (rows(row(0), "2026-01-05T00:01:00Z,1"), 3, "2 fields; the header has 6"),
        (rows("2026-01-05T00:00:00Z,,,,,", "2026-01-05T00:01:00Z,,,,,"), None, "nothing was measured"),
    ],
)
def test_a_bad_trace_is_named_with_line_and_value(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(TraceError) as raised:
        read_trace(path)
    where = f"{path}:{line}: " if line else f"{path}: "
    assert str(raised.value).startswith(where)
    assert words in str(raised.value)


def test_files_that_are_no_traces_at_all(tmp_path: Path) -> None:
    binary, broken = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    binary.write_bytes(bytes(range(256)) * 100)
    broken.write_bytes(gzip.compress(rows(*[row(minute) for minute in range(60)]).encode())[:-20])
    for path, words in [
        (tmp_path / "gone.csv", "there is no such file"),
        (tmp_path, "this is a folder"),
        (binary, "is not UTF-8"),
        (broken, "not a whole gzip file"),
    ]:
        with pytest.raises(TraceError, match=words):
            read_trace(path)


def test_events_come_in_order_and_bad_ones_are_named(tmp_path: Path) -> None:
    events = read_events(FIXTURES / "morning-events.jsonl")
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert events[0].type == "session_start"
    assert events[0].at == parse_time("2026-01-26T09:03:53.800Z")
    assert {value for event in events for value in event.features.values()} >= {0.0, 1.0}
    path = tmp_path / "e.jsonl"
    for text, words in [
        ('{"ts": "2026-01-26T09:00:00Z", "type": "nap"}', "type is 'nap'; allowed are session_start"),
        ("{", "not JSON"),
        ("[]", "an event is an object"),
        ('{"ts": "x", "type": "save"}', "'x' is no time"),
        ('{"ts": "2026-01-26T09:00:00Z", "type": "save", "features": [1]}', "an object of numbers"),
    ]:
        path.write_text("\n" + text + "\n")
        with pytest.raises(TraceError, match=":2: ") as raised:
            read_events(path)
        assert words in str(raised.value)
