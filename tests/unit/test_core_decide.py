"""The story of one environment: what raises its limit, what holds it, and what lowers it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, State, decide, forget, plan
from foreload_core.policy import STEP_NAMES
from foreload_core.types import (
    NO_AMOUNTS,
    Actuation,
    ActuationResult,
    Amounts,
    Ask,
    DemandEstimate,
    DemandSource,
    EnvironmentDecision,
    Forecast,
    Placement,
    ProfileNumbers,
    Resource,
    RunKind,
    Sample,
    Signal,
    SignalKind,
    TargetChange,
    Tick,
    WindowKind,
    WindowOccurrence,
    Wish,
)
from foreload_core.words import change_text, sentence

BEGIN = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
GIB = 1024**3
NAME = "checkout-api"
TWO_CORES_THERE = Amounts(2.0, 16 * GIB)
FLOOR = Amounts(1.0, 2 * GIB)
LIMIT = Amounts(1.0, 4 * GIB)
TWO_CORES = DemandEstimate(Amounts(2.0), Amounts(2.0), 20, 40, DemandSource.CODE)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@dataclass
class World:
    """One environment on one instance, moved along by hand."""

    capacity: Amounts = TWO_CORES_THERE
    floor: Amounts = FLOOR
    limit: Amounts = LIMIT
    allowed: bool = True
    state: State = EMPTY_STATE
    decided: list[EnvironmentDecision] = field(default_factory=list)

    def tick(self, seconds: float, **news: object) -> list[TargetChange]:
        named = {
            key: {NAME: value} if key in ("samples", "signals", "profiles", "asks") else value
            for key, value in news.items()
        }
        target = self.decided[-1].target if self.decided else NO_AMOUNTS
        tick = Tick(
            now=at(seconds),
            **named,
            placements={
                NAME: Placement(
                    "instance-1", self.floor, frozenset({Resource.CPU, Resource.MEMORY}), target.over(self.limit)
                )
            },
            capacities={"instance-1": self.capacity},
            scaling_allowed=frozenset({NAME}) if self.allowed else frozenset(),
        )
        self.state, decision = decide(self.state, tick, DEFAULT_POLICY)
        self.last = tick
        self.decided.extend(decision.environments)
        return [change for each in decision.environments for change in each.changes]

    def use(self, seconds: float, cores: float = 0.2, memory_gib: float = 2.6, **about: object) -> list[TargetChange]:
        sample = Sample(at(seconds - 10), 10, Amounts(cores, int(memory_gib * GIB)), **about)
        return self.tick(seconds, samples=(sample,))

    def idle(self, first: int, last: int, **use: float) -> list[TargetChange]:
        return [change for seconds in range(first, last, 10) for change in self.use(seconds, **use)]

    def start(self, seconds: float, demand: DemandEstimate = TWO_CORES, run: str = "run-1") -> list[TargetChange]:
        signal = Signal(f"start-{run}", SignalKind.RUN_STARTED, at(seconds), run, RunKind.PROGRAM, demand)
        return self.tick(seconds, signals=(signal,))

    def end(self, seconds: float, run: str = "run-1") -> list[TargetChange]:
        return self.tick(seconds, signals=(Signal(f"end-{run}", SignalKind.RUN_ENDED, at(seconds), run),))

    @property
    def target(self) -> Amounts:
        return self.state.environments[NAME].target.over(self.limit)


def why(changes: list[TargetChange]) -> list[str]:
    return [f"{change_text(change)}: {sentence(change.reasons[0], {'standup': 'Stand-up'})}" for change in changes]


def test_a_run_raises_the_limit_in_its_own_tick_and_the_end_lowers_it_after_a_minute() -> None:
    world = World()
    assert world.idle(0, 100) == []
    assert why(world.start(103)) == [
        "CPU 1 → 2 cores: A run has started that is expected to need 2 cores, from its code."
    ]
    assert world.idle(110, 140, cores=1.9) == []
    assert world.end(141) == []
    assert world.idle(150, 201) == []
    assert why(world.idle(201, 240)) == [
        "CPU 2 → 1 core: The run has ended; the highest need of the last minute was 0.2 cores."
    ]
    assert world.target.cpu_cores == 1.0


def test_a_window_raises_ahead_of_its_minute_and_is_over_after_it() -> None:
    world = World()
    window = WindowOccurrence("standup", WindowKind.PEAK, at(300), at(600), Amounts(2.0))
    world.tick(0, profiles=ProfileNumbers(1, (window,)))
    assert world.idle(10, 231) == []
    raised = why(world.tick(240))
    assert raised == ["CPU 1 → 2 cores: “Stand-up” begins in 60 s and is expected to need 2 cores."]
    assert world.idle(250, 650) == []
    lowered = why(world.idle(650, 700))
    assert lowered == ["CPU 2 → 1 core: “Stand-up” is over; the highest need of the last minute was 0.2 cores."]


def test_what_is_planned_is_what_then_happens() -> None:
    world = World()
    window = WindowOccurrence("standup", WindowKind.PEAK, at(300), at(600), Amounts(2.0))
    world.idle(0, 100)
    world.tick(100, profiles=ProfileNumbers(1, (window,)))
    planned = plan(world.state, NAME, world.last, DEFAULT_POLICY)
    cores = [change for change in planned if change.resource is Resource.CPU]
    assert [(change.to_amount, change.at) for change in cores] == [(2.0, at(240)), (1.0, at(660))]
    assert [change.reason.code for change in cores] == ["window_soon", "lowers_after_window"]
    world.idle(110, 700)
    assert [change.to_amount for each in world.decided for change in each.changes] == [2.0, 1.0]


def test_missing_samples_lower_nothing() -> None:
    world = World()
    world.idle(0, 100)
    world.start(100)
    world.end(120)
    assert world.tick(500) == []
    assert world.tick(5000, signals=(Signal("s", SignalKind.SAVED, at(5000)),)) == []
    assert world.use(5010) == []
    assert world.target.cpu_cores == 2.0
    assert world.idle(5020, 5060) == []
    assert world.idle(5060, 5100) != []


def test_an_old_backlog_is_not_taken_for_the_present() -> None:
    world = World()
    world.idle(0, 100)
    late = Signal("start-old", SignalKind.RUN_STARTED, at(-7200), "old", RunKind.PROGRAM, TWO_CORES)
    assert world.tick(110, signals=(late,)) == []


def test_an_end_that_overtakes_its_start_leaves_nothing_running() -> None:
    world = World()
    world.idle(0, 100)
    world.end(101)
    assert world.start(102) == []


def test_a_run_without_an_end_is_believed_three_times_its_length() -> None:
    world = World()
    world.idle(0, 100)
    world.start(100)
    assert world.idle(110, 220) == []
    assert world.idle(220, 300) != []


def test_two_runs_need_their_sum() -> None:
    world = World(capacity=Amounts(8.0, 16 * GIB))
    world.idle(0, 100)
    world.start(100)
    changes = world.start(101, run="run-2")
    assert why(changes) == ["CPU 2.2 → 4.2 cores: 2 runs go on at once and are expected to need 4.2 cores together."]


def test_a_run_beside_a_server_of_which_nothing_is_known_needs_both() -> None:
    world = World(capacity=Amounts(8.0, 16 * GIB))
    world.idle(0, 50)
    world.tick(50, signals=(Signal("serve", SignalKind.RUN_STARTED, at(50), "server", RunKind.SERVE, None),))
    world.idle(60, 200, cores=1.5)
    changes = world.start(200)
    assert [change.to_amount for change in changes] == [3.5]


def test_throttling_raises_by_half_then_doubles() -> None:
    world = World(capacity=Amounts(16.0, 16 * GIB))
    world.idle(0, 50)
    assert [change.to_amount for change in world.use(50, cores=0.9, throttled_seconds=3)] == [1.5]
    assert [change.to_amount for change in world.use(60, cores=1.4, throttled_seconds=3)] == [3.0]
    assert [change.to_amount for change in world.use(70, cores=2.9, throttled_seconds=3)] == [6.0]
    assert world.idle(80, 130) == []
    assert world.use(200) == []
    assert [change.reasons[0].code for change in world.idle(210, 280)] == ["lowered"]


def test_throttling_before_a_raise_is_not_counted_against_it() -> None:
    world = World(capacity=Amounts(16.0, 16 * GIB))
    world.idle(0, 100)
    world.start(105)
    assert world.use(110, cores=1.2, throttled_seconds=4) == []


def test_a_kill_for_want_of_memory_raises_and_stays_raised() -> None:
    world = World()
    world.idle(0, 50, memory_gib=3.3)
    changes = world.use(50, memory_gib=3.3, oom_kills=1)
    assert [(change.resource, change.to_amount) for change in changes] == [(Resource.MEMORY, 6 * GIB)]
    assert changes[0].reasons[0].code == "oom"
    assert world.idle(60, 600) == []


def test_growing_memory_is_followed_ahead() -> None:
    world = World()
    for step in range(12):
        world.use(10 * step, memory_gib=2.6 + 0.3 * step)
        used = (2.6 + 0.3 * step) * GIB
        assert (world.target.memory_bytes or 0) >= min(used * 1.2, 16 * GIB) - 1


def test_memory_is_lowered_only_to_its_use_and_margin() -> None:
    world = World(floor=Amounts(1.0, GIB), limit=Amounts(1.0, 12 * GIB))
    changes = world.idle(0, 3700, memory_gib=5.0)
    assert [change.to_amount for change in changes] == [6 * GIB]


def test_pin_undo_decline_and_pause() -> None:
    world = World()
    world.idle(0, 100)
    assert [change.to_amount for change in world.tick(100, wishes=(Wish(NAME, at(100), pinned=Amounts(1.5)),))] == [1.5]
    assert world.start(110) == []
    assert [change.to_amount for change in world.tick(120, wishes=(Wish(NAME, at(120), pinned=NO_AMOUNTS),))] == [2.0]
    undone = world.decided[-1].decision_id
    changes = world.tick(130, wishes=(Wish(NAME, at(130), undo_decision_id=undone),))
    assert [(change.to_amount, change.reasons[0].code) for change in changes] == [(1.5, "undone")]
    assert world.tick(131, wishes=(Wish(NAME, at(131), undo_decision_id=undone),)) == []
    assert world.start(140, run="run-2") == []
    world.idle(150, 400)
    assert world.tick(400, wishes=(Wish(NAME, at(400), paused_until=at(900)),)) == []
    assert world.start(4000, run="run-3") != []


def test_a_pause_holds_and_its_end_acts() -> None:
    world = World()
    world.idle(0, 100)
    world.tick(100, wishes=(Wish(NAME, at(100), paused_until=at(150)),))
    assert world.start(110, replace(TWO_CORES, duration_seconds_high=400)) == []
    assert [change.to_amount for change in world.tick(150)] == [2.0]


def test_an_undo_takes_the_pin_of_the_same_limit_off() -> None:
    world = World()
    world.idle(0, 100)
    world.start(100)
    raised = world.decided[-1].decision_id
    world.tick(110, wishes=(Wish(NAME, at(110), pinned=Amounts(2.0)),))
    changes = world.tick(120, wishes=(Wish(NAME, at(120), undo_decision_id=raised),))
    assert [(change.to_amount, change.reasons[0].code) for change in changes] == [(1.0, "undone")]


def test_without_permission_nothing_changes_but_what_is_pinned() -> None:
    world = World(allowed=False)
    world.idle(0, 100)
    assert world.start(100) == []
    assert [change.to_amount for change in world.tick(110, wishes=(Wish(NAME, at(110), pinned=Amounts(1.7)),))] == [1.7]


def test_a_declined_window_and_a_declined_run_do_nothing() -> None:
    world = World()
    window = WindowOccurrence("standup", WindowKind.PEAK, at(300), at(600), Amounts(2.0))
    world.tick(0, profiles=ProfileNumbers(1, (window,)), wishes=(Wish(NAME, at(0), decline_reference="standup"),))
    assert world.idle(10, 400) == []
    world.tick(400, wishes=(Wish(NAME, at(400), decline_reference="run-1"),))
    assert world.start(410) == []


def test_a_refused_lowering_is_taken_back_and_tried_again_later() -> None:
    world = World(floor=Amounts(1.0, GIB), limit=Amounts(1.0, 12 * GIB))
    changes = world.idle(0, 3700, memory_gib=5.0)
    assert [change.to_amount for change in changes] == [6 * GIB]
    refused = ActuationResult("i-1", NAME, Resource.MEMORY, Actuation.REFUSED, 12.0 * GIB, "busy", at(3700))
    back = world.tick(3700, actuations=(refused,))
    assert [(change.to_amount, change.reasons[0].code) for change in back] == [(12 * GIB, "refused")]
    assert world.tick(3701, actuations=(refused,)) == []
    assert world.idle(3710, 3760, memory_gib=5.0) == []
    assert [change.to_amount for change in world.idle(3760, 3860, memory_gib=5.0)] == [6 * GIB]
    refused = replace(refused, instruction_id="i-2", at=at(3860))
    world.tick(3860, actuations=(refused,))
    assert world.idle(3870, 3970, memory_gib=5.0) == []
    assert [change.to_amount for change in world.idle(3980, 4100, memory_gib=5.0)] == [6 * GIB]


def profile(**about: object) -> ProfileNumbers:
    return ProfileNumbers(1, **about)


@pytest.mark.parametrize(
    ("bounds", "pinned", "expected", "code"),
    [
        (profile(maximum=Amounts(1.5)), None, 1.5, "run_code"),
        (profile(minimum=Amounts(1.8)), None, 2.0, "run_code"),
        (profile(maximum=Amounts(1.5), minimum=Amounts(1.8)), None, 1.5, "run_code"),
        (profile(maximum=Amounts(1.5)), Amounts(1.8), 1.5, "pinned"),
        (profile(minimum=Amounts(1.8)), Amounts(1.2), 1.2, "pinned"),
        (profile(), Amounts(9.0), 2.0, "pinned"),
    ],
)
def test_precedence(bounds: ProfileNumbers, pinned: Amounts | None, expected: float, code: str) -> None:
    world = World()
    world.idle(0, 100)
    news = {"profiles": bounds, "wishes": (Wish(NAME, at(100), pinned=pinned),)}
    signal = Signal("start", SignalKind.RUN_STARTED, at(100), "run", RunKind.PROGRAM, TWO_CORES)
    changes = world.tick(100, signals=(signal,), **news)
    assert [(change.to_amount, change.reasons[0].code) for change in changes] == [(expected, code)]


def test_a_budget_is_never_overspent() -> None:
    world = World(capacity=Amounts(16.0, 16 * GIB), floor=Amounts(0.1, GIB // 2), limit=Amounts(0.1, GIB // 2))
    world.tick(0, profiles=profile(budget_usd_per_month=2.0))
    hungry = replace(TWO_CORES, high=Amounts(16.0), typical=Amounts(16.0), duration_seconds_high=1e6)
    world.start(0, hungry)
    highest = world.target.cpu_cores or 0.0
    for seconds in range(60, 4 * 86_400, 3600):
        world.use(seconds, cores=0.05, memory_gib=0.2)
    state = world.state.environments[NAME]
    assert highest < 16.0
    assert "budget" in [reason.code for each in world.decided for change in each.changes for reason in change.reasons]
    assert state.spent_usd < 2.0
    assert (world.target.cpu_cores or 0.0) < highest


@pytest.mark.parametrize(("skill", "expected"), [(0.3, [1.8]), (0.0, []), (None, []), (-0.2, [])])
def test_a_forecast_acts_only_when_it_is_better_than_last_week(skill: float | None, expected: list[float]) -> None:
    world = World()
    world.idle(0, 100)
    levels = {0.1: (0.5,) * 12, 0.5: (1.0,) * 12, 0.9: (1.8,) * 12, 0.95: (1.9,) * 12}
    ask = Ask(1, at(100), at(1000), (Forecast(Resource.CPU, at(100), 300, levels, "prophet", skill),))
    assert [change.to_amount for change in world.tick(100, asks=ask)] == expected


def test_a_forecast_is_followed_only_while_its_ask_is_valid() -> None:
    world = World()
    world.idle(0, 100)
    levels = {0.9: (1.8,) * 12}
    forecast = Forecast(Resource.CPU, at(100), 300, levels, "seasonal_naive_day", 0.0)
    assert world.tick(100, asks=Ask(1, at(100), at(200), (forecast,))) != []
    assert world.idle(110, 260) == []
    assert world.idle(260, 300) != []


def test_an_older_ask_and_profile_never_replace_a_newer_one() -> None:
    world = World()
    world.tick(0, asks=Ask(7, at(0), at(900), ()), profiles=profile(maximum=Amounts(1.5)))
    world.tick(10, asks=Ask(6, at(1), at(900), ()), profiles=replace(profile(), revision=0))
    known = world.state.environments[NAME]
    assert known.ask is not None
    assert known.ask.revision == 7
    assert known.profile.maximum == Amounts(1.5)


def test_an_idle_window_stops_the_forecast_but_not_a_run() -> None:
    world = World()
    world.idle(0, 100)
    window = WindowOccurrence("lunch", WindowKind.IDLE, at(90), at(900))
    forecast = Forecast(Resource.CPU, at(100), 300, {0.9: (1.8,) * 12}, "seasonal_naive_day", 0.0)
    ask = Ask(1, at(100), at(900), (forecast,))
    assert world.tick(100, asks=ask, profiles=profile(windows=(window,))) == []
    assert [change.to_amount for change in world.start(110)] == [2.0]


def test_the_preference_moves_margins_smoothly() -> None:
    found = []
    for preference in (0.0, 0.25, 0.5, 0.75, 1.0):
        world = World(capacity=Amounts(16.0, 16 * GIB))
        world.tick(0, profiles=profile(preference_ratio=preference))
        world.use(10, cores=4.0)
        found.append(world.target.cpu_cores)
    assert found == [4.5, 4.8, 5.0, 5.5, 6.0]


def test_an_announced_need_is_ready_a_minute_ahead() -> None:
    world = World()
    world.idle(0, 100)
    demand = DemandEstimate(Amounts(2.0), Amounts(2.0), 300, 300, DemandSource.DEVELOPER)
    announced = Signal("announced-1", SignalKind.ANNOUNCED, at(300), demand=demand)
    assert world.tick(100, signals=(announced,)) == []
    assert world.idle(110, 240) == []
    assert why(world.tick(240)) == ["CPU 1 → 2 cores: You announced a need of 2 cores."]
    assert world.idle(250, 660) == []
    assert world.idle(660, 700) != []


def test_two_environments_share_what_there_is() -> None:
    placements = {
        name: Placement("instance-1", Amounts(1.0), frozenset({Resource.CPU}), Amounts(1.0)) for name in ("a", "b")
    }
    need = DemandEstimate(Amounts(3.0), Amounts(3.0), 60, 60, DemandSource.CODE)
    signals = {
        name: (Signal(f"s-{name}", SignalKind.RUN_STARTED, BEGIN, name, RunKind.TEST, need),) for name in ("a", "b")
    }
    tick = Tick(
        now=BEGIN,
        signals=signals,
        placements=placements,
        capacities={"instance-1": Amounts(5.0)},
        scaling_allowed=frozenset({"a", "b"}),
    )
    _state, decision = decide(EMPTY_STATE, tick, DEFAULT_POLICY)
    assert [each.target.cpu_cores for each in decision.environments] == [3.0, 2.0]
    assert decision.environments[1].changes[0].reasons[1].code == "capacity_shared"


def test_reasons_name_steps_that_are_known() -> None:
    world = World()
    world.idle(0, 100)
    world.start(100)
    world.idle(110, 400)
    steps = {reason.step for each in world.decided for change in each.changes for reason in change.reasons}
    assert steps
    assert steps <= set(STEP_NAMES)


def test_forgetting_an_environment_leaves_nothing_of_it() -> None:
    world = World()
    world.idle(0, 100)
    assert forget(world.state, NAME) == EMPTY_STATE
