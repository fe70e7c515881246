"""Every linter, type checker and freshness check, two at a time; the output of what failed follows at the end."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import prepare
from steps.places import ROOT, VENV, VENV_PYTHON, tool
from steps.running import StepError, say

PYTHON = ["agent", "analyzers", "broker", "cli", "core", "daemon", "proto", "scripts", "system", "tests", "samples"]


@dataclass(frozen=True)
class Check:
    """One check: a name, and the command whose exit code decides."""

    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    env: dict[str, str] = field(default_factory=dict[str, str])


def checks() -> list[Check]:
    """All checks, the slow ones first so that two workers end together."""
    python = str(VENV_PYTHON)
    bin_folder = VENV / "bin"
    folders = [folder for folder in PYTHON if (ROOT / folder).is_dir()]
    generators = sorted((ROOT / "scripts").glob("generate_*.py"))
    return [
        Check("pyright", [tool("pyright")], env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}),
        Check("eslint", [tool("eslint"), "."]),
        Check("tidy tests", [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/tidy"]),
        Check("tsc", [tool("tsc"), "--noEmit", "-p", "extension"]),
        Check("prettier", [tool("prettier"), "--check", "--log-level", "warn", "."]),
        Check("import contracts", [str(bin_folder / "lint-imports"), "--no-cache"]),
        Check("ruff check", [str(bin_folder / "ruff"), "check", "--quiet", *folders]),
        Check("ruff format", [str(bin_folder / "ruff"), "format", "--check", "--quiet", *folders]),
        Check("buf lint", [tool("buf"), "lint"], cwd=ROOT / "proto"),
        Check("buf breaking", [tool("buf"), "breaking", "--against", "baseline.binpb"], cwd=ROOT / "proto"),
        *(
            Check(f"fresh: {path.stem.removeprefix('generate_')}", [python, str(path), "--check"])
            for path in generators
        ),
        Check("fresh: locks", [python, str(ROOT / "scripts" / "lock.py"), "--check"]),
    ]


def run_check(check: Check) -> tuple[Check, int, str, float]:
    """Runs one check; returns it with its exit code, its output and the seconds it took."""
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=check.cwd,
        env={**os.environ, **check.env},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return check, done.returncode, done.stdout + done.stderr, time.monotonic() - started


def run_all() -> bool:
    """Runs every check and says how each ended; True when all passed."""
    failed: list[tuple[str, str]] = []
    with ThreadPoolExecutor(max_workers=2) as workers:
        for check, code, output, seconds in workers.map(run_check, checks()):
            say(f"  {'ok    ' if code == 0 else 'FAILED'} {check.name} ({seconds:.1f} s)")
            if code != 0:
                failed.append((check.name, output))
    for name, output in failed:
        say(f"\n=== {name}\n{output.strip()}")
    return not failed


def main() -> int:
    """Exit code 0 when every check passed."""
    parser = argparse.ArgumentParser(prog="check", description=__doc__)
    parser.parse_args()
    try:
        prepare.prepare("check")
    except StepError as error:
        say(str(error))
        return 1
    passed = run_all()
    say("All checks passed." if passed else "\nSome checks failed; their output is above.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
