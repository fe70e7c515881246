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


def _measure(path: Path) -> list[dict[str, object]] | None:
    """The rows of one program, or None after a failure that was said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    ended = subprocess.run(
        [str(VENV_PYTHON), str(path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    if ended.returncode != 0:
        say(f"{path.name} failed:\n{ended.stderr[-2000:]}")
        return None
    return json.loads(ended.stdout)


def main() -> int:
    """Exit code 1 when something was slower than its bar or could not be measured."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="only these: " + ", ".join(sorted(p.stem for p in BENCHMARKS.glob("*.py")))
    )
    names: list[str] = parser.parse_args().names
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
        rows = _measure(path)
        missed += rows is None
        for row in rows or []:
            value, bar = float(str(row["value"])), row["bar"]
            good = bar is None or value <= float(str(bar))
            missed += not good
            against = "" if bar is None else f"  (bar {bar} {row['unit']}{'' if good else ': MISSED'})"
            say(f"  {row['name']:44} {value:10.3f} {row['unit']}{against}")
            results.append(row)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
