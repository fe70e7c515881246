"""A fleet under random events, against a model that knows only what may never happen.

Environments are sampled, run and pinned; agents lose, repeat and reorder messages, leave and come back; the clock
jumps; the broker restarts from its snapshot; capacities shrink. Through all of it: capacity, quotas and budgets are not
exceeded by anything that is decided, every instruction is applied at most once, and state equals the model's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_broker.loop.entries import read_snapshot_entries, snapshot_entries
from foreload_broker.loop.standing import Adoption, EnvironmentDelta, FleetDelta, Standing, advance
from foreload_core.decide import DEFAULT_POLICY
from foreload_core.policy.cost import amounts_usd_per_hour, month_name
from foreload_core.scheduler.phases import TRANSITIONS
from foreload_core.scheduler.pool_steps import EMPTY_POOL, PoolLook, step_pool
from foreload_core.types import (
    Actuation,
    ActuationResult,
    Amounts,
    Decision,
    DemandEstimate,
    DemandSource,
    EnvironmentDecision,
    Placement,
    Prices,
    Resource,
    RunKind,
    Sample,
    Signal,
    SignalKind,
    Tick,
    Wish,
)
from foreload_core.types.instances import InstancePhase, InstanceType
from foreload_core.types.tenancy import Allowance, Tenancy, Tenant

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
GIB = 2**30
FLOOR = Amounts(0.05, GIB // 2)
CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})
FIRST = Amounts(1.0, 2 * GIB)
PRICES = Prices(1.0, 0.0)
BUDGET_USD = 120.0
TENANCY = Tenancy(
    {
        "a": Tenant("ann", "shop", 5),
        "b": Tenant("ann", "shop"),
        "c": Tenant("bob", "shop", 2),
        "d": Tenant("bob", "lab"),
        "e": Tenant("eve", "lab", -1),
    },
    {"ann": Allowance(Amounts(5.0, 12 * GIB)), "eve": Allowance(budget_usd_per_month=BUDGET_USD)},
    {"shop": Allowance(Amounts(cpu_cores=7.0))},
)
HOMES = {"a": "i1", "b": "i1", "c": "i1", "d": "i2", "e": "i2", "f": "i2"}
EDGE = 1 + 1e-9


@dataclass
class Agent:
    """What an instance does with instructions: by revision, at most once, memory never below its use."""

    limit: dict[str, Amounts] = field(default_factory=dict)
    used: dict[str, Amounts] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    times: dict[tuple[str, int], int] = field(default_factory=dict)
    there: bool = True

    def carry_out(self, order: EnvironmentDecision, now: datetime) -> list[ActuationResult]:
        name = order.environment_id
        results = []
        newer = order.revision > self.applied.get(name, 0)
        if newer:
            self.applied[name] = order.revision
            self.times[name, order.revision] = self.times.get((name, order.revision), 0) + 1
        for resource, amount in order.target.items():
            holds = self.limit[name].get(resource)
            used = self.used.get(name, Amounts()).get(resource) or 0.0
            if not newer:
                actuation = Actuation.NO_CHANGE
            elif resource is Resource.MEMORY and amount < used:
                actuation = Actuation.REFUSED
            else:
                actuation = Actuation.APPLIED
                self.limit[name] = self.limit[name].with_amount(resource, amount)
                holds = self.limit[name].get(resource)
            results.append(ActuationResult(order.decision_id, name, resource, actuation, holds, "", now))
        return results


class World:
    """The fleet, its faults, and what is known of it from outside the code under test."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = BEGIN
        self.agents = {name: Agent() for name in ("i1", "i2")}
        for name, home in HOMES.items():
            self.agents[home].limit[name] = FIRST
        self.capacity = {"i1": Amounts(8.0, 32 * GIB), "i2": Amounts(10.0, 24 * GIB)}
        self.standing = Standing(prices=PRICES, tenancy=TENANCY, allowed=frozenset(HOMES))
        self.reported = dict.fromkeys(HOMES, FIRST)
        self.targets: dict[str, Amounts] = {}
        self.revisions: dict[str, int] = {}
        self.orders: list[EnvironmentDecision] = []
        self.answers: list[ActuationResult] = []
        self.spent = self.wanted_usd = 0.0
        self.month = month_name(self.now)
        self.run_count = 0
        self.deferred = 0

    def step(self) -> None:
        self._pass_time()
        events = (
            *((self._sample,) * 8),
            *((self._deliver,) * 6),
            *((self._answer,) * 4),
            *((self._run,) * 2),
            *(
                self._end_run,
                self._wish,
                self._lose,
                self._repeat,
                self._leave,
                self._restart,
                self._resize,
                self._adopt,
            ),
        )
        self.chance.choice(events)()

    def _pass_time(self) -> None:
        draw = self.chance.random()
        seconds = self.chance.uniform(0, 20) if draw < 0.97 else self.chance.uniform(0, 4 * 3600)
        until = self.now + timedelta(seconds=seconds)
        if month_name(until) != self.month:
            self.spent, self.month = 0.0, month_name(until)
        else:
            held = self.targets.get("e", Amounts()).over(FIRST)
            self.spent += seconds / 3600 * amounts_usd_per_hour(held, PRICES)
        self.now = until

    def _tick(self, delta: dict[str, EnvironmentDelta] | None = None, capacity_changed: bool = False) -> None:
        deltas = dict(delta or {})
        for name, home in HOMES.items():
            placement = Placement(home, FLOOR, CHANGEABLE, self.reported[name], self.agents[home].there)
            if placement != self.standing.placements.get(name):
                known = deltas.get(name, EnvironmentDelta(Tick(self.now)))
                deltas[name] = replace(known, tick=replace(known.tick, placements={name: placement}))
        changed = capacity_changed or not self.standing.capacities
        fleet = FleetDelta(self.now, capacities=dict(self.capacity) if changed else None)
        before = self._held(self.targets)
        self.standing, decision = advance(self.standing, fleet, deltas, DEFAULT_POLICY)
        self._check(decision, before)

    def _check(self, decision: Decision, before: dict[str, Amounts]) -> None:
        raised: set[str] = set()
        for entry in decision.environments:
            name = entry.environment_id
            assert entry.revision == self.revisions.get(name, 0) + 1, "revisions grow by one"
            self.revisions[name] = entry.revision
            old = before[name]
            if any(amount > (old.get(resource) or 0.0) * EDGE for resource, amount in entry.target.items()):
                raised.add(name)
            self.targets[name] = entry.target
            self.orders.append(entry)
        self.deferred += len(decision.deferred)
        for entry in decision.deferred:
            assert entry.needed_amount > entry.granted_amount
            assert entry.retry_at > self.now
            assert entry.reason.code
        held = self._held(self.targets)
        for members, bound, what in self._pools():
            rising = raised & members
            for resource, most in bound.items():
                grown = [
                    name
                    for name in rising
                    if (held[name].get(resource) or 0.0) > (before[name].get(resource) or 0.0) * EDGE
                ]
                total = sum(held[name].get(resource) or 0.0 for name in members)
                assert not grown or total <= most * EDGE, f"{what} exceeded by raising {grown}: {total} of {most}"
        if self.standing.environment("e").spent_month == self.month:
            assert self.spent <= BUDGET_USD * EDGE, "budget exceeded"
        for name, target in self.targets.items():
            assert self.standing.environment(name).target == target, "state is not what was decided"

    def _pools(self) -> list[tuple[set[str], Amounts, str]]:
        pools = [({n for n, home in HOMES.items() if home == i}, capacity, i) for i, capacity in self.capacity.items()]
        for who, allowance in TENANCY.owners.items():
            pools.append(({n for n in HOMES if TENANCY.tenant(n).owner == who}, allowance.quota, who))
        for who, allowance in TENANCY.organisations.items():
            pools.append(({n for n in HOMES if TENANCY.tenant(n).organisation == who}, allowance.quota, who))
        return pools

    def _held(self, targets: dict[str, Amounts]) -> dict[str, Amounts]:
        held: dict[str, Amounts] = {}
        for name in HOMES:
            most = FLOOR
            for amounts in (targets.get(name, Amounts()), self.reported[name]):
                for resource, amount in amounts.items():
                    if amount > (most.get(resource) or 0.0):
                        most = most.with_amount(resource, amount)
            held[name] = most
        return held

    def _sample(self) -> None:
        name = self.chance.choice(list(HOMES))
        agent = self.agents[HOMES[name]]
        if not agent.there:
            return
        limit = agent.limit[name]
        wanted = self.chance.choice((0.05, 0.5, 2.0, 6.0)) * self.chance.random()
        cores = min(wanted, limit.cpu_cores or wanted)
        memory = int(min(self.chance.uniform(0.3, 6) * GIB, limit.memory_bytes or 6 * GIB))
        agent.used[name] = Amounts(cores, memory)
        begun = self.now - timedelta(seconds=10 + self.chance.choice((0, 0, 0, 15, -5)))
        sample = Sample(begun, 10.0, agent.used[name], limit, 8.0 if wanted > cores else 0.0)
        self.reported[name] = limit
        self._tick({name: EnvironmentDelta(Tick(self.now, samples={name: (sample,)}))})

    def _run(self) -> None:
        name = self.chance.choice(list(HOMES))
        self.run_count += 1
        need = Amounts(self.chance.uniform(0.5, 5), int(self.chance.uniform(0.1, 5) * GIB))
        demand = DemandEstimate(need, need, 60.0, 120.0, DemandSource.HISTORY, 3)
        run = f"run-{self.run_count}"
        signal = Signal(f"s-{run}", SignalKind.RUN_STARTED, self.now, run, RunKind.BUILD, demand)
        twice = (signal, signal) if self.chance.random() < 0.2 else (signal,)
        self._tick({name: EnvironmentDelta(Tick(self.now, signals={name: twice}))})

    def _end_run(self) -> None:
        run = f"run-{max(1, self.run_count - self.chance.randrange(4))}"
        for name in HOMES:
            if any(known.run_id == run for known in self.standing.environment(name).runs):
                signal = Signal(f"e-{run}", SignalKind.RUN_ENDED, self.now, run)
                self._tick({name: EnvironmentDelta(Tick(self.now, signals={name: (signal,)}))})

    def _wish(self) -> None:
        name = self.chance.choice(list(HOMES))
        pinned = self.chance.choice((Amounts(), Amounts(cpu_cores=20.0), Amounts(1.0, 3 * GIB)))
        wish = Wish(name, self.now, pinned=pinned)
        self._tick({name: EnvironmentDelta(Tick(self.now, wishes=(wish,)))})

    def _deliver(self) -> None:
        """An instruction arrives, not always the oldest one."""
        if self.orders:
            order = self.orders.pop(self.chance.randrange(min(len(self.orders), 4)))
            agent = self.agents[HOMES[order.environment_id]]
            if agent.there:
                self.answers += agent.carry_out(order, self.now)

    def _repeat(self) -> None:
        """An instruction arrives twice."""
        if self.orders:
            order = self.chance.choice(self.orders)
            agent = self.agents[HOMES[order.environment_id]]
            if agent.there:
                self.answers += agent.carry_out(order, self.now)
                agent.carry_out(order, self.now)

    def _answer(self) -> None:
        if not self.answers:
            return
        place = self.chance.randrange(min(len(self.answers), 5))
        result = self.answers[place] if self.chance.random() < 0.1 else self.answers.pop(place)
        name = result.environment_id
        # As an agent that answers also reports: what holds now, not what held when the answer was made.
        self.reported[name] = self.agents[HOMES[name]].limit[name]
        self._tick({name: EnvironmentDelta(Tick(self.now, actuations=(result,)))})

    def _lose(self) -> None:
        lost: list = self.orders if self.chance.random() < 0.5 else self.answers
        if lost:
            lost.pop(self.chance.randrange(len(lost)))

    def _leave(self) -> None:
        agent = self.agents[self.chance.choice(list(self.agents))]
        agent.there = not agent.there
        self._tick()

    def _restart(self) -> None:
        """The broker comes back with what it had stored, and nothing else."""
        again = read_snapshot_entries(snapshot_entries(self.standing, FleetDelta(self.now), {}))
        assert again == self.standing, "a restart changes what stands"
        self.standing = again

    def _resize(self) -> None:
        name = self.chance.choice(list(self.capacity))
        self.capacity[name] = Amounts(self.chance.choice((6.0, 8.0, 12.0)), self.chance.choice((16, 24, 40)) * GIB)
        self._tick(capacity_changed=True)

    def _adopt(self) -> None:
        """An agent says that what holds is not what was wanted; the decision goes on from there."""
        name = self.chance.choice(list(HOMES))
        agent = self.agents[HOMES[name]]
        if agent.there and not self.orders:
            self.reported[name] = agent.limit[name]
            self.targets[name] = agent.limit[name].over(self.targets.get(name, Amounts()))
            self._tick({name: EnvironmentDelta(Tick(self.now), adoption=Adoption(limit=agent.limit[name]))})

    def settle(self) -> None:
        """All that is on its way arrives; then every limit is what was last decided, unless its agent refused."""
        for agent in self.agents.values():
            agent.there = True
        for name, target in self.targets.items():
            revision = self.revisions.get(name, 0)
            order = EnvironmentDecision(name, revision, self.now, target)
            agent = self.agents[HOMES[name]]
            agent.used.pop(name, None)
            if revision > agent.applied.get(name, 0):
                agent.carry_out(order, self.now)
                assert target.over(agent.limit[name]) == agent.limit[name]
        assert all(times == 1 for agent in self.agents.values() for times in agent.times.values())


def run_world(seed: int, steps: int) -> World:
    world = World(seed)
    for _ in range(steps):
        world.step()
    world.settle()
    return world


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_fleet_keeps_its_promises(seed: int) -> None:
    world = run_world(seed, 700)
    assert world.deferred, "nothing was ever short: this seed tests little"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10, 20))
def test_the_fleet_keeps_its_promises_for_long(seed: int) -> None:
    run_world(seed, 10_000)


TYPE = InstanceType("small", Amounts(8.0, 32 * GIB), 0.5, 60.0)
MOST = 5


def run_pool(seed: int, steps: int) -> None:
    """A provider boots slowly, loses instances and forgets orders; environments come and go on what is ready."""
    chance = random.Random(seed)
    now, pool = BEGIN, EMPTY_POOL
    there: dict[str, bool] = {}  # instance -> its agent is there
    occupied: dict[str, int] = {}
    ever: set[str] = set()
    for turn in range(steps):
        now += timedelta(seconds=chance.choice((10, 60, 60, 600)))
        for name in list(there):
            draw = chance.random()
            if draw < 0.3:
                there[name] = True
            elif draw < 0.33:
                there[name] = False
            elif draw < 0.34:
                del there[name]
                occupied.pop(name, None)
        for name, connected in there.items():
            if connected and pool.instances.get(name) and pool.instances[name].phase is InstancePhase.READY:
                occupied[name] = max(0, occupied.get(name, 0) + chance.choice((-2, -1, 0, 1)))
            elif occupied.get(name):
                occupied[name] = max(0, occupied[name] - chance.choice((0, 1)))
        if chance.random() < 0.02:
            pool = EMPTY_POOL  # the broker has restarted: what the provider lists is all that is known
        look = PoolLook(
            now, chance.randrange(MOST + 3), dict.fromkeys(there, "small"), frozenset(n for n, c in there.items() if c),
            dict(occupied), MOST,
        )  # fmt: skip
        before = pool
        pool, step = step_pool(pool, look, TYPE, f"pool-{turn}")
        assert (pool, step) == step_pool(before, look, TYPE, f"pool-{turn}")
        for name, each in pool.instances.items():
            was = before.instances.get(name)
            assert was is None or was.phase is each.phase or _reachable(was.phase, each.phase)
        assert not ever & set(step.provision), "a name is used once"
        assert not step.provision or len(there) + len(step.provision) <= MOST, "more instances than allowed"
        for name in step.release:
            assert not occupied.get(name), "an instance with something on it was given back"
        for name in step.provision:
            ever.add(name)
            if chance.random() < 0.9:  # else the order was lost, and the provider never lists it
                there[name] = False
        for name in step.release:
            if chance.random() < 0.9:
                there.pop(name, None)
                occupied.pop(name, None)


def _reachable(begin: InstancePhase, end: InstancePhase) -> bool:
    """Two transitions may fall into one look."""
    return end in TRANSITIONS[begin] or any(end in TRANSITIONS[middle] for middle in TRANSITIONS[begin])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_pool_keeps_its_promises(seed: int) -> None:
    run_pool(seed, 1500)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_the_pool_keeps_its_promises_for_long(seed: int) -> None:
    run_pool(seed, 10_000)
