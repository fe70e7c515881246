"""How many instances to have ready: the demand of all environments together, boot time and price.

The sum of quantiles is not the quantile of the sum. The environments' demands are added as distributions: means add,
variances of what each does by itself add, and what moves all of them alike (a release day, a holiday) is a common
factor whose deviation grows with the sum. The quantile that is made room for is that of a newsvendor (Arrow, Harris
and Marschak, "Optimal Inventory Policy", Econometrica 1951): the price of an instance that stands idle against that of
the people who wait until one has booted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from foreload_core.scheduler.packing import CHANCE_Z, DEFAULT_Z
from foreload_core.types import Resource
from foreload_core.types.instances import InstanceType

_NORMAL = NormalDist()
LOWEST_LEVEL, HIGHEST_LEVEL = 0.5, 0.9995


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean and a standard deviation."""

    mean: float
    deviation: float

    def quantile(self, level: float) -> float:
        """Of the log-normal distribution with these moments: sums of demands are never negative and lean right."""
        if self.mean <= 0 or self.deviation <= 0:
            return max(0.0, self.mean)
        shape = math.log1p((self.deviation / self.mean) ** 2)
        z = _NORMAL.inv_cdf(min(max(level, 1e-6), 1 - 1e-6))
        return self.mean * math.exp(math.sqrt(shape) * z - shape / 2)


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """What the operator sets.

    Attributes:
        waiting_usd_per_hour: what an hour costs in which a person waits for an instance.
        idle_seconds: an instance that was ordered for nothing is idle for about this long.
        least_count, most_count: bounds of the number of instances.
        spare_count: instances that are ready beyond what is expected.
    """

    waiting_usd_per_hour: float = 60.0
    idle_seconds: float = 1800.0
    least_count: int = 1
    most_count: int = 1000
    spare_count: int = 0


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """How many instances are wanted, and why.

    Attributes:
        count: instances that should be there or on their way.
        level_ratio: the quantile that was made room for.
        resource: the one that is scarcest then.
        expected_amount, covered_amount: the mean of the sum of that resource, and the quantile of it.
        per_instance_amount: what one instance takes of it.
    """

    count: int
    level_ratio: float
    resource: Resource
    expected_amount: float
    covered_amount: float
    per_instance_amount: float


def sum_of(parts: Sequence[Spread], common_ratio: float) -> Spread:
    """The distribution of a sum.

    Args:
        parts: one for each environment, independent of each other but for the common factor.
        common_ratio: deviation of the factor (around 1) that multiplies all of them alike.
    """
    mean = sum(part.mean for part in parts)
    variance = sum(part.deviation * part.deviation for part in parts) + (common_ratio * mean) ** 2
    return Spread(mean, math.sqrt(variance))


def critical_level(settings: PoolSettings, instance: InstanceType, environments_per_instance: float) -> float:
    """The quantile at which one more instance costs as much as it saves.

    An instance too many costs its price while it is idle. One too few lets the people wait, whose environments would
    be on it, until another one has booted.
    """
    idle_usd = instance.usd_per_hour * settings.idle_seconds / 3600
    waiting_usd = settings.waiting_usd_per_hour * environments_per_instance * instance.boot_seconds / 3600
    if idle_usd + waiting_usd <= 0:
        return LOWEST_LEVEL
    return min(HIGHEST_LEVEL, max(LOWEST_LEVEL, waiting_usd / (idle_usd + waiting_usd)))


def usable(capacity: float, mean: float, deviation: float, z: float) -> tuple[float, float]:
    """What fits into an instance of environments of this mean and deviation: their number, and the sum of their means.

    The number n is the largest with n * mean + z * deviation * sqrt(n) <= capacity.
    """
    if mean <= 0 or capacity <= 0:
        return 0.0, 0.0
    spread = z * max(0.0, deviation)
    root = (-spread + math.sqrt(spread * spread + 4 * mean * capacity)) / (2 * mean)
    count = root * root
    return count, count * mean


def plan_pool(
    settings: PoolSettings,
    instance: InstanceType,
    sums: Sequence[dict[Resource, Spread]],
    typical: dict[Resource, Spread],
) -> PoolPlan:
    """The number of instances of one type.

    Args:
        settings: of the operator.
        instance: the type.
        sums: the distribution of the sum of all environments' demand of each resource, at each step from now to the
            time at which an instance that is ordered now or at the next look would be there.
        typical: one environment's own demand while it is at work, to know how full an instance can be.
    """
    best = PoolPlan(settings.least_count, LOWEST_LEVEL, Resource.CPU, 0.0, 0.0, 0.0)
    for resource, capacity in instance.capacity.items():
        one = typical.get(resource)
        if one is None or one.mean <= 0:
            continue
        number, amount = usable(capacity, one.mean, one.deviation, CHANCE_Z.get(resource, DEFAULT_Z))
        if amount <= 0:
            continue
        level = critical_level(settings, instance, number)
        for step in sums:
            spread = step.get(resource)
            if spread is None:
                continue
            covered = spread.quantile(level)
            count = math.ceil(covered / amount - 1e-9) + settings.spare_count
            if count > best.count:
                best = PoolPlan(count, level, resource, spread.mean, covered, amount)
    count = min(max(best.count, settings.least_count), settings.most_count)
    return PoolPlan(
        count, best.level_ratio, best.resource, best.expected_amount, best.covered_amount, best.per_instance_amount
    )
