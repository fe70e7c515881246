"""What must hold of every decision, whatever happens in whatever order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from foreload_core.decide import (
    DEFAULT_POLICY,
    EMPTY_STATE,
    State,
    canonical,
    decide,
    decision_from_json,
    decision_to_json,
    plan,
    state_from_json,
    state_to_json,
    tick_from_json,
    tick_to_json,
)
from foreload_core.types import (
    Actuation,
    ActuationResult,
    Amounts,
    Ask,
    Decision,
    DemandEstimate,
    DemandSource,
    Forecast,
    NoForecast,
    Placement,
    PolicySettings,
    Prices,
    ProfileNumbers,
    Resource,
    RunKind,
    Sample,
    Signal,
    SignalKind,
    Tick,
    WindowKind,
    WindowOccurrence,
    Wish,
)
from foreload_core.words import change_text, sentence
from hypothesis import given, settings
from hypothesis import strategies as st

BEGIN = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
GIB = 1024**3
NAMES = ("checkout-api", "pricing", "docs")
CAPACITY = Amounts(8.0, 32 * GIB)
FLOOR = Amounts(1.0, 2 * GIB)
SETTINGS = PolicySettings()
BOUNDS = ("pinned", "maximum", "budget", "undone", "capacity", "capacity_shared", "floor")
YEAR_2000, YEAR_2200 = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2200-01-01")
EVERYTHING = frozenset(Resource)

moments = st.integers(-600, 900).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
any_floats = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 100)
cores = st.floats(0, 12).map(lambda value: round(value, 3))
memory = st.integers(0, 40 * GIB)
amounts = st.builds(Amounts, st.none() | cores, st.none() | memory)
durations = st.floats(0, 2000)
demands = st.builds(DemandEstimate, amounts, amounts, durations, durations, st.sampled_from(DemandSource))
ids = st.sampled_from([f"id-{number}" for number in range(6)])
signals = st.builds(
    Signal, ids, st.sampled_from(SignalKind), moments, ids, st.sampled_from(RunKind), st.none() | demands
)
any_moments = st.datetimes(YEAR_2000, YEAR_2200, timezones=st.just(UTC))
samples = st.builds(
    Sample,
    moments,
    st.sampled_from([1.0, 10.0, 60.0]),
    amounts,
    amounts,
    st.floats(0, 10),
    st.sampled_from([0, 0, 0, 1]),
)
windows = st.builds(
    WindowOccurrence,
    ids,
    st.sampled_from(WindowKind),
    moments,
    moments,
    amounts,
    st.none() | st.floats(0, 5),
)
profiles = st.builds(
    ProfileNumbers,
    st.integers(0, 3),
    st.lists(windows, max_size=3).map(tuple),
    amounts,
    amounts,
    st.none() | st.floats(0.01, 500),
    st.floats(0, 1),
)
levels = st.lists(cores, min_size=1, max_size=4).map(tuple)
forecasts = st.builds(
    Forecast,
    st.sampled_from(Resource),
    moments,
    st.sampled_from([60.0, 300.0]),
    st.dictionaries(st.sampled_from([0.1, 0.5, 0.9, 0.95]), levels, max_size=4),
    st.sampled_from(["prophet", "seasonal_naive_day"]),
    st.none() | st.floats(-1, 1),
) | st.builds(NoForecast, st.sampled_from(Resource), st.just("no history yet"))
asks = st.builds(Ask, st.integers(0, 5), moments, moments, st.lists(forecasts, max_size=3).map(tuple))
wishes = st.builds(
    Wish,
    st.sampled_from(NAMES),
    moments,
    st.none() | amounts,
    st.sampled_from(["", *[f"{name}-{revision}" for name in NAMES for revision in (1, 2)]]),
    st.just("") | ids,
    st.none() | moments,
)
results = st.builds(
    ActuationResult,
    ids,
    st.sampled_from(NAMES),
    st.sampled_from([Resource.CPU, Resource.MEMORY]),
    st.sampled_from(Actuation),
    st.none() | cores,
    st.just("busy"),
    moments,
)


def keyed(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.dictionaries(st.sampled_from(NAMES), values, max_size=3)


def placement(limit: Amounts) -> Placement:
    return Placement("instance-1", FLOOR, frozenset({Resource.CPU, Resource.MEMORY}), limit)


limits = st.builds(Amounts, st.just(1.0), st.just(4 * GIB))
quiet = {
    "samples": keyed(st.lists(samples, max_size=3).map(tuple)),
    "signals": keyed(st.lists(signals, max_size=3).map(tuple)),
    "profiles": keyed(profiles),
    "asks": keyed(asks),
}
ticks = st.builds(
    Tick,
    now=moments,
    **quiet,
    wishes=st.lists(wishes, max_size=2).map(tuple),
    actuations=st.lists(results, max_size=2).map(tuple),
    placements=st.just({name: placement(Amounts(1.0, 4 * GIB)) for name in NAMES}),
    capacities=st.just({"instance-1": CAPACITY}),
    scaling_allowed=st.just(frozenset(NAMES)) | st.just(frozenset()),
)
ordered_ticks = st.lists(ticks, min_size=1, max_size=8).map(lambda found: sorted(found, key=lambda tick: tick.now))
wild_ticks = st.builds(
    Tick,
    now=any_moments,
    samples=keyed(
        st.lists(
            st.builds(
                Sample,
                any_moments,
                any_floats,
                st.builds(Amounts, any_floats, st.none() | st.integers(-(2**52), 2**52), any_floats, any_floats),
                amounts,
                any_floats,
                st.integers(-3, 3),
            ),
            max_size=3,
        ).map(tuple)
    ),
    signals=keyed(
        st.lists(
            st.builds(
                Signal,
                st.text(max_size=3),
                st.sampled_from(SignalKind),
                any_moments,
                st.text(max_size=3),
                st.sampled_from(RunKind),
                st.none()
                | st.builds(DemandEstimate, amounts, amounts, any_floats, any_floats, st.sampled_from(DemandSource)),
            ),
            max_size=3,
        ).map(tuple)
    ),
    profiles=keyed(profiles),
    asks=keyed(asks),
    wishes=st.lists(wishes, max_size=2).map(tuple),
    actuations=st.lists(results, max_size=2).map(tuple),
    placements=keyed(
        st.builds(Placement, st.sampled_from(["instance-1", "gone"]), amounts, st.just(EVERYTHING), amounts)
    ),
    capacities=st.just({}) | st.just({"instance-1": CAPACITY}),
    scaling_allowed=st.just(frozenset(NAMES)),
    prices=st.just(Prices()),
)


def run(found: list[Tick], state: State = EMPTY_STATE) -> tuple[State, list[Decision]]:
    decisions: list[Decision] = []
    for tick in found:
        state, decision = decide(state, tick, DEFAULT_POLICY)
        decisions.append(decision)
    return state, decisions


def targets(state: State) -> dict[str, Amounts]:
    return {name: known.target for name, known in state.environments.items()}


@given(st.lists(wild_ticks, max_size=3))
@settings(deadline=None, max_examples=60)
def test_any_tick_gives_a_decision_that_can_be_said_and_stored(found: list[Tick]) -> None:
    state, decisions = run(found)
    stored = canonical(state_to_json(state))
    assert canonical(state_to_json(state_from_json(json.loads(stored)))) == stored
    for tick, decision in zip(found, decisions, strict=True):
        plan(state, NAMES[0], tick, DEFAULT_POLICY)
        assert decision_from_json(json.loads(canonical(decision_to_json(decision)))) == decision
        for environment in decision.environments:
            for change in environment.changes:
                assert change.reasons
                assert change_text(change)
                assert all(sentence(reason).endswith(".") for reason in (*change.reasons, *environment.alternatives))


@given(ordered_ticks)
@settings(deadline=None, max_examples=60)
def test_ticks_and_states_survive_the_journal(found: list[Tick]) -> None:
    _, decisions = run(found)
    state = EMPTY_STATE
    for tick, decision in zip(found, decisions, strict=True):
        stored_tick = tick_from_json(json.loads(canonical(tick_to_json(tick))))
        stored_state = state_from_json(json.loads(canonical(state_to_json(state))))
        state, again = decide(stored_state, stored_tick, DEFAULT_POLICY)
        assert canonical(decision_to_json(again)) == canonical(decision_to_json(decision))


@given(ordered_ticks)
@settings(deadline=None, max_examples=100)
def test_capacity_is_never_exceeded(found: list[Tick]) -> None:
    state = EMPTY_STATE
    for tick in found:
        state, decision = decide(state, tick, DEFAULT_POLICY)
        for resource in (Resource.CPU, Resource.MEMORY):
            held = {name: tick.placements[name].limit.get(resource) or 0.0 for name in NAMES}
            for name, target in targets(state).items():
                held[name] = max(held[name], target.get(resource) or 0.0)
            raised = any(
                change.resource is resource and change.to_amount > (change.from_amount or 0)
                for each in decision.environments
                for change in each.changes
            )
            if raised:
                assert sum(held.values()) <= (CAPACITY.get(resource) or 0.0) + 1e-6


@given(ordered_ticks)
@settings(deadline=None, max_examples=100)
def test_memory_is_never_lowered_below_its_use_and_margin(found: list[Tick]) -> None:
    state = EMPTY_STATE
    for tick in found:
        state, decision = decide(state, tick, DEFAULT_POLICY)
        for environment in decision.environments:
            for change in environment.changes:
                if change.resource is not Resource.MEMORY or change.to_amount >= (change.from_amount or 0):
                    continue
                newest = state.environments[environment.environment_id].samples[-1]
                used = newest.used.memory_bytes
                assert used is not None
                margin = max(SETTINGS.memory_margin_ratio * used, SETTINGS.memory_margin_bytes)
                assert change.to_amount >= used + margin - 1


@given(ordered_ticks, st.integers(1, 100_000))
@settings(deadline=None, max_examples=60)
def test_a_restart_lowers_nothing_by_itself(found: list[Tick], later_seconds: int) -> None:
    state, _ = run(found)
    restored = state_from_json(json.loads(canonical(state_to_json(state))))
    now = found[-1].now + timedelta(seconds=later_seconds)
    placements, capacities = found[-1].placements, found[-1].capacities
    first = Tick(now=now, placements=placements, capacities=capacities, scaling_allowed=frozenset(NAMES))
    after, decision = decide(restored, first, DEFAULT_POLICY)
    lowered = [
        change
        for environment in decision.environments
        for change in environment.changes
        if change.to_amount < (change.from_amount or 0.0) and change.reasons[0].code not in BOUNDS
    ]
    assert not lowered
    assert set(after.environments) >= set(state.environments)


@given(ordered_ticks)
@settings(deadline=None, max_examples=60)
def test_what_comes_twice_changes_nothing(found: list[Tick]) -> None:
    state, _ = run(found)
    tick = found[-1]
    once, decision = decide(state, tick, DEFAULT_POLICY)
    # A wish comes once: the broker knows it again by the id of its request.
    twice, none = decide(once, replace(tick, wishes=()), DEFAULT_POLICY)
    # What was put off may be given as soon as another one has made way.
    if not decision.deferred:
        assert targets(twice) == targets(once)
        assert not none.environments
    known = [(change.revision, change.resource) for each in twice.environments.values() for change in each.past]
    assert len(known) == len(set(known)) or len(twice.environments) > 1
    assert decision is not None


@given(ordered_ticks)
@settings(deadline=None, max_examples=60)
def test_targets_change_only_by_decisions_with_the_next_revision(found: list[Tick]) -> None:
    state = EMPTY_STATE
    for tick in found:
        before = state
        state, decision = decide(state, tick, DEFAULT_POLICY)
        decided = {each.environment_id: each for each in decision.environments}
        assert list(decided) == sorted(decided)
        for name, known in state.environments.items():
            old = before.environments.get(name)
            if name in decided:
                assert decided[name].revision == known.revision == (old.revision if old else 0) + 1
                assert decided[name].target == known.target
            elif old is not None:
                assert known.target == old.target


@given(ordered_ticks)
@settings(deadline=None, max_examples=40)
def test_the_order_of_names_inside_a_tick_does_not_matter(found: list[Tick]) -> None:
    turned = [
        replace(
            tick,
            samples=dict(reversed(tick.samples.items())),
            signals=dict(reversed(tick.signals.items())),
            profiles=dict(reversed(tick.profiles.items())),
            asks=dict(reversed(tick.asks.items())),
            placements=dict(reversed(tick.placements.items())),
        )
        for tick in found
    ]
    assert canonical([decision_to_json(each) for each in run(turned)[1]]) == canonical(
        [decision_to_json(each) for each in run(found)[1]]
    )
