"""Three instances on one machine: network namespaces, agents as real processes, control groups, and a shared workspace.

Each instance is a network namespace with an agent of its own, real control groups, and what it hands out of this
machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from foreload_agent.platforms.cgroup import find_layout, list_environments
from foreload_agent.ports import PlatformUnavailableError
from foreload_system.certificates import create_authority, issue
from foreload_system.identity import Identity
from foreload_system.workspaces import make_marker
from pyroute2 import IPRoute, netns
from pyroute2.netlink.exceptions import NetlinkError

INSTANCES = ("a", "b", "c")
ENVIRONMENTS = {name: tuple(f"{name}{number}" for number in (1, 2)) for name in INSTANCES}
GROUP = f"flpre{os.getpid()}"
HOST_ADDRESS, BRIDGE = "10.231.83.1", "flpre0"
CAPACITY_CORES, LEAD_SECONDS, LEAVE_SECONDS = 0.9, 0.5, 1.5
PATIENCE_SECONDS = 25.0


TASK = """
import os, signal, sys, time
path, enough, busy_seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
step = int(open(path).read()) if os.path.exists(path) else 0
while not os.path.exists(enough) and not stop:
    until = time.process_time() + busy_seconds
    while time.process_time() < until:
        pass
    time.sleep(0.1 - busy_seconds)
    print(step, flush=True)
    step += 1
    with open(path + ".new", "w") as file:
        file.write(str(step))
    os.replace(path + ".new", path)
sys.exit(75 if stop else 0)
"""


def _why_not() -> str:
    if os.geteuid() != 0:
        return "needs root, for network namespaces and control groups"
    missing = [name for name in ("nsenter", "taskset") if shutil.which(name) is None]
    if missing:
        return f"needs {' and '.join(missing)} of util-linux"
    try:
        layout = find_layout("probe", GROUP)
        layout.create()
        layout.freeze(True)
        layout.freeze(False)
        layout.remove(kill=True)
    except (PlatformUnavailableError, OSError) as error:
        return f"this kernel or user cannot stop and limit groups: {error}"
    return ""


@pytest.fixture
def network() -> Iterator[None]:
    """A namespace for each instance, all joined to this machine by a bridge."""
    if why := _why_not():
        pytest.skip(why)
    with IPRoute() as here:
        try:
            here.link("add", ifname=BRIDGE, kind="bridge")
        except NetlinkError as error:
            pytest.skip(f"this kernel makes no bridges here: {error}")
        [bridge] = here.link_lookup(ifname=BRIDGE)
        here.addr("add", index=bridge, address=HOST_ADDRESS, prefixlen=24)
        here.link("set", index=bridge, state="up")
        try:
            for number, name in enumerate(INSTANCES, 2):
                netns.create(f"{GROUP}{name}")
                inner = f"{BRIDGE}{name}i"
                here.link("add", ifname=f"{BRIDGE}{name}", kind="veth", peer=inner)
                [outer_index] = here.link_lookup(ifname=f"{BRIDGE}{name}")
                here.link("set", index=outer_index, master=bridge, state="up")
                [inner_index] = here.link_lookup(ifname=inner)
                here.link("set", index=inner_index, net_ns_fd=f"{GROUP}{name}")
                inside = f"10.231.83.{number}/24 dev {inner}"
                commands = f"ip addr add {inside}; ip link set {inner} up; ip link set lo up"
                subprocess.run(_inside(name, "sh", "-c", commands), check=True, capture_output=True)
            yield
        finally:
            for name in INSTANCES:
                with contextlib.suppress(OSError):
                    netns.remove(f"{GROUP}{name}")
            for index in here.link_lookup(ifname=BRIDGE):
                here.link("del", index=index)


def _inside(name: str, *command: str) -> list[str]:
    return ["nsenter", f"--net=/var/run/netns/{GROUP}{name}", *command]


class Fleet:
    """The programs as real processes, and who speaks to them."""

    def __init__(self, folder: Path, instances: tuple[str, ...], host: str) -> None:
        self.folder = folder
        self.group = GROUP
        self.instances = instances
        self._host = host
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        make_marker(self.workspace)
        self.address = ""
        self._processes: list[subprocess.Popen[Any]] = []
        authority = folder / "certs" / "authority"
        now = datetime.now(UTC)
        create_authority(authority, now)
        who: list[tuple[Any, str]] = [("broker", "local"), *(("agent", name) for name in instances)]
        who += [("environment", name) for names in ENVIRONMENTS.values() for name in names]
        for kind, name in who:
            hosts = ("localhost", "127.0.0.1", host)
            issue(authority, Identity(kind, name), self.certificates(kind, name), now, hosts=hosts)

    def certificates(self, kind: str, name: str) -> Path:
        return self.folder / "certs" / f"{kind}-{name}"

    def start(self) -> None:
        self.start_broker(0)
        for name in self.instances:
            self.start_agent(name)
        log, there = self.folder / "broker.log", b"tasks' agent registered"
        self.wait(lambda: log.read_bytes().count(there) >= len(self.instances), "the agents")

    def start_broker(self, port: int) -> subprocess.Popen[Any]:
        settings = {
            "LISTEN": f"{self._host}:{port}",
            "METRICS": "127.0.0.1:0",
            "TICK_SECONDS": "0.3",
            "SCALE_WITHOUT_CONSENT": "true",
            "LOWER_AFTER_SECONDS": "1",
            "TASK_HORIZON_SECONDS": "20",
            "WINDOW_LEAD_SECONDS": f"{LEAD_SECONDS}",
            "TASK_LEAVE_SECONDS": f"{LEAVE_SECONDS}",
            "TASK_CALM_SECONDS": "0.5",
        }
        said = self.folder / "run" / "broker.json"
        said.unlink(missing_ok=True)
        variables = {f"FORELOAD_BROKER_{name}": value for name, value in settings.items()}
        broker = self._program("broker", [], variables)
        self.wait(said.exists, "the broker")
        self.address = json.loads(said.read_text())["address"]
        return broker

    def start_agent(self, name: str) -> subprocess.Popen[Any]:
        state = self.folder / f"instance-{name}"
        (state / "agent").mkdir(parents=True, exist_ok=True)
        small = {"cpu_cores": 0.05, "memory_bytes": 64 << 20}
        entries = [
            {"environment_id": each, "floor": small, "initial": {"cpu_cores": 0.1, "memory_bytes": 512 << 20}}
            for each in ENVIRONMENTS[name]
        ]
        # The third instance has the most room, and not the workspace.
        mounted = [{"environment_id": "a1", "path": str(self.workspace)}] if name in ("a", "b") else []
        content = {"environments": entries, "workspaces": mounted}
        (state / "agent" / "environments.json").write_text(json.dumps(content))
        capacity = CAPACITY_CORES + (1.0 if name == "c" else 0.0)
        settings = {
            "BROKER": self.address,
            "INSTANCE": name,
            "STATE": str(state),
            "GROUP": f"{GROUP}{name}",
            "CERTIFICATES": str(self.certificates("agent", name)),
            "CAPACITY_CPU_CORES": f"{capacity}",
            "MEASURE_SECONDS": "0.3",
            "REPORT_SECONDS": "0.3",
        }
        variables = {f"FORELOAD_AGENT_{key}": value for key, value in settings.items()}
        before = [] if self._host == "127.0.0.1" else _inside(name)
        return self._program("agent", before, variables)

    def run_task(self, name: str, cores: float, *options: str) -> subprocess.Popen[Any]:
        """`foreload run` of a task of the first environment, as a developer's terminal would."""
        task = self.workspace / "task.py"
        task.write_text(TASK)
        progress = str(self.workspace / f"{name}.progress")
        command = [
            "taskset",
            "-c",
            "0",
            sys.executable,
            "-S",
            str(task),
            progress,
            str(self.workspace / "enough"),
            str(cores / 10),
        ]
        given = [
            "--cpu-cores",
            str(cores),
            "--broker",
            self.address,
            "--certificates",
            str(self.certificates("environment", "a1")),
        ]
        with (self.folder / f"{name}.out").open("wb") as out, (self.folder / f"{name}.err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "foreload_cli.main", "run", *given, *options, "--", *command],
                cwd=self.workspace,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self._processes.append(process)
        return process

    def run(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """`foreload run` with pipes."""
        given = ["--broker", self.address, "--certificates", str(self.certificates("environment", "a1"))]
        given += ["--cpu-cores", "0.1"]
        process = subprocess.Popen(
            [sys.executable, "-m", "foreload_cli.main", "run", *given, "--", *command],
            cwd=self.workspace,
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        self._processes.append(process)
        return process

    def wait(self, reached: Callable[[], bool], what: str) -> None:
        """Until something is so, or the test fails."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            assert time.monotonic() < deadline, f"{what} did not come"
            time.sleep(0.05)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.err").read_text()

    def steps(self, name: str) -> list[int]:
        return [int(line) for line in (self.folder / f"{name}.out").read_text().split()]

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
        for name in self.instances:
            for suffix in ("", "-tasks"):
                for layout in (
                    find_layout(each, f"{GROUP}{name}{suffix}") for each in list_environments(f"{GROUP}{name}{suffix}")
                ):
                    with contextlib.suppress(OSError):
                        layout.freeze(False)
                    layout.remove(kill=True)

    def _program(self, name: str, before: list[str], variables: dict[str, str]) -> subprocess.Popen[Any]:
        command = [*before, sys.executable, "-m", "foreload_cli.main", name]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env={**os.environ, "FORELOAD_BROKER_STATE": str(self.folder), **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process


@pytest.fixture
def fleet(network: None, tmp_path: Path) -> Iterator[Fleet]:
    """Three instances in namespaces of their own."""
    yield from _started(Fleet(tmp_path, INSTANCES, HOST_ADDRESS))


@pytest.fixture
def one_instance(tmp_path: Path) -> Iterator[Fleet]:
    """One instance on this machine's own network."""
    if why := _why_not():
        pytest.skip(why)
    yield from _started(Fleet(tmp_path, ("a",), "127.0.0.1"))


def _started(fleet: Fleet) -> Iterator[Fleet]:
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()
