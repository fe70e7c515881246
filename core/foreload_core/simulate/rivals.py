"""Other ways to set limits over the same past, for comparison. They see the demand itself, which favours them.

`vpa_figures` follows the published algorithm of the Kubernetes Vertical Pod Autoscaler: decaying histograms, the 0.9
quantile of CPU and of daily memory peaks, a margin of 15 %, changes when the limit leaves the band of the quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from foreload_core.simulate.account import Account, Figures
from foreload_core.simulate.scenario import CHANGEABLE, Scenario
from foreload_core.types import NO_AMOUNTS, Amounts, Resource
from foreload_core.units import MEGABYTE

REACTIVE_SECONDS = 300.0
REACTIVE_MARGIN_RATIO = 0.25
HALF_LIFE_SECONDS = 86_400.0
PEAK_SECONDS = 86_400.0
BUCKET_RATIO = 1.05
FIRST_BUCKET = {Resource.CPU: 0.01, Resource.MEMORY: 10.0 * MEGABYTE}
LEAST = {Resource.CPU: 0.025, Resource.MEMORY: 250.0 * MEGABYTE}
VPA_MARGIN = 1.15
LOW, TARGET, HIGH = 0.5, 0.9, 0.95
SETTLED_SECONDS = 43_200.0
WORTH_RATIO = 0.1
OOM_FACTOR, OOM_BYTES = 1.2, 100.0 * MEGABYTE


def static_figures(scenario: Scenario) -> Figures:
    """One limit for all the time: the highest demand, which nobody knows beforehand."""
    limit = NO_AMOUNTS
    for sample in scenario.demand:
        for resource, amount in sample.used.items():
            if resource in CHANGEABLE and amount > (limit.get(resource) or 0.0):
                limit = limit.with_amount(resource, amount)
    return _figures(scenario, [limit] * len(scenario.demand))


def foresight_figures(scenario: Scenario) -> Figures:
    """The demand of each interval exactly, known before it: what no one can reach."""
    limits: list[Amounts] = []
    for sample in scenario.demand:
        limit = scenario.floor
        for resource, amount in sample.used.items():
            if resource in CHANGEABLE and amount > (limit.get(resource) or 0.0):
                limit = limit.with_amount(resource, amount)
        limits.append(limit)
    return _figures(scenario, limits)


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


def vpa_figures(scenario: Scenario) -> Figures:
    """What the Vertical Pod Autoscaler would have set, one interval late."""
    recommenders = {resource: _Recommender(resource, scenario.begin) for resource in CHANGEABLE}
    limits: list[Amounts] = []
    limit, changed_at = scenario.initial, scenario.begin
    for sample in scenario.demand:
        limits.append(limit)
        for resource, amount in sample.used.items():
            recommender = recommenders.get(resource)
            if recommender is None:
                continue
            held = limit.get(resource)
            recommender.see(amount, sample.start, killed=resource is Resource.MEMORY and amount > (held or math.inf))
            settled = (sample.start - changed_at).total_seconds() > SETTLED_SECONDS
            wanted = recommender.change(held, scenario.floor.get(resource) or 0.0, settled, sample.start)
            if wanted is not None:
                most = scenario.capacity.get(resource)
                limit = limit.with_amount(resource, wanted if most is None else min(wanted, most))
        if limit != limits[-1]:
            changed_at = sample.start
    return _figures(scenario, limits)


@dataclass(slots=True)
class _Histogram:
    """Weights of exponentially growing buckets; what is old weighs half as much after each half-life."""

    first: float
    weights: dict[int, float] = field(default_factory=dict[int, float])

    def add(self, amount: float, weight: float) -> None:
        bucket = 0
        if amount > self.first:
            bucket = int(math.log1p((amount - self.first) * (BUCKET_RATIO - 1) / self.first) / math.log(BUCKET_RATIO))
        self.weights[bucket] = self.weights.get(bucket, 0.0) + weight

    def remove(self, amount: float, weight: float) -> None:
        self.add(amount, -weight)

    def quantile(self, level: float) -> float:
        total, below = sum(self.weights.values()), 0.0
        for bucket in sorted(self.weights):
            below += self.weights[bucket]
            if below >= level * total - 1e-12:
                return self.first * (BUCKET_RATIO ** (bucket + 1) - 1) / (BUCKET_RATIO - 1)
        return 0.0


class _Recommender:
    def __init__(self, resource: Resource, begin: datetime) -> None:
        self._resource = resource
        self._begin = self._scaled_at = self._peak_from = begin
        self._histogram = _Histogram(FIRST_BUCKET[resource])
        self._peak: tuple[float, float] | None = None

    def see(self, amount: float, at: datetime, *, killed: bool) -> None:
        weight = 2.0 ** ((at - self._scaled_at).total_seconds() / HALF_LIFE_SECONDS)
        if weight > 1e12:
            self._histogram.weights = {bucket: each / weight for bucket, each in self._histogram.weights.items()}
            self._scaled_at, weight = at, 1.0
        if self._resource is Resource.CPU:
            self._histogram.add(amount, weight * max(amount, 0.1))
            return
        if killed:
            amount = max(amount * OOM_FACTOR, amount + OOM_BYTES)
        if self._peak is not None and (at - self._peak_from).total_seconds() < PEAK_SECONDS:
            if amount <= self._peak[0]:
                return
            self._histogram.remove(*self._peak)
        else:
            self._peak_from = at
        self._peak = (amount, weight)
        self._histogram.add(amount, weight)

    def change(self, held: float | None, floor: float, settled: bool, now: datetime) -> float | None:
        """The limit that it sets now, or None."""
        days = max((now - self._begin).total_seconds() / 86_400, 1e-6)
        target, low, high = (max(floor, self._at(level)) for level in (TARGET, LOW, HIGH))
        low *= (1 + 0.001 / days) ** -2
        high *= 1 + 1 / days
        if held is None or held < low or held > high:
            return target
        return target if settled and abs(target - held) > WORTH_RATIO * held else None

    def _at(self, level: float) -> float:
        return max(LEAST[self._resource], self._histogram.quantile(level) * VPA_MARGIN)


def _figures(scenario: Scenario, limits: Sequence[Amounts]) -> Figures:
    account = Account(scenario.prices)
    resize_count = 0
    for index, (sample, limit) in enumerate(zip(scenario.demand, limits, strict=True)):
        account.count(sample.used, limit, sample.interval_seconds)
        if limit.memory_bytes is not None and (sample.used.memory_bytes or 0) > limit.memory_bytes:
            account.kill()
        if index:
            before = limits[index - 1]
            resize_count += sum(limit.get(resource) != before.get(resource) for resource in CHANGEABLE)
    return account.figures(resize_count)
