"""The dashboard's words: status, the one sentence, the strip, how good the forecast is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from foreload_core.types import Forecast, PlannedChange, Resource
from foreload_core.units import cores_text, duration_text, gib_text
from foreload_core.words import sentence as reason_sentence

from foreload_daemon.broker.state import Connection
from foreload_daemon.pages.explanation import amount_text, short_text
from foreload_daemon.pages.moments import clock_text, moment_text, rounded_up
from foreload_daemon.pages.situation import LARGEST_SKEW_SECONDS, Killed, Situation
from foreload_daemon.pages.skill_days import DayLoss, better_text
from foreload_daemon.protocol import Strip

KILLED_SHOWN = timedelta(hours=1)
NO_FORECAST_ALLOWED = "no forecast: not allowed yet"


def status(situation: Situation) -> tuple[str, str]:
    """The top bar's status, and its kind."""
    now = situation.now
    if situation.measured_at is None:
        return "Starting", "learning"
    if situation.is_old:
        age = duration_text((now - situation.measured_at).total_seconds())
        return f"Data {age} old", "warning"
    state = situation.state
    if state == "paused" and situation.paused_until is not None:
        return f"Paused until {moment_text(situation.paused_until, now)}", "paused"
    if state == "warning":
        return "Memory will be full", "warning"
    if not situation.allowed.automatic_scaling and state != "noPermission":
        return "Watching, not scaling", "learning"
    texts = {
        "noPermission": ("Permission missing", "noPermission"),
        "noBroker": ("No broker", "noBroker"),
        "shadow": ("Only writing down", "shadow"),
        "learning": ("Watching, not scaling yet", "learning"),
    }
    if state in texts and not (state == "learning" and situation.link.connection is Connection.CONNECTED):
        return texts[state]
    if not situation.has_broker:
        return "Watching: no broker is named", "learning"
    if situation.link.connection is Connection.CONNECTING:
        return "Connecting to the broker", "learning"
    if not situation.standing.agent_connected:
        return "Nobody can change limits now", "warning"
    return ("Following use", "calm") if _follows_use(situation) else ("Scaling automatically", "good")


def sentence(situation: Situation) -> str:
    """The page's one sentence."""
    start = _now_text(situation)
    state = situation.state
    now = situation.now
    if situation.measured_at is None:
        return "Measuring begins."
    if state == "noPermission":
        return f"{start} Nothing is analysed, shared or changed until you say so."
    if state == "paused" and situation.paused_until is not None:
        limits = _limits_text(situation)
        return f"{start} Paused by you until {moment_text(situation.paused_until, now)}: limits stay at {limits}."
    if situation.runs:
        return f"{start} {_run_text(situation)}"
    if state == "noBroker":
        peak = situation.peak(Resource.CPU)
        limit = situation.limit.cpu_cores
        if peak is not None and limit is not None and peak[0] > limit:
            expected = f"Up to {cores_text(peak[0])} are expected at {clock_text(peak[1])}"
            return f"{start} {expected}, and without the broker the limit stays {cores_text(limit)}."
        return f"{start} Without the broker limits stay as they are."
    change = next(iter(situation.planned), None)
    if change is not None:
        return f"{start} {_change_text(situation, change)}"
    if situation.is_learning:
        watched = duration_text(situation.outlook.measured_seconds)
        first = clock_text(rounded_up(situation.first_forecast_at))
        return f"{start} Watching for {watched}: the first forecast comes at about {first}."
    peak = situation.peak(Resource.CPU)
    if peak is not None and peak[0] > (situation.used.cpu_cores or 0.0) * 1.1:
        return f"{start} In 9 of 10 cases use stays below {_cores(peak[0])}; the peak is at {clock_text(peak[1])}."
    return f"{start} Nothing is expected to change in the next hours."


def strip(situation: Situation) -> Strip | None:
    """What is so, and what to do; None where all is well."""
    state = situation.state
    link = situation.link
    if state == "noPermission":
        return Strip(
            "info",
            "lock",
            "Foreload needs your permission for each of four things.",
            "Use and limits below are read on this machine and stay here. Forecasts and changes begin with your "
            "permission, and end when you take it back.",
            [("permission", "Choose what to allow"), ("openLedger", "Show what left")],
        )
    if situation.is_old and situation.measured_at is not None:
        return Strip(
            "warn",
            "warning",
            f"The last measurement is of {moment_text(situation.measured_at, situation.now)}.",
            "What is shown ends there. Limits stay as they are.",
            [("runDoctor", "Run the doctor"), ("showLog", "Show the log")],
        )
    if state == "warning" and situation.warning is not None:
        from foreload_daemon.pages.gauge import note

        return Strip(
            "warn",
            "warning",
            note(situation, state),
            "Nothing can raise the limit without you.",
            [("raiseMemory", "Raise it"), ("showHolders", "Show what uses it")],
        )
    if situation.killed is not None and situation.now - situation.killed.at <= KILLED_SHOWN:
        return _killed(situation, situation.killed)
    if state == "noBroker":
        return _no_broker(situation)
    if abs(link.skew_seconds) > LARGEST_SKEW_SECONDS:
        ahead = "behind" if link.skew_seconds > 0 else "ahead of"
        return Strip(
            "warn",
            "watch",
            f"This machine's clock is {duration_text(abs(link.skew_seconds))} {ahead} the broker's.",
            "Times of changes may be wrong. Set the clock.",
            [("runDoctor", "Run the doctor")],
        )
    if state == "paused" and situation.paused_until is not None:
        return Strip(
            "info",
            "debug-pause",
            f"Scaling is paused until {moment_text(situation.paused_until, situation.now)}.",
            "Limits stay as they are, whatever is needed.",
            [("resume", "Resume now"), ("pauseUntilTomorrow", "Pause until tomorrow")],
        )
    if situation.is_learning:
        return Strip(
            "info",
            "history",
            "No history of this environment yet.",
            "A forecast needs about 2 h of use, a weekly pattern 2 weeks. Until then your profile and your runs count.",
            [("newProfile", "Write what you expect")],
        )
    return None


def skill_text(situation: Situation, losses: Sequence[DayLoss] = ()) -> str:
    """How good the forecast is, and whether it is acted on; `losses` are those of its days."""
    if not situation.allowed.analysis and not situation.allowed.automatic_scaling:
        return "No forecast is made without permission for analysis or automatic scaling."
    forecast = situation.outlook.of(Resource.CPU)
    tried = situation.outlook.tried
    if not isinstance(forecast, Forecast) or forecast.skill_ratio is None:
        return "Not known yet. Foreload compares itself with “same as last week” and acts only while it is closer."
    if forecast.skill_ratio > 0:
        percent = f"{forecast.skill_ratio * 100:.0f} %"
        text = f"Good enough to act on. In the last 14 days it was {percent} closer than “same as last week”."
        return f"{text} {better_text(losses)}".rstrip()
    if tried is not None and tried <= 0:
        return "Not better than “same as last week” now, so it is not acted on. “Same as last week” is."
    last = "last week" if "week" in forecast.method else "yesterday"
    return f"“Same as {last}” is expected and acted on; nothing was closer so far."


def no_forecast(situation: Situation) -> str | None:
    """Why no forecast may be shown; None where one may."""
    allowed = situation.allowed.analysis or situation.allowed.automatic_scaling
    return None if situation.given and allowed else NO_FORECAST_ALLOWED


def _killed(situation: Situation, killed: Killed) -> Strip:
    actions = [("showHolders", "Show what uses it")]
    text = "Nothing more can be had here: the limit is at your capacity."
    if killed.raise_to_bytes is not None:
        text = "The limit stays as it is until you or the broker raise it."
        if situation.allowed.automatic_scaling and situation.link.connection is Connection.CONNECTED:
            actions.insert(0, ("raiseMemory", f"Raise to {gib_text(killed.raise_to_bytes)} GiB"))
    return Strip("warn", "warning", killed.text, text, actions)


def _no_broker(situation: Situation) -> Strip:
    link = situation.link
    since = moment_text(link.since, situation.now) if link.since else "it was last asked"
    silent = f"The broker has not answered since {since}."
    title = link.text if link.connection is Connection.REFUSED else silent
    text = f"Your limits stay as they are: {_limits_text(situation)}. Forecasts go on, made here."
    if link.next_try_at is not None and link.connection is Connection.DOWN:
        seconds = max(0.0, (link.next_try_at - situation.now).total_seconds())
        text += f" Foreload asks again in {duration_text(max(1.0, seconds))}."
    if situation.dropped_messages:
        text += f" {situation.dropped_messages} older messages were dropped to make room."
    return Strip(
        "warn",
        "debug-disconnect",
        title,
        text,
        [("tryBroker", "Try now"), ("runDoctor", "Run the doctor"), ("showLog", "Show the log")],
    )


def _now_text(situation: Situation) -> str:
    used, limit = situation.used.cpu_cores, situation.limit.cpu_cores
    if used is None:
        return "Use is not measured now."
    used = 0.0 if used < 0.005 else used
    when = "At the last measurement" if situation.is_old else "Now"
    return f"{when} {cores_text(used)} of {_cores(limit)}." if limit else f"{when} {_cores(used)}."


def _run_text(situation: Situation) -> str:
    run = situation.runs[-1]
    since = clock_text(run.started_at)
    if len(situation.runs) > 1:
        return f"{len(situation.runs)} runs go on, the last one, {run.name}, since {since}."
    if run.expected_cores is None:
        return f"{run.name} runs since {since}; what it needs is not known yet."
    return f"{run.name} runs since {since} and is expected to need {_cores(run.expected_cores)}."


def _change_text(situation: Situation, change: PlannedChange) -> str:
    why = reason_sentence(change.reason, situation.names)
    limit = situation.limit.get(change.resource)
    direction = "up" if limit is None or change.to_amount > limit else "down"
    name = "" if change.resource is Resource.CPU else f"{_name(change.resource)} is "
    going = f"{name}going {direction} to {short_text(change.resource, change.to_amount)}"
    unit = " GiB" if change.resource is Resource.MEMORY else ""
    text = f"{going}{unit} at {moment_text(change.at, situation.now)}."
    return f"{why.rstrip('.')}: {text}" if why else text[0].upper() + text[1:]


def _name(resource: Resource) -> str:
    return {Resource.MEMORY: "memory", Resource.GPU: "GPU"}.get(resource, "network")


def _limits_text(situation: Situation) -> str:
    parts = []
    if situation.limit.cpu_cores is not None:
        parts.append(_cores(situation.limit.cpu_cores))
    if situation.limit.memory_bytes is not None:
        parts.append(f"{gib_text(situation.limit.memory_bytes)} GiB")
    return ", ".join(parts) or "none"


def _cores(count: float) -> str:
    return amount_text(Resource.CPU, count)


def _follows_use(situation: Situation) -> bool:
    """A fitted forecast exists, and is not trusted now."""
    tried = situation.outlook.tried
    forecast = situation.outlook.of(Resource.CPU)
    if isinstance(forecast, Forecast) and (forecast.skill_ratio or 0.0) > 0:
        return False
    return tried is not None and tried <= 0
