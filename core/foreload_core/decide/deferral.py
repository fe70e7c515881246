"""What does not fit is put off with a reason and a time, and kept in mind until it fits or is no longer needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from foreload_core.policy import EnvironmentState, Evaluation, Situation
from foreload_core.types import NO_AMOUNTS, Deferral, Resource

RETRY_SECONDS = 10.0
"""What is lacking is kept free for this long, and then looked at again."""
SHARED_STEPS = frozenset({"capacity", "quota", "shared_budget"})
TOLERANCE_RATIO = 1e-9


def deferrals(situation: Situation, evaluations: Mapping[Resource, Evaluation]) -> tuple[Deferral, ...]:
    """What the environment needs and does not get, because of those with whom it shares something."""
    retry_at = situation.now + timedelta(seconds=RETRY_SECONDS)
    found: list[Deferral] = []
    for resource, evaluation in evaluations.items():
        bounded = [move for move in evaluation.moves if move.reason.step in SHARED_STEPS and move.after < move.before]
        held_back = any(move.reason.step == "permission" for move in evaluation.moves)
        if not bounded or held_back:
            continue
        needed = max(move.before for move in bounded)
        if needed - evaluation.limit > TOLERANCE_RATIO * needed:
            reason = bounded[-1].reason
            found.append(
                Deferral(situation.environment_id, resource, needed, evaluation.limit, reason, retry_at),
            )
    return tuple(found)


def wanting(state: EnvironmentState, situation: Situation, missing: tuple[Deferral, ...]) -> EnvironmentState:
    """The state with what is missing in mind, no more than could ever be had."""
    if not missing:
        return state if state.wanted_until is None else replace(state, wanted=NO_AMOUNTS, wanted_until=None)
    wanted = NO_AMOUNTS
    for entry in missing:
        wholes = (situation.capacity, *(share.whole for share in situation.shares))
        most = [amount for amount in (whole.get(entry.resource) for whole in wholes) if amount is not None]
        wanted = wanted.with_amount(entry.resource, min([entry.needed_amount, *most]))
    return replace(state, wanted=wanted, wanted_until=missing[0].retry_at)
