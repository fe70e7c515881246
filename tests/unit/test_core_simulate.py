"""A past gone through again: what the density, a profile and environments alike do to the limits and to the cost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from foreload_core.decide import (
    DEFAULT_POLICY,
    EMPTY_STATE,
    Policy,
    canonical,
    decide,
    decision_to_json,
    environment_to_json,
    state_from_json,
    state_to_json,
)
from foreload_core.policy import demand
from foreload_core.policy.preference import knob_of
from foreload_core.profile import expand, parse_profile
from foreload_core.simulate import (
    Run,
    Scenario,
    foresight_figures,
    reactive_figures,
    simulate,
    static_figures,
    vpa_figures,
)
from foreload_core.types import (
    Amounts,
    Placement,
    Prior,
    ProfileNumbers,
    Resource,
    RunKind,
    Sample,
    Tick,
    WindowKind,
    WindowOccurrence,
)
from foreload_core.words import sentence

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
GIB = 1024**3
CAPACITY = Amounts(8.0, 16 * GIB)
WITHOUT_DENSITY = Policy(
    0, tuple(step for step in DEFAULT_POLICY.needs if step is not demand.density), DEFAULT_POLICY.limits
)
PROFILE = {
    "version": 1,
    "name": "Load tests",
    "timeZone": "UTC",
    "windows": [
        {
            "name": "Load test",
            "kind": "peak",
            "every": "Tuesday 14:00-16:00",
            "expect": {"cpuCores": 6},
        }
    ],
}


def wave(number: int) -> float:
    """A need that goes up and down over an hour, with a bit of a jitter that is always the same."""
    return 0.6 + 0.3 * math.sin(number / 12 * 2 * math.pi) + 0.05 * ((number * 7919) % 13) / 13


def past(days: float, peaks: bool = False, step_seconds: float = 300.0) -> tuple[Sample, ...]:
    found: list[Sample] = []
    for number in range(int(days * 86_400 / step_seconds)):
        start = MONDAY + timedelta(seconds=number * step_seconds)
        cores = wave(number)
        if peaks and start.weekday() == 1 and 14 <= start.hour < 16:
            cores = 5.5
        found.append(Sample(start, step_seconds, Amounts(cores, int((2 + cores / 4) * GIB))))
    return tuple(found)


def scenario(demand: tuple[Sample, ...], **more: object) -> Scenario:
    return replace(Scenario(demand, CAPACITY, Amounts(0.1, GIB // 4), CAPACITY), **more)  # type: ignore[arg-type]


def test_a_peak_that_the_profile_names_is_served_in_its_first_week_and_not_long_before() -> None:
    profile, problems = parse_profile(json.dumps(PROFILE))
    assert profile is not None, problems
    demand = past(1.8, peaks=True)
    numbers = expand(profile, MONDAY, MONDAY + timedelta(days=3), revision=1)
    with_profile = simulate(scenario(demand, profile=numbers))
    tuesday = MONDAY + timedelta(days=1, hours=14)
    peak = tuple(sample for sample in demand if tuesday <= sample.start < tuesday + timedelta(hours=2))
    assert unserved(with_profile.limits, peak) <= 0.01
    assert unserved(simulate(scenario(demand)).limits, peak) > 0.01
    raised = next(at for at, limit in with_profile.limits if at > MONDAY + timedelta(hours=12) and cores(limit) >= 6)
    assert timedelta(0) <= tuesday - raised <= timedelta(minutes=10)
    before = [cores(limit) for at, limit in with_profile.limits if MONDAY + timedelta(hours=6) < at < raised]
    assert max(before) < 4


def cores(limit: Amounts) -> float:
    return limit.cpu_cores or 0.0


def unserved(limits: tuple[tuple[datetime, Amounts], ...], demand: tuple[Sample, ...]) -> float:
    lost = 0.0
    for sample in demand:
        held = [limit for at, limit in limits if at <= sample.start]
        lost += max(0.0, cores(sample.used) - cores(held[-1]))
    return lost / sum(cores(sample.used) for sample in demand)


def daily_window(days: int, expected: float) -> ProfileNumbers:
    windows = tuple(
        WindowOccurrence("w", WindowKind.PEAK, start, start + timedelta(hours=1), Amounts(expected))
        for start in (MONDAY + timedelta(days=day, hours=10) for day in range(days))
    )
    return ProfileNumbers(1, windows)


def test_a_window_that_is_never_needed_is_said_and_no_longer_obeyed() -> None:
    found = simulate(scenario(past(3.6), profile=daily_window(5, 7.0)))
    raised = {at.date().day - MONDAY.day for at, limit in found.limits if cores(limit) >= 7 and at.hour in (9, 10)}
    assert raised == {0, 1, 2}
    reasons = [reason for each in found.decisions for change in each.changes for reason in change.reasons]
    said = [sentence(reason, {"w": "Stand-up"}) for reason in reasons if reason.code == "lowered_after_missed_window"]
    assert said
    assert "“Stand-up” is over. Less than half of what it says was needed, 3 times in a row." in said[0]
    rejected = [reason.code for each in found.decisions for reason in each.alternatives]
    assert "window_missed" in rejected


def test_a_window_counts_again_when_its_need_is_changed_or_it_comes_true() -> None:
    window = daily_window(8, 7.0)
    changed = tuple(
        replace(each, expected=Amounts(6.0)) if number > 3 else each for number, each in enumerate(window.windows)
    )
    found = simulate(scenario(past(6, step_seconds=900.0), profile=replace(window, windows=changed)))
    raised = {at.day - MONDAY.day for at, limit in found.limits if cores(limit) >= 6 and at.hour in (9, 10)}
    assert 4 in raised
    busy = tuple(
        replace(sample, used=Amounts(6.8, 3 * GIB))
        if sample.start.day - MONDAY.day == 4 and sample.start.hour == 10
        else sample
        for sample in past(7, step_seconds=900.0)
    )
    again = simulate(scenario(busy, profile=window))
    raised = {at.day - MONDAY.day for at, limit in again.limits if cores(limit) >= 7 and at.hour in (9, 10)}
    assert 3 not in raised
    assert {5, 6} <= raised


def test_environments_alike_help_a_new_one_and_fade_within_half_a_day() -> None:
    bursty = tuple(
        replace(sample, used=Amounts(4.0 if number % 9 == 8 else 0.3, 2 * GIB))
        for number, sample in enumerate(past(1.5))
    )
    prior = Prior(24, ((Amounts(0.3, 2 * GIB), Amounts(4.0, 3 * GIB), Amounts(4.5, 4 * GIB)),) * 24)
    short = tuple(bursty[:72])
    alone, helped = simulate(scenario(short)), simulate(scenario(short, prior=prior))
    assert helped.figures.unserved_ratio < 0.5 * alone.figures.unserved_ratio
    assert helped.figures.cost_usd < 0.6 * 6 * 0.4  # 8 cores and 16 GiB for 6 hours
    reasons = [reason for each in helped.decisions for change in each.changes for reason in change.reasons]
    assert any(reason.code == "prior" and "Environments like this one" in sentence(reason) for reason in reasons)
    few = simulate(scenario(short, prior=replace(prior, environment_count=19)))
    assert few.limits == alone.limits
    later = simulate(scenario(bursty, prior=prior)).decisions
    old = [each for each in later if each.decided_at > MONDAY + timedelta(hours=13)]
    assert not [
        reason for each in old for change in each.changes for reason in change.reasons if reason.code == "prior"
    ]


def test_half_a_day_of_its_own_past_is_better_than_the_static_peak() -> None:
    demand = past(1.5)
    found = simulate(scenario(demand))
    later = [sample for sample in demand if sample.start >= MONDAY + timedelta(hours=12)]
    peak = max(cores(sample.used) for sample in demand) * 1.2
    held = [next(limit for at, limit in reversed(found.limits) if at <= sample.start) for sample in later]
    assert sum(cores(limit) for limit in held) < peak * len(held)
    short = sum(cores(sample.used) > cores(limit) for sample, limit in zip(later, held, strict=True))
    assert short <= 0.02 * len(later)


def test_the_density_is_short_less_often_than_the_last_use_and_a_margin() -> None:
    demand = past(2)
    with_density, without = simulate(scenario(demand)).figures, simulate(scenario(demand), WITHOUT_DENSITY).figures
    assert with_density.violation_ratio < 0.5 * without.violation_ratio
    assert with_density.violation_ratio <= 0.01
    assert with_density.resize_count < without.resize_count
    codes = [
        reason.code
        for each in simulate(scenario(demand)).decisions
        for change in each.changes
        for reason in change.reasons
    ]
    assert "density" in codes


def test_the_preference_goes_smoothly_from_cheapest_to_fastest() -> None:
    knobs = [knob_of(number / 20) for number in range(21)]
    assert knobs[10] == pytest.approx(1.0)
    assert all(low < high for low, high in pairwise(knobs))
    ratios = [high / low for low, high in pairwise(knobs)]
    assert max(abs(b - a) for a, b in pairwise(ratios)) < 0.01
    noisy = tuple(
        replace(sample, used=Amounts(1.0 + ((number * 2_654_435_761) % 997) / 997, 2 * GIB))
        for number, sample in enumerate(past(2, step_seconds=900.0))
    )
    costs = [
        simulate(scenario(noisy, profile=ProfileNumbers(1, preference_ratio=ratio))).figures.cost_usd
        for ratio in (0.0, 0.5, 1.0)
    ]
    assert costs == sorted(costs)
    assert costs[0] < costs[2]


def test_the_density_survives_a_restart_in_at_most_twenty_kib() -> None:
    """After each tick the state goes through its stored form; nothing is decided otherwise."""
    demand = tuple(
        replace(sample, used=replace(sample.used, network_rx_bytes_per_second=1e6, network_tx_bytes_per_second=2e5))
        for sample in past(1, step_seconds=60.0)[:150]
    )
    straight, stored = EMPTY_STATE, EMPTY_STATE
    decided = 0
    for sample in demand:
        now = sample.start + timedelta(seconds=60)
        tick = Tick(
            now,
            samples={"e": (sample,)},
            placements={"e": Placement("i", Amounts(0.1), frozenset(Resource), CAPACITY)},
            capacities={"i": CAPACITY},
            scaling_allowed=frozenset({"e"}),
        )
        straight, one = decide(straight, tick, DEFAULT_POLICY)
        stored, other = decide(state_from_json(json.loads(canonical(state_to_json(stored)))), tick, DEFAULT_POLICY)
        assert canonical(decision_to_json(one)) == canonical(decision_to_json(other))
        decided += len(one.environments)
    known = straight.environments["e"]
    assert decided
    assert known.density is not None
    assert known.density.expected
    assert len(known.density.rows) <= 20 * 1024
    assert canonical(environment_to_json(known)) == canonical(environment_to_json(stored.environments["e"]))


def test_many_environments_at_once_are_decided_as_each_alone() -> None:
    names = [f"e{number}" for number in range(5)]
    together, alone = EMPTY_STATE, dict.fromkeys(names, EMPTY_STATE)
    for number, sample in enumerate(past(1, step_seconds=60.0)[:90]):
        used = {
            name: replace(sample, used=Amounts(wave(number * (place + 1)), (2 + place) * GIB))
            for place, name in enumerate(names)
        }
        now = sample.start + timedelta(seconds=60)

        def tick(chosen: list[str], used: dict[str, Sample] = used, now: datetime = now) -> Tick:
            return Tick(
                now,
                samples={name: (used[name],) for name in chosen},
                placements={
                    name: Placement(f"i-{name}", Amounts(0.1), frozenset({Resource.CPU}), CAPACITY) for name in chosen
                },
                capacities={f"i-{name}": CAPACITY for name in chosen},
                scaling_allowed=frozenset(chosen),
            )

        together, _decision = decide(together, tick(names), DEFAULT_POLICY)
        for name in names:
            alone[name], _decision = decide(alone[name], tick([name]), DEFAULT_POLICY)
    for name in names:
        assert together.environments[name].target == alone[name].environments[name].target


def test_the_future_changes_nothing_of_what_the_density_decides() -> None:
    demand = past(1.5)
    cut = len(demand) // 2
    other = tuple(replace(sample, used=Amounts(7.0, 8 * GIB)) for sample in demand[cut:])
    first = simulate(scenario(demand[:cut])).decisions
    told = [canonical(decision_to_json(each)) for each in first]
    changed = simulate(scenario(demand[:cut] + other)).decisions[: len(first)]
    assert [canonical(decision_to_json(each)) for each in changed] == told


def test_runs_are_learned_from_the_ones_before_them() -> None:
    """The same build every hour: the first ones are short of CPU, the later ones get what they need as they start."""
    demand: list[Sample] = []
    runs: list[Run] = []
    for hour in range(6):
        begin = MONDAY + timedelta(hours=hour, minutes=30)
        runs.append(Run(f"r{hour}", "build", RunKind.BUILD, begin, begin + timedelta(seconds=120)))
    for number in range(6 * 360):
        start = MONDAY + timedelta(seconds=10 * number)
        busy = any(run.started_at <= start < run.started_at + timedelta(seconds=120) for run in runs)
        demand.append(Sample(start, 10.0, Amounts(4.0 if busy else 0.2, 2 * GIB)))
    learned = simulate(scenario(tuple(demand), runs=tuple(runs)))
    blind = simulate(scenario(tuple(demand)))
    assert learned.figures.unserved_ratio < 0.5 * blind.figures.unserved_ratio
    last = runs[-1].started_at
    at_start = [limit for at, limit in learned.limits if at <= last + timedelta(seconds=1)][-1]
    assert cores(at_start) >= 4.0


def test_the_other_ways_are_what_they_say() -> None:
    demand = past(1.8, peaks=True)
    whole = scenario(demand)
    static, foresight = static_figures(whole), foresight_figures(whole)
    reactive, vpa = reactive_figures(whole), vpa_figures(whole)
    assert static.throttled_seconds == foresight.throttled_seconds == 0
    assert foresight.slack_ratio < 0.01
    assert foresight.cost_usd < min(static.cost_usd, reactive.cost_usd, vpa.cost_usd)
    assert static.resize_count == 0
    assert vpa.resize_count < reactive.resize_count
    assert vpa.seconds == reactive.seconds == pytest.approx(1.8 * 86_400, rel=0.01)
