"""Use against limit by hour, and what was held and used week by week, from the history of quarters of an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import fmean

from foreload_core.profile.recurrence import WEEKDAYS
from foreload_core.types import Amounts, Resource
from foreload_core.units import GIB, MEGABYTE

from foreload_daemon.history.samples import Row
from foreload_daemon.pages.skill_days import DayLoss
from foreload_daemon.protocol import HeatRow, TrendPoint, Trends

HOURS = 24
WEEKS_OF_HEAT, WEEKS_OF_USE, DAYS_OF_HEAT = 4, 12, 14
REACHED_RATIO = 0.97
NAMES = {Resource.CPU: "CPU", Resource.MEMORY: "Memory", Resource.GPU: "GPU", Resource.NETWORK_RX: "Network"}
SCALES = {Resource.CPU: 1.0, Resource.MEMORY: GIB, Resource.GPU: 1.0, Resource.NETWORK_RX: MEGABYTE}
UNITS = {Resource.CPU: "cores", Resource.MEMORY: "GiB", Resource.GPU: "GPU", Resource.NETWORK_RX: "MB/s"}
HOUR_UNITS = {
    Resource.CPU: "core-hours",
    Resource.MEMORY: "GiB-hours",
    Resource.GPU: "GPU-hours",
    Resource.NETWORK_RX: "GB",
}
MEGABYTES_A_SECOND_IN_GB_AN_HOUR = 3.6


@dataclass(frozen=True, slots=True)
class Hour:
    """One measured hour: mean use, the limit, and whether that was reached."""

    start: datetime
    used: float
    limit: float | None
    reached: bool


def trends(
    resource: Resource,
    by: str,
    rows: Sequence[Row],
    capacity: Amounts,
    environment: str,
    now: datetime,
    losses: Sequence[DayLoss],
    shown: Sequence[Resource],
) -> Trends:
    """The trends' page.

    Args:
        resource: whose.
        by: week or day.
        rows: quarters of an hour of the last twelve weeks, oldest first.
        capacity: what was held where there was no limit.
        environment: its name.
        now: UTC.
        losses: of the resource's forecasts, day by day.
        shown: resources that may be chosen.
    """
    hours = _hours(resource, rows, capacity)
    local = now.astimezone()
    heat, row, note = (_by_week if by == "week" else _by_day)(hours, local)
    held = _held(resource, rows, capacity, local)
    return Trends(
        environment=environment,
        resource=resource.value,
        by=by,
        resources=[(each.value, NAMES[each]) for each in shown],
        sentence=_sentence(resource, hours, local),
        note=note,
        rows=heat,
        nowRow=row,
        nowHour=local.hour if row >= 0 else -1,
        errors=_errors(resource, losses),
        errorUnit=UNITS[resource],
        errorText=_error_text(losses),
        held=held,
        heldUnit=HOUR_UNITS[resource],
        heldText=_held_text(resource, held),
    )


def _hours(resource: Resource, rows: Sequence[Row], capacity: Amounts) -> list[Hour]:
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.start_seconds // 3600, []).append(row)
    found: list[Hour] = []
    for hour, group in sorted(groups.items()):
        used = [(value, row.measured_seconds) for row in group if (value := row.used.get(resource)) is not None]
        seconds = sum(length for _, length in used)
        if not seconds:
            continue
        mean = sum(value * length for value, length in used) / seconds
        limits = [limit for row in group if (limit := row.limit.get(resource) or capacity.get(resource))]
        limit = fmean(limits) if limits else None
        found.append(
            Hour(
                datetime.fromtimestamp(hour * 3600).astimezone(),
                mean,
                limit,
                _was_reached(resource, group, limit),
            )
        )
    return found


def _was_reached(resource: Resource, group: Sequence[Row], limit: float | None) -> bool:
    if resource is Resource.CPU:
        return sum(row.throttled_seconds for row in group) > 60.0
    if resource is Resource.MEMORY:
        highest = max((row.highest.memory_bytes or 0 for row in group), default=0)
        return any(row.oom_kills for row in group) or bool(limit and highest >= limit * REACHED_RATIO)
    return False


def _ratio(hours: Sequence[Hour]) -> float | None:
    known = [min(1.0, hour.used / hour.limit) for hour in hours if hour.limit]
    return round(fmean(known), 3) if known else None


def _by_week(hours: Sequence[Hour], local: datetime) -> tuple[list[HeatRow], int, str]:
    since = local - timedelta(weeks=WEEKS_OF_HEAT)
    places: dict[tuple[int, int], list[Hour]] = {}
    for hour in hours:
        if hour.start >= since:
            places.setdefault((hour.start.weekday(), hour.start.hour), []).append(hour)
    rows = [_row(WEEKDAYS[day][:3], [places.get((day, hour), []) for hour in range(HOURS)]) for day in range(7)]
    return rows, local.weekday(), "mean of the last 4 weeks, by hour"


def _by_day(hours: Sequence[Hour], local: datetime) -> tuple[list[HeatRow], int, str]:
    places: dict[tuple[date, int], list[Hour]] = {}
    for hour in hours:
        places.setdefault((hour.start.date(), hour.start.hour), []).append(hour)
    days = [local.date() - timedelta(days=back) for back in range(DAYS_OF_HEAT - 1, -1, -1)]
    rows = [_row(f"{day:%a} {day.day}", [places.get((day, hour), []) for hour in range(HOURS)]) for day in days]
    return rows, DAYS_OF_HEAT - 1, "the last 14 days, by hour"


def _row(label: str, cells: Sequence[Sequence[Hour]]) -> HeatRow:
    return HeatRow(label, [_ratio(cell) for cell in cells], [any(hour.reached for hour in cell) for cell in cells])


def _sentence(resource: Resource, hours: Sequence[Hour], local: datetime) -> str:
    name = NAMES[resource] if resource in (Resource.CPU, Resource.GPU) else NAMES[resource].lower()
    recent = [hour for hour in hours if hour.start >= local - timedelta(weeks=1) and hour.limit]
    if not recent:
        return f"No use of {name} was measured against a limit in the last week."
    share = _share(recent)
    earlier = [hour for hour in hours if hour.start < local - timedelta(weeks=WEEKS_OF_HEAT) and hour.limit]
    text = f"In the last week you used {share:.0f} % of the {name} you held"
    return f"{text}; before the last 4 it was {_share(earlier):.0f} %." if earlier else f"{text}."


def _share(hours: Sequence[Hour]) -> float:
    held = sum(hour.limit or 0.0 for hour in hours)
    return sum(min(hour.used, hour.limit or 0.0) for hour in hours) / held * 100 if held else 0.0


def _held(resource: Resource, rows: Sequence[Row], capacity: Amounts, local: datetime) -> list[TrendPoint]:
    scale = SCALES[resource]
    if resource is Resource.NETWORK_RX:
        scale /= MEGABYTES_A_SECOND_IN_GB_AN_HOUR
    this_week = _monday(local.date())
    weeks = [this_week - timedelta(weeks=back) for back in range(WEEKS_OF_USE - 1, -1, -1)]
    used = dict.fromkeys(weeks, 0.0)
    held = dict.fromkeys(weeks, 0.0)
    measured: set[date] = set()
    for row in rows:
        week = _monday(datetime.fromtimestamp(row.start_seconds).astimezone().date())
        amount = row.used.get(resource)
        if week not in used or amount is None:
            continue
        hours = row.measured_seconds / 3600
        used[week] += amount / scale * hours
        held[week] += (row.limit.get(resource) or capacity.get(resource) or amount) / scale * hours
        measured.add(week)
    return [
        TrendPoint(
            f"week {week.isocalendar().week}",
            round(used[week], 2) if week in measured else None,
            round(held[week], 2) if week in measured else None,
        )
        for week in weeks
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _held_text(resource: Resource, held: Sequence[TrendPoint]) -> str:
    known = [(point.value, point.other) for point in held if point.value is not None and point.other is not None]
    if not known:
        return "Nothing measured yet."
    used, most = known[-1]
    unit = HOUR_UNITS[resource]
    return f"This week so far {most:,.0f} {unit} were held, and {used:,.0f} of them used. Only measured time counts."


def _errors(resource: Resource, losses: Sequence[DayLoss]) -> list[TrendPoint]:
    scale = SCALES[resource]
    return [
        TrendPoint(
            f"{day.start.astimezone().day} {day.start.astimezone():%b}",
            round(day.loss / scale, 4),
            round(day.naive_loss / scale, 4),
        )
        for day in losses
    ]


def _error_text(losses: Sequence[DayLoss]) -> str:
    if not losses:
        return "No fitted forecast has come due yet: the first is made after 3 days of use, one a day from then on."
    loss = fmean(day.loss for day in losses)
    naive = fmean(day.naive_loss for day in losses)
    if naive <= 0 or loss >= naive:
        return "Not closer than “same as last week” in these days, so it is not acted on."
    return f"{(1 - loss / naive) * 100:.0f} % closer than “same as last week” in these {len(losses)} days."
