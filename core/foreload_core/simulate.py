"""What would have happened: the same `decide` as in production, driven over a past whose demand is known.

The policy sees only what its own limits let through, as in a cgroup; the figures are taken from the demand itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, Policy, State, decide
from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.types import (
    NO_AMOUNTS,
    NO_PROFILE,
    Amounts,
    Ask,
    EnvironmentDecision,
    Placement,
    PolicySettings,
    Prices,
    ProfileNumbers,
    Resource,
    Sample,
    Signal,
    Tick,
)

ENVIRONMENT, INSTANCE = "simulated", "simulated-instance"
REACTIVE_SECONDS = 300.0
REACTIVE_MARGIN_RATIO = 0.25
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated.

    Attributes:
        demand: what would have been used without a limit, oldest first, one sample an interval.
        signals: what was seen before it, in the order of their times.
        ask_at: the ask that an environment would make at a moment, or None; for forecasts.
    """

    demand: tuple[Sample, ...]
    capacity: Amounts
    floor: Amounts
    initial: Amounts
    signals: tuple[Signal, ...] = ()
    profile: ProfileNumbers = NO_PROFILE
    settings: PolicySettings = field(default_factory=PolicySettings)
    prices: Prices = field(default_factory=Prices)
    ask_at: Callable[[datetime], Ask | None] | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """How a way to set limits did.

    Attributes:
        throttled_seconds: time in which the CPU demand was above the limit.
        unserved_ratio: part of the CPU demand that the limit held back.
        slack_ratio: mean part of the CPU limit that was not used.
        oom_count: intervals in which the memory demand was above the limit.
        resize_count: changes of a limit.
        cost_usd: what the limits cost.
    """

    throttled_seconds: float
    unserved_ratio: float
    slack_ratio: float
    oom_count: int
    resize_count: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of a scenario: figures, decisions, and the limits that held in each interval's parts."""

    figures: Figures
    decisions: tuple[EnvironmentDecision, ...]
    limits: tuple[tuple[datetime, Amounts], ...]


class _Account:
    """Adds up figures, part of an interval by part."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._seconds = self._throttled = self._demand = self._unserved = self._slack = self._cost = 0.0
        self._oom_count = 0

    def count(self, demand: Amounts, limit: Amounts, seconds: float) -> None:
        """Counts a time in which demand and limit stayed the same."""
        cores, most = demand.cpu_cores or 0.0, limit.cpu_cores
        self._seconds += seconds
        self._demand += cores * seconds
        self._cost += amounts_usd_per_hour(limit, self._prices) * seconds / 3600
        if most is None:
            return
        if cores > most:
            self._throttled += seconds
            self._unserved += (cores - most) * seconds
        elif most > 0:
            self._slack += (most - cores) / most * seconds

    def kill(self) -> None:
        """Counts an interval in which memory did not suffice."""
        self._oom_count += 1

    def figures(self, resize_count: int) -> Figures:
        """What was counted."""
        seconds, demand = max(self._seconds, 1e-9), max(self._demand, 1e-9)
        return Figures(
            throttled_seconds=self._throttled,
            unserved_ratio=self._unserved / demand,
            slack_ratio=self._slack / seconds,
            oom_count=self._oom_count,
            resize_count=resize_count,
            cost_usd=self._cost,
        )


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
        self._account = _Account(scenario.prices)
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
        used, oom_count = sample.used, 0
        for resource, amount in sample.used.items():
            most = self._limit.get(resource)
            if most is not None and amount > most:
                used = used.with_amount(resource, most)
                oom_count += resource is Resource.MEMORY
        if oom_count:
            self._account.kill()
        seen = Sample(sample.start, sample.interval_seconds, used, self._limit, self._throttled_seconds, oom_count)
        self._throttled_seconds = 0.0
        self._tick(end, samples=(seen,))

    def result(self) -> Simulation:
        changes = sum(len(decision.changes) for decision in self._decisions)
        return Simulation(self._account.figures(changes), tuple(self._decisions), tuple(self._limits))

    def _count_until(self, moment: datetime, demand: Amounts) -> None:
        seconds = (moment - self._counted_until).total_seconds()
        if seconds <= 0:
            return
        self._account.count(demand, self._limit, seconds)
        if self._limit.cpu_cores is not None and (demand.cpu_cores or 0.0) > self._limit.cpu_cores:
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


def static_figures(scenario: Scenario) -> Figures:
    """One limit for all the time: the highest demand, which nobody knows beforehand."""
    limit = NO_AMOUNTS
    for sample in scenario.demand:
        for resource, amount in sample.used.items():
            if resource in CHANGEABLE and amount > (limit.get(resource) or 0.0):
                limit = limit.with_amount(resource, amount)
    return _figures(scenario, [limit] * len(scenario.demand))


def reactive_figures(scenario: Scenario) -> Figures:
    """The highest demand of the last five minutes and a margin, one interval late: what a good autoscaler does."""
    limits: list[Amounts] = []
    for index, sample in enumerate(scenario.demand):
        count = max(1, round(REACTIVE_SECONDS / sample.interval_seconds))
        limit = scenario.initial if index == 0 else scenario.floor
        for before in scenario.demand[max(0, index - count) : index]:
            for resource, amount in before.used.items():
                needed = min(amount * (1 + REACTIVE_MARGIN_RATIO), scenario.capacity.get(resource) or amount * 2)
                if resource in CHANGEABLE and needed > (limit.get(resource) or 0.0):
                    limit = limit.with_amount(resource, needed)
        limits.append(limit)
    return _figures(scenario, limits)


def _figures(scenario: Scenario, limits: Sequence[Amounts]) -> Figures:
    account = _Account(scenario.prices)
    resize_count = 0
    for index, (sample, limit) in enumerate(zip(scenario.demand, limits, strict=True)):
        account.count(sample.used, limit, sample.interval_seconds)
        if limit.memory_bytes is not None and (sample.used.memory_bytes or 0) > limit.memory_bytes:
            account.kill()
        if index:
            before = limits[index - 1]
            resize_count += sum(limit.get(resource) != before.get(resource) for resource in CHANGEABLE)
    return account.figures(resize_count)
