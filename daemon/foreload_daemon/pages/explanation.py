"""One decision explained, as a page in Markdown: how the target came about, what was known, what was not done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from foreload_core.types import Amounts, Resource, TargetChange
from foreload_core.units import cores_text, duration_text, gib_text, memory_text, rate_text
from foreload_core.words import RESOURCE_NAMES, change_text, sentence

from foreload_daemon.pages.moments import moment_text
from foreload_daemon.protocol import Explanation

if TYPE_CHECKING:
    from foreload_proto.v1 import broker_pb2

STEP_NAMES = {
    "live_use": "Use",
    "runs": "Run",
    "announced": "Announced",
    "windows": "Profile window",
    "forecast": "Forecast",
    "throttled": "Shortage",
    "oom": "Memory kill",
    "minimum": "Profile minimum",
    "maximum": "Profile maximum",
    "pinned": "Pin",
    "budget": "Budget",
    "capacity": "Capacity",
    "floor": "Floor",
    "live_floor": "Live use",
    "lowered": "Lowering",
    "settling": "Lowering",
    "dead_band": "Small saving",
    "undone": "Undone",
    "holds": "Undone or refused before",
    "stabilise": "Lowering",
    "pin": "Pin",
    "refused": "Refused before",
    "paused": "Pause",
    "not_allowed": "Permission",
}


def page(answer: broker_pb2.ExplainDecisionResponse, names: Mapping[str, str], now: datetime) -> Explanation:
    """The page.

    Args:
        answer: what the broker says of the decision; parts that it leaves out are left out here.
        names: of windows, by the id they have on the wire.
        now: UTC.
    """
    from foreload_system.codecs import decision_from_proto, reason_from_proto

    decision = decision_from_proto(answer.decision)
    at = moment_text(decision.decided_at, now)
    title = f"Why {_title(decision.changes)} at {at}" if decision.changes else f"Why nothing changed at {at}"
    parts = [_how(change, names) for change in decision.changes]
    parts.append(_outcome(answer))
    alternatives = [sentence(reason_from_proto(reason), names) for reason in answer.alternatives]
    if alternatives:
        parts.append(
            "## What was not done\n\n" + "\n".join(f"- {_escaped(text)}" for text in dict.fromkeys(alternatives))
        )
    parts.append(_known(answer, now))
    parts.append(f"Decision `{decision.decision_id}`, revision {decision.revision}.")
    return Explanation(title, "\n\n".join(part for part in parts if part))


def _title(changes: Sequence[TargetChange]) -> str:
    return ", ".join(change_text(change) for change in changes)


def _how(change: TargetChange, names: Mapping[str, str]) -> str:
    lines = [f"## {_escaped(change_text(change))}", ""]
    for reason in change.reasons:
        step = STEP_NAMES.get(reason.step, reason.step.replace("_", " ").capitalize())
        lines.append(f"1. **{step}**: {_escaped(sentence(reason, names))}")
    lines.append(f"1. **Target**: {amount_text(change.resource, change.to_amount)}.")
    return "\n".join(lines)


def _outcome(answer: broker_pb2.ExplainDecisionResponse) -> str:
    from foreload_system.codecs import result_from_proto

    decision = answer.decision
    lines: list[str] = []
    if decision.undone:
        lines.append("- Undone by you.")
    if decision.dry_run:
        lines.append("- Only written down: the broker decides and changes nothing.")
    for message in decision.results:
        result = result_from_proto(message, decision.environment_id)
        holds = f", {amount_text(result.resource, result.amount)} hold now" if result.amount is not None else ""
        detail = f": {_escaped(result.detail)}" if result.detail else ""
        lines.append(f"- {RESOURCE_NAMES[result.resource]}: {result.actuation.value.replace('_', ' ')}{holds}{detail}")
    if answer.HasField("price_usd_per_hour_before") and answer.HasField("price_usd_per_hour_after"):
        before, after = answer.price_usd_per_hour_before, answer.price_usd_per_hour_after
        lines.append(f"- Cost: ${before:.3f} → ${after:.3f} an hour.")
    return "## What came of it\n\n" + "\n".join(lines) if lines else ""


def _known(answer: broker_pb2.ExplainDecisionResponse, now: datetime) -> str:
    from foreload_system.codecs import amounts_from_proto, sample_from_proto

    lines: list[str] = []
    if answer.HasField("live"):
        live = sample_from_proto(answer.live)
        lines.append(f"| Use | {amounts_text(live.used)}, measured {moment_text(live.start, now)} |")
        lines.append(f"| Limit then | {amounts_text(live.limit)} |")
    for name, field in (("Capacity", "capacity"), ("Your minimum", "minimum"), ("Your maximum", "maximum")):
        text = amounts_text(amounts_from_proto(getattr(answer, field)))
        if answer.HasField(field) and text != "none":
            lines.append(f"| {name} | {text} |")
    lines += [f"| Signal | {_signal_text(signal, now)} |" for signal in answer.signals]
    lines += [f"| Forecast | {_forecast_text(forecast)} |" for forecast in answer.forecasts]
    return "## What was known\n\n| | |\n| :-- | :-- |\n" + "\n".join(lines) if lines else ""


def _signal_text(message: object, now: datetime) -> str:
    from foreload_system.codecs import signal_from_proto

    signal = signal_from_proto(message)  # pyright: ignore[reportArgumentType]
    what = {
        "run_start": "a run started",
        "run_end": "a run ended",
        "save": "a file was saved",
        "announced": "announced by you",
    }
    text = f"{what[signal.kind.value]}, {moment_text(signal.at, now)}"
    if signal.demand is None:
        return text
    need = amounts_text(signal.demand.high)
    return f"{text}; expected to need {need} on top, for about {duration_text(signal.demand.duration_seconds_typical)}"


def _forecast_text(message: object) -> str:
    from foreload_core.types import NoForecast
    from foreload_system.codecs import forecast_from_proto

    forecast = forecast_from_proto(message)  # pyright: ignore[reportArgumentType]
    name = RESOURCE_NAMES[forecast.resource]
    if isinstance(forecast, NoForecast):
        return f"{name}: none"
    highest = max(forecast.quantiles.get(0.9, (0.0,)), default=0.0)
    most = amount_text(forecast.resource, highest)
    if forecast.method.startswith("seasonal_naive"):
        last = "last week" if "week" in forecast.method else "yesterday"
        return f"{name}: up to {most} in 9 of 10 cases, “same as {last}”"
    skill = (
        "" if forecast.skill_ratio is None else f", {forecast.skill_ratio * 100:.0f} % closer than “same as last week”"
    )
    return f"{name}: up to {most} in 9 of 10 cases, {forecast.method.replace('_', ' ')}{skill}"


def amount_text(resource: Resource, amount: float) -> str:
    """An amount with its unit."""
    if resource is Resource.MEMORY:
        return memory_text(amount)
    if resource in (Resource.NETWORK_RX, Resource.NETWORK_TX):
        return rate_text(amount)
    one, many = ("core", "cores") if resource is Resource.CPU else ("GPU", "GPUs")
    text = cores_text(amount)
    return f"{text} {one if text == '1' else many}"


def amounts_text(amounts: Amounts) -> str:
    """All amounts that are given, in words; "none" where there are none."""
    return ", ".join(amount_text(resource, amount) for resource, amount in amounts.items()) or "none"


def short_text(resource: Resource, amount: float) -> str:
    """An amount without its unit, GiB for memory."""
    if resource is Resource.MEMORY:
        return gib_text(amount)
    if resource in (Resource.NETWORK_RX, Resource.NETWORK_TX):
        return rate_text(amount).removesuffix(" MB/s")
    return cores_text(amount)


def _escaped(text: str) -> str:
    """Names come from a file; they are shown as text, never as Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))
