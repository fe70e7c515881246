"""Other ways to set limits, for comparison: constant, reactive, and with perfect foresight."""

from __future__ import annotations

from foreload_core.simulate.scenario import CHANGEABLE, Figures, Scenario, account_of
from foreload_core.types import NO_AMOUNTS, Amounts

REACTIVE_SECONDS = 300.0
REACTIVE_MARGIN_RATIO = 0.25
DEAD_BAND_RATIO = 0.1


def static_figures(scenario: Scenario) -> Figures:
    """One limit for all the time: the highest demand, which nobody knows beforehand."""
    return account_of(scenario, static_limits(scenario))


def static_limits(scenario: Scenario) -> list[Amounts]:
    """The limits of `static_figures`, one an interval."""
    limit = NO_AMOUNTS
    for sample in scenario.demand:
        for resource, amount in sample.used.items():
            if resource in CHANGEABLE and amount > (limit.get(resource) or 0.0):
                limit = limit.with_amount(resource, amount)
    return [limit] * len(scenario.demand)


def reactive_figures(scenario: Scenario) -> Figures:
    """The highest demand of the last five minutes and a margin, one interval late: what a good autoscaler does."""
    return account_of(scenario, reactive_limits(scenario))


def reactive_limits(scenario: Scenario) -> list[Amounts]:
    """The limits of `reactive_figures`, one an interval."""
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
    return limits


def foresight_figures(scenario: Scenario) -> Figures:
    """Exactly what is needed in each interval; nobody can do better. Lowered only past the dead band, as all others."""
    return account_of(scenario, foresight_limits(scenario))


def foresight_limits(scenario: Scenario) -> list[Amounts]:
    """The limits of `foresight_figures`, one an interval."""
    limits: list[Amounts] = []
    limit = scenario.floor
    for sample in scenario.demand:
        for resource, amount in sample.used.items():
            if resource not in CHANGEABLE:
                continue
            needed = max(amount, scenario.floor.get(resource) or 0.0)
            before = limit.get(resource)
            if before is None or needed > before or needed < before * (1 - DEAD_BAND_RATIO):
                limit = limit.with_amount(resource, needed)
        limits.append(limit)
    return limits
