"""What is simulated, and the figures by which ways to set limits are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.types import (
    NO_AMOUNTS,
    NO_PROFILE,
    Amounts,
    Ask,
    EnvironmentDecision,
    PolicySettings,
    Prices,
    ProfileNumbers,
    Resource,
    Sample,
    Signal,
)

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})
Limits = tuple[tuple[datetime, Amounts], ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated.

    Attributes:
        demand: what would have been used without a limit, oldest first, one sample an interval.
        signals: what was seen before it, in the order of their times.
        ask_at: the ask that an environment would make at a moment, or None; for forecasts.
        forecasting: forecasts are made from what was seen up to then, as in production. Instead of `ask_at`.
        counted_from: figures count from here on; what lies before is history. None: from the beginning.
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
    forecasting: bool = False
    counted_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """How a way to set limits did.

    Attributes:
        throttled_seconds: time in which the CPU demand was above the limit.
        unserved_ratio: part of the CPU demand that the limit held back.
        slack_ratio: mean part of the CPU limit that was not used.
        oom_count: times at which the memory demand rose above the limit; each counts once, however long it lasted.
        resize_count: changes of a limit.
        cost_usd: what the limits cost.
        violation_ratio: part of the time in which the CPU demand was above the limit.
        memory_slack_ratio: mean part of the memory limit that was not used.
        seconds: time that was counted.
    """

    throttled_seconds: float
    unserved_ratio: float
    slack_ratio: float
    oom_count: int
    resize_count: int
    cost_usd: float
    violation_ratio: float = 0.0
    memory_slack_ratio: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came of a scenario: figures, decisions, and the limits that held in each interval's parts."""

    figures: Figures
    decisions: tuple[EnvironmentDecision, ...]
    limits: Limits


class Account:
    """Adds up figures, part of an interval by part."""

    def __init__(self, scenario: Scenario) -> None:
        self._prices = scenario.prices
        self._from = scenario.counted_from
        self._seconds = self._throttled = self._demand = self._unserved = self._slack = self._memory_slack = 0.0
        self._cost = 0.0
        self._oom_count = 0
        self._short = False

    def counts(self, moment: datetime) -> bool:
        """Whether what happens at a moment counts."""
        return self._from is None or moment >= self._from

    def count(self, begun: datetime, demand: Amounts, limit: Amounts, seconds: float) -> None:
        """Counts a time in which demand and limit stayed the same."""
        if not self.counts(begun):
            return
        cores, most = demand.cpu_cores or 0.0, limit.cpu_cores
        self._seconds += seconds
        self._demand += cores * seconds
        self._cost += amounts_usd_per_hour(limit, self._prices) * seconds / 3600
        if limit.memory_bytes and demand.memory_bytes is not None:
            self._memory_slack += max(0.0, 1 - demand.memory_bytes / limit.memory_bytes) * seconds
        if most is None:
            return
        if cores > most:
            self._throttled += seconds
            self._unserved += (cores - most) * seconds
        elif most > 0:
            self._slack += (most - cores) / most * seconds

    def memory(self, begun: datetime, demand: Amounts, limit: Amounts) -> bool:
        """Notes whether memory suffices in an interval.

        Returns:
            True when it does not, and did in the interval before: something is killed.
        """
        most = limit.memory_bytes
        short = most is not None and (demand.memory_bytes or 0) > most
        killed = short and not self._short
        self._short = short
        if killed and self.counts(begun):
            self._oom_count += 1
        return killed

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
            violation_ratio=self._throttled / seconds,
            memory_slack_ratio=self._memory_slack / seconds,
            seconds=self._seconds,
        )


def account_of(scenario: Scenario, limits: Sequence[Amounts]) -> Figures:
    """Figures of one limit an interval."""
    account = Account(scenario)
    resize_count = 0
    for index, (sample, limit) in enumerate(zip(scenario.demand, limits, strict=True)):
        account.count(sample.start, sample.used, limit, sample.interval_seconds)
        account.memory(sample.start, sample.used, limit)
        if index and account.counts(sample.start):
            before = limits[index - 1]
            resize_count += sum(limit.get(resource) != before.get(resource) for resource in CHANGEABLE)
    return account.figures(resize_count)


__all__ = [
    "CHANGEABLE",
    "NO_AMOUNTS",
    "NO_TIME",
    "Account",
    "Figures",
    "Limits",
    "Scenario",
    "Simulation",
    "account_of",
]
