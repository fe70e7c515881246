"""`foreload history`, `foreload doctor` and `foreload daemon`, run as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

FORELOAD = str(Path(sys.executable).parent / "foreload")


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FORELOAD_")}
    environment = {**clean, "FORELOAD_DAEMON_DIR": str(folder), **variables}
    return subprocess.run(
        [FORELOAD, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def trace(path: Path) -> Path:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    lines = [f"{(begin + timedelta(minutes=5 * step)).isoformat()},0.5,1000000,,,\n" for step in range(3 * 288)]
    path.write_text("timestamp,cpu_cores,memory_bytes,net_rx_bytes_s,net_tx_bytes_s,gpu_util\n" + "".join(lines))
    return path


def test_a_trace_is_brought_in_and_shown(tmp_path: Path):
    done = run(tmp_path / "d", "history", "import", str(trace(tmp_path / "past.csv")), "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["points"] == 3 * 288
    shown = run(tmp_path / "d", "history", "show", "--format", "json")
    rows = {row["what"]: row["count"] for row in json.loads(shown.stdout)}
    assert rows["use, each minute"] >= 3 * 1440 - 10


def test_bad_use_is_said_in_one_line(tmp_path: Path):
    for arguments, words, code in (
        (["history", "import", str(tmp_path / "none.csv")], "is no file", 2),
        (["history", "import", str(trace(tmp_path / "a.csv")), "--environment", "Not A Name"], "lower-case letters", 2),
        (["history", "show"], "there is none in", 1),
    ):
        done = run(tmp_path / "missing", *arguments)
        assert done.returncode == code, done.stderr
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_doctor_has_a_fix_for_what_is_bad(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = run(
        blocked / "below", "doctor", "--format", "json", FORELOAD_BROKER="127.0.0.1:1", FORELOAD_CERTS=str(tmp_path)
    )
    assert done.returncode == 1
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    for name in ("History", "Certificate", "Broker"):
        assert checks[name]["state"] == "bad", name
        assert checks[name]["fix"], name
    assert checks["Python"]["state"] == "good"


async def test_the_doctor_asks_the_daemon_that_runs(editor, wait_until):
    import asyncio

    one = editor()
    await one.start()
    await wait_until(lambda: one.gauges)
    done = await asyncio.to_thread(run, one.folder, "doctor", "--format", "json")
    assert done.stdout, done.stderr
    assert "Link" in {check["name"] for check in json.loads(done.stdout)}


def test_the_daemon_ends_when_its_editor_does(tmp_path: Path):
    done = subprocess.run(
        [FORELOAD, "daemon"],
        input=b"",
        env={**os.environ, "FORELOAD_DAEMON_DIR": str(tmp_path)},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == b""
