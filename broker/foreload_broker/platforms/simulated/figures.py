"""How a simulated fleet is run, how it did, and how that is counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.scheduler.pool import PoolSettings
from foreload_core.types import Amounts, PolicySettings, Prices
from foreload_core.types.instances import InstanceType
from foreload_core.types.tenancy import NO_TENANCY, Tenancy

from foreload_broker.platforms.simulated.demand import Bools, FleetDemand, Floats
from foreload_broker.platforms.simulated.machines import Machines

CPU, MEMORY = 0, 1


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """How a fleet is run.

    Attributes:
        instance_count: always so many instances; None: as the pool's plan says.
        rest_after_seconds: an environment in which nothing works for so long rests, and holds nothing.
        measured_from_seconds: what comes before is for learning and does not count.
        failures_per_instance_day: instances that break.
    """

    instance_type: InstanceType
    instance_count: int | None = None
    policy: PolicySettings = field(default_factory=lambda: PolicySettings(lower_after_seconds=600.0))
    pool: PoolSettings = field(default_factory=PoolSettings)
    prices: Prices = field(default_factory=Prices)
    tenancy: Tenancy = NO_TENANCY
    rest_after_seconds: float = 1800.0
    measured_from_seconds: float = 0.0
    failures_per_instance_day: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """How the fleet did over the measured time.

    Attributes:
        instance_cost_usd: what its instances cost.
        limits_cost_usd: what its limits would cost at the prices of single resources.
        violation_ratio: part of the environments' time in which a limit was too small, or the environment had to wait.
        waiting_ratio: part of the time at work in which an environment waited for an instance.
        morning_waiting_ratio: the same in the hours in which the number of environments at work grows most.
        deferred_count: times that something did not fit.
        decision_count, resize_count: changes of limits.
        oom_count: steps in which the memory limit was too small.
        instance_count: mean number of instances that were paid for.
        instances_by_hour: that number by the hour of the day (UTC), on workdays.
        failure_count: instances that broke.
    """

    environment_count: int
    measured_seconds: float
    instance_cost_usd: float
    limits_cost_usd: float
    violation_ratio: float
    waiting_ratio: float
    morning_waiting_ratio: float
    deferred_count: int
    decision_count: int
    oom_count: int
    instance_count: float
    instances_by_hour: tuple[float, ...]
    failure_count: int


class Tally:
    """Counts what the figures are made of, from the measured time on."""

    def __init__(self, demand: FleetDemand, settings: FleetSettings) -> None:
        self._demand = demand
        self._prices = settings.prices
        self.first_step = round(settings.measured_from_seconds / demand.step_seconds)
        self._morning = _morning_hours(demand)
        self.cost_usd = self.limits_usd = 0.0
        self.steps = self.violations = self.work = self.waiting = self.morning_work = self.morning_waiting = 0
        self.oom_count = self.deferred_count = self.decision_count = self.failure_count = 0
        self._paid_sum = 0
        self._paid = np.zeros((24, 2))

    def measures(self, step: int) -> bool:
        """Whether a step counts."""
        return step >= self.first_step

    def count(self, step: int, machines: Machines, placed: Bools, limit: Floats, cost_usd: float) -> None:
        """Takes in one step, before anything answers to it."""
        if not self.measures(step):
            return
        demand = self._demand
        now, working = demand.moment(step), demand.at_work[:, step]
        cpu, memory = demand.cpu_cores[:, step], demand.memory_bytes[:, step]
        killed = placed & (memory > limit[:, MEMORY])
        short = killed | (placed & (cpu > limit[:, CPU] * (1 + 1e-6)))
        waiting = working & ~placed
        self.steps += 1
        self.violations += int((short | waiting).sum())
        self.oom_count += int(killed.sum())
        self.work += int(working.sum())
        self.waiting += int(waiting.sum())
        if now.weekday() < 5 and now.hour in self._morning:
            self.morning_work += int(working.sum())
            self.morning_waiting += int(waiting.sum())
        self.cost_usd += cost_usd
        total = Amounts(float(limit[:, CPU].sum()), int(limit[:, MEMORY].sum()))
        self.limits_usd += amounts_usd_per_hour(total, self._prices) * demand.step_seconds / 3600
        paid = len(machines.instances)
        self._paid_sum += paid
        if now.weekday() < 5:
            self._paid[now.hour] += (paid, 1)

    def figures(self) -> FleetFigures:
        """What was counted."""
        demand, steps = self._demand, max(self.steps, 1)
        return FleetFigures(
            environment_count=demand.environment_count,
            measured_seconds=self.steps * demand.step_seconds,
            instance_cost_usd=self.cost_usd,
            limits_cost_usd=self.limits_usd,
            violation_ratio=self.violations / (steps * demand.environment_count),
            waiting_ratio=self.waiting / max(self.work, 1),
            morning_waiting_ratio=self.morning_waiting / max(self.morning_work, 1),
            deferred_count=self.deferred_count,
            decision_count=self.decision_count,
            oom_count=self.oom_count,
            instance_count=self._paid_sum / steps,
            instances_by_hour=tuple((self._paid[:, 0] / np.maximum(self._paid[:, 1], 1)).tolist()),
            failure_count=self.failure_count,
        )


def _morning_hours(demand: FleetDemand) -> frozenset[int]:
    """The three hours in a row in which the number of environments at work grows most on workdays."""
    total = demand.at_work.sum(axis=0)
    by_hour, seen = np.zeros(24), np.zeros(24)
    for step in range(0, demand.step_count, max(1, round(300 / demand.step_seconds))):
        now = demand.moment(step)
        if now.weekday() < 5:
            by_hour[now.hour] += total[step]
            seen[now.hour] += 1
    level = by_hour / np.maximum(seen, 1)
    growth = [level[(hour + 2) % 24] - level[(hour - 1) % 24] for hour in range(24)]
    first = int(np.argmax(growth))
    return frozenset((first + offset) % 24 for offset in range(3))
