"""Drives `decide` over a past.

The policy sees only what its own limits let through, as in a cgroup; the figures are taken from the demand itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, Policy, State, decide
from foreload_core.simulate.account import Account, Figures
from foreload_core.simulate.learning import Runs
from foreload_core.simulate.scenario import CHANGEABLE, ENVIRONMENT, INSTANCE, Scenario
from foreload_core.types import (
    Amounts,
    EnvironmentDecision,
    Placement,
    Resource,
    Sample,
    Signal,
    Tick,
)

Band = Mapping[Resource, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of a scenario.

    Attributes:
        figures: how it did.
        decisions: oldest first.
        limits: what held from which moment on.
        bands: what was expected from which moment on, 1 of 10 below and 9 of 10 below; only where it was asked for.
    """

    figures: Figures
    decisions: tuple[EnvironmentDecision, ...]
    limits: tuple[tuple[datetime, Amounts], ...]
    bands: tuple[tuple[datetime, Band], ...] = field(default=())


def simulate(scenario: Scenario, policy: Policy = DEFAULT_POLICY, *, with_bands: bool = False) -> Simulation:
    """Drives `decide` over the scenario: a tick at each signal, when something is due, and at each interval's end."""
    course = _Course(scenario, policy, with_bands)
    for sample in scenario.demand:
        end = sample.start + timedelta(seconds=sample.interval_seconds)
        course.before(end, sample)
        course.interval_over(sample, end)
    return course.result()


class _Course:
    """One simulation on its way."""

    def __init__(self, scenario: Scenario, policy: Policy, with_bands: bool) -> None:
        self._scenario = scenario
        self._policy = policy
        self._state: State = EMPTY_STATE
        self._limit = scenario.initial
        self._account = Account(scenario.prices)
        self._decisions: list[EnvironmentDecision] = []
        self._limits: list[tuple[datetime, Amounts]] = [(scenario.begin, self._limit)]
        self._bands: list[tuple[datetime, Band]] = []
        self._with_bands = with_bands
        self._counted_until = self._ticked_at = scenario.begin
        self._throttled_seconds = 0.0
        self._waiting = deque(scenario.signals)
        self._runs = Runs(scenario.runs, scenario.capacity)
        self._told = False

    def before(self, end: datetime, sample: Sample) -> None:
        """What happens within an interval, in the order of time."""
        while True:
            moments = [self._waiting[0].at if self._waiting else None, self._runs.next_at(), self._due_at()]
            soonest = min((moment for moment in moments if moment is not None and moment < end), default=None)
            if soonest is None:
                return
            now = max(soonest, sample.start)
            signals: list[Signal] = []
            while self._waiting and self._waiting[0].at <= soonest:
                signals.append(self._waiting.popleft())
            signals += self._runs.signals(soonest)
            self._count_until(now, sample.used)
            self._tick(now, signals=tuple(signals))

    def interval_over(self, sample: Sample, end: datetime) -> None:
        self._count_until(end, sample.used)
        used, oom_count = sample.used, 0
        for resource, amount in sample.used.items():
            most = self._limit.get(resource)
            if resource in CHANGEABLE and most is not None and amount > most * (1 + 1e-9):
                used = used.with_amount(resource, most)
                oom_count += resource is Resource.MEMORY
        if oom_count:
            self._account.kill()
        seen = Sample(sample.start, sample.interval_seconds, used, self._limit, self._throttled_seconds, oom_count)
        self._throttled_seconds = 0.0
        self._runs.see(seen)
        self._tick(end, samples=(seen,))
        if self._with_bands:
            from foreload_core.decide.expecting import band_of

            memory = self._state.environments[ENVIRONMENT].density
            self._bands.append((end, {} if memory is None else band_of(memory)))

    def result(self) -> Simulation:
        changes = sum(len(decision.changes) for decision in self._decisions)
        return Simulation(
            self._account.figures(changes), tuple(self._decisions), tuple(self._limits), tuple(self._bands)
        )

    def _due_at(self) -> datetime | None:
        """When time alone may change something; one moment is looked at once."""
        known = self._state.environments.get(ENVIRONMENT)
        due = None if known is None else known.due_at
        return due if due is not None and due > self._ticked_at else None

    def _count_until(self, moment: datetime, demand: Amounts) -> None:
        seconds = (moment - self._counted_until).total_seconds()
        if seconds <= 0:
            return
        self._account.count(demand, self._limit, seconds)
        if self._limit.cpu_cores is not None and (demand.cpu_cores or 0.0) > self._limit.cpu_cores * (1 + 1e-9):
            self._throttled_seconds += seconds
        self._counted_until = moment

    def _tick(self, now: datetime, samples: tuple[Sample, ...] = (), signals: tuple[Signal, ...] = ()) -> None:
        scenario = self._scenario
        ask = None if scenario.ask_at is None else scenario.ask_at(now)
        tick = Tick(
            now=now,
            samples={ENVIRONMENT: samples} if samples else {},
            signals={ENVIRONMENT: signals} if signals else {},
            asks={} if ask is None else {ENVIRONMENT: ask},
            profiles={} if self._told else {ENVIRONMENT: scenario.profile},
            priors={} if self._told or scenario.prior is None else {ENVIRONMENT: scenario.prior},
            placements={ENVIRONMENT: Placement(INSTANCE, scenario.floor, CHANGEABLE, self._limit)},
            capacities={INSTANCE: scenario.capacity},
            scaling_allowed=frozenset({ENVIRONMENT}),
            prices=scenario.prices,
            settings=scenario.settings,
        )
        self._told, self._ticked_at = True, now
        self._state, decision = decide(self._state, tick, self._policy)
        for environment in decision.environments:
            self._decisions.append(environment)
            self._limit = environment.target.over(self._limit)
            self._limits.append((now, self._limit))
