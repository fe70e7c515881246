"""What must hold of tasks whatever happens: only ways of the table, no more than an instance has, no silent loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.plain import canonical, from_plain, to_plain
from foreload_core.tasks import (
    FINAL,
    ORDERED,
    PLACED,
    TRANSITIONS,
    IllegalTransitionError,
    TaskReport,
    decide_tasks,
    decline,
    moved_to,
    take_report,
    withdraw,
    workspace_key,
)
from foreload_core.types import Amounts, Reason, Resource
from foreload_core.types.tasks import Criticality, NeedStep, Task, TaskHost, TaskPhase, TaskState, TaskTick
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INSTANCES = ("one", "two", "three")
CAPACITY = 4.0
RANKS = {Criticality.LOW: 0, Criticality.NORMAL: 1, Criticality.HIGH: 2}


@dataclass(frozen=True)
class Step:
    """One thing that happens."""

    kind: str
    which: int = 0
    cores: float = 1.0
    phase: TaskPhase = TaskPhase.RUNNING
    seconds: float = 1.0
    criticality: Criticality = Criticality.NORMAL
    restartable: bool = False


cores = st.floats(0.1, 3.0, allow_nan=False)
STEPS = st.one_of(
    st.builds(
        Step, st.just("submit"), cores=cores, criticality=st.sampled_from(list(Criticality)), restartable=st.booleans()
    ),
    st.builds(Step, st.just("need"), st.integers(0, 2), cores=st.floats(0.0, 5.0), seconds=st.floats(0.0, 60.0)),
    st.builds(Step, st.just("report"), st.integers(0, 20), cores=cores, phase=st.sampled_from(list(TaskPhase))),
    st.builds(Step, st.just("obey"), st.integers(0, 20)),
    st.builds(Step, st.just("decline"), st.integers(0, 20)),
    st.builds(Step, st.just("withdraw"), st.integers(0, 20)),
    st.builds(Step, st.just("agent"), st.integers(0, 2)),
    st.builds(Step, st.just("tick"), seconds=st.floats(0.0, 30.0)),
)


class Fleet:
    """Three instances, what their environments need, and tasks that agents report on in any order."""

    def __init__(self) -> None:
        self.now = NOW
        self.tasks: dict[str, Task] = {}
        self.needs: dict[str, list[NeedStep]] = {name: [] for name in INSTANCES}
        self.away: set[str] = set()

    def tick(self) -> TaskTick:
        hosts: dict[str, TaskHost] = {}
        for name in INSTANCES:
            if name in self.away:
                continue
            past = [step for step in self.needs[name] if step.at <= self.now][-1:]
            first = NeedStep(self.now, past[0].amounts if past else Amounts(0.0, 0))
            ahead = [step for step in self.needs[name] if step.at > self.now]
            mounted = frozenset({workspace_key("dev", "w")}) if name != "three" else frozenset[str]()
            hosts[name] = TaskHost(name, Amounts(CAPACITY, 2**33), (first, *ahead), mounted)
        return TaskTick(self.now, hosts, {"dev": "one"})

    def put(self, task: Task) -> None:
        before = self.tasks.get(task.task_id)
        if before is not None and before.state is not task.state:
            assert task.state in TRANSITIONS[before.state], f"{before.state} to {task.state}"
        if before is not None:
            assert task.revision >= before.revision
            assert task.attempt >= before.attempt
        self.tasks[task.task_id] = task

    def take(self, step: Step) -> None:
        names = sorted(self.tasks)
        task = self.tasks[names[step.which % len(names)]] if names else None
        match step.kind:
            case "submit":
                name = f"t{len(self.tasks)}"
                asked = Amounts(cpu_cores=step.cores)
                about = {"criticality": step.criticality, "restartable": step.restartable, "asked": asked}
                self.put(Task(name, "dev", self.now, self.now, workspace="w", **about))
            case "need":
                at = self.now + timedelta(seconds=step.seconds)
                kept = [known for known in self.needs[INSTANCES[step.which]] if known.at < at]
                self.needs[INSTANCES[step.which]] = [*kept, NeedStep(at, Amounts(step.cores, 0), "dev")]
            case "agent":
                self.away ^= {INSTANCES[step.which]}
            case "tick":
                self.now += timedelta(seconds=step.seconds)
            case "report" if task is not None:
                report = TaskReport(task.task_id, task.attempt, step.phase, used=Amounts(cpu_cores=step.cores))
                self.put(take_report(task, report, task.instance_id, self.now))
            case "obey" if task is not None and task.state in ORDERED:
                self.put(take_report(task, obeyed(task), task.instance_id, self.now))
            case "decline" if task is not None and task.state not in FINAL:
                self.put(decline(task, self.now, 60.0))
            case "withdraw" if task is not None and task.state is TaskState.WAITING:
                self.put(withdraw(task, self.now))
            case _:
                pass


def obeyed(task: Task) -> TaskReport:
    """What an agent says that has done as it was told."""
    phase = {
        TaskState.STARTING: TaskPhase.RUNNING,
        TaskState.RESUMING: TaskPhase.RUNNING,
        TaskState.PAUSING: TaskPhase.PAUSED,
        TaskState.LEAVING: TaskPhase.LEFT,
    }[task.state]
    return TaskReport(task.task_id, task.attempt, phase, task.revision)


def held_cores(task: Task) -> float:
    running = task.state in PLACED - {TaskState.PAUSED, TaskState.LEAVING, TaskState.PAUSING}
    asked, used = task.asked.cpu_cores, task.used.cpu_cores
    return max(asked or 0.0, used or 0.0) if running else 0.0


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=60))
def test_whatever_happens(steps: Sequence[Step]) -> None:
    fleet = Fleet()
    for step in steps:
        fleet.take(step)
        tick = fleet.tick()
        changed = decide_tasks(fleet.tasks.values(), tick)
        again = decide_tasks(reversed(list(fleet.tasks.values())), tick)
        assert changed == again, "the order in which tasks come decides"
        before = dict(fleet.tasks)
        for task in changed:
            fleet.put(task)
        for name, host in tick.hosts.items():
            check_instance(fleet, name, host, tick, before)
        for task in fleet.tasks.values():
            assert from_plain(Task, to_plain(task)) == task
            if task.state is TaskState.LOST:
                assert not task.restartable, "a task that can be started again is never lost"
                assert task.reason.code == "lost"
            if task.state in PLACED:
                assert task.instance_id != "three", "a task is where its workspace is not mounted"


def check_instance(fleet: Fleet, name: str, host: TaskHost, tick: TaskTick, before: dict[str, Task]) -> None:
    """Nobody stays where a peak that is near leaves no room, but who is declined; and the least critical went first."""
    here = [task for task in fleet.tasks.values() if task.instance_id == name]
    free = min(max(0.0, CAPACITY - (step.amounts.cpu_cores or 0.0)) for step in host.needs if is_near(step, tick))
    fixed = [task for task in here if is_fixed(task, tick)]
    total = sum(held_cores(task) for task in here)
    if not fixed:
        assert total <= free + 1e-6, f"{name}: tasks hold {total}, and {free} are free"
    gone = [task for task in here if task.state in ORDERED and before[task.task_id].state is not task.state]
    for task in gone:
        if task.state not in (TaskState.LEAVING, TaskState.PAUSING):
            continue
        less = [each for each in here if held_cores(each) and RANKS[each.criticality] < RANKS[task.criticality]]
        staying = [each for each in less if not is_fixed(each, tick) and each.state is not TaskState.WARNED]
        need = max(task.asked.cpu_cores or 0.0, task.used.cpu_cores or 0.0)
        for each in staying:
            assert held_cores(each) < need + 1e-9, f"{task.task_id} went before the less critical {each.task_id}"


def is_near(step: NeedStep, tick: TaskTick) -> bool:
    return (step.at - tick.now).total_seconds() <= tick.settings.leave_seconds


def is_fixed(task: Task, tick: TaskTick) -> bool:
    """Its developer wants it to stay, or an order is on its way to it, or it was told of a peak and has time yet."""
    declined = task.declined_until is not None and task.declined_until > tick.now
    return declined or task.state in (TaskState.STARTING, TaskState.RESUMING)


def test_there_is_no_way_that_is_not_in_the_table() -> None:
    for state, allowed in TRANSITIONS.items():
        task = Task("t", "dev", NOW, NOW, state=state)
        for other in TaskState:
            if other in allowed:
                assert moved_to(task, other, NOW, Reason("tasks", "placed")).state is other
            else:
                with pytest.raises(IllegalTransitionError, match=f"from {state} to {other}"):
                    moved_to(task, other, NOW, Reason("tasks", "placed"))
    assert {state for state, allowed in TRANSITIONS.items() if not allowed} == FINAL


def test_the_same_bytes_for_the_same_task() -> None:
    task = replace(Task("t", "dev", NOW, NOW), used=Amounts(cpu_cores=0.5), refused_by=("a", "b"))
    assert canonical(to_plain(task)) == canonical(to_plain(from_plain(Task, to_plain(task))))
    assert task.used.get(Resource.CPU) == 0.5
