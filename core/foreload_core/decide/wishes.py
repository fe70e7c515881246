"""What people ask for, and what platforms answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from foreload_core.policy.situation import occurrence_reference
from foreload_core.policy.state import EnvironmentState, Hold, HoldKind
from foreload_core.types import Actuation, ActuationResult, Wish

UNDO_HOLD_SECONDS = 3600.0
KEPT_DECLINED = 32
REFUSED_FIRST_SECONDS = 60.0
REFUSED_LONGEST_SECONDS = 3600.0


def take_wish(state: EnvironmentState, wish: Wish, now: datetime) -> EnvironmentState:
    """Remembers what a person wants. The same wish twice is one wish."""
    if wish.pinned is not None:
        state = replace(state, pinned=wish.pinned)
    if wish.paused_until is not None:
        state = replace(state, paused_until=wish.paused_until if wish.paused_until > now else None)
    if wish.undo_decision_id:
        state = _undo(state, wish.environment_id, wish.undo_decision_id, now)
    if wish.decline_reference:
        state = _decline(state, wish.environment_id, wish.decline_reference, now)
    return state


def _undo(state: EnvironmentState, environment_id: str, decision_id: str, now: datetime) -> EnvironmentState:
    """Holds each limit of the decision where it was for an hour; a pin of it comes off, since the last word counts."""
    changes = [change for change in state.past if f"{environment_id}-{change.revision}" == decision_id]
    if not changes or decision_id in state.undone_ids:
        return state
    until = now + timedelta(seconds=UNDO_HOLD_SECONDS)
    held: list[Hold] = []
    for change in changes:
        if change.from_amount is None:
            continue
        kind = HoldKind.AT_MOST if change.to_amount > change.from_amount else HoldKind.AT_LEAST
        held.append(Hold(change.resource, kind, change.from_amount, until, "undone", decision_id))
    resources = {hold.resource for hold in held}
    others = tuple(hold for hold in state.holds if hold.cause != "undone" or hold.resource not in resources)
    pinned = state.pinned
    for resource in resources:
        pinned = pinned.with_amount(resource, None)
    undone = (*state.undone_ids, decision_id)[-KEPT_DECLINED:]
    return replace(state, holds=(*others, *held), pinned=pinned, undone_ids=undone)


def _decline(state: EnvironmentState, environment_id: str, reference: str, now: datetime) -> EnvironmentState:
    if any(f"{environment_id}-{change.revision}" == reference for change in state.past):
        return _undo(state, environment_id, reference, now)
    occurrences = [window for window in state.profile.windows if window.window_id == reference and window.end > now]
    name = occurrence_reference(occurrences[0]) if occurrences else reference
    if name in state.declined:
        return state
    runs = tuple(run for run in state.runs if reference not in (run.run_id, run.signal_id))
    return replace(state, runs=runs, declined=(*state.declined, name)[-KEPT_DECLINED:])


def take_actuation(state: EnvironmentState, result: ActuationResult, now: datetime) -> EnvironmentState:
    """Remembers a refusal, so that the same is asked again later and later, and not on every tick."""
    if result.actuation not in (Actuation.REFUSED, Actuation.ROLLED_BACK) or result.amount is None:
        return state
    wanted = state.target.get(result.resource)
    if wanted is None or wanted == result.amount:
        return state
    kind = HoldKind.AT_LEAST if wanted < result.amount else HoldKind.AT_MOST
    before = [
        hold for hold in state.holds if (hold.resource, hold.kind, hold.cause) == (result.resource, kind, "refused")
    ]
    if any(hold.reference == result.instruction_id for hold in before):
        return state
    attempts = 1 + max((hold.attempt_count for hold in before), default=0)
    seconds = min(REFUSED_LONGEST_SECONDS, REFUSED_FIRST_SECONDS * 2.0 ** min(attempts - 1, 10))
    hold = Hold(
        result.resource,
        kind,
        result.amount,
        now + timedelta(seconds=seconds),
        "refused",
        result.instruction_id,
        attempts,
    )
    return replace(state, holds=(*(known for known in state.holds if known not in before), hold))
