"""Kills broker, agent and daemon at random moments of many runs, and looks for anything lost, doubled or lowered.

Real parts on a real cgroup, driven by a small editor. --record writes tests/records/kill_story.json.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from steps.editor import Editor, EditorError
from steps.places import RESULTS, ROOT, VENV, VENV_PYTHON
from steps.running import say

PROGRAMS = ("broker", "agent", "daemon")
ENVIRONMENT = "kill-story"
SETTLE_SECONDS = 45.0
LOOK_SECONDS = 0.005
RECORD = ROOT / "tests" / "records" / "kill_story.json"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _limit_file() -> Path | None:
    names = ("cpu/foreload", "cpu,cpuacct/foreload", "foreload")
    for folder in (Path("/sys/fs/cgroup") / name / ENVIRONMENT for name in names):
        for name in ("cpu.cfs_quota_us", "cpu.max"):
            if (folder / name).exists():
                return folder / name
    return None


def _cores(file: Path) -> float:
    quota, *period = file.read_text().split()
    if not period:
        period = [(file.parent / "cpu.cfs_period_us").read_text()]
    return float("inf") if quota in ("max", "-1") else int(quota) / int(period[0])


@dataclass
class Story:
    """The parts, what was seen of them, and what was wrong.

    Attributes:
        limits: each change of the kernel's CPU limit, as (seconds since the start, cores).
        acknowledged: decisions that the broker has listed to us.
        runs: ids of runs that the daemon has answered for, with whether they have ended.
    """

    state: Path
    variables: dict[str, str]
    chance: random.Random
    began: float = field(default_factory=time.monotonic)
    limits: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    acknowledged: set[str] = field(default_factory=set[str])
    problems: list[str] = field(default_factory=list[str])
    kills: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    runs: int = 0
    answered: int = 0
    editor: Editor | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    def foreload(self, *arguments: str) -> str:
        """Runs the command; a failure is its text as an exception."""
        ended = subprocess.run(
            [str(VENV / "bin" / "foreload"), *arguments],
            env=self.variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if ended.returncode != 0:
            raise RuntimeError(f"foreload {' '.join(arguments)}: {ended.stderr or ended.stdout}")
        return ended.stdout

    def decisions(self) -> list[dict[str, Any]]:
        """All decisions of the environment, newest first."""
        text = self.foreload("decisions", "--environment", ENVIRONMENT, "--limit", "1000", "--format", "json")
        listed = json.loads(text)
        return listed if isinstance(listed, list) else listed["decisions"]

    def start_daemon(self) -> None:
        """Starts a daemon in the environment's cgroup, as the extension does after a crash."""
        broker = json.loads((self.state / "run" / "broker.json").read_text())["address"]
        inside = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.state),
            "FORELOAD_ENVIRONMENT": ENVIRONMENT,
            "FORELOAD_BROKER": broker,
            "FORELOAD_CERTS": str(self.state / "certs" / f"environment-{ENVIRONMENT}"),
            "FORELOAD_DAEMON_DIR": str(self.state / "daemon"),
        }
        command = [*self.joined(), "env", "-i", *(f"{name}={value}" for name, value in inside.items())]
        workspace = self.state / "workspace"
        editor = Editor([*command, str(VENV_PYTHON), "-m", "foreload_daemon"], self.variables, workspace)
        everything = {"telemetryEnabled": True, "trusted": True, "focused": True, "lensesEnabled": True}
        editor.notify("foreload/setContext", {**everything, "lensThresholdRatio": 0.2})
        allowed = {"analysis": True, "shareFeatures": False, "automaticScaling": True, "cohortHistory": False}
        editor.request("foreload/setPermission", allowed)
        editor.open(workspace / "simulate.py")
        self.editor = editor

    def joined(self) -> list[str]:
        """The command that puts another into the environment."""
        return [str(VENV / "bin" / "foreload"), "agent", "exec", "--environment", ENVIRONMENT, "--wait", "30", "--"]

    def watch_limit(self, file: Path) -> None:
        """Follows the kernel's file until the end."""
        while not self.stopping.is_set():
            with contextlib.suppress(OSError, ValueError):
                cores = _cores(file)
                if not self.limits or self.limits[-1][1] != cores:
                    self.limits.append((time.monotonic() - self.began, cores))
            time.sleep(LOOK_SECONDS)

    def work(self) -> None:
        """Runs the sample again and again, as a person would from a terminal."""
        workspace = self.state / "workspace"
        command = ["python3", "simulate.py", "--days", "1500"]
        while not self.stopping.is_set():
            self.runs += 1
            run_id = f"run-{self.runs}"
            start = {"runId": run_id, "trigger": "terminal", "waitMilliseconds": 2000, "commandLine": " ".join(command)}
            editor = self.editor
            with contextlib.suppress(EditorError, AttributeError):
                assert editor is not None
                editor.request(
                    "foreload/runStarting", {**start, "program": None, "cwd": str(workspace), "kind": None}, 5
                )
                self.answered += 1
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [*self.joined(), *command],
                    cwd=workspace,
                    env=self.variables,
                    capture_output=True,
                    timeout=60,
                    check=False,
                )
            with contextlib.suppress(EditorError, AttributeError):
                assert editor is not None
                editor.notify("foreload/runEnded", {"runId": run_id, "exitCode": 0})
            self.stopping.wait(self.chance.uniform(1, 6))

    def kill(self, program: str, file: Path) -> None:
        """Kills one program at a random moment, and brings it back a little later."""
        time.sleep(self.chance.uniform(0.2, 6))
        with contextlib.suppress(RuntimeError):
            self.acknowledged.update(str(row["decision_id"]) for row in self.decisions())
        time.sleep(self.chance.uniform(0, 0.5))
        before = _cores(file)
        if program == "daemon":
            assert self.editor is not None
            pid = self.editor.process.pid
        else:
            pid = int(json.loads((self.state / "run" / f"{program}.json").read_text())["pid"])
        os.kill(pid, signal.SIGKILL)
        killed_at = time.monotonic() - self.began
        if program == "daemon":
            assert self.editor is not None
            self.editor.close()
        time.sleep(self.chance.uniform(0, 2))
        during = _cores(file)
        self.foreload("up", "--environment", ENVIRONMENT)
        if program == "daemon":
            self.start_daemon()
        self.kills.append({"program": program, "at_seconds": round(killed_at, 3), "limit_cores": before})
        if program != "daemon" and during < before:
            self.problems.append(f"the limit fell from {before} to {during} cores while the {program} was dead")

    def judge(self, file: Path) -> None:
        """Waits until all is calm, then compares what the kernel saw, the agent applied and the broker decided."""
        until = time.monotonic() + SETTLE_SECONDS
        applied_file = self.state / "agent" / "applied.json"
        listed = self.decisions()
        applied = -1
        while time.monotonic() < until:
            time.sleep(1)
            listed = self.decisions()
            applied = json.loads(applied_file.read_text())["environments"][ENVIRONMENT]["revision"]
            if listed and applied == max(int(row["revision"]) for row in listed):
                break
        ids = [str(row["decision_id"]) for row in listed]
        revisions = [int(row["revision"]) for row in reversed(listed)]
        lost = self.acknowledged - set(ids)
        self.problems += [f"decision {one} was acknowledged and is lost" for one in sorted(lost)]
        if len(set(ids)) != len(ids) or sorted(set(revisions)) != revisions:
            self.problems.append("a decision is there twice, or out of order")
        if revisions and applied != revisions[-1]:
            self.problems.append(f"the agent has applied revision {applied}, the broker has decided {revisions[-1]}")
        self._judge_limits(listed)

    def _judge_limits(self, listed: list[dict[str, Any]]) -> None:
        """Each value that the kernel had must have been decided, in that order, and each decision at most once.

        That a restart decides no lowering by itself cannot be seen here, since runs end meanwhile; the core's own
        tests hold it.
        """
        decided = [
            float(change["to_amount"])
            for row in reversed(listed)
            for change in row["changes"]
            if change["resource"] == "cpu"
        ]
        at = 0
        for seconds, cores in self.limits[1:]:
            while at < len(decided) and abs(decided[at] - cores) > 0.011:
                at += 1
            if at == len(decided):
                self.problems.append(f"at {seconds:.1f} s the limit became {cores} cores, which nobody decided then")
                return
            at += 1

    def record(self, seed: int) -> dict[str, Any]:
        """What is written down."""
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": seed,
            "kills": {name: sum(kill["program"] == name for kill in self.kills) for name in PROGRAMS},
            "seconds": round(time.monotonic() - self.began, 1),
            "runs": self.runs,
            "runs_answered": self.answered,
            "decisions_acknowledged": len(self.acknowledged),
            "limit_changes": len(self.limits) - 1,
            "problems": self.problems,
        }


def _prepare_state(state: Path) -> dict[str, str]:
    shutil.copytree(ROOT / "samples" / "workspace", state / "workspace")
    return {
        **os.environ,
        "FORELOAD_STATE_DIR": str(state),
        "FORELOAD_BROKER_LISTEN": f"127.0.0.1:{_free_port()}",
        "FORELOAD_BROKER_METRICS": f"127.0.0.1:{_free_port()}",
        "FORELOAD_BROKER_LOWER_AFTER_SECONDS": "2",
        "FORELOAD_BROKER_TICK_SECONDS": "1",
    }


def tell(kills: int, seed: int, programs: list[str]) -> dict[str, Any] | None:
    """Plays the story; None where this machine has no cgroup that may be changed."""
    state = Path(tempfile.mkdtemp(prefix="fl-kill-"))
    story = Story(state, _prepare_state(state), random.Random(seed))  # noqa: S311 - a seed that can be given again
    try:
        story.foreload("up", "--environment", ENVIRONMENT)
        file = _limit_file()
        if file is None:
            return None
        story.start_daemon()
        threads = [
            threading.Thread(target=story.watch_limit, args=(file,), daemon=True),
            threading.Thread(target=story.work, daemon=True),
        ]
        for thread in threads:
            thread.start()
        order = [program for program in programs for _ in range(kills)]
        story.chance.shuffle(order)
        for number, program in enumerate(order, 1):
            story.kill(program, file)
            say(f"{number}/{len(order)} killed the {program}; {len(story.limits) - 1} changes of the limit so far")
        story.stopping.set()
        threads[1].join(60)
        story.stopping.clear()
        threading.Thread(target=story.watch_limit, args=(file,), daemon=True).start()
        story.judge(file)
        return story.record(seed)
    finally:
        story.stopping.set()
        if story.editor is not None:
            story.editor.close()
        for command in (("down",), ("agent", "clean", "--kill", "--environment", ENVIRONMENT)):
            with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
                story.foreload(*command)
        shutil.rmtree(state, ignore_errors=True)


def main() -> int:
    """Exit code 1 when something was lost, doubled or lowered; the last line counts the kills."""
    parser = argparse.ArgumentParser(prog="kill_story", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each program (default: 20)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed chooses the same moments")
    parser.add_argument("--program", choices=PROGRAMS, action="append", help="only this one; may be repeated")
    parser.add_argument("--record", action="store_true", help=f"write the result to {RECORD.relative_to(ROOT)}")
    options = parser.parse_args()
    result = tell(options.kills, options.seed, options.program or list(PROGRAMS))
    if result is None:
        say("skipped: this machine has no cgroup that may be changed\n0 passed, 0 failed, 1 skipped")
        return 0
    text = json.dumps(result, indent=2) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "kill_story.json").write_text(text)
    if options.record:
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(text)
    say(text)
    failed = len(result["problems"])
    say(f"{sum(result['kills'].values()) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
