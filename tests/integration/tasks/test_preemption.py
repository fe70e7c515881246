"""Three instances on one machine, six environments, tasks beside them, and a predicted peak: who makes way, and when.

The first instance's environment and its tasks are bound to one CPU, and here tasks weigh as much as
environments, so that a task that stays would be felt.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from foreload_agent.platforms.cgroup import find_layout, list_environments
from foreload_core.types.tasks import TaskState
from foreload_proto.v1 import broker_pb2, broker_pb2_grpc, common_pb2, tasks_pb2, tasks_pb2_grpc
from foreload_system.certificates import read_bundle
from foreload_system.channels import open_channel
from foreload_system.codecs import time_from_proto, time_to_proto
from foreload_system.codecs.tasks import state_from_proto

PEAK_CORES, TASK_CORES, RUN_SECONDS, PATIENCE_SECONDS = 0.8, 0.3, 3.0, 25.0
RUN = """
import sys, time
sys.stdin.readline()
began, used = time.monotonic(), time.process_time()
while time.monotonic() < began + float(sys.argv[1]):
    pass
print((time.process_time() - used) / (time.monotonic() - began))
"""


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


async def run_at_limit(group: str, limit: Callable[[], float | None]) -> float:
    """The environment's own run at its peak's limit, on the one CPU: CPU time that it gets a second.

    That is its speed without what other machines of the same host do to the speed of the CPU itself.
    """
    layout = find_layout("a1", group)
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


def share_evenly(group_of_first: str) -> None:
    """Beside everything else on this machine only the environments and tasks of the first instance count, evenly."""
    for group in (group_of_first, f"{group_of_first}-tasks"):
        folder = find_layout("any", group).joins()[0].parent.parent
        for name, value in (("cpu.shares", "100000"), ("cpu.weight", "10000")):
            if (folder / name).exists():
                (folder / name).write_text(value)


def used_seconds(group: str) -> float:
    return sum(find_layout(name, group).cgroup().read().cpu_usage_seconds or 0.0 for name in list_environments(group))


@pytest.mark.root
def test_tasks_make_way_before_a_peak_and_lose_no_work(fleet: Any) -> None:
    asyncio.run(story(fleet))


async def story(fleet: Any) -> None:
    bundle = read_bundle(fleet.certificates("environment", "a1"))
    async with open_channel(fleet.address, bundle) as channel:
        developer = Developer(channel)
        await developer.hello()
        group = f"{fleet.group}a"
        limit = lambda: find_layout("a1", group).own_limit().cpu_cores  # noqa: E731

        # Alone: the run at the limit that a first peak brings.
        now = datetime.now(UTC)
        fleet.wait(lambda: "a1" in list_environments(group), "the environment's group")
        share_evenly(group)
        await developer.expect(1, now + timedelta(seconds=1), now + timedelta(seconds=30))
        alone = await run_at_limit(group, limit)
        await developer.expect(2, now - timedelta(seconds=20), now - timedelta(seconds=10))

        fleet.wait(lambda: (limit() or 1.0) < TASK_CORES, "the end of the first peak")

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
        share_evenly(group)

        # A peak is expected: who is less critical is told, and goes before it.
        start = datetime.now(UTC) + timedelta(seconds=6)
        await developer.expect(3, start, start + timedelta(seconds=6))
        await developer.until(lambda found: found["moving"][0] is TaskState.WARNED, "the warning")
        fleet.wait(lambda: "makes way" in fleet.said("moving"), "the word to the developer")
        await developer.until(
            lambda found: found["moving"] == (TaskState.RUNNING, "b") and found["pausing"] == (TaskState.PAUSED, "a"),
            "the way that is made",
        )
        assert datetime.now(UTC) < start, "tasks made way after the peak had begun"
        before = used_seconds(f"{group}-tasks")
        beside = await run_at_limit(group, limit)
        stolen = used_seconds(f"{group}-tasks") - before

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
