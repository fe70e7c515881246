"""The parts of the loop that need nothing else: sifting, drift, instructions, the step from tick to tick."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_broker.loop.drift import Drift
from foreload_broker.loop.entries import delta_entries, read_delta_entries, read_snapshot_entries, snapshot_entries
from foreload_broker.loop.instructions import Instructions
from foreload_broker.loop.isolation import advance_isolated
from foreload_broker.loop.replay import Journal, replay
from foreload_broker.loop.sift import sift
from foreload_broker.loop.standing import Adoption, EnvironmentDelta, FleetDelta, Standing, advance
from foreload_broker.ports import Consent, FeatureVector, FromDaemon
from foreload_core.decide import DEFAULT_POLICY
from foreload_core.types import (
    Actuation,
    ActuationResult,
    Amounts,
    DemandEstimate,
    DemandSource,
    EnvironmentDecision,
    Placement,
    Resource,
    RunKind,
    Sample,
    Signal,
    SignalKind,
    Tick,
)

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
GIB = 2**30
ALLOWED = Consent(revision=1, automatic_scaling=True, share_features=True)
SAVED = Signal("s", SignalKind.SAVED, NOW)


def test_sifting_keeps_what_is_new_and_allowed():
    messages = [
        FromDaemon("a", 3, SAVED),
        FromDaemon("a", 2, ALLOWED),
        FromDaemon("a", 1, replace(SAVED, signal_id="before the permission")),
        FromDaemon("a", 3, replace(SAVED, signal_id="again")),
        FromDaemon("b", 7, SAVED),
        FromDaemon("b", 9, None),
    ]
    found = sift(messages, {"b": 7}, {"b": ALLOWED})
    assert [signal.signal_id for signal in found["a"].signals] == ["s"]
    assert (found["a"].sequence, found["a"].duplicate_count, found["a"].unwanted_count) == (3, 1, 1)
    assert (found["b"].sequence, found["b"].duplicate_count) == (9, 1)
    assert not found["b"].decisive


def test_withdrawn_permission_drops_what_came_with_it():
    messages = [
        FromDaemon("a", 1, SAVED),
        FromDaemon("a", 2, FeatureVector(1, {"functions": 1.0})),
        FromDaemon("a", 3, Consent(revision=2)),
        FromDaemon("a", 4, SAVED),
        FromDaemon("a", 5, ALLOWED),
    ]
    found = sift(messages, {}, {"a": ALLOWED})["a"]
    assert not found.signals
    assert found.features is None
    assert found.scaling_revoked
    assert found.features_revoked
    assert found.consent == Consent(revision=2)  # the last one is older and does not count


def result(actuation: Actuation) -> ActuationResult:
    return ActuationResult("a-2", "a", Resource.CPU, actuation, 1.0, "", NOW)


def test_instruction_is_sent_again_ever_more_slowly_until_it_is_answered():
    decision = EnvironmentDecision("a", 2, NOW, Amounts(cpu_cores=2.0))
    instructions = Instructions([decision], answer_seconds=1.0)
    assert instructions.to_send(0.0, {}) == []
    sent = [second for second in range(12) if instructions.to_send(float(second), {"a": "i"})]
    assert sent == [0, 1, 3, 7]
    instructions.withhold("a", ["s"])
    assert not instructions.answered("a", 2, [result(Actuation.DEFERRED)], 12.0)
    assert instructions.withheld("a") == ()
    assert instructions.next_due_seconds({"a": "i"}) == 42.0
    assert instructions.answered("a", 1, [result(Actuation.APPLIED)], 13.0)
    assert instructions.revision("a") == 2
    assert instructions.answered("a", 2, [result(Actuation.APPLIED)], 13.0)
    assert instructions.revision("a") == 0
    assert instructions.next_due_seconds({"a": "i"}) is None


def test_drift_must_last_and_is_acted_on_less_and_less_often():
    drift, actual, wanted = Drift(), Amounts(cpu_cores=1.0, memory_bytes=GIB), Amounts(cpu_cores=2.0, memory_bytes=GIB)
    acted = [
        second
        for second in range(0, 400, 5)
        if drift.look("a", actual, wanted, {Resource.CPU}, float(second)) != Amounts()
    ]
    assert acted == [15, 45, 105, 225]
    assert drift.look("a", actual, wanted, {Resource.MEMORY}, 1e6) == Amounts()


def delta(name: str = "a", **more) -> EnvironmentDelta:
    placement = Placement("i", Amounts(0.5, GIB), frozenset({Resource.CPU, Resource.MEMORY}), Amounts(1.0, 2 * GIB))
    sample = Sample(NOW - timedelta(seconds=10), 10.0, Amounts(0.2, GIB))
    return EnvironmentDelta(Tick(NOW, samples={name: (sample,)}, placements={name: placement}, **more), allowed=True)


def starts(name: str = "a") -> Signal:
    demand = DemandEstimate(Amounts(cpu_cores=3.0), Amounts(cpu_cores=3.0), 60, 90, DemandSource.CODE)
    return Signal(f"start-{name}", SignalKind.RUN_STARTED, NOW, f"r-{name}", RunKind.TEST, demand)


def test_journal_entries_come_back_as_they_were():
    fleet = FleetDelta(NOW, capacities={"i": Amounts(8.0, 16 * GIB)})
    deltas = {"a": replace(delta(signals={"a": (starts(),)}), adoption=Adoption(4, Amounts(cpu_cores=1.0)))}
    after, decision = advance(Standing(), fleet, deltas, DEFAULT_POLICY)
    assert decision.environments[0].revision == 5
    entries = delta_entries(1, fleet, deltas, decision, {}, DEFAULT_POLICY)
    assert read_delta_entries(entries) == (fleet, deltas)
    assert read_snapshot_entries(snapshot_entries(after, fleet, {})) == after
    (step,) = replay(Journal([], [entries]))
    assert (step.standing, step.decision, step.differences) == (after, decision, ())


def test_changed_journal_is_noticed():
    fleet, deltas = FleetDelta(NOW), {"a": delta(signals={"a": (starts(),)})}
    _after, decision = advance(Standing(), fleet, deltas, DEFAULT_POLICY)
    entries = delta_entries(1, fleet, deltas, decision, {}, DEFAULT_POLICY)
    changed = [replace(entry, payload=entry.payload.replace('"cpu_cores":3}', '"cpu_cores":2}')) for entry in entries]
    (step,) = replay(Journal([], [changed]))
    assert "tick 1, a: the entry is not the one that was written" in step.differences
    assert "tick 1, a: decided otherwise than journalled" in step.differences
    with pytest.raises(ValueError, match="tick 1, is damaged"):
        list(replay(Journal([], [[replace(entry, payload="{") for entry in entries]])))


def test_environment_that_cannot_be_decided_on_does_not_stop_the_others():
    poison = Sample("yesterday", 10.0, Amounts(0.2))  # pyright: ignore[reportArgumentType]
    bad = delta("bad")
    bad = replace(bad, tick=replace(bad.tick, samples={"bad": (poison,)}))
    deltas = {"bad": bad, "good": delta("good", signals={"good": (starts("good"),)})}
    fleet = FleetDelta(NOW, capacities={"i": Amounts(8.0, 16 * GIB)})
    after, decision, used, left_out = advance_isolated(Standing(), fleet, deltas, DEFAULT_POLICY)
    assert left_out == ("bad",)
    assert [entry.environment_id for entry in decision.environments] == ["good"]
    assert not used["bad"].tick.samples
    assert after == advance(Standing(), fleet, used, DEFAULT_POLICY)[0]
    # What is remembered can be beyond help too; then only the revision is kept.
    known = replace(after.environment("good"), revision=7, due_at="soon")  # pyright: ignore[reportArgumentType]
    broken = replace(after, state=replace(after.state, environments={**after.state.environments, "good": known}))
    after, _decision, used, left_out = advance_isolated(broken, FleetDelta(NOW), {}, DEFAULT_POLICY)
    assert left_out == ("good",)
    assert used["good"].reset
    assert after.environment("good").revision >= 7


def test_order_of_arrival_does_not_matter():
    fleet = FleetDelta(NOW, capacities={"i": Amounts(8.0, 16 * GIB)})
    deltas = {name: delta(name, signals={name: (starts(name),)}) for name in ("c", "a", "b")}
    backwards = dict(reversed(deltas.items()))
    assert advance(Standing(), fleet, deltas, DEFAULT_POLICY) == advance(Standing(), fleet, backwards, DEFAULT_POLICY)
