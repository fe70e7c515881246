"""Runs the tests: sets up, checks, pytest, the extension's tests, and the story in a real browser."""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import check
import prepare
from steps.places import RESULTS, ROOT, VENV_PYTHON
from steps.running import StepError, say

PYTEST_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)")
NODE_COUNT = re.compile(r"^(?:# |ℹ )(pass|fail|skipped|cancelled) (\d+)$", re.MULTILINE)
SKIP_REASON = re.compile(r"^SKIPPED \[\d+\] (.+)$|^\s*(?:ok \d+ - |﹣ )(.+# .+)$", re.MULTILINE)
NO_TESTS = 5  # pytest's exit code when it collected none
FAST_FOLDERS = ("tests/unit", "tests/property", "tests/contract", "tests/tidy")


@dataclass
class Tally:
    """What came of the tests of all runners together."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list[str] = field(default_factory=list[str])
    broken: list[str] = field(default_factory=list[str])

    def add_pytest(self, output: str) -> None:
        """Reads pytest's closing line and its list of skips."""
        closing = next((line for line in reversed(output.splitlines()) if re.search(r" in [\d.]+s", line)), "")
        for count, kind in PYTEST_COUNT.findall(closing):
            if kind in ("passed", "xfailed"):
                self.passed += int(count)
            elif kind == "skipped":
                self.skipped += int(count)
            else:
                self.failed += int(count)
        self._add_reasons(output)

    def add_node(self, output: str) -> None:
        """Reads the closing counts of node's test runner."""
        for kind, count in NODE_COUNT.findall(output):
            if kind == "pass":
                self.passed += int(count)
            elif kind == "skipped":
                self.skipped += int(count)
            else:
                self.failed += int(count)
        self._add_reasons(output)

    def _add_reasons(self, output: str) -> None:
        self.reasons += [(first or second).strip() for first, second in SKIP_REASON.findall(output)]


def _run(name: str, command: Sequence[str], tally: Tally, log_name: str, good: tuple[int, ...] = (0,)) -> str:
    """Runs a test runner with its output on the screen and in results/; an exit code that is not good is remembered."""
    say(f"\n=== {name}")
    started = time.monotonic()
    lines: list[str] = []
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{log_name}.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                lines.append(line)
                log.write(line)
                sys.stdout.write(line)
                sys.stdout.flush()
        except KeyboardInterrupt:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            raise
    code = process.wait()
    if code not in good:
        tally.broken.append(f"{name} (exit code {code})")
    say(f"=== {name}: {time.monotonic() - started:.0f} s")
    return "".join(lines)


def _pytest(name: str, arguments: Sequence[str], tally: Tally, log_name: str) -> None:
    command = [str(VENV_PYTHON), "-m", "pytest", "-q", "--no-header", *arguments]
    tally.add_pytest(_run(name, command, tally, log_name, good=(0, NO_TESTS)))


def _extension_tests(tally: Tally) -> None:
    build = _run("building the extension's tests", ["node", "extension/build.mjs", "--tests"], tally, "extension-build")
    folder = ROOT / "out" / "extension-tests"
    files = sorted(str(path) for path in folder.rglob("*.test.mjs")) if folder.exists() else []
    if files and "error" not in build.lower():
        tally.add_node(_run("extension", ["node", "--test", "--test-reporter=tap", *files], tally, "extension"))


def _browser_tests(tally: Tally, pattern: str) -> None:
    files = sorted(str(path) for path in (ROOT / "tests" / "e2e").glob(pattern))
    if (
        shutil.which("chromium") is None
        and shutil.which("chromium-browser") is None
        and shutil.which("google-chrome") is None
    ):
        tally.skipped += len(files)
        tally.reasons += [f"{name}: no Chromium (Debian: chromium)" for name in files]
        return
    runner = ["node", "--test", "--test-concurrency=1", "--test-reporter=spec", *files]
    tally.add_node(_run("browser", runner, tally, "browser"))


def _fast(tally: Tally) -> None:
    _pytest("quick tests", ["-n", "2", *(name for name in FAST_FOLDERS if (ROOT / name).exists())], tally, "fast")
    _extension_tests(tally)


def _everything(tally: Tally, with_browser: bool) -> None:
    say("=== check")
    if not check.run_all():
        tally.broken.append("check")
    quick = [name for name in FAST_FOLDERS if (ROOT / name).exists()]
    _pytest("quick tests", ["-n", "2", *quick], tally, "fast")
    rest = [f"tests/{name}" for name in ("integration", "fuzz", "e2e") if (ROOT / "tests" / name).exists()]
    _pytest("tests with real parts", ["-m", "not slow", *rest], tally, "integration")
    _extension_tests(tally)
    if with_browser:
        _browser_tests(tally, "*.test.mjs")


def _slow(tally: Tally) -> None:
    _pytest("slow tests", ["-m", "slow", "tests"], tally, "slow")
    told = _run("kill story", [str(VENV_PYTHON), "scripts/kill_story.py"], tally, "kill-story")
    counts = re.search(r"^(\d+) passed, (\d+) failed", told, re.MULTILINE)
    if counts is not None:
        tally.passed += int(counts[1])
        tally.failed += int(counts[2])


def main() -> int:
    """Exit code 0 only when every runner and every check passed; ends in one line of counts."""
    parser = argparse.ArgumentParser(prog="test", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="only what needs no other process; under a minute")
    parser.add_argument("--slow", action="store_true", help="only the long ones, such as many kills at random moments")
    parser.add_argument("--no-browser", action="store_true", help="all but the tests in the browser")
    chosen = parser.parse_args()
    try:
        prepare.prepare("check" if chosen.fast else "test")
    except StepError as error:
        say(str(error))
        say("\n0 passed, 1 failed")
        return 1
    tally = Tally()
    started = time.monotonic()
    if chosen.fast:
        _fast(tally)
    elif chosen.slow:
        _slow(tally)
    else:
        _everything(tally, not chosen.no_browser)
    say(f"\nTests took {time.monotonic() - started:.0f} s; logs and pictures are in results/.")
    for reason in dict.fromkeys(tally.reasons):
        say(f"skipped: {reason}")
    for name in tally.broken:
        say(f"failed: {name}")
    failed = tally.failed or len(tally.broken)
    say(f"{tally.passed} passed, {failed} failed, {tally.skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
