"""`foreload forecast` and `foreload profile check`, as a person runs them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest


def foreload(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = "import sys; from foreload_cli.main import main; sys.exit(main())"
    started = [sys.executable, "-c", program, *arguments]
    return subprocess.run(started, capture_output=True, text=True, check=False, timeout=100, cwd=folder)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    begin = datetime(2026, 11, 2, tzinfo=UTC)
    lines = ["timestamp,cpu_cores,memory_bytes,net_rx_bytes_s,net_tx_bytes_s,gpu_util"]
    for index in range(4 * 288):
        cores = 2 + 1.5 * math.sin(2 * math.pi * index / 288) + (index * 7919 % 97) / 970
        at = (begin + timedelta(minutes=5 * index)).isoformat().replace("+00:00", "Z")
        lines.append(f"{at},{cores:.3f},{int((1 + cores) * 2**30)},,,")
    path = tmp_path / "trace.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_forecast_as_a_table_and_a_picture(trace: Path, tmp_path: Path) -> None:
    picture = tmp_path / "out.png"
    ended = foreload("forecast", str(trace), "--method", "seasonal-naive", "--horizon", "3h", "--plot", str(picture))
    assert ended.returncode == 0, ended.stderr
    assert "9 of 10 below" in ended.stdout
    assert "CPU: from 2026-11-06T00:00:00Z by seasonal_naive_day." in ended.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_forecast_as_json(trace: Path) -> None:
    arguments = ("--method", "reactive", "--horizon", "15min", "--resource", "cpu", "--format", "json")
    ended = foreload("forecast", str(trace), *arguments)
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads(ended.stdout)["forecasts"]
    assert found["resource"] == "cpu"
    assert [len(values) for values in found["quantiles"].values()] == [3] * 4
    assert -1 <= found["skill_ratio"] <= 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("forecast", "gone.csv"), 1, "there is no such file"),
        (("forecast", "TRACE", "--horizon", "soon"), 2, "allowed are 5min to 14d"),
        (("forecast", "TRACE", "--resource", "gpu"), 2, "has cpu, memory"),
        (("forecast", "TRACE", "--plot", "out.doc"), 2, "allowed are names that end with .png or .svg"),
        (("profile", "check", "gone.json"), 2, "gone.json is not there"),
    ],
)
def test_bad_usage(trace: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    ended = foreload(*(str(trace) if each == "TRACE" else each for each in arguments), folder=trace.parent)
    assert ended.returncode == code
    assert words in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_good_profile_shows_when_its_windows_happen_next(tmp_path: Path) -> None:
    folder = tmp_path / ".foreload"
    folder.mkdir()
    window = {"name": "Load test", "every": "day 14:00-16:00", "expect": {"cpuCores": 2}}
    text = json.dumps({"version": 1, "name": "Working week", "timeZone": "Europe/Berlin", "windows": [window]})
    (folder / "profile.json").write_text(text)
    ended = foreload("profile", "check", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "“Working week” is good: 1 window, times in Europe/Berlin." in ended.stdout
    assert "14:00–16:00" in ended.stdout
    assert "2 cores" in ended.stdout


def test_a_bad_profile_is_told_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"version": 1,\n"name": "x", "timeZone": "Berlin",\n"preference": 2}')
    ended = foreload("profile", "check", str(path))
    assert ended.returncode == 1
    assert f"{path}:2: timeZone: “Berlin” is no time zone" in ended.stdout
    assert f"{path}:3: preference: 2 is not allowed" in ended.stdout
    as_json = foreload("profile", "check", str(path), "--format", "json")
    assert [problem["line"] for problem in json.loads(as_json.stdout)["problems"]] == [2, 3]
