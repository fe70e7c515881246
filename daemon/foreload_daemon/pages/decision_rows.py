"""Decisions as rows of the log: what, why, and whether it was right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.types import (
    NO_AMOUNTS,
    Actuation,
    ActuationResult,
    Amounts,
    EnvironmentDecision,
    PlannedChange,
    Resource,
    TargetChange,
)
from foreload_core.units import cores_text, gib_text
from foreload_core.words import change_text, sentence

from foreload_daemon.history.samples import Row
from foreload_daemon.protocol import DecisionRow, LaneMark

SETTLED_AFTER = timedelta(minutes=2)
"""Before this nobody can say whether a change was right."""
HIT_RATIO = 0.97
"""Use this near to a limit counts as held back by it."""
SHORT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision with what came of it."""

    decision: EnvironmentDecision
    results: tuple[ActuationResult, ...]
    undone: bool
    dry_run: bool


Past = Callable[[float, float], Sequence[Row]]
"""Measured buckets between two times, seconds since 1970."""


def rows(
    decided: Sequence[Decided],
    past: Past,
    now: datetime,
    names: Mapping[str, str],
    can_act: bool,
    pinned: Amounts = NO_AMOUNTS,
) -> list[DecisionRow]:
    """Rows of the log, newest first.

    Args:
        decided: newest first.
        past: measured use.
        now: UTC.
        names: of windows, by the id they have on the wire.
        can_act: whether the broker can be asked now.
        pinned: the limits that are pinned.
    """
    found: list[DecisionRow] = []
    ends: dict[Resource, datetime] = {}
    for item in decided:
        outcome, text = _outcome(item, past, now, ends)
        found.append(
            DecisionRow(
                decisionId=item.decision.decision_id,
                at=item.decision.decided_at.timestamp(),
                what=what_text(item.decision.changes),
                why=why_text(item.decision.changes, names),
                outcome=outcome,
                outcomeText=text,
                actions=_actions(outcome, can_act, _is_pinned(item.decision.changes, pinned)),
            )
        )
        for change in item.decision.changes:
            ends[change.resource] = item.decision.decided_at
    return found


def planned_rows(
    planned: Sequence[PlannedChange],
    current: Callable[[Resource], float | None],
    names: Mapping[str, str],
    can_act: bool,
) -> list[DecisionRow]:
    """Rows of the changes that are expected, soonest last, so that they stand above the log in its order."""
    found: list[DecisionRow] = []
    amounts: dict[Resource, float | None] = {}
    for change in planned:
        before = amounts.get(change.resource, current(change.resource))
        amounts[change.resource] = change.to_amount
        found.append(
            DecisionRow(
                decisionId=change.reason.reference,
                at=change.at.timestamp(),
                what=change_text(TargetChange(change.resource, before, change.to_amount, (change.reason,))),
                why=sentence(change.reason, names),
                outcome="planned",
                outcomeText="planned" if can_act else "cannot be done now",
                actions=["decline"]
                if can_act and change.reason.reference and _goes_up(before, change.to_amount)
                else [],
            )
        )
    return found[::-1]


def marks(
    decided: Sequence[Decided],
    planned: Sequence[PlannedChange],
    current: Callable[[Resource], float | None],
    start: float,
) -> list[LaneMark]:
    """Changes on the time axis, oldest first: done ones from `start` on, then those that are expected."""
    found: list[LaneMark] = []
    for item in reversed(decided):
        at = item.decision.decided_at.timestamp()
        if at >= start and item.decision.changes and not item.dry_run:
            up = _goes_up(item.decision.changes[0].from_amount, item.decision.changes[0].to_amount)
            text = what_text(item.decision.changes)
            found.append(LaneMark(at, "up" if up else "down", True, f"{text}, done", item.decision.decision_id))
    amounts: dict[Resource, float | None] = {}
    for change in planned:
        before = amounts.get(change.resource, current(change.resource))
        amounts[change.resource] = change.to_amount
        text = change_text(TargetChange(change.resource, before, change.to_amount, ()))
        direction = "up" if _goes_up(before, change.to_amount) else "down"
        found.append(
            LaneMark(change.at.timestamp(), direction, False, f"{text}, planned", change.reason.reference or None)
        )
    return found


def what_text(changes: Sequence[TargetChange]) -> str:
    """All changes of a decision: "CPU 2 → 4 cores, memory 4 → 6 GiB"."""
    texts = [change_text(change) for change in changes]
    return ", ".join(
        [*texts[:1], *(text[0].lower() + text[1:] if text.startswith("Memory") else text for text in texts[1:])]
    )


def why_text(changes: Sequence[TargetChange], names: Mapping[str, str]) -> str:
    """The first reason of each change, each said once."""
    said = [sentence(change.reasons[0], names) for change in changes if change.reasons]
    return " ".join(dict.fromkeys(said))


def _outcome(item: Decided, past: Past, now: datetime, ends: Mapping[Resource, datetime]) -> tuple[str, str]:
    if item.undone:
        return "undone", "undone by you"
    if item.dry_run:
        return "shadow", "only written down"
    for result in item.results:
        if result.actuation is Actuation.REFUSED:
            return "refused", f"refused: {result.detail}" if result.detail else "refused"
        if result.actuation in (Actuation.FAILED, Actuation.ROLLED_BACK):
            return "failed", f"failed: {result.detail}" if result.detail else "failed"
    if any(result.actuation is Actuation.DEFERRED for result in item.results):
        return "heldBack", "held back"
    change = _main_change(item.decision.changes)
    if change is None:
        return "applied", "done"
    end = ends.get(change.resource, now)
    if end - item.decision.decided_at < SETTLED_AFTER and end == now:
        return "applied", "done" if item.results else "on its way"
    return _judged(change, past(item.decision.decided_at.timestamp(), end.timestamp()))


def _judged(change: TargetChange, measured: Sequence[Row]) -> tuple[str, str]:
    values = [amount for row in measured if (amount := row.highest.get(change.resource)) is not None]
    if not values:
        return "applied", "done"
    peak = max(values)
    text = _amount(change.resource, peak)
    short = sum(row.throttled_seconds for row in measured) if change.resource is Resource.CPU else 0.0
    kills = sum(row.oom_kills for row in measured) if change.resource is Resource.MEMORY else 0
    if kills or (short > SHORT_SECONDS and peak >= change.to_amount * HIT_RATIO):
        missing = f"{short / 60:.0f} min short" if short >= 90 else f"{short:.0f} s short"
        return "tooLittle", f"too little, {'memory ran out' if kills else missing}"
    if (
        _goes_up(change.from_amount, change.to_amount)
        and change.from_amount is not None
        and peak < change.from_amount * HIT_RATIO
    ):
        return "notNeeded", f"not needed, peak {text}"
    return "right", f"right, peak {text}"


def _main_change(changes: Sequence[TargetChange]) -> TargetChange | None:
    return next((change for change in changes if change.resource is Resource.CPU), changes[0] if changes else None)


def _amount(resource: Resource, amount: float) -> str:
    return f"{gib_text(amount)} GiB" if resource is Resource.MEMORY else cores_text(amount)


def _is_pinned(changes: Sequence[TargetChange], pinned: Amounts) -> bool:
    return any(pinned.get(change.resource) == change.to_amount for change in changes)


def _actions(outcome: str, can_act: bool, is_pinned: bool) -> list[str]:
    if not can_act or outcome in ("undone", "shadow", "refused", "failed"):
        return ["why"]
    return ["why", "undo", "unpin" if is_pinned else "pin"]


def _goes_up(before: float | None, after: float) -> bool:
    return before is not None and after > before
