"""`foreload simulate`: the same past under several preferences, prices and profiles, as rows, JSON and a picture."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from foreload_cli.main import main

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "core"
EVENTS = FIXTURES / "morning-events.jsonl"
ROWS = 361
"""An hour of the morning."""


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "hour.csv.gz"
    lines = (FIXTURES / "morning.csv").read_text().splitlines()[:ROWS]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return json.loads(capsys.readouterr().out)


def test_each_preference_and_price_list_is_a_row(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dear = tmp_path / "dear.json"
    dear.write_text(json.dumps({"resources": {"cpu_core_usd_per_hour": 0.4, "memory_gib_usd_per_hour": 0.05}}))
    cheap = tmp_path / "cheap.json"
    cheap.write_text(json.dumps({"resources": {"cpu_core_usd_per_hour": 0.04, "memory_gib_usd_per_hour": 0.005}}))
    given = [str(trace), "--events", str(EVENTS), "--prices", str(cheap), "--prices", str(dear), "--format", "json"]
    assert main(["simulate", *given, "--preference", "cheapest", "--preference", "0.9"]) == 0
    found = told(capsys)
    rows = {row["name"]: row for row in found["rows"]}  # type: ignore[attr-defined, index]
    names = [
        f"Foreload, {preference}, {prices}.json" for preference in ("cheapest", "0.9") for prices in ("cheap", "dear")
    ]
    assert list(rows)[:4] == names
    assert rows[names[1]]["cost_usd"] == pytest.approx(10 * rows[names[0]]["cost_usd"])
    assert rows[names[0]]["unserved_ratio"] >= rows[names[2]]["unserved_ratio"]
    assert {"violation_ratio", "slack_ratio", "oom_count", "resizes_per_day", "cost_usd_per_month"} <= rows[
        names[0]
    ].keys()
    assert sum("perfect foresight" in name for name in rows) == 2
    assert found["traces"][0]["run_count"] > 3  # type: ignore[index]


def test_what_a_profile_costs_stands_beside_what_it_is_without(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "demo.json"
    window = {"name": "Demo", "kind": "peak", "dates": ["2026-01-26 09:20-09:40"], "expect": {"cpuCores": 3}}
    profile.write_text(json.dumps({"version": 1, "name": "Demo", "timeZone": "UTC", "windows": [window]}))
    assert main(["simulate", str(trace), "--profile", str(profile), "--format", "json"]) == 0
    rows = {row["name"]: row for row in told(capsys)["rows"]}  # type: ignore[attr-defined, index]
    assert list(rows)[:2] == ["Foreload, demo.json", "Foreload, no profile"]
    assert rows["Foreload, demo.json"]["cost_usd"] > rows["Foreload, no profile"]["cost_usd"]


def test_a_table_and_a_picture(trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "hour.svg"
    assert main(["simulate", str(trace), str(trace), "--cores", "8", "--plot", str(picture)]) == 0
    out = capsys.readouterr().out
    for words in ("short of CPU", "memory kills", "changes a day", "a month", "perfect foresight", "There are 8 cores"):
        assert words in out
    assert "Foreload saw only what its own limits let through" in out
    assert "<svg" in picture.read_text()[:2000]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["{trace}", "--preference", "quick"], "--preference is quick; allowed are cheapest, default, fastest"),
        (["{trace}", "--plot", "x.gif"], "allowed are names that end with .png or .svg"),
        (["{trace}", "--events", "{events}", "--events", "{events}"], "--events is given 2 times for 1 traces"),
        (["{trace}", "--cores", "0.2"], "--cores is 0.2;"),
        (["{trace}", "--profile", "nowhere.json"], "there is no such file"),
        (["{trace}", "--prices", "{events}"], "--prices:"),
        (["nowhere.csv"], "nowhere.csv: there is no such file"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    given: list[str], words: str, trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [each.format(trace=trace, events=EVENTS) for each in given]
    assert main(["simulate", *arguments]) in (1, 2)
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1
