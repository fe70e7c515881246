"""Steps that find what is needed. Each raises the value to what it knows, and none lowers it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from foreload_core.policy.situation import MOST_MISSES, Outcome, Situation, amount_numbers, miss_count
from foreload_core.policy.state import ActiveRun, Expectation
from foreload_core.types import DemandEstimate, DemandSource, Forecast, Reason, Resource, WindowKind

GROWTH_INTERVALS = 2.0
"""Memory is given its last growth this many times over: it takes an interval to see it and one to answer."""
MOST_CHANCE_RATIO = 0.99
"""Nothing that was learned from some weeks is told as surer than this."""
QUANTILE_AT = ((0.0, 0.75), (0.5, 0.9), (1.0, 0.95))
"""The demand quantile that is made room for, at the cheapest, default and fastest preference; linear between them."""


def live_use(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """The use that was just measured, with head room."""
    sample = situation.sample(resource)
    used = situation.use(resource)
    if sample is None or used is None:
        return Outcome(value)
    if resource is not Resource.MEMORY and expectation(situation, resource) is not None:
        need = used  # how much more may come is the density's to say
    elif resource is Resource.MEMORY:
        need = used + situation.memory_margin_bytes(used) * max(1.0, situation.caution) + _growth(situation, used)
    else:
        need = used * (1 + situation.settings.cpu_margin_ratio * situation.caution)
    return Outcome(max(value, need), Reason("live_use", "live_use", amount_numbers(resource, use=used, need=need)))


def density(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What the density of the next minutes weighs to be worth its price, if no idle window is open."""
    found = expectation(situation, resource)
    if found is None:
        return Outcome(value)
    numbers = amount_numbers(resource, expected=found.amount)
    numbers["level_ratio"] = math.floor(100 * min(found.chance_ratio, MOST_CHANCE_RATIO)) / 100
    idle = [window for window in situation.open_windows() if window.kind is WindowKind.IDLE]
    if idle:
        return Outcome(value, rejected=Reason("density", "density_in_idle_window", numbers, idle[0].window_id))
    return Outcome(max(value, found.amount), Reason("density", "density", numbers))


def expectation(situation: Situation, resource: Resource) -> Expectation | None:
    """What the density asks for, while that is valid; else None."""
    memory = situation.state.density
    if memory is None or memory.valid_until is None or situation.now > memory.valid_until:
        return None
    return next((each for each in memory.expected if each.resource is resource), None)


def _growth(situation: Situation, used_bytes: float) -> float:
    samples = situation.state.samples
    if len(samples) < 2:
        return 0.0
    before = samples[-2].used.memory_bytes
    gap_seconds = (samples[-1].start - samples[-2].start).total_seconds()
    if before is None or used_bytes <= before or gap_seconds <= 0 or gap_seconds > 2 * samples[-1].interval_seconds:
        return 0.0
    return (used_bytes - before) / gap_seconds * samples[-1].interval_seconds * GROWTH_INTERVALS


def runs(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What the runs in progress are expected to need, on top of what was used before them."""
    return _demanded(situation, resource, value, announced=False)


def announced(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What the developer said will be needed, from the lead time on."""
    return _demanded(situation, resource, value, announced=True)


def _demanded(situation: Situation, resource: Resource, value: float, *, announced: bool) -> Outcome:
    step = "announced" if announced else "runs"
    active: list[tuple[ActiveRun, DemandEstimate, float]] = []
    for run in situation.active_runs(announced=announced):
        demand = None if run.demand is None else _demand_amount(run.demand, resource, situation.preference_ratio)
        if run.demand is not None and demand is not None:
            active.append((run, run.demand, demand))
    if not active:
        return Outcome(value)
    base = max(run.base.get(resource) or 0.0 for run, _estimate, _demand in active)
    need = base + sum(demand for _run, _estimate, demand in active)
    newest, estimate, demand = active[-1]
    code = "announced" if announced else f"run_{estimate.source.value}" if len(active) == 1 else "runs_together"
    numbers = amount_numbers(resource, expected=demand, need=need)
    numbers["run_count"] = float(estimate.run_count if len(active) == 1 else len(active))
    return Outcome(max(value, need), Reason(step, code, numbers, newest.run_id))


def _demand_amount(demand: DemandEstimate, resource: Resource, preference_ratio: float) -> float | None:
    high, typical = demand.high.get(resource), demand.typical.get(resource)
    if high is None:
        return typical
    if typical is None or typical > high or demand.source is DemandSource.DEVELOPER:
        return high
    return typical + (high - typical) * min(1.0, 0.5 + preference_ratio)


def windows(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What the profile's windows say, from their lead time on."""
    best, missed = Outcome(value), None
    for window in situation.open_windows():
        if window.kind is WindowKind.IDLE:
            continue
        misses = miss_count(situation.state, window)
        expected = window.expected.get(resource)
        if misses >= MOST_MISSES and expected is not None:
            numbers = amount_numbers(resource, expected=expected) | {"miss_count": float(misses)}
            missed = Reason("windows", "window_missed", numbers, window.window_id)
            continue
        need = window.expected.get(resource)
        if need is None and window.factor is not None:
            use = situation.use(resource)
            need = None if use is None else use * window.factor
        if need is None:
            continue
        begins_seconds = (window.start - situation.now).total_seconds()
        numbers = amount_numbers(resource, expected=need)
        if begins_seconds > 0:
            numbers["begins_seconds"] = begins_seconds
        code = "window_soon" if begins_seconds > 0 else "window"
        reason = Reason("windows", code, numbers, window.window_id)
        if need > best.value or best.reason is None:
            best = Outcome(max(best.value, need), reason)
    return best if missed is None else replace(best, rejected=missed)


def forecast(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """The forecast's quantile over the lead time, if the forecast has earned it and no idle window is open."""
    found = valid_forecast(situation, resource)
    if found is None:
        return Outcome(value)
    lead_seconds = max(situation.settings.window_lead_seconds, found.step_seconds)
    need = quantile_over(found, situation, lead_seconds)
    if need is None:
        return Outcome(value)
    numbers = amount_numbers(resource, expected=need)
    numbers["level_ratio"] = quantile_level(situation.preference_ratio)
    if not is_licensed(found):
        return Outcome(value, rejected=Reason("forecast", "forecast_not_licensed", numbers))
    if expectation(situation, resource) is not None:
        return Outcome(value, rejected=Reason("forecast", "forecast_after_density", numbers))
    idle = [window for window in situation.open_windows() if window.kind is WindowKind.IDLE]
    if idle:
        return Outcome(value, rejected=Reason("forecast", "forecast_in_idle_window", numbers, idle[0].window_id))
    return Outcome(max(value, need), Reason("forecast", "forecast", numbers))


def valid_forecast(situation: Situation, resource: Resource) -> Forecast | None:
    """The forecast of the ask that is valid now, or None."""
    ask = situation.state.ask
    if ask is None or situation.now > ask.valid_until:
        return None
    for entry in ask.forecasts:
        if entry.resource is resource and isinstance(entry, Forecast):
            return entry
    return None


def is_licensed(found: Forecast) -> bool:
    """True when the forecast may be acted on: better than seasonal-naive, or that itself with a known record."""
    if found.skill_ratio is None:
        return False
    return found.skill_ratio > 0 or found.method.startswith("seasonal_naive")


def quantile_level(preference_ratio: float) -> float:
    """The level of the quantile that a preference asks for."""
    for (low, low_level), (high, high_level) in pairwise(QUANTILE_AT):
        if preference_ratio <= high:
            return low_level + (high_level - low_level) * (preference_ratio - low) / (high - low)
    return QUANTILE_AT[-1][1]


def quantile_over(found: Forecast, situation: Situation, lead_seconds: float) -> float | None:
    """The highest value of the wanted quantile from now to `lead_seconds` ahead; None where the forecast has none."""
    offset_seconds = (situation.now - found.start).total_seconds()
    if found.step_seconds <= 0 or not found.quantiles:
        return None
    first = max(0, int(offset_seconds // found.step_seconds))
    last = int((offset_seconds + lead_seconds) // found.step_seconds)
    values = quantile_values(found, quantile_level(situation.preference_ratio))[first : last + 1]
    return max(values) if values else None


def quantile_values(found: Forecast, level: float) -> tuple[float, ...]:
    """One value a step at `level`, linear between the levels that the forecast has, the nearest one outside of them."""
    levels = sorted(found.quantiles)
    below = [known for known in levels if known <= level]
    above = [known for known in levels if known >= level]
    if not below or not above:
        return found.quantiles[above[0] if above else below[-1]]
    low, high = below[-1], above[0]
    if low == high:
        return found.quantiles[low]
    part = (level - low) / (high - low)
    return tuple(a + (b - a) * part for a, b in zip(found.quantiles[low], found.quantiles[high], strict=False))
