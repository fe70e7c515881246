"""Drives the same `decide` as in production over a past whose demand is known."""

from __future__ import annotations

from datetime import datetime, timedelta

from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, Policy, State, decide
from foreload_core.simulate.asking import Asking
from foreload_core.simulate.scenario import CHANGEABLE, NO_TIME, Account, Scenario, Simulation
from foreload_core.types import Amounts, EnvironmentDecision, Placement, Sample, Signal, Tick

ENVIRONMENT, INSTANCE = "simulated", "simulated-instance"


def simulate(scenario: Scenario, policy: Policy = DEFAULT_POLICY) -> Simulation:
    """Drives `decide` over the scenario: a tick at each signal and at each interval's end."""
    run = _Run(scenario, policy)
    waiting = list(scenario.signals)
    for sample in scenario.demand:
        end = sample.start + timedelta(seconds=sample.interval_seconds)
        while waiting and waiting[0].at < end:
            run.signal(waiting.pop(0), sample)
        run.interval_over(sample, end)
    return run.result()


class _Run:
    """One simulation on its way."""

    def __init__(self, scenario: Scenario, policy: Policy) -> None:
        self._scenario = scenario
        self._policy = policy
        self._state: State = EMPTY_STATE
        self._limit = scenario.initial
        self._account = Account(scenario)
        self._asking = Asking() if scenario.forecasting else None
        self._decisions: list[EnvironmentDecision] = []
        first = scenario.demand[0].start if scenario.demand else NO_TIME
        self._limits: list[tuple[datetime, Amounts]] = [(first, self._limit)]
        self._counted_until = first
        self._throttled_seconds = 0.0
        self._profile_told = False

    def signal(self, signal: Signal, sample: Sample) -> None:
        self._count_until(max(signal.at, sample.start), sample.used)
        self._tick(max(signal.at, sample.start), signals=(signal,))

    def interval_over(self, sample: Sample, end: datetime) -> None:
        self._count_until(end, sample.used)
        used = sample.used
        for resource, amount in sample.used.items():
            most = self._limit.get(resource)
            if most is not None and amount > most:
                used = used.with_amount(resource, most)
        oom_count = int(self._account.memory(sample.start, sample.used, self._limit))
        seen = Sample(sample.start, sample.interval_seconds, used, self._limit, self._throttled_seconds, oom_count)
        self._throttled_seconds = 0.0
        if self._asking is not None:
            self._asking.see(seen)
        self._tick(end, samples=(seen,))

    def result(self) -> Simulation:
        counted = [each for each in self._decisions if self._account.counts(each.decided_at)]
        changes = sum(len(decision.changes) for decision in counted)
        return Simulation(self._account.figures(changes), tuple(self._decisions), tuple(self._limits))

    def _count_until(self, moment: datetime, demand: Amounts) -> None:
        seconds = (moment - self._counted_until).total_seconds()
        if seconds <= 0:
            return
        self._account.count(self._counted_until, demand, self._limit, seconds)
        if self._limit.cpu_cores is not None and (demand.cpu_cores or 0.0) > self._limit.cpu_cores:
            self._throttled_seconds += seconds
        self._counted_until = moment

    def _tick(self, now: datetime, samples: tuple[Sample, ...] = (), signals: tuple[Signal, ...] = ()) -> None:
        scenario = self._scenario
        ask = None if scenario.ask_at is None else scenario.ask_at(now)
        if self._asking is not None:
            ask = self._asking.ask(now)
        tick = Tick(
            now=now,
            samples={ENVIRONMENT: samples} if samples else {},
            signals={ENVIRONMENT: signals} if signals else {},
            asks={} if ask is None else {ENVIRONMENT: ask},
            profiles={} if self._profile_told else {ENVIRONMENT: scenario.profile},
            placements={ENVIRONMENT: Placement(INSTANCE, scenario.floor, CHANGEABLE, self._limit)},
            capacities={INSTANCE: scenario.capacity},
            scaling_allowed=frozenset({ENVIRONMENT}),
            prices=scenario.prices,
            settings=scenario.settings,
        )
        self._profile_told = True
        self._state, decision = decide(self._state, tick, self._policy)
        for environment in decision.environments:
            self._decisions.append(environment)
            self._limit = environment.target.over(self._limit)
            self._limits.append((now, self._limit))
