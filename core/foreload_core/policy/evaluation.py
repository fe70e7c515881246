"""The policy: its steps in their order, and how they are run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foreload_core.policy import bounds, demand, prior, reaction, settling
from foreload_core.policy.situation import Situation, Step
from foreload_core.types import Reason, Resource


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps in order. Those of `needs` find what is needed; those of `limits` make a limit of it.

    Attributes:
        version: grows when the same tick may be decided otherwise; it is journalled with each decision.
    """

    version: int
    needs: tuple[Step, ...]
    limits: tuple[Step, ...]


DEFAULT_POLICY = Policy(
    version=3,
    needs=(
        demand.live_use,
        demand.runs,
        demand.announced,
        demand.windows,
        demand.density,
        prior.prior,
        demand.forecast,
        reaction.throttling,
        reaction.out_of_memory,
    ),
    limits=(
        settling.stabilise,
        settling.rounding,
        settling.dead_band,
        settling.holds,
        reaction.out_of_memory,
        bounds.minimum,
        bounds.pin,
        bounds.budget,
        bounds.maximum,
        bounds.shared_budget,
        bounds.quota,
        bounds.capacity,
        bounds.floor,
        bounds.live_floor,
        bounds.permission,
    ),
)


STEP_NAMES = (
    *("live_use", "runs", "announced", "windows", "density", "prior", "forecast", "throttled", "oom"),
    *("stabilise", "dead_band", "holds", "minimum", "pin", "budget", "maximum"),
    *("shared_budget", "quota", "capacity", "floor", "live_floor", "permission"),
)
"""`Reason.step` in the order in which the steps run, to tell how a limit came about."""


@dataclass(frozen=True, slots=True)
class Move:
    """What one step did to the value."""

    before: float
    after: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the steps make of one resource.

    Attributes:
        current: the limit before.
        need: what is needed, before anything bounds it.
        limit: the limit after all steps.
        moves: one for each step that had a reason, in order.
        rejected: what was considered and not done.
    """

    current: float
    need: float
    limit: float
    moves: tuple[Move, ...]
    rejected: tuple[Reason, ...]


def decided_resources(situation: Situation) -> tuple[Resource, ...]:
    """The resources whose limit can be changed and is known, in the order of `Resource`."""
    changeable = situation.placement.changeable
    return tuple(each for each in Resource if each in changeable and situation.current(each) is not None)


def evaluate(situation: Situation, policy: Policy) -> Mapping[Resource, Evaluation]:
    """Runs the steps for all resources that can be decided; each step sees what the ones before it made of them all."""
    resources = decided_resources(situation)
    values = dict.fromkeys(resources, 0.0)
    moves: dict[Resource, list[Move]] = {resource: [] for resource in resources}
    rejected: dict[Resource, list[Reason]] = {resource: [] for resource in resources}
    _run(policy.needs, situation, values, moves, rejected)
    needs = dict(values)
    _run(policy.limits, situation, values, moves, rejected)
    return {
        resource: Evaluation(
            current=situation.current(resource) or 0.0,
            need=needs[resource],
            limit=values[resource],
            moves=tuple(moves[resource]),
            rejected=tuple(rejected[resource]),
        )
        for resource in resources
    }


def _run(
    steps: tuple[Step, ...],
    situation: Situation,
    values: dict[Resource, float],
    moves: dict[Resource, list[Move]],
    rejected: dict[Resource, list[Reason]],
) -> None:
    for step in steps:
        before = dict(values)
        for resource, value in before.items():
            outcome = step(situation, resource, value, before)
            values[resource] = outcome.value
            if outcome.reason is not None:
                moves[resource].append(Move(value, outcome.value, outcome.reason))
            if outcome.rejected is not None:
                rejected[resource].append(outcome.rejected)


def ordered_reasons(evaluation: Evaluation) -> tuple[Reason, ...]:
    """The reasons of a change, each once: first the one that it came from, then the others in the order of the steps.

    A rise comes from the step that took the value past the old limit last; a lowering from the bound that did, else
    from what kept the limit up until now. A pin is always the one that it came from.
    """
    moves = evaluation.moves
    first = _deciding(evaluation)
    unique: list[Reason] = [] if first is None else [first]
    for move in moves:
        if all(move.reason.code != known.code for known in unique):
            unique.append(move.reason)
    return tuple(unique)


def _deciding(evaluation: Evaluation) -> Reason | None:
    current, moves = evaluation.current, evaluation.moves
    pinned = [move.reason for move in moves if move.reason.code == "pinned"]
    if pinned:
        return pinned[-1]
    if evaluation.limit > current:
        rising = [move.reason for move in moves if move.after > move.before and move.after > current]
        return rising[-1] if rising else (moves[-1].reason if moves else None)
    falling = [move.reason for move in moves if move.after < move.before and move.after < current <= move.before]
    settled = [move.reason for move in moves if move.reason.step == "stabilise"]
    return (falling or settled or [None])[-1]
