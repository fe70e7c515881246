"""`foreload simulate-fleet` on a small fleet: mornings are met, nights are given back, and what is wrong is named."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreload_cli.main import main

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
GIB = 2**30


@pytest.fixture
def traces(tmp_path: Path) -> list[str]:
    """Two weeks of two developers at steps of ten minutes, with their sessions."""
    paths = []
    for number, cores in enumerate((1.0, 3.0)):
        path = tmp_path / f"dev{number}.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("timestamp", "cpu_cores", "memory_bytes"))
            for step in range(14 * 144):
                at = BEGIN + timedelta(minutes=10 * step)
                working = at.weekday() < 5 and 9 <= at.hour < 17
                used = cores * (1 + step % 3) / 3 if working else 0.05
                rows.writerow((at.isoformat().replace("+00:00", "Z"), used, 4 * GIB if working else GIB // 2))
        with path.with_name(f"dev{number}-events.jsonl").open("w") as file:
            for day in range(14):
                for hour, kind in ((9, "session_start"), (17, "session_end")):
                    at = BEGIN + timedelta(days=day, hours=hour)
                    if at.weekday() < 5:
                        file.write(json.dumps({"ts": at.isoformat(), "env": f"dev{number}", "type": kind}) + "\n")
        paths.append(str(path))
    return paths


def test_a_fleet_is_planned(traces: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--environments", "24", "--days", "3", "--learn-days", "7", "--step-seconds", "600", "--format", "json"]
    assert main(["simulate-fleet", *traces, *asked]) == 0
    content = json.loads(capsys.readouterr().out)
    own = content["foreload"]
    assert own["environment_count"] == 24
    assert own["measured_seconds"] == 3 * 86_400
    by_hour = own["instances_by_hour"]
    assert by_hour[11] > by_hour[3]
    assert by_hour[3] == 1
    assert [rival["name"] for rival in content["rivals"]] == ["static P95", "VPA-style"]
    assert own["instance_cost_usd"] < content["rivals"][0]["instance_cost_usd"]


def test_too_few_instances_make_people_wait(traces: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--environments", "40", "--days", "1", "--learn-days", "0", "--step-seconds", "600", "--instances", "1"]
    assert main(["simulate-fleet", *traces, *asked, "--format", "json"]) == 0
    own = json.loads(capsys.readouterr().out)["foreload"]
    assert own["instance_count"] == 1
    assert own["waiting_ratio"] + own["deferred_count"] > 0
    assert main(["simulate-fleet", *traces, *asked]) == 0
    assert "Instances by the hour" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--instance-type", "quantum"], 2, "the price file has general-16"),
        (["--prices", "none.json"], 2, "none.json cannot be read"),
        (["--instances", "0"], 2, "--instances"),
    ],
)
def test_what_is_wrong_is_named(
    traces: list[str], capsys: pytest.CaptureFixture[str], more: list[str], code: int, said: str
) -> None:
    assert main(["simulate-fleet", *traces, *more]) == code
    assert said in capsys.readouterr().err
