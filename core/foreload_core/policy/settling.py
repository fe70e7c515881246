"""Steps that keep a limit calm: down slowly and only when worth it, in round amounts, not against what was undone."""

from __future__ import annotations

import math
from collections.abc import Mapping

from foreload_core.policy.situation import (
    MOST_MISSES,
    Outcome,
    Situation,
    amount_numbers,
    lower_after_seconds,
    miss_count,
)
from foreload_core.policy.state import HoldKind
from foreload_core.types import Reason, Resource

NETWORK_STEP_BYTES_PER_SECOND = 100_000.0
TOLERANCE_RATIO = 1e-9
"""An amount that misses a step by less than this is on it; it is arithmetic, not need."""
EXPLAINS_SECONDS = 180.0
EXPLAINS_INTERVALS = 2.0
"""What ended is named as the cause of a lowering so long, or so many samples, after the limit could have gone down."""


def stabilise(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """Down only to the highest need of the last while, and not at all without a fresh measurement."""
    current = situation.current(resource)
    if current is None or value >= current:
        return Outcome(value)
    if situation.sample(resource) is None:
        return Outcome(current, Reason("stabilise", "no_fresh_sample", amount_numbers(resource, limit=current)))
    highest = max((need.amount for need in situation.state.needs if need.resource is resource), default=0.0)
    after_seconds = lower_after_seconds(situation.settings, resource)
    held = max(value, min(current, highest))
    numbers = amount_numbers(resource, highest=held, need=value) | {"after_seconds": after_seconds}
    ended = _what_ended(situation, after_seconds)
    code, reference = ("lowered", "") if ended is None else ended
    windows = situation.state.profile.windows
    misses = max((miss_count(situation.state, each) for each in windows if each.window_id == reference), default=0)
    if code == "lowered_after_window" and misses >= MOST_MISSES:
        code, numbers = "lowered_after_missed_window", numbers | {"miss_count": float(misses)}
    return Outcome(held, Reason("stabilise", code, numbers, reference))


def _what_ended(situation: Situation, after_seconds: float) -> tuple[str, str] | None:
    state = situation.state
    interval_seconds = state.samples[-1].interval_seconds if state.samples else 0.0
    explains_seconds = after_seconds + max(EXPLAINS_SECONDS, EXPLAINS_INTERVALS * interval_seconds)
    found: tuple[str, str] | None = None
    newest_seconds = explains_seconds
    if state.ended is not None and state.ended_at is not None:
        age_seconds = (situation.now - state.ended_at).total_seconds()
        if age_seconds <= newest_seconds:
            found, newest_seconds = ("lowered_after_run", state.ended.reference), age_seconds
    for window in state.profile.windows:
        age_seconds = (situation.now - window.end).total_seconds()
        if 0 <= age_seconds <= newest_seconds:
            found, newest_seconds = ("lowered_after_window", window.window_id), age_seconds
    return found


def rounding(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """Up to the next step, so that a limit does not move with every breath. One that is between two steps may stay."""
    rounded, current = round_up(situation, resource, value), situation.current(resource)
    return Outcome(current if current is not None and value <= current < rounded else rounded)


def round_up(situation: Situation, resource: Resource, amount: float) -> float:
    """The amount, up to the next step of its resource."""
    step = step_of(situation, resource)
    steps = amount / step
    return round(math.ceil(steps - abs(steps) * TOLERANCE_RATIO) * step, 6)


def round_down(situation: Situation, resource: Resource, amount: float) -> float:
    """The amount, down to the next step of its resource."""
    step = step_of(situation, resource)
    steps = amount / step
    return round(math.floor(steps + abs(steps) * TOLERANCE_RATIO) * step, 6)


def step_of(situation: Situation, resource: Resource) -> float:
    """The step of a resource's limit, in its own unit."""
    if resource is Resource.CPU:
        return situation.settings.cpu_step_cores
    if resource is Resource.MEMORY:
        return float(situation.settings.memory_step_bytes)
    return 1.0 if resource is Resource.GPU else NETWORK_STEP_BYTES_PER_SECOND


def dead_band(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """A small lowering is not worth a resize."""
    current = situation.current(resource)
    if current is None or not 0 < current - value < situation.settings.dead_band_ratio * current:
        return Outcome(value)
    numbers = amount_numbers(resource, need=value, limit=current)
    return Outcome(current, rejected=Reason("dead_band", "dead_band", numbers))


def holds(situation: Situation, resource: Resource, value: float, _values: Mapping[Resource, float]) -> Outcome:
    """What a person undid, or a platform refused, is not done again for a while."""
    outcome = Outcome(value)
    for hold in situation.state.holds:
        if hold.resource is not resource or situation.now >= hold.until:
            continue
        bounded = min(outcome.value, hold.amount) if hold.kind is HoldKind.AT_MOST else max(outcome.value, hold.amount)
        if bounded != outcome.value:
            numbers = amount_numbers(resource, hold=hold.amount, need=outcome.value)
            numbers["until_seconds"] = (hold.until - situation.now).total_seconds()
            outcome = Outcome(bounded, Reason("holds", hold.cause, numbers, hold.reference))
    return outcome
