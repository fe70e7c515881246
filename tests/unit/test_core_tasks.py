"""Who makes way for what: needs ahead, and who goes, stays, moves and comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.policy import NEW_ENVIRONMENT, ActiveRun, EnvironmentState
from foreload_core.tasks import (
    EnvironmentLook,
    TaskReport,
    decide_tasks,
    decline,
    need_steps,
    take_report,
    why_text,
    workspace_key,
)
from foreload_core.types import (
    Amounts,
    Ask,
    DemandEstimate,
    DemandSource,
    Forecast,
    PolicySettings,
    ProfileNumbers,
    Resource,
    RunKind,
    Sample,
    WindowKind,
    WindowOccurrence,
)
from foreload_core.types.tasks import Criticality, NeedStep, Task, TaskHost, TaskPhase, TaskState, TaskTick

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GIB = 2**30


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def steps(state: EnvironmentState, used_cores: float = 0.0) -> list[tuple[float, float]]:
    """When, in seconds from now, how many cores are needed."""
    sample = Sample(later(-1), 1.0, Amounts(used_cores, GIB), Amounts(2.0, 4 * GIB))
    found = need_steps([EnvironmentLook("dev", state, sample)], NOW, 120.0, PolicySettings())
    return [((step.at - NOW).total_seconds(), round(step.amounts.cpu_cores or 0.0, 3)) for step in found]


def window(start: float, end: float, **more: object) -> ProfileNumbers:
    shown = {"kind": WindowKind.PEAK, "expected": Amounts(cpu_cores=3.0), **more}
    return ProfileNumbers(1, (WindowOccurrence("w", start=later(start), end=later(end), **shown),))  # pyright: ignore[reportArgumentType]


def test_use_with_head_room_is_needed_now_and_an_open_editor_needs_nothing() -> None:
    assert steps(NEW_ENVIRONMENT, 1.0) == [(0.0, 1.25)]
    assert steps(NEW_ENVIRONMENT) == [(0.0, 0.0)]


def test_a_window_is_needed_from_its_lead_on_and_until_its_end() -> None:
    assert steps(replace(NEW_ENVIRONMENT, profile=window(100, 400))) == [(0.0, 0.0), (40.0, 3.0)]
    assert steps(replace(NEW_ENVIRONMENT, profile=window(-100, 50))) == [(0.0, 3.0)]
    assert steps(replace(NEW_ENVIRONMENT, profile=window(-100, -50))) == [(0.0, 0.0)]
    assert steps(replace(NEW_ENVIRONMENT, profile=window(500, 900))) == [(0.0, 0.0)]


def test_what_may_never_be_had_is_not_needed() -> None:
    profile = replace(window(100, 400), maximum=Amounts(cpu_cores=2.0))
    assert steps(replace(NEW_ENVIRONMENT, profile=profile)) == [(0.0, 0.0), (40.0, 2.0)]


def test_a_run_counts_from_its_start_and_an_announced_one_from_its_lead() -> None:
    demand = DemandEstimate(Amounts(cpu_cores=1.0), Amounts(cpu_cores=2.0), 60, 120, DemandSource.HISTORY)
    run = ActiveRun("r", "s", RunKind.TEST, NOW, demand, Amounts(cpu_cores=0.5))
    assert steps(replace(NEW_ENVIRONMENT, runs=(run,))) == [(0.0, 2.5)]
    told = replace(run, begins_at=later(90), announced=True)
    assert steps(replace(NEW_ENVIRONMENT, runs=(told,))) == [(0.0, 0.0), (30.0, 2.5)]


@pytest.mark.parametrize(("skill", "expected"), [(0.2, [(0.0, 1.0), (60.0, 4.0)]), (-0.1, [(0.0, 0.0)])])
def test_a_forecast_counts_where_it_has_earned_it(skill: float, expected: list[tuple[float, float]]) -> None:
    quantiles = {0.5: (1.0, 4.0, 9.0, 9.0), 0.9: (1.0, 4.0, 1.0, 9.0)}
    forecast = Forecast(Resource.CPU, NOW, 60.0, quantiles, "pooled", skill)
    ask = Ask(1, NOW, later(600), (forecast,))
    assert steps(replace(NEW_ENVIRONMENT, ask=ask)) == expected


def task(name: str, **more: object) -> Task:
    given = {"workspace": "w", "asked": Amounts(cpu_cores=1.0), "state": TaskState.RUNNING, "instance_id": "one"}
    return replace(Task(name, "dev", NOW, later(-60), attempt=1), **{**given, **more})  # pyright: ignore[reportArgumentType]


def tick(peak_seconds: float | None = None, peak_cores: float = 3.5, other: bool = True) -> TaskTick:
    needs = [NeedStep(NOW, Amounts(0.0, GIB))]
    if peak_seconds is not None:
        needs.append(NeedStep(later(peak_seconds), Amounts(peak_cores, GIB), "dev"))
    mounted = frozenset({workspace_key("dev", "w")})
    hosts = {"one": TaskHost("one", Amounts(4.0, 8 * GIB), tuple(needs), mounted)}
    if other:
        hosts["two"] = TaskHost("two", Amounts(4.0, 8 * GIB), (NeedStep(NOW, Amounts(0.0, GIB)),), mounted)
    return TaskTick(NOW, hosts, {"dev": "one"})


def states(tasks: list[Task], at: TaskTick) -> dict[str, TaskState]:
    return {changed.task_id: changed.state for changed in decide_tasks(tasks, at)}


def test_the_developer_is_told_first_and_the_least_critical_go_first() -> None:
    tasks = [task("low", criticality=Criticality.LOW), task("high", criticality=Criticality.HIGH)]
    [warned] = decide_tasks(tasks, tick(60, 3.0))
    assert (warned.task_id, warned.state, warned.leaves_at) == ("low", TaskState.WARNED, later(40))
    assert "in 60 s" in why_text(warned.reason)


def test_near_the_peak_who_can_moves_and_who_cannot_is_paused() -> None:
    tasks = [task("moves", restartable=True), task("stays")]
    assert states(tasks, tick(15)) == {"moves": TaskState.LEAVING, "stays": TaskState.PAUSING}
    assert states(tasks, tick(15, other=False)) == {"moves": TaskState.PAUSING, "stays": TaskState.PAUSING}
    elsewhere = [replace(each, workspace="not mounted on two") for each in tasks]
    assert states(elsewhere, tick(15)) == {"moves": TaskState.PAUSING, "stays": TaskState.PAUSING}


def test_nobody_goes_for_what_is_about_to_be_free() -> None:
    tasks = [task("going", state=TaskState.LEAVING, restartable=True), task("small", asked=Amounts(cpu_cores=0.4))]
    assert states(tasks, tick(15)) == {}


def test_a_task_that_is_to_stay_stays() -> None:
    warned = task("t", state=TaskState.WARNED, leaves_at=NOW)
    assert states([warned], tick(15)) == {"t": TaskState.PAUSING}
    kept = decline(warned, NOW, 3600.0)
    assert kept.state is TaskState.RUNNING
    assert states([kept], tick(15)) == {}


def test_after_the_peak_it_goes_on_and_a_warning_is_taken_back() -> None:
    assert states([task("t", state=TaskState.PAUSED)], tick()) == {"t": TaskState.RESUMING}
    assert states([task("t", state=TaskState.PAUSED)], tick(60)) == {}
    assert states([task("t", state=TaskState.WARNED, leaves_at=later(9))], tick()) == {"t": TaskState.RUNNING}


def test_a_new_task_starts_at_home_where_it_fits_else_elsewhere_else_it_waits() -> None:
    new = task("t", state=TaskState.WAITING, instance_id="", attempt=0)
    [started] = decide_tasks([new], tick())
    assert (started.state, started.instance_id, started.attempt) == (TaskState.STARTING, "one", 1)
    [started] = decide_tasks([new], tick(60))
    assert started.instance_id == "two"
    [waiting] = decide_tasks([new], tick(60, other=False))
    assert (waiting.state, waiting.reason.code) == (TaskState.WAITING, "no_room")


def test_memory_that_will_be_short_is_freed_only_by_who_can_leave() -> None:
    held = Amounts(cpu_cores=0.1, memory_bytes=4 * GIB)
    tasks = [task("stays", asked=held, criticality=Criticality.LOW), task("moves", asked=held, restartable=True)]
    needs = (NeedStep(NOW, Amounts(0.0, 2 * GIB)), NeedStep(later(10), Amounts(0.0, 3 * GIB), "dev"))
    at = tick()
    hosts = {**at.hosts, "one": replace(at.hosts["one"], needs=needs)}
    assert states(tasks, replace(at, hosts=hosts)) == {"moves": TaskState.LEAVING}


def test_a_lost_task_is_told_and_one_that_can_starts_again() -> None:
    unknown = TaskReport("t", 1, TaskPhase.UNKNOWN)
    assert take_report(task("t"), unknown, "one", NOW).state is TaskState.LOST
    assert take_report(task("t", restartable=True), unknown, "one", NOW).state is TaskState.WAITING
    assert take_report(task("t"), unknown, "two", NOW).state is TaskState.RUNNING


def test_an_answer_to_an_older_order_says_nothing_of_the_newer_one() -> None:
    pausing = task("t", state=TaskState.PAUSING, revision=5)
    assert take_report(pausing, TaskReport("t", 1, TaskPhase.PAUSED, 4), "one", NOW) == pausing
    assert take_report(pausing, TaskReport("t", 1, TaskPhase.PAUSED, 5), "one", NOW).state is TaskState.PAUSED
