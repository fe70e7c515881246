"""`foreload up`, `status`, `decisions`, `why`, `down`: the real programs, apart from this terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Machine:
    """One state folder, and the command with its own addresses and cgroup."""

    def __init__(self, state: Path) -> None:
        self.state = state
        own = {
            "FORELOAD_STATE_DIR": str(state),
            "FORELOAD_BROKER_LISTEN": free_address(),
            "FORELOAD_BROKER_METRICS": free_address(),
            "FORELOAD_AGENT_GROUP": f"foreload-test-{uuid.uuid4().hex[:8]}",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FORELOAD_")}
        self.variables = {**inherited, **own}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "foreload_cli.main", *arguments]
        return subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True, timeout=90)

    def json(self, *arguments: str):
        ended = self.run(*arguments, "--format", "json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def said(self, program: str) -> dict:
        return json.loads((self.state / "run" / f"{program}.json").read_text())


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path / "state")
    yield made
    made.run("down")


def test_up_twice_status_and_down(machine):
    first = machine.run("up", "--environment", "demo")
    assert first.returncode == 0, first.stderr
    assert "started" in first.stdout
    broker, agent = machine.said("broker"), machine.said("agent")
    assert broker["address"] == machine.variables["FORELOAD_BROKER_LISTEN"]

    again = machine.json("up", "--environment", "demo")
    assert (again["broker"]["pid"], again["broker"]["started"]) == (broker["pid"], False)
    assert (again["agent"]["pid"], again["agent"]["started"]) == (agent["pid"], False)

    more = machine.json("up", "--environment", "second")
    assert more["broker"]["pid"] == broker["pid"]
    assert more["agent"]["pid"] != agent["pid"]

    status = machine.json("status")
    assert {one["environment_id"]: one["agent_connected"] for one in status["environments"]} == {
        "demo": True,
        "second": True,
    }
    table = machine.run("status")
    assert "demo" in table.stdout
    assert "not allowed" in table.stdout
    assert machine.json("decisions") == []
    unknown = machine.run("why", "demo-17")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("foreload: the broker refuses: there is no decision 'demo-17'; it may have been")
    assert unknown.stderr.count("\n") == 1

    outcome = machine.json("down")
    assert (outcome["agent"], outcome["broker"]) == ("stopped", "stopped")
    assert not psutil.pid_exists(broker["pid"])
    assert list((machine.state / "run").iterdir()) == []
    assert machine.json("down")["broker"] == "did not run"
    assert machine.run("status").returncode == 1


def test_up_after_both_were_killed(machine):
    assert machine.run("up", "--environment", "demo").returncode == 0
    for program in ("broker", "agent"):
        os.kill(machine.said(program)["pid"], signal.SIGKILL)
    assert machine.run("status").returncode == 1
    assert machine.run("up").returncode == 0
    assert machine.json("status")["environments"][0]["agent_connected"]


def test_port_in_use_is_said_in_one_line(machine):
    host, port = machine.variables["FORELOAD_BROKER_LISTEN"].split(":")
    with socket.create_server((host, int(port))):
        ended = machine.run("up", "--environment", "demo")
    assert ended.returncode == 1
    assert f"{host}:{port} is in use by" in ended.stderr
    assert "--listen" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_bad_setting_in_the_environment_is_said(machine):
    machine.variables["FORELOAD_BROKER_TICK_SECONDS"] = "soon"
    ended = machine.run("up", "--environment", "demo")
    assert ended.returncode == 1
    assert "FORELOAD_BROKER_TICK_SECONDS is 'soon'; allowed is a number from 0.05 up to 60" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground_ends_both_with_a_signal(machine, number):
    command = [sys.executable, "-m", "foreload_cli.main", "up", "--environment", "demo", "--foreground"]
    with subprocess.Popen(command, env=machine.variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        until = time.monotonic() + 60
        while "agent" not in process.stdout.readline():
            assert time.monotonic() < until
        pid = machine.said("broker")["pid"]
        process.send_signal(number)
        assert process.wait(40) == 0
    assert not psutil.pid_exists(pid)
