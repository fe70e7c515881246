"""The history on a real disk: what was acknowledged survives kill -9, and a file that cannot be used is said once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreload_core.types import Amounts, Sample
from foreload_daemon.history import choices, ledger, notes, outbox, records, samples
from foreload_daemon.history.database import FILE_NAME, Database
from foreload_daemon.traces import import_trace
from foreload_system.traces import TraceError

WRITER = """
import sys
from pathlib import Path
from foreload_daemon.history import outbox
from foreload_daemon.history.database import Database
database = Database(Path(sys.argv[1]))
while True:
    sequence, _ = database.call(outbox.put, "signal", b"x" * 100, 1.0)
    print(sequence, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9_and_no_sequence_comes_twice(tmp_path: Path):
    acknowledged: list[int] = []
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split("\n")
        writer.stdout.close()
        writer.wait()
        acknowledged += told + [int(line) for line in rest[:-1]]
    assert len(set(acknowledged)) == len(acknowledged)
    database = Database(tmp_path)
    kept = {item.sequence for item in database.call(outbox.above, 0, 100_000)}
    assert kept >= set(acknowledged)
    assert database.problem == ""
    database.close()


def test_a_full_disk_is_said_once_and_work_goes_on_in_memory(tmp_path: Path):
    database = Database(tmp_path)
    said: list[str] = []
    database.on_problem = said.append
    database.call(notes.write, "known", "before")
    database._connection.execute("PRAGMA max_page_count = 1")
    for number in range(200):
        database.call(outbox.put, "signal", b"x" * 1000, float(number))
    assert database.path is None
    assert len(said) == 1
    assert "the disk is full" in said[0]
    assert "Free some space" in said[0]
    assert database.call(notes.read, "known") == "before"
    sequences = [item.sequence for item in database.call(outbox.above, 0, 1000)]
    assert sequences == sorted(set(sequences))
    assert len(sequences) == 200
    database.close()


def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path):
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, and never was one" * 100)
    database = Database(tmp_path)
    assert "A new history was begun" in database.problem
    assert list(tmp_path.glob(f"{FILE_NAME}.broken-*"))
    database.call(notes.write, "works", "yes")
    database.close()
    assert Database(tmp_path).problem == ""


def test_a_newer_history_is_left_alone(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    database = Database(tmp_path)
    assert "newer Foreload" in database.problem
    assert database.path is None
    database.close()
    assert sqlite3.connect(tmp_path / FILE_NAME).execute("PRAGMA user_version").fetchone()[0] == 99


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    database = Database(tmp_path / "file" / "below")
    assert "cannot be written" in database.problem
    database.call(notes.write, "works", "in memory")
    assert database.call(notes.read, "works") == "in memory"
    database.close()


def test_only_the_user_can_read_it(tmp_path: Path):
    Database(tmp_path / "own").close()
    assert (tmp_path / "own" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700


def test_samples_roll_up_once_and_are_forgotten_in_time(tmp_path: Path):
    database = Database(tmp_path)
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    bucket = samples.Bucket()
    for step in range(0, 1800, 5):
        sample = Sample(
            start + timedelta(seconds=step), 5.0, Amounts(2.0 if step < 900 else 4.0, 1000), Amounts(4.0), 0.5, 0
        )
        if (row := bucket.add(sample)) is not None:
            database.call(samples.put, [row])
    for _ in range(3):
        database.call(samples.roll_up)
    since = start.timestamp()
    minutes = database.call(samples.read, samples.MINUTE_SECONDS, since, since + 3600)
    quarters = database.call(samples.read, samples.QUARTER_SECONDS, since, since + 3600)
    assert len(minutes) == 30
    assert minutes[0].used.cpu_cores == pytest.approx(2.0)
    assert [row.used.cpu_cores for row in quarters] == pytest.approx([2.0, 4.0])
    assert quarters[0].throttled_seconds == pytest.approx(90.0)
    assert database.call(samples.totals, since)[0] == pytest.approx(sum(row.throttled_seconds for row in minutes))
    database.call(samples.forget, since + 2 * 86400)
    assert database.call(samples.read, samples.FINE_SECONDS, since, since + 3600) == []
    assert len(database.call(samples.read, samples.MINUTE_SECONDS, since, since + 3600)) == 30
    database.close()


def test_the_key_of_a_run_hangs_on_the_local_salt(tmp_path: Path):
    one, two = Database(tmp_path / "one"), Database(tmp_path / "two")
    assert one.call(records.run_key, "/a/b.py", "test") == one.call(records.run_key, "/a/b.py", "test")
    assert one.call(records.run_key, "/a/b.py", "test") != two.call(records.run_key, "/a/b.py", "test")
    assert one.call(records.run_key, "/a/b.py", "test") != one.call(records.run_key, "/a/b.py", "build")
    one.close()
    two.close()


def test_an_outbox_of_a_lost_history_goes_on_after_what_the_broker_has(tmp_path: Path):
    database = Database(tmp_path)
    database.call(outbox.put, "signal", b"first", 1.0)
    database.call(outbox.begin_after, 500)
    assert [item.sequence for item in database.call(outbox.above, 0)] == [501]
    database.call(outbox.begin_after, 900)
    assert database.call(outbox.put, "signal", b"second", 2.0)[0] == 502
    database.close()


def test_the_outbox_is_bounded_and_drops_the_oldest_samples_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbox, "MOST_MESSAGES", 5)
    database = Database(tmp_path)
    dropped = 0
    for number in range(8):
        dropped += database.call(outbox.put, "sample" if number % 2 else "signal", str(number).encode(), float(number))[
            1
        ]
    left = [(item.kind, item.message) for item in database.call(outbox.above, 0)]
    assert dropped == 3
    assert left == [("signal", b"0"), ("signal", b"2"), ("signal", b"4"), ("signal", b"6"), ("sample", b"7")]
    database.close()


def test_choices_and_ledger_are_kept(tmp_path: Path):
    database = Database(tmp_path)
    assert database.call(choices.latest) == choices.NO_CHOICE
    database.call(choices.put, choices.Choice(0, 1.0, 1, analysis=True))
    database.call(choices.put, choices.Choice(0, 2.0, 1, automatic_scaling=True))
    database.call(ledger.put, [ledger.Entry(3.0, "Use", 40, {"cpu_cores": 2.0})])
    database.close()
    again = Database(tmp_path)
    latest = again.call(choices.latest)
    assert (latest.revision, latest.automatic_scaling, latest.analysis) == (2, True, False)
    assert again.call(ledger.totals) == (1, 40)
    again.close()


TRACE = "timestamp,cpu_cores,memory_bytes,net_rx_bytes_s,net_tx_bytes_s,gpu_util\n"


def test_a_trace_becomes_history_once(tmp_path: Path):
    now = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    lines = [
        f"{(begin + timedelta(minutes=m)).isoformat()},{1 + (m % 60 >= 30)},1000000,,,\n" for m in range(21 * 1440)
    ]
    path = tmp_path / "day.csv"
    path.write_text(TRACE + "".join(lines))
    (tmp_path / "day-events.jsonl").write_text(
        '{"ts": "2026-01-06T10:30:00Z", "env": "e", "type": "run_start", "run": "r1", "kind": "test", '
        '"features": {"clean": true}}\n'
        '{"ts": "2026-01-06T10:40:00Z", "env": "e", "type": "run_end", "run": "r1", "kind": "test"}\n'
    )
    database = Database(tmp_path / "d")
    first = database.call(import_trace, path, now)
    count = database._connection.execute("SELECT COUNT(*) FROM samples").fetchone()[0]
    second = database.call(import_trace, path, now)
    assert first == second
    assert database._connection.execute("SELECT COUNT(*) FROM samples").fetchone()[0] == count
    assert first.shifted % timedelta(days=7) == timedelta()
    assert first.end is not None
    assert timedelta() <= now - first.end < timedelta(minutes=2)
    (run,) = database.call(records.by_kind, "test")
    assert run.cpu_cores_highest == pytest.approx(1.0)
    assert run.features == {"clean": 1.0}
    database.close()


def test_a_bad_trace_names_the_line_and_changes_nothing(tmp_path: Path):
    path = tmp_path / "bad.csv"
    path.write_text(TRACE + "2026-01-05T00:00:00Z,1,,,,\n2026-01-05T00:01:00Z,minus,,,,\n")
    database = Database(tmp_path / "d")
    with pytest.raises(TraceError, match=r"bad\.csv:3: cpu_cores is 'minus'"):
        database.call(import_trace, path, datetime(2026, 11, 24, tzinfo=UTC))
    assert database._connection.execute("SELECT COUNT(*) FROM samples").fetchone()[0] == 0
    database.close()
