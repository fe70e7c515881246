"""Steps that answer what went wrong: something was throttled, or killed for want of memory."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_core.policy.situation import Outcome, Situation, amount_numbers
from foreload_core.policy.state import Boost
from foreload_core.types import Reason, Resource


def throttling(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """More than there was while the limit held something back."""
    return _boosted(situation, resource, value, "throttled")


def out_of_memory(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """More than there was when the kernel killed something for want of memory."""
    return _boosted(situation, resource, value, "oom")


def _boosted(situation: Situation, resource: Resource, value: float, cause: str) -> Outcome:
    boost = active_boost(situation, resource, cause)
    if boost is None:
        return Outcome(value)
    return Outcome(max(value, boost.amount), Reason(cause, cause, amount_numbers(resource, need=boost.amount)))


def active_boost(situation: Situation, resource: Resource, cause: str) -> Boost | None:
    """The boost of this cause that counts now."""
    for boost in situation.state.boosts:
        if boost.resource is resource and boost.cause == cause and situation.now <= boost.until:
            return boost
    return None
