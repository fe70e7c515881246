"""An instance, a quota or a budget is short: who gets what, who makes way, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, State, decide
from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.types import (
    Actuation,
    ActuationResult,
    Amounts,
    Decision,
    Placement,
    Prices,
    Resource,
    Sample,
    Tick,
)
from foreload_core.types.tenancy import Allowance, Tenancy, Tenant
from foreload_core.words import sentence

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GIB = 2**30
CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})
FLOOR = Amounts(0.5, GIB)
PRICES = Prices()


class Machine:
    """Instances whose agents do at once what is decided, unless they are told not to answer."""

    def __init__(self, capacity: Amounts, limits: dict[str, Amounts], tenancy: Tenancy, prices: Prices = PRICES):
        self.capacity, self.limits, self.tenancy, self.prices = capacity, dict(limits), tenancy, prices
        self.state: State = EMPTY_STATE
        self.now = NOW
        self.answers: list[ActuationResult] = []

    def tick(self, use: dict[str, Amounts], seconds: float = 10.0, deaf: bool = False) -> Decision:
        self.now += timedelta(seconds=seconds)
        samples = {
            name: (Sample(self.now - timedelta(seconds=10), 10.0, used, self.limits[name]),)
            for name, used in use.items()
        }
        tick = Tick(
            self.now,
            samples=samples,
            actuations=tuple(self.answers),
            placements={name: Placement("i1", FLOOR, CHANGEABLE, limit) for name, limit in self.limits.items()},
            capacities={"i1": self.capacity},
            scaling_allowed=frozenset(self.limits),
            prices=self.prices,
            tenancy=self.tenancy,
        )
        self.state, decision = decide(self.state, tick, DEFAULT_POLICY)
        self.answers = []
        for entry in () if deaf else decision.environments:
            self.limits[entry.environment_id] = entry.target.over(self.limits[entry.environment_id])
            self.answers += [
                ActuationResult(entry.decision_id, entry.environment_id, change.resource, Actuation.APPLIED,
                                change.to_amount, "", self.now)
                for change in entry.changes
            ]  # fmt: skip
        return decision

    def cores(self) -> dict[str, float]:
        return {name: limit.cpu_cores or 0.0 for name, limit in self.limits.items()}


def used(cores: float) -> Amounts:
    return Amounts(cores, GIB)


def limit(cores: float) -> Amounts:
    return Amounts(cores, 2 * GIB)


def test_the_important_one_gets_the_free_room_and_what_the_other_does_not_use():
    tenancy = Tenancy({"release": Tenant(priority=10)})
    machine = Machine(Amounts(8.0, 64 * GIB), {"docs": limit(6.0), "release": limit(2.0)}, tenancy)
    machine.tick({"docs": used(4.0), "release": used(2.0)})
    decision = machine.tick({"docs": used(4.0), "release": used(2.0)})
    # docs keeps what it uses and is entitled to; the rest is taken from its head room for the important one.
    assert machine.cores()["docs"] < 6.0
    waiting = [entry for entry in decision.deferred if entry.environment_id == "release"]
    decision = machine.tick({"docs": used(4.0), "release": used(2.0)}, seconds=1)
    assert machine.cores()["release"] > 2.0
    assert sum(machine.cores().values()) <= 8.0 + 1e-9
    assert machine.cores()["docs"] >= 4.0
    assert not waiting or waiting[0].retry_at > machine.now - timedelta(seconds=11)


def test_what_does_not_fit_is_deferred_with_a_reason_and_a_time():
    machine = Machine(Amounts(4.0, 64 * GIB), {"a": limit(2.0), "b": limit(2.0)}, Tenancy())
    decision = machine.tick({"a": used(2.0), "b": used(2.0)})
    assert {entry.environment_id for entry in decision.deferred} == {"a", "b"}
    entry = decision.deferred[0]
    assert (entry.resource, entry.granted_amount, entry.needed_amount) == (Resource.CPU, 2.0, 2.5)
    assert entry.retry_at == machine.now + timedelta(seconds=10)
    assert "cores are free" in sentence(entry.reason) or "4 cores" in sentence(entry.reason)
    # The time alone brings it up again, without a sample.
    assert machine.tick({}, seconds=10).deferred
    # And it is forgotten as soon as it is no longer needed.
    machine.tick({"a": used(0.5), "b": used(0.5)}, seconds=70)
    assert not machine.tick({"a": used(0.5), "b": used(0.5)}, seconds=70).deferred


def test_equals_share_alike():
    machine = Machine(Amounts(8.0, 64 * GIB), {"a": limit(7.0), "b": limit(1.0)}, Tenancy())
    for _ in range(14):
        machine.tick({"a": used(3.5), "b": used(machine.cores()["b"])})
    assert machine.cores()["b"] >= 2.5
    assert machine.cores()["a"] >= 3.5


@pytest.mark.parametrize("scope", ["owner", "organisation"])
def test_a_quota_holds_for_all_of_its_environments_together(scope: str):
    people = {"a": Tenant("ann", "shop", 5), "b": Tenant("ann", "shop")}
    allowance = {"ann" if scope == "owner" else "shop": Allowance(Amounts(cpu_cores=4.0))}
    tenancy = Tenancy(people, **{f"{scope}s": allowance})
    machine = Machine(Amounts(64.0, 64 * GIB), {"a": limit(1.0), "b": limit(1.0)}, tenancy)
    decision = Decision(NOW)
    for _ in range(6):
        decision = machine.tick({name: used(cores) for name, cores in machine.cores().items()})
        assert sum(machine.cores().values()) <= 4.0 + 1e-9
    assert machine.cores()["a"] >= machine.cores()["b"]
    assert {entry.reason.code for entry in decision.deferred} == {f"quota_{scope}"}


def test_a_budget_takes_from_the_unimportant_first_and_lasts_to_the_end_of_the_month():
    prices = Prices(1.0, 0.0)
    people = {"a": Tenant("ann", "", 5), "b": Tenant("ann")}
    tenancy = Tenancy(people, {"ann": Allowance(budget_usd_per_month=700.0)})
    machine = Machine(Amounts(64.0, 64 * GIB), {"a": limit(0.5), "b": limit(0.5)}, tenancy, prices)
    spent = 0.0
    for _ in range(200):
        machine.tick({name: used(min(6.0, cores)) for name, cores in machine.cores().items()}, seconds=1800)
        spent += 0.5 * sum(amounts_usd_per_hour(each, prices) for each in machine.limits.values())
    assert spent <= 700.0
    calm = machine.cores()
    assert calm["b"] <= calm["a"]


def test_a_lowering_that_is_not_done_frees_nothing():
    tenancy = Tenancy({"release": Tenant(priority=10)})
    machine = Machine(Amounts(8.0, 64 * GIB), {"docs": limit(7.0), "release": limit(1.0)}, tenancy)
    for _ in range(20):
        decision = machine.tick({"docs": used(2.0), "release": used(1.0)}, seconds=30, deaf=True)
        wanted = {entry.environment_id: entry.target.cpu_cores or 0.0 for entry in decision.environments}
        assert wanted.get("release", 0.0) <= 1.0 + 1e-9
    machine.state = State({name: replace(known, samples=()) for name, known in machine.state.environments.items()})
