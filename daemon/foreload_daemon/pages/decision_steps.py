"""How a target came about, step by step: each reason with where the value stood before and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from foreload_core.types import Reason, Resource, TargetChange
from foreload_core.units import GIB, MEGABYTE
from foreload_core.words import sentence

from foreload_daemon.pages.explanation import STEP_NAMES, short_text
from foreload_daemon.protocol import DecisionStep, ExplainedChange

SCALES: Mapping[Resource, float] = {
    Resource.MEMORY: GIB,
    Resource.NETWORK_RX: MEGABYTE,
    Resource.NETWORK_TX: MEGABYTE,
}
UNITS: Mapping[Resource, str] = {
    Resource.CPU: "cores",
    Resource.MEMORY: "GiB",
    Resource.GPU: "GPUs",
    Resource.NETWORK_RX: "MB/s in",
    Resource.NETWORK_TX: "MB/s out",
}
ORDER = (
    *("live_use", "forecast", "runs", "announced", "windows", "throttled", "oom"),
    *("stabilise", "lowered", "settling", "holds", "undone", "refused", "dead_band"),
    *("minimum", "pin", "pinned", "budget", "maximum", "capacity", "floor", "live_floor", "permission"),
)
"""The policy's own order; reasons come with the one that decided first."""
BOUNDS = frozenset("pin pinned budget maximum capacity permission stabilise holds dead_band".split())  # noqa: SIM905
"""Steps that set the value; the others only raise it."""
ICONS: Mapping[str, str] = {
    "live_use": "pulse",
    "forecast": "graph-line",
    "runs": "debug-start",
    "announced": "rocket",
    "windows": "calendar",
    "throttled": "warning",
    "oom": "warning",
    "stabilise": "history",
}
AMOUNT_NAMES = "need expected hold limit minimum pinned room maximum capacity floor highest use".split()  # noqa: SIM905
"""Where a reason's amount stands, the best first."""
PREFERRED: Mapping[str, str] = {
    "maximum": "maximum",
    "capacity": "room",
    "pin": "pinned",
    "budget": "limit",
    "permission": "limit",
    "live_floor": "limit",
    "windows": "expected",
    "forecast": "expected",
}


def scaled(resource: Resource, amount: float) -> float:
    """An amount in the unit of the screen."""
    return amount / SCALES.get(resource, 1.0)


def explained(change: TargetChange, names: Mapping[str, str], ceiling: float | None) -> ExplainedChange:
    """One change as bars.

    Args:
        change: with its reasons.
        names: of windows, by the id they have on the wire.
        ceiling: what could be had at most, in the resource's unit.
    """
    resource = change.resource
    steps: list[DecisionStep] = []
    value = 0.0
    for reason in sorted(change.reasons, key=_place):
        amount = _amount(reason, resource)
        after = value if amount is None else amount if reason.step in BOUNDS else max(value, amount)
        steps.append(_step(reason, resource, names, value, after))
        value = after
    end = change.to_amount
    steps.append(
        DecisionStep(
            "target",
            "Target",
            _target_text(resource, value, end),
            0.0,
            round(scaled(resource, end), 3),
            short_text(resource, end),
        )
    )
    most = max([scaled(resource, ceiling or 0.0), *(step.value for step in steps)])
    unit = UNITS[resource]
    scale = f"{unit}, 0 to {most:.1f}".removesuffix(".0")
    return ExplainedChange(f"How it became {short_text(resource, end)}", scale, round(most, 3), steps)


def _step(reason: Reason, resource: Resource, names: Mapping[str, str], before: float, after: float) -> DecisionStep:
    changed = abs(after - before) > 1e-9
    text = short_text(resource, after)
    return DecisionStep(
        ICONS.get(reason.step, "lock" if reason.step in BOUNDS else "shield"),
        STEP_NAMES.get(reason.step, reason.step.replace("_", " ").capitalize()),
        sentence(reason, names),
        round(scaled(resource, before), 3),
        round(scaled(resource, after), 3),
        text if changed else f"{text}, no change",
    )


def _place(reason: Reason) -> int:
    return ORDER.index(reason.step) if reason.step in ORDER else len(ORDER)


def _amount(reason: Reason, resource: Resource) -> float | None:
    preferred = PREFERRED.get(reason.step)
    names = ["hold", "limit"] if reason.step == "holds" else [*([preferred] if preferred else []), *AMOUNT_NAMES]
    for name in names:
        amount = reason.numbers.get(f"{name}_{resource.field}")
        if amount is not None:
            return amount
    return None


def _target_text(resource: Resource, value: float, end: float) -> str:
    if abs(value - end) < 1e-9:
        return "as it came out"
    verb = "rounded up from" if end > value else "down from"
    return f"{verb} {short_text(resource, value)}"


def reasons_alike(one: Sequence[TargetChange], other: Sequence[TargetChange]) -> bool:
    """Whether two decisions changed the same resource for the same first reason, in the same direction."""
    if not one or not other:
        return False
    first, second = one[0], other[0]
    codes = [change.reasons[0].code if change.reasons else "" for change in (first, second)]
    ups = [change.from_amount is None or change.to_amount > change.from_amount for change in (first, second)]
    return first.resource is second.resource and codes[0] == codes[1] and ups[0] == ups[1]
