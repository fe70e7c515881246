"""What environments like this one need, as long as its own past is short."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_core.policy.situation import Outcome, Situation, amount_numbers
from foreload_core.types import COHORT_FLOOR, PRIOR_LEVELS, Reason, Resource, WindowKind

FADES_SECONDS = 43_200.0
"""Half a day of its own past says more of an environment than all the others do."""
CHEAP_LEVEL, FAST_LEVEL = 0.5, 0.99
"""The level of the others' need that is made room for at first, at the cheapest and at the fastest preference."""
RESOURCES = (Resource.CPU, Resource.MEMORY)


def prior(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What the others need at this hour; as own past grows, less and less of what goes beyond the value itself."""
    state, known = situation.state, situation.state.prior
    if known is None or resource not in RESOURCES or known.environment_count < COHORT_FLOOR:
        return Outcome(value)
    age_seconds = 0.0
    if state.first_seen_at is not None:
        age_seconds = max(0.0, (situation.now - state.first_seen_at).total_seconds())
    hour = situation.now.hour
    if age_seconds >= FADES_SECONDS or hour >= len(known.hours):
        return Outcome(value)
    amounts = [amounts.get(resource) for amounts in known.hours[hour]]
    given = [amount for amount in amounts if amount is not None]
    if len(given) != len(PRIOR_LEVELS):
        return Outcome(value)
    level = CHEAP_LEVEL + (FAST_LEVEL - CHEAP_LEVEL) * (0.5 + situation.preference_ratio / 2)
    expected = _at_level(given, level)
    need = value + max(0.0, expected - value) * (1.0 - age_seconds / FADES_SECONDS)
    numbers = amount_numbers(resource, expected=expected, need=need) | {"level_ratio": round(level, 2)}
    numbers["environment_count"] = float(known.environment_count)
    if need <= value:
        return Outcome(value)
    reason = Reason("prior", "prior", numbers)
    if any(window.kind is WindowKind.IDLE for window in situation.open_windows()):
        return Outcome(value, rejected=reason)
    return Outcome(need, reason)


def _at_level(amounts: list[float], level: float) -> float:
    """Linear between the levels that are known."""
    for place in range(1, len(PRIOR_LEVELS)):
        low, high = PRIOR_LEVELS[place - 1], PRIOR_LEVELS[place]
        if level <= high:
            part = max(0.0, (level - low) / (high - low))
            return amounts[place - 1] + (amounts[place] - amounts[place - 1]) * part
    return amounts[-1]
