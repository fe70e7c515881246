"""Measures what the project promises to be quick at, against the bars; results go to results/bench.json too."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import prepare
from steps.places import RESULTS, ROOT, VENV_PYTHON
from steps.running import StepError, say

BENCHMARKS = ROOT / "scripts" / "benchmarks"


TIME_LIMIT_SECONDS = 3600
DATA_VARIABLE = "FORELOAD_BENCH_DATA"
"""Tells the programs the folder of labelled code, where one was given."""


def _measure(path: Path, data: str | None) -> list[dict[str, object]] | None:
    """The rows of one program, or None after a failure that was said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    if data is not None:
        environment[DATA_VARIABLE] = str(Path(data).resolve())
    ended = subprocess.run(
        [str(VENV_PYTHON), str(path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIME_LIMIT_SECONDS,
    )
    if ended.returncode != 0:
        say(f"{path.name} failed:\n{ended.stderr[-2000:]}")
        return None
    return json.loads(ended.stdout)


def _judge(row: dict[str, object]) -> tuple[bool, str]:
    """Whether a row reaches its bar, and its line of the table; what was not measured says why, and misses none."""
    note = f"  {row['note']}" if row.get("note") else ""
    if row["value"] is None:
        return True, f"  {row['name']:60} not measured:{note}"
    value, bar, goal = float(str(row["value"])), row["bar"], row.get("goal")
    sign = ">=" if row.get("at_least") else "<="
    good = bar is None or (value >= float(str(bar)) if row.get("at_least") else value <= float(str(bar)))
    unit = f" {row['unit']}" if row["unit"] else ""
    against = (
        ""
        if bar is None
        else f"  (bar {sign} {bar}{unit}{'' if goal is None else f', goal {goal}'}{'' if good else ': MISSED'})"
    )
    return good, f"  {row['name']:60} {value:10.3f}{unit}{against}{note}"


def main() -> int:
    """Exit code 1 when something was slower than its bar or could not be measured."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="only these: " + ", ".join(sorted(p.stem for p in BENCHMARKS.glob("*.py")))
    )
    parser.add_argument("--data", metavar="FOLDER", help="labelled code that the accuracy is measured on")
    arguments = parser.parse_args()
    names: list[str] = arguments.names
    try:
        prepare.prepare("check")
    except StepError as error:
        say(str(error))
        return 1
    results: list[dict[str, object]] = []
    missed = 0
    for path in sorted(BENCHMARKS.glob("*.py")):
        if names and path.stem not in names:
            continue
        say(f"{path.stem} …")
        rows = _measure(path, arguments.data)
        missed += rows is None
        for row in rows or []:
            good, text = _judge(row)
            missed += not good
            say(text)
            results.append(row)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
