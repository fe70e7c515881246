"""A grid as a day and as a week: what is usual at each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from foreload_core.history.grid import Grid

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Usual:
    """What was used at one time of a day or week: mean and highest, and on how many days; None where not known."""

    mean: float | None
    highest: float | None
    day_count: int


def day_view(grid: Grid, slot_seconds: int = 3600, utc_offset_seconds: int = 0) -> tuple[Usual, ...]:
    """One entry for each slot of a day, from midnight.

    Args:
        grid: any number of days.
        slot_seconds: length of a slot; divides a day.
        utc_offset_seconds: of the reader's wall time.
    """
    return _view(grid, 1, slot_seconds, utc_offset_seconds)


def week_view(grid: Grid, slot_seconds: int = 3600, utc_offset_seconds: int = 0) -> tuple[tuple[Usual, ...], ...]:
    """Seven days from Monday, each with one entry for each slot from midnight. Arguments as in `day_view`."""
    slots = _view(grid, 7, slot_seconds, utc_offset_seconds)
    a_day = DAY_SECONDS // slot_seconds
    return tuple(slots[day * a_day : (day + 1) * a_day] for day in range(7))


def _view(grid: Grid, days: int, slot_seconds: int, utc_offset_seconds: int) -> tuple[Usual, ...]:
    a_day = DAY_SECONDS // slot_seconds
    seen: list[list[float]] = [[] for _ in range(days * a_day)]
    dates: list[set[int]] = [set() for _ in range(days * a_day)]
    offset = timedelta(seconds=utc_offset_seconds)
    for index, value in enumerate(grid.values):
        if value is None:
            continue
        local = grid.time_of(index) + offset
        second = local.hour * 3600 + local.minute * 60 + local.second
        slot = (local.weekday() if days == 7 else 0) * a_day + second // slot_seconds
        seen[slot].append(value)
        dates[slot].add(local.toordinal())
    return tuple(
        Usual(sum(values) / len(values), max(values), len(days_seen)) if values else Usual(None, None, 0)
        for values, days_seen in zip(seen, dates, strict=True)
    )
