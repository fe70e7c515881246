"""Three instances on one machine, six environments, tasks beside them, and a predicted peak: who makes way, and when.

Each instance is a network namespace with an agent of its own, real control groups, and what it hands out of this
machine. The first instance's environment and its tasks are bound to one CPU, and here tasks weigh as much as
environments, so that a task that stays would be felt.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from foreload_agent.platforms.cgroup import find_layout
from foreload_agent.ports import PlatformUnavailableError
from foreload_core.types.tasks import TaskState
from foreload_proto.v1 import broker_pb2, broker_pb2_grpc, common_pb2, tasks_pb2, tasks_pb2_grpc
from foreload_system.certificates import create_authority, issue, read_bundle
from foreload_system.channels import open_channel
from foreload_system.codecs import time_from_proto, time_to_proto
from foreload_system.codecs.tasks import state_from_proto
from foreload_system.identity import Identity
from foreload_system.workspaces import make_marker
from pyroute2 import IPRoute, netns
from pyroute2.netlink.exceptions import NetlinkError

INSTANCES = ("a", "b", "c")
ENVIRONMENTS = {name: tuple(f"{name}{number}" for number in (1, 2)) for name in INSTANCES}
GROUP = f"flpre{os.getpid()}"
HOST_ADDRESS, BRIDGE = "10.231.83.1", "flpre0"
CAPACITY_CORES, PEAK_CORES, TASK_CORES = 0.9, 0.8, 0.3
LEAD_SECONDS, LEAVE_SECONDS, RUN_SECONDS = 0.5, 1.5, 3.0
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
RUN = """
import sys, time
sys.stdin.readline()
began, used = time.monotonic(), time.process_time()
while time.monotonic() < began + float(sys.argv[1]):
    pass
print((time.process_time() - used) / (time.monotonic() - began))
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        make_marker(self.workspace)
        self.address = ""
        self._processes: list[subprocess.Popen[Any]] = []
        authority = folder / "certs" / "authority"
        now = datetime.now(UTC)
        create_authority(authority, now)
        who = [("broker", "local"), *(("agent", name) for name in INSTANCES)]
        who += [("environment", name) for names in ENVIRONMENTS.values() for name in names]
        for kind, name in who:
            hosts = ("localhost", "127.0.0.1", HOST_ADDRESS)
            issue(authority, Identity(kind, name), self.certificates(kind, name), now, hosts=hosts)

    def certificates(self, kind: str, name: str) -> Path:
        return self.folder / "certs" / f"{kind}-{name}"

    def start(self) -> None:
        settings = {
            "LISTEN": f"{HOST_ADDRESS}:0",
            "METRICS": "127.0.0.1:0",
            "TICK_SECONDS": "0.3",
            "SCALE_WITHOUT_CONSENT": "true",
            "LOWER_AFTER_SECONDS": "1",
            "TASK_HORIZON_SECONDS": "20",
            "WINDOW_LEAD_SECONDS": f"{LEAD_SECONDS}",
            "TASK_LEAVE_SECONDS": f"{LEAVE_SECONDS}",
            "TASK_CALM_SECONDS": "0.5",
        }
        self._program("broker", [], {f"FORELOAD_BROKER_{name}": value for name, value in settings.items()})
        said = self.folder / "run" / "broker.json"
        wait(said.exists, "the broker")
        self.address = json.loads(said.read_text())["address"]
        for name in INSTANCES:
            self.start_agent(name)

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
        return self._program("agent", _inside(name), variables)

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

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.err").read_text()

    def steps(self, name: str) -> list[int]:
        return [int(line) for line in (self.folder / f"{name}.out").read_text().split()]

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
        for name in INSTANCES:
            for suffix in ("", "-tasks"):
                for layout in (
                    find_layout(each, f"{GROUP}{name}{suffix}") for each in _groups(f"{GROUP}{name}{suffix}")
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


def _groups(group: str) -> tuple[str, ...]:
    from foreload_agent.platforms.cgroup import list_environments

    return list_environments(group)


def wait(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.05)


@pytest.fixture
def fleet(network: None, tmp_path: Path) -> Iterator[Fleet]:
    found = Fleet(tmp_path)
    try:
        found.start()
        yield found
    finally:
        found.stop()


class Developer:
    """The first environment's daemon, which tells what its developer expects, and their eyes on the tasks."""

    def __init__(self, channel: Any) -> None:
        self.call = broker_pb2_grpc.BrokerServiceStub(channel).Connect()
        self.tasks = tasks_pb2_grpc.TaskServiceStub(channel)
        self.sequence = 0

    async def hello(self) -> None:
        await self.call.write(broker_pb2.ConnectRequest(hello=broker_pb2.Hello(contract_version=1)))
        await self.call.read()
        await self.say(consent=broker_pb2.Consent(revision=1, automatic_scaling=True))

    async def say(self, **message: Any) -> None:
        self.sequence += 1
        await self.call.write(broker_pb2.ConnectRequest(sequence=self.sequence, **message))

    async def expect(self, revision: int, start: datetime, end: datetime) -> None:
        """Writes into the profile when its environment needs much."""
        window = common_pb2.ProfileWindow(
            window_id=f"w{revision}",
            kind=common_pb2.WINDOW_KIND_PEAK,
            start=time_to_proto(start),
            end=time_to_proto(end),
            expected=common_pb2.Amounts(cpu_cores=PEAK_CORES),
        )
        profile = common_pb2.ProfileNumbers(
            revision=revision,
            windows=[window],
            maximum=common_pb2.Amounts(cpu_cores=PEAK_CORES),
            windows_until=time_to_proto(end + timedelta(days=1)),
            preference_ratio=0.5,
        )
        await self.say(profile=profile)

    async def list(self) -> tasks_pb2.ListTasksResponse:
        return await self.tasks.ListTasks(tasks_pb2.ListTasksRequest(all=True))

    async def until(self, reached: Callable[[dict[str, tuple[TaskState, str]]], bool], what: str) -> None:
        """Waits for tasks (by their criticality) to be in states and places."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = {
                _name(task): (state_from_proto(task.state), task.instance_id) for task in (await self.list()).tasks
            }
            if reached(found):
                return
            assert time.monotonic() < deadline, f"{what} did not come; tasks are {found}"
            await asyncio.sleep(0.05)


NAMES = {
    tasks_pb2.CRITICALITY_LOW: "moving",
    tasks_pb2.CRITICALITY_NORMAL: "pausing",
    tasks_pb2.CRITICALITY_HIGH: "staying",
}


def _name(task: tasks_pb2.TaskStatus) -> str:
    return NAMES[task.criticality]


async def run_at_limit(limit: Callable[[], float | None]) -> float:
    """The environment's own run at its peak's limit, on the one CPU: CPU time that it gets a second.

    That is its speed without what other machines of the same host do to the speed of the CPU itself.
    """
    layout = find_layout("a1", f"{GROUP}a")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (limit() or 0.0) < PEAK_CORES - 0.01:
        assert time.monotonic() < deadline, f"the limit is {limit()}, and the peak needs {PEAK_CORES}"
        await asyncio.sleep(0.02)
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "0", sys.executable, "-S", "-c", RUN, str(RUN_SECONDS)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    layout.join(process.pid)
    out, _ = await process.communicate(b"go\n")
    return float(out)


def share_evenly() -> None:
    """Beside everything else on this machine only the environments and tasks of the first instance count, evenly."""
    for group in (f"{GROUP}a", f"{GROUP}a-tasks"):
        folder = find_layout("any", group).joins()[0].parent.parent
        for name, value in (("cpu.shares", "100000"), ("cpu.weight", "10000")):
            if (folder / name).exists():
                (folder / name).write_text(value)


def used_seconds(group: str) -> float:
    return sum(find_layout(name, group).cgroup().read().cpu_usage_seconds or 0.0 for name in _groups(group))


@pytest.mark.root
@pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "runs")
def test_tasks_make_way_before_a_peak_and_lose_no_work(fleet: Fleet) -> None:
    asyncio.run(story(fleet))


async def story(fleet: Fleet) -> None:
    bundle = read_bundle(fleet.certificates("environment", "a1"))
    async with open_channel(fleet.address, bundle) as channel:
        developer = Developer(channel)
        await developer.hello()
        limit = lambda: find_layout("a1", f"{GROUP}a").own_limit().cpu_cores  # noqa: E731

        # Alone: the run at the limit that a first peak brings.
        now = datetime.now(UTC)
        wait(lambda: "a1" in _groups(f"{GROUP}a"), "the environment's group")
        share_evenly()
        await developer.expect(1, now + timedelta(seconds=1), now + timedelta(seconds=30))
        alone = await run_at_limit(limit)
        await developer.expect(2, now - timedelta(seconds=20), now - timedelta(seconds=10))

        wait(lambda: (limit() or 1.0) < TASK_CORES, "the end of the first peak")

        # Three tasks beside it: they fit.
        saving = ("--criticality", "low", "--checkpoint", "cp moving.progress saved")
        clients = {
            "moving": fleet.run_task("moving", TASK_CORES, *saving),
            "pausing": fleet.run_task("pausing", TASK_CORES),
            "staying": fleet.run_task("staying", 0.03, "--criticality", "high"),
        }
        await developer.until(
            lambda found: len(found) == 3 and set(found.values()) == {(TaskState.RUNNING, "a")}, "tasks"
        )
        share_evenly()

        # A peak is expected: who is less critical is told, and goes before it.
        start = datetime.now(UTC) + timedelta(seconds=6)
        await developer.expect(3, start, start + timedelta(seconds=6))
        await developer.until(lambda found: found["moving"][0] is TaskState.WARNED, "the warning")
        wait(lambda: "makes way" in fleet.said("moving"), "the word to the developer")
        await developer.until(
            lambda found: found["moving"] == (TaskState.RUNNING, "b") and found["pausing"] == (TaskState.PAUSED, "a"),
            "the way that is made",
        )
        assert datetime.now(UTC) < start, "tasks made way after the peak had begun"
        before = used_seconds(f"{GROUP}a-tasks")
        beside = await run_at_limit(limit)
        stolen = used_seconds(f"{GROUP}a-tasks") - before

        # It is over: who was paused goes on, and all end with all their work done.
        await developer.until(lambda found: found["pausing"] == (TaskState.RUNNING, "a"), "the end of the pause")
        (fleet.workspace / "enough").touch()
        ends = {name: await asyncio.to_thread(client.wait, PATIENCE_SECONDS) for name, client in clients.items()}
        listed = await developer.list()
        assert ends == dict.fromkeys(clients, 0), {name: fleet.said(name) for name in clients}
        for name in clients:
            done = int((fleet.workspace / f"{name}.progress").read_text())
            assert fleet.steps(name) == list(range(done)), name
        assert (fleet.workspace / "saved").exists(), "the checkpoint was not taken"
        check_events(listed, start)
        assert stolen < TASK_CORES * RUN_SECONDS / 2, f"tasks used {stolen:.2f} s of CPU beside the run"
        assert beside >= 0.95 * alone, f"the run got {beside:.3f} cores beside tasks, {alone:.3f} alone"


def check_events(listed: tasks_pb2.ListTasksResponse, start: datetime) -> None:
    """What became of each task, in order, and when."""
    names = {task.task_id: _name(task) for task in listed.tasks}
    paths: dict[str, list[str]] = {name: [] for name in names.values()}
    for event in listed.events:
        state, name = state_from_proto(event.to_state), names[event.task_id]
        paths[name].append(state.value)
        if state in (TaskState.LEAVING, TaskState.PAUSED):
            assert time_from_proto(event.at) < start, f"{name} is {state} after the peak had begun"
    assert paths["moving"] == [
        *("waiting", "starting", "running", "warned", "leaving", "waiting", "starting", "running", "ended")
    ]
    assert paths["pausing"] == [
        *("waiting", "starting", "running", "warned", "pausing", "paused", "resuming", "running", "ended")
    ]
    assert paths["staying"] == ["waiting", "starting", "running", "ended"]
