"""Steps that bound the limit, the stronger the later: from the profile's minimum to the use that is measured."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_core.policy.cost import allowed_usd_per_hour, amount_usd_per_hour, amounts_usd_per_hour
from foreload_core.policy.settling import round_down, round_up
from foreload_core.policy.situation import Outcome, Situation, amount_numbers
from foreload_core.types import Reason, Resource


def minimum(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """The profile's minimum."""
    least = situation.state.profile.minimum.get(resource)
    if least is None or value >= least:
        return Outcome(value)
    return Outcome(least, Reason("minimum", "minimum", amount_numbers(resource, minimum=least)))


def pin(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """Exactly what the developer pinned."""
    pinned = situation.state.pinned.get(resource)
    if pinned is None:
        return Outcome(value)
    return Outcome(pinned, Reason("pin", "pinned", amount_numbers(resource, pinned=pinned, need=value)))


def budget(situation: Situation, resource: Resource, value: float, values: Mapping[Resource, float]) -> Outcome:
    """No more than the budget of the month still pays for: what goes past the floor shrinks alike for all resources."""
    budget_usd = situation.state.profile.budget_usd_per_month
    if budget_usd is None:
        return Outcome(value)
    allowed = allowed_usd_per_hour(situation, budget_usd)
    return _paid_for(situation, resource, value, values, ("budget", "budget", budget_usd, allowed))


def shared_budget(situation: Situation, resource: Resource, value: float, values: Mapping[Resource, float]) -> Outcome:
    """No more than the budget of the owner or organisation leaves to this environment; who matters more comes first."""
    outcome = Outcome(value)
    for share in situation.shares:
        if share.budget_usd_per_month is None or share.room_usd_per_hour is None:
            continue
        cap = ("shared_budget", f"budget_{share.scope}", share.budget_usd_per_month, share.room_usd_per_hour)
        bounded = _paid_for(situation, resource, value, values, cap)
        outcome = bounded if bounded.value < outcome.value else outcome
    return outcome


def _paid_for(
    situation: Situation,
    resource: Resource,
    value: float,
    values: Mapping[Resource, float],
    cap: tuple[str, str, float, float],
) -> Outcome:
    """The value as far as `cap` (step, code, USD a month, USD per hour that it leaves now) pays for it."""
    step, code, budget_usd, allowed = cap
    floor_usd = amounts_usd_per_hour(situation.placement.floor, situation.prices)
    total_usd = sum(amount_usd_per_hour(each, amount, situation.prices) for each, amount in values.items())
    floor = situation.placement.floor.get(resource) or 0.0
    if total_usd <= allowed or total_usd <= floor_usd or value <= floor:
        return Outcome(value)
    part = max(0.0, (allowed - floor_usd) / (total_usd - floor_usd))
    bounded = max(floor, round_down(situation, resource, floor + (value - floor) * part))
    if bounded >= value:
        return Outcome(value)
    numbers = amount_numbers(resource, need=value, limit=bounded)
    numbers["budget_usd_per_month"] = budget_usd
    return Outcome(bounded, Reason(step, code, numbers))


def maximum(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """The profile's maximum."""
    most = situation.state.profile.maximum.get(resource)
    if most is None or value <= most:
        return Outcome(value)
    return Outcome(most, Reason("maximum", "maximum", amount_numbers(resource, maximum=most, need=value)))


def capacity(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """No more than the instance has, the others there do not hold, and is not kept free for those who come first.

    Where that is less than it holds, this goes down to its fair part, and never up.
    """
    room, whole = situation.room.get(resource), situation.capacity.get(resource)
    if room is None or whole is None:
        return Outcome(value)
    most = _most(situation.current(resource), room, situation.entitled.get(resource))
    if value <= most:
        return Outcome(value)
    code = "capacity" if most >= whole else "capacity_shared"
    return Outcome(most, Reason("capacity", code, amount_numbers(resource, capacity=whole, room=most, need=value)))


def quota(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """No more than the quotas of the owner and of the organisation leave, by the same rule as the instance."""
    outcome = Outcome(value)
    for share in situation.shares:
        room, whole = share.room.get(resource), share.whole.get(resource)
        if share.scope == "instance" or room is None or whole is None:
            continue
        most = _most(situation.current(resource), room, share.entitled.get(resource))
        if most < outcome.value:
            numbers = amount_numbers(resource, capacity=whole, room=most, need=value)
            outcome = Outcome(most, Reason("quota", f"quota_{share.scope}", numbers))
    return outcome


def _most(current: float | None, room: float, entitled: float | None) -> float:
    most = max(0.0, room)
    return max(most, min(current, entitled or 0.0)) if current is not None and most < current else most


def floor(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What keeps the editor responsive; an instance that is too small for it gives what it has."""
    least, whole = situation.placement.floor.get(resource), situation.capacity.get(resource)
    if least is None:
        return Outcome(value)
    least = least if whole is None else min(least, whole)
    if value >= least:
        return Outcome(value)
    return Outcome(least, Reason("floor", "floor", amount_numbers(resource, floor=least)))


def live_floor(situation: Situation, resource: Resource, value: float, values: Mapping[Resource, float]) -> Outcome:
    """Never down to below what is used now; memory also keeps its margin, and stays where nobody knows its use.

    Only a budget that is shared and spent slows CPU that is in use: nobody's money pays for it, and nothing is lost.
    """
    current = situation.current(resource)
    if current is None or value >= current:
        return Outcome(value)
    used = situation.use(resource)
    if used is None:
        if resource is not Resource.MEMORY:
            return Outcome(value)
        return Outcome(current, Reason("live_floor", "no_fresh_sample", amount_numbers(resource, limit=current)))
    least = used + situation.memory_margin_bytes(used) if resource is Resource.MEMORY else used
    if value >= least:
        return Outcome(value)
    if resource is Resource.CPU and shared_budget(situation, resource, current, {**values, resource: current}).reason:
        return Outcome(value)
    bounded = min(current, round_up(situation, resource, least))
    return Outcome(bounded, Reason("live_floor", "live_floor", amount_numbers(resource, use=used, limit=bounded)))


def permission(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """Without permission, and during a pause, nothing changes but what the developer pinned."""
    current = situation.current(resource)
    paused_until = situation.state.paused_until
    paused = paused_until is not None and situation.now < paused_until
    if (situation.allowed and not paused) or situation.state.pinned.get(resource) is not None:
        return Outcome(value)
    code = "paused" if situation.allowed else "not_allowed"
    reason = Reason("permission", code, amount_numbers(resource, need=value, limit=current))
    return Outcome(value if current is None else current, reason)
