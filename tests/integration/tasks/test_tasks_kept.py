"""A task as if it ran here: output, input, signals, exit code; and what it outlives."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.root
COUNT = "import time\nfor number in range(60):\n    print(number, flush=True)\n    time.sleep(0.1)\n"


def pid_of(fleet: Any, name: str) -> int:
    folder = fleet.folder if name == "broker" else fleet.folder / "instance-a"
    return int(json.loads((folder / "run" / f"{name}.json").read_text())["pid"])


def test_it_is_as_if_it_ran_here(one_instance: Any) -> None:
    fleet = one_instance
    runs = {
        "streams": fleet.run("sh", "-c", "echo out; echo err >&2; exit 7"),
        "input": fleet.run("wc", "-c"),
        "missing": fleet.run("no-such-program"),
        "signalled": fleet.run("sh", "-c", "echo ready; exec sleep 60"),
        "kills itself": fleet.run("sh", "-c", "kill -KILL $$"),
    }
    assert runs["signalled"].stdout.readline() == b"ready\n"
    runs["signalled"].send_signal(signal.SIGINT)
    said = {"input": runs["input"].communicate(b"x" * 1_000_000)}
    said |= {name: run.communicate(timeout=30) for name, run in runs.items() if name != "input"}
    assert said["streams"] == (b"out\n", b"err\n")
    assert said["input"][0].strip() == b"1000000"
    assert said["missing"] == (b"", b"foreload: no-such-program: No such file or directory\n")
    codes = {name: run.returncode for name, run in runs.items()}
    assert codes == {
        "streams": 7,
        "input": 0,
        "missing": 127,
        "signalled": -signal.SIGINT,
        "kills itself": -signal.SIGKILL,
    }
    at_a_terminal(fleet)
    only_in_its_workspace(fleet)


def at_a_terminal(fleet: Any) -> None:
    """Where a person sits at both ends, the task has a terminal too, and Ctrl-C is a key."""
    ours, theirs = pty.openpty()
    run = fleet.run(
        "sh", "-c", "tty >/dev/null && echo terminal; exec sleep 60", stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    while b"terminal" not in seen:
        seen += os.read(ours, 1000)
    os.write(ours, b"\x03")
    assert run.wait(30) == -signal.SIGINT
    os.close(ours)


def only_in_its_workspace(fleet: Any) -> None:
    """Another folder, and another environment's certificate, are no way around it."""
    foreign = [sys.executable, "-m", "foreload_cli.main", "run", "--broker", fleet.address]
    foreign += ["--certificates", str(fleet.certificates("environment", "a2")), "--", "true"]
    said = fleet.folder / "foreign.err"
    with said.open("wb") as file:
        run = subprocess.Popen(foreign, cwd=fleet.workspace, stderr=file)
    fleet.wait(lambda: b"mounted on no instance" in said.read_bytes(), "the reason why it waits")
    run.send_signal(signal.SIGTERM)
    assert run.wait(30) == -signal.SIGTERM


def test_agent_and_broker_are_killed_and_it_goes_on(one_instance: Any) -> None:
    fleet = one_instance
    run = fleet.run(sys.executable, "-S", "-c", COUNT)
    assert run.stdout.readline() == b"0\n"
    os.kill(pid_of(fleet, "agent"), signal.SIGKILL)
    fleet.start_agent("a")
    assert run.stdout.readline() == b"1\n"
    port = int(fleet.address.rpartition(":")[2])
    os.kill(pid_of(fleet, "broker"), signal.SIGKILL)
    fleet.start_broker(port)
    out, said = run.communicate(timeout=40)
    assert out.split() == [str(number).encode() for number in range(2, 60)]
    assert run.returncode == 0, said
    assert b"goes on" in said, "the developer is told that the broker is away"


def test_its_keeper_is_killed_and_its_developer_is_told(one_instance: Any) -> None:
    fleet = one_instance
    run = fleet.run("sh", "-c", "echo ready; exec sleep 60")
    assert run.stdout.readline() == b"ready\n"
    [folder] = (Path(fleet.folder) / "instance-a" / "agent" / "tasks").iterdir()
    task = int(json.loads((folder / "process.json").read_text())["pid"])
    keeper = int(Path(f"/proc/{task}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    _out, said = run.communicate(timeout=30)
    assert run.returncode == 1
    assert b"its work since the start is lost" in said
    fleet.wait(lambda: not Path(f"/proc/{task}").exists(), "the end of what was left of it")
