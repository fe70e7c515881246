"""The status bar's words: one short text, a table for the tooltip, one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from foreload_core.types import PlannedChange, Resource
from foreload_core.units import GIB, MEGABYTE, MIB, cores_text, duration_text, gib_text, memory_text
from foreload_core.words import sentence

from foreload_daemon.pages.explanation import amount_text, short_text
from foreload_daemon.pages.moments import clock_text, moment_text, rounded_up
from foreload_daemon.pages.situation import Situation
from foreload_daemon.protocol import Gauge, GaugeRow

ROWS = (
    (Resource.CPU, "CPU"),
    (Resource.MEMORY, "Memory"),
    (Resource.GPU, "GPU"),
    (Resource.NETWORK_RX, "Network in"),
    (Resource.NETWORK_TX, "Network out"),
)
LEAST_SHOWN = 0.005
SHOWN = {"cpu": Resource.CPU, "memory": Resource.MEMORY, "gpu": Resource.GPU, "network": Resource.NETWORK_RX}


def gauge(situation: Situation, resources: Sequence[str] = ("cpu", "memory")) -> Gauge:
    """The gauge of a situation.

    Args:
        situation: how it stands.
        resources: what the text shows, as the setting names them.
    """
    state = situation.state
    if state == "starting":
        return Gauge("starting", "Foreload: starting", [], "For 2 s at most.")
    return Gauge(
        state=state,
        text=_text(situation, state, resources),
        rows=[
            *(row for resource, name in ROWS if (row := _row(situation, resource, name)) is not None),
            *([] if situation.disk is None else [_disk_row(situation.disk)]),
        ],
        note=note(situation, state),
        usedCores=_rounded(situation.used.cpu_cores),
        limitCores=situation.limit.cpu_cores,
        usedMemoryBytes=situation.used.memory_bytes,
        limitMemoryBytes=situation.limit.memory_bytes,
    )


def note(situation: Situation, state: str) -> str:
    """One sentence: what is so, and what it means."""
    now = situation.now
    if state == "warning" and situation.warning is not None:
        warning = situation.warning
        used, limit = gib_text(warning.used_bytes), memory_text(warning.limit_bytes)
        if warning.full_in_seconds <= 0:
            return f"Memory is full: {used} of {limit}. The system may end a program."
        growth = f"{warning.growth_bytes_per_minute / MIB:.0f} MiB a minute"
        when = duration_text(warning.full_in_seconds)
        return f"Memory will be full in about {when}: {used} of {limit}, growing {growth}."
    if situation.is_old and situation.measured_at is not None:
        return f"The last measurement is of {moment_text(situation.measured_at, now)}."
    if state == "noPermission":
        if situation.given:
            return "Nothing is allowed, so use and limits are shown and nothing else is done."
        return "Use and limits are shown; nothing else is done until you choose what is allowed."
    if state == "paused" and situation.paused_until is not None:
        return f"Paused by you until {moment_text(situation.paused_until, now)}. Limits stay as they are."
    if state == "noBroker":
        since = f"Since {moment_text(situation.link.since, now)}. " if situation.link.since else ""
        return f"{since}{situation.link.text} Limits stay as they are; forecasts are made here."
    if state == "shadow":
        return "Foreload decides and only writes it down."
    change = situation.next_change
    if change is not None:
        return f"{sentence(change.reason, situation.names)} {_going(change)}."
    if not situation.allowed.automatic_scaling:
        return "Automatic scaling is not allowed, so limits stay as they are."
    if not situation.has_broker:
        return "No broker is named, so limits stay as they are."
    if not situation.standing.agent_connected:
        return "Nobody can change limits here now: the agent of this machine is not connected to the broker."
    if state == "learning":
        first = clock_text(rounded_up(situation.first_forecast_at))
        return f"No forecast yet: the first comes at about {first}. Runs and profile count."
    return (
        "Nothing will change in the next hour."
        if not _within_hour(situation)
        else "The next change is within the hour."
    )


def _text(situation: Situation, state: str, resources: Sequence[str]) -> str:
    warning = situation.warning
    if state == "warning" and warning is not None:
        used = f"{gib_text(warning.used_bytes)}/{gib_text(warning.limit_bytes)} GiB"
        soon = "full" if warning.full_in_seconds <= 0 else f"full in about {_short(warning.full_in_seconds)}"
        return f"{used} · {soon}"
    parts = [text for name in resources if (text := _amount(situation, SHOWN[name]))]
    base = " · ".join(parts) or "not measured"
    first = parts[0] if parts else base
    if state == "paused" and situation.paused_until is not None:
        return f"{first} · paused until {moment_text(situation.paused_until, situation.now)}"
    if state == "shadow":
        target = situation.standing.target.cpu_cores
        limit = situation.limit.cpu_cores
        differs = target is not None and (limit is None or abs(target - limit) > 0.05)
        return f"{first} · would go to {cores_text(target)}" if target is not None and differs else f"{base} · shadow"
    change = situation.next_change
    if state == "changing" and change is not None:
        arrow = "arrow-up" if _is_up(situation, change) else "arrow-down"
        amount = short_text(change.resource, change.to_amount) + (" GiB" if change.resource is Resource.MEMORY else "")
        return f"{base} $({arrow}){amount} at {clock_text(change.at)}"
    ends = {"noPermission": "not allowed yet", "noBroker": "no broker", "learning": "learning"}
    return f"{base} · {ends[state]}" if state in ends else base


def _amount(situation: Situation, resource: Resource) -> str:
    used, limit = situation.used.get(resource), situation.limit.get(resource)
    if used is None:
        return ""
    used = _seen(resource, used)
    if resource is Resource.MEMORY:
        return f"{gib_text(used)}/{gib_text(limit)} GiB" if limit else f"{gib_text(used)} GiB"
    if resource is Resource.CPU:
        return (
            f"{cores_text(used)}/{cores_text(limit)} {_cores(limit)}" if limit else f"{cores_text(used)} {_cores(used)}"
        )
    if resource is Resource.GPU:
        return f"{cores_text(used)}/{cores_text(limit)} GPU" if limit else f"{cores_text(used)} GPU"
    return f"{used / MEGABYTE:.1f} MB/s"


def _seen(resource: Resource, used: float) -> float:
    """Use that is too small to be worth a digit is none."""
    return 0.0 if resource in (Resource.CPU, Resource.GPU) and used < LEAST_SHOWN else used


def _cores(count: float) -> str:
    return "core" if cores_text(count) == "1" else "cores"


def _row(situation: Situation, resource: Resource, name: str) -> GaugeRow | None:
    used, limit = situation.used.get(resource), situation.limit.get(resource)
    if used is None:
        return None
    used = _seen(resource, used)
    peak = situation.peak(resource)
    peak_text = f"{short_text(resource, peak[0])} at {clock_text(peak[1])}" if peak is not None else "not known yet"
    return GaugeRow(
        name=name,
        used=short_text(resource, used) if resource is not Resource.NETWORK_RX else f"{used / MEGABYTE:.1f}",
        limit=amount_text(resource, limit) if limit else "none",
        peak=peak_text,
        will=_will(situation, resource),
    )


def _disk_row(disk: tuple[int, int]) -> GaugeRow:
    """The disk of the workspace: nothing is forecast or changed of it."""
    used, whole = disk
    return GaugeRow("Disk", f"{used / GIB:.0f}", f"{whole / GIB:.0f} GiB", "not forecast", "leave it")


def _will(situation: Situation, resource: Resource) -> str:
    change = next((each for each in situation.planned if each.resource is resource), None)
    if change is None:
        return "leave it"
    verb = "go up to" if _is_up(situation, change) else "go down to"
    return f"{verb} {short_text(resource, change.to_amount)} at {clock_text(change.at)}"


def _is_up(situation: Situation, change: PlannedChange) -> bool:
    limit = situation.limit.get(change.resource)
    return limit is None or change.to_amount > limit


def _going(change: PlannedChange) -> str:
    return f"Going to {amount_text(change.resource, change.to_amount)} at {clock_text(change.at)}"


def _within_hour(situation: Situation) -> bool:
    return any((change.at - situation.now).total_seconds() <= 3600 for change in situation.planned)


def _short(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
