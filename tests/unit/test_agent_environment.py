"""One managed environment, driven by hand: reports, urgency, revisions, and platforms that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from foreload_agent.api.backoff import Backoff
from foreload_agent.app.environments import Instruction, ManagedEnvironment, join_looks, raise_to_floor
from foreload_agent.ports import Capability, EnvironmentGoneError, Outcome, Platform
from foreload_core.types import Actuation, Amounts, Resource, Sample

NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
FLOOR = Amounts(cpu_cores=0.5, memory_bytes=1000)


class RememberedRevisions:
    """Remembers without a disk."""

    def __init__(self) -> None:
        self.revisions: dict[str, int] = {}

    def revision(self, environment_id: str) -> int:
        return self.revisions.get(environment_id, 0)

    def remember(self, environment_id: str, revision: int) -> None:
        self.revisions[environment_id] = revision


class FullDisk(RememberedRevisions):
    """Cannot remember anything."""

    def remember(self, environment_id: str, revision: int) -> None:
        raise OSError(28, "No space left on device")


class ObedientActuator:
    """Does what it is told, and keeps what it was told."""

    def __init__(self) -> None:
        self.held = Amounts(cpu_cores=1.0, memory_bytes=4000)
        self.targets: list[Amounts] = []
        self.created: list[Amounts] = []

    def create(self, initial: Amounts) -> bool:
        self.created.append(initial)
        return True

    def capabilities(self) -> tuple[Capability, ...]:
        return ()

    def limit(self) -> Amounts:
        return self.held

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        self.targets.append(target)
        self.held = target.over(self.held)
        return tuple(Outcome(resource, Actuation.APPLIED, amount) for resource, amount in target.items())

    def remove(self, kill: bool) -> None: ...


class CrashingActuator(ObedientActuator):
    """Has a bug."""

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        raise ZeroDivisionError("a bug")


class ScriptedCollector:
    """Gives the samples it was given; None stands for a group that is gone."""

    def __init__(self, samples: list[Sample | None]) -> None:
        self.samples = samples

    def measure(self, now: datetime, monotonic: float) -> Sample:
        sample = self.samples.pop(0)
        if sample is None:
            raise EnvironmentGoneError("removed by hand")
        return sample


def look(
    seconds: float = 1.0, cores: float | None = 1.0, throttled: float = 0.0, kills: int = 0, used: int = 500
) -> Sample:
    return Sample(NOW, seconds, Amounts(cores, used), Amounts(2.0, 4000), throttled, kills)


def managed(samples: list[Sample | None], actuator: ObedientActuator | None = None, applied=None) -> ManagedEnvironment:
    platform = Platform("scripted", ScriptedCollector(samples), actuator or ObedientActuator())
    return ManagedEnvironment("demo", platform, FLOOR, Amounts(1.0, 2000), applied or RememberedRevisions(), 10.0, 0.1)


def never() -> bool:
    return False


def test_ten_looks_make_one_report() -> None:
    environment = managed([look(0.0, None)] + [look(cores=float(i)) for i in range(10)])
    reports = [environment.look(NOW, float(i)) for i in range(11)]
    assert reports[:10] == [None] * 10
    report = reports[10]
    assert report is not None
    assert not report.urgent
    assert report.sample.interval_seconds == 10.0
    assert report.sample.used.cpu_cores == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("one", "urgent"), [(look(throttled=0.09), False), (look(throttled=0.2), True), (look(kills=1), True)]
)
def test_throttling_and_kills_are_reported_at_once(one: Sample, urgent: bool) -> None:
    environment = managed([look(), one])
    assert environment.look(NOW, 1.0) is None
    report = environment.look(NOW, 2.0)
    assert (report is not None) is urgent
    if report is not None:
        assert report.urgent
        assert report.sample.interval_seconds == 2.0


def test_a_group_taken_away_is_made_again_with_the_limits_it_had() -> None:
    actuator = ObedientActuator()
    environment = managed([look(), None, None, look()], actuator)
    assert [environment.look(NOW, float(i)) for i in range(4)] == [None] * 4
    assert actuator.created == [Amounts(2.0, 4000)] * 2


def test_joined_looks_are_weighted_by_their_time() -> None:
    first, second = look(1.0, 4.0, 0.1, 1, 900), look(3.0, 0.0, 0.2, 0, 300)
    joined = join_looks([first, second])
    assert joined.used == Amounts(1.0, 300)
    assert joined.throttled_seconds == pytest.approx(0.3)
    assert joined.oom_kills == 1
    assert join_looks([look(cores=None)]).used.cpu_cores is None


def test_a_revision_is_applied_once() -> None:
    actuator, applied = ObedientActuator(), RememberedRevisions()
    environment = managed([], actuator, applied)
    told = Instruction("i-7", "demo", 7, Amounts(cpu_cores=1.5))
    [first] = environment.apply(told, never, lambda: NOW)
    [second] = environment.apply(told, never, lambda: NOW + timedelta(seconds=3))
    [older] = environment.apply(Instruction("i-6", "demo", 6, Amounts(cpu_cores=9.0)), never, lambda: NOW)
    assert first.actuation is Actuation.APPLIED
    assert (first.instruction_id, first.environment_id, first.at) == ("i-7", "demo", NOW)
    assert second.actuation is older.actuation is Actuation.NO_CHANGE
    assert second.amount == older.amount == 1.5
    assert "revision 6 is not above 7" in older.detail
    assert actuator.targets == [Amounts(cpu_cores=1.5)]
    assert applied.revisions == {"demo": 7}


def test_a_target_below_the_floor_is_raised_to_it() -> None:
    actuator = ObedientActuator()
    managed([], actuator).apply(Instruction("i", "demo", 1, Amounts(0.1, 10)), never, lambda: NOW)
    assert actuator.targets == [FLOOR]
    assert raise_to_floor(Amounts(gpu_count=1.0), FLOOR) == Amounts(gpu_count=1.0)


def test_a_platform_with_a_bug_still_answers() -> None:
    environment = managed([], CrashingActuator())
    results = environment.apply(Instruction("i", "demo", 1, Amounts(2.0, 3000)), never, lambda: NOW)
    assert [result.actuation for result in results] == [Actuation.FAILED] * 2
    assert "ZeroDivisionError: a bug" in results[0].detail


def test_a_full_disk_is_said_and_the_limit_stands() -> None:
    actuator = ObedientActuator()
    environment = managed([], actuator, FullDisk())
    [result] = environment.apply(Instruction("i", "demo", 1, Amounts(cpu_cores=2.0)), never, lambda: NOW)
    assert result.actuation is Actuation.APPLIED
    assert result.resource is Resource.CPU
    [again] = environment.apply(Instruction("i", "demo", 1, Amounts(cpu_cores=2.0)), never, lambda: NOW)
    assert again.amount == 2.0


def test_waits_double_up_to_the_longest_and_differ() -> None:
    backoff = Backoff(0.2, 5.0, Random(1))
    waits = [backoff.next_seconds() for _ in range(40)]
    assert all(0.1 <= wait <= 5.0 for wait in waits)
    assert waits[0] <= 0.2
    assert all(wait >= 2.5 for wait in waits[6:])
    assert len(set(waits)) == len(waits)
    backoff.reset()
    assert backoff.next_seconds() <= 0.2
