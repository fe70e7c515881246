"""Times at which more was needed week after week: found in the history, offered, and kept only if a person says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from zoneinfo import ZoneInfo

from foreload_core.profile.recurrence import WEEKDAYS
from foreload_core.types import Resource

from foreload_daemon.history.samples import Row
from foreload_daemon.pages.profile.changes import clock, every_text
from foreload_daemon.protocol import Pattern

LEAST_WEEKS = 3
HOURS = 24
STEP_MINUTES = 30
STEPS = HOURS * 60 // STEP_MINUTES
CLEARLY_MORE_RATIO = 1.5
LEAST_MORE_CORES = 0.5
COVERED_RATIO = 1.25
"""A profile that expects less than a pattern by more than this ratio does not cover it."""


@dataclass(frozen=True, slots=True)
class WeekOfUse:
    """Use by weekday and half hour.

    Attributes:
        mean: weekday -> mean cores of each half hour; None where it was not measured.
        weekly: weekday -> half hour -> one mean a week that was measured.
        days: how many days were measured at all.
    """

    mean: tuple[tuple[float | None, ...], ...]
    weekly: tuple[tuple[tuple[float, ...], ...], ...]
    days: float


def week_of_use(rows: Sequence[Row], zone: str) -> WeekOfUse:
    """The use of the last weeks by weekday and half hour of the zone's wall time.

    Args:
        rows: quarters of an hour, oldest first.
        zone: IANA name.
    """
    info = ZoneInfo(zone)
    found: dict[tuple[int, int], dict[tuple[int, int], list[float]]] = {}
    measured = 0.0
    for row in rows:
        cores = row.used.get(Resource.CPU)
        if cores is None:
            continue
        measured += row.measured_seconds
        local = datetime.fromtimestamp(row.start_seconds, info)
        place = (local.weekday(), (local.hour * 60 + local.minute) // STEP_MINUTES)
        year, week, _ = local.isocalendar()
        found.setdefault(place, {}).setdefault((year, week), []).append(cores)
    weekly = tuple(
        tuple(
            tuple(sum(values) / len(values) for values in found.get((day, step), {}).values()) for step in range(STEPS)
        )
        for day in range(7)
    )
    mean = tuple(tuple(sum(values) / len(values) if values else None for values in day) for day in weekly)
    return WeekOfUse(mean, weekly, measured / 86400)


def find_patterns(use: WeekOfUse, expected: Sequence[Sequence[float]] | None = None) -> list[Pattern]:
    """What came back each week, much above the same time on other days, and above what the profile already says.

    Args:
        use: by weekday and half hour.
        expected: weekday -> half hour -> cores that the profile expects; None: it expects nothing.
    """
    found: list[Pattern] = []
    for day in range(7):
        stands_out = [_stands_out(use, day, step, expected) for step in range(STEPS)]
        for clear, steps in groupby(range(STEPS), key=lambda step: stands_out[step]):
            places = list(steps)
            if clear and len(places) * STEP_MINUTES >= 60:
                found.append(_pattern(use, day, places[0], places[-1] + 1))
    return sorted(found, key=lambda pattern: -pattern.cores)


def _stands_out(use: WeekOfUse, day: int, step: int, expected: Sequence[Sequence[float]] | None) -> bool:
    weeks = use.weekly[day][step]
    if len(weeks) < LEAST_WEEKS:
        return False
    least = min(weeks)
    others = [value for other in range(7) if other != day and (value := use.mean[other][step]) is not None]
    usual = median(others) if others else 0.0
    already = expected[day][step] if expected is not None else 0.0
    return least >= max(usual * CLEARLY_MORE_RATIO, usual + LEAST_MORE_CORES, already * COVERED_RATIO)


def _pattern(use: WeekOfUse, day: int, first: int, last: int) -> Pattern:
    start, end = first * STEP_MINUTES, last * STEP_MINUTES
    highest = max(max(use.weekly[day][step]) for step in range(first, last))
    cores = math.ceil(highest * 2) / 2
    weeks = min(len(use.weekly[day][step]) for step in range(first, last))
    name = WEEKDAYS[day]
    when = f"from {clock(start)} to {clock(end)}"
    needed = f"{cores:g} {'core' if cores == 1 else 'cores'}"
    return Pattern(
        key=f"{day}-{start}-{end}",
        every=every_text([day], start, end),
        name=f"Seen on {name}s",
        day=day,
        startMinute=start,
        endMinute=end,
        cores=cores,
        weeks=weeks,
        words=f"On the last {weeks} {name}s you needed up to {needed} {when}.",
    )


def week_start(now: datetime, zone: str) -> datetime:
    """Monday's midnight of the week that holds `now`, in the zone."""
    local = now.astimezone(ZoneInfo(zone))
    monday = local.date() - timedelta(days=local.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=ZoneInfo(zone))
