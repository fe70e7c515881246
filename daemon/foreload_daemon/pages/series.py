"""The dashboard's lines: what was used, what the limit was and will be, what is expected, on one time axis."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from foreload_core.forecast import with_windows
from foreload_core.types import Forecast, NoForecast, PlannedChange, Resource, WindowOccurrence

from foreload_daemon.history.samples import FINE_SECONDS, MINUTE_SECONDS, QUARTER_SECONDS, Row
from foreload_daemon.pages.explanation import short_text
from foreload_daemon.pages.moments import clock_text, moment_text, rounded_up
from foreload_daemon.pages.situation import Situation
from foreload_daemon.protocol import Series

SHOWN = (Resource.CPU, Resource.MEMORY, Resource.GPU, Resource.NETWORK_RX)
LEAST_PEAK = {Resource.CPU: 0.05, Resource.GPU: 0.05, Resource.NETWORK_RX: 100_000.0, Resource.NETWORK_TX: 100_000.0}
"""A peak below this is none worth a word."""
PEAK_RATIO = 1.1
"""A peak is worth a word when it is this much above what is used now."""


@dataclass(frozen=True, slots=True)
class Range:
    """One choice of the time axis: seconds before and after now, step, and the resolution of the history behind it."""

    before_seconds: int
    after_seconds: int
    step_seconds: int
    resolution_seconds: int


RANGES = {
    "15m": Range(300, 900, 10, FINE_SECONDS),
    "6h": Range(2 * 3600, 6 * 3600, 60, MINUTE_SECONDS),
    "7d": Range(56 * 3600, 168 * 3600, 3600, QUARTER_SECONDS),
}


def times(chosen: Range, now: float) -> list[float]:
    """The time axis: multiples of the step around now, and now itself."""
    step = chosen.step_seconds
    first, last = int((now - chosen.before_seconds) // step), int((now + chosen.after_seconds) // step)
    axis = [float(place * step) for place in range(first, last + 1)]
    place = bisect_right(axis, now)
    if axis[place - 1] != now:
        axis.insert(place, round(now, 1))
    return axis


def series(
    resource: Resource,
    axis: Sequence[float],
    chosen: Range,
    rows: Sequence[Row],
    situation: Situation,
    windows: Sequence[WindowOccurrence],
    no_forecast: str | None,
) -> Series:
    """One resource's lines.

    Args:
        resource: which.
        axis: the times.
        chosen: the range.
        rows: measured buckets in it, oldest first.
        situation: how it stands now.
        windows: of the profile.
        no_forecast: why no forecast may be shown; None where one may.
    """
    now = situation.now.timestamp()
    used, limit = _past(resource, axis, chosen, rows, situation, now)
    forecast = None if no_forecast else _expected(resource, chosen, situation, windows)
    low, middle, high = _bands(forecast, axis, now)
    reason = no_forecast
    if reason is None and not isinstance(forecast, Forecast):
        reason = forecast.reason if isinstance(forecast, NoForecast) else "no forecast yet"
        if situation.is_learning:
            reason = f"no forecast yet: the first at about {clock_text(rounded_up(situation.first_forecast_at))}"
    return Series(
        resource=resource.value,
        used=used,
        limit=limit,
        planned=_planned(resource, axis, situation, now),
        low=low,
        middle=middle,
        high=high,
        method=forecast.method if isinstance(forecast, Forecast) else None,
        noForecast=reason,
        nextPeak=_next_peak(resource, axis, high, situation, now, reason),
    )


def _past(
    resource: Resource, axis: Sequence[float], chosen: Range, rows: Sequence[Row], situation: Situation, now: float
) -> tuple[list[float | None], list[float | None]]:
    step = chosen.step_seconds
    used_by: dict[int, list[tuple[float, float]]] = {}
    limit_by: dict[int, float] = {}
    for row in rows:
        place = row.start_seconds // step
        amount, limit = row.used.get(resource), row.limit.get(resource)
        if amount is not None:
            used_by.setdefault(place, []).append((amount, row.measured_seconds))
        if limit is not None:
            limit_by[place] = limit
    used: list[float | None] = []
    limits: list[float | None] = []
    for time in axis:
        place = int(time // step)
        if time > now + 0.05:
            used.append(None)
            limits.append(None)
        elif abs(time - now) < 0.06:
            used.append(_plain(situation.used.get(resource)) if not situation.is_old else None)
            limits.append(_plain(situation.limit.get(resource)))
        else:
            used.append(_plain(_mean(used_by.get(place, ()))))
            limits.append(_plain(limit_by.get(place)))
    return used, limits


def _expected(
    resource: Resource, chosen: Range, situation: Situation, windows: Sequence[WindowOccurrence]
) -> Forecast | NoForecast | None:
    outlook = situation.outlook
    long = chosen.after_seconds > 6 * 3600
    forecast = outlook.long_of(resource) if long else outlook.of(resource)
    return with_windows(forecast, windows) if isinstance(forecast, Forecast) else forecast


def _bands(
    forecast: Forecast | NoForecast | None, axis: Sequence[float], now: float
) -> tuple[list[float | None], list[float | None], list[float | None]]:
    if not isinstance(forecast, Forecast):
        nothing: list[float | None] = [None] * len(axis)
        return nothing, nothing, nothing
    start, step = forecast.start.timestamp(), forecast.step_seconds

    def at(level: float) -> list[float | None]:
        values = forecast.quantiles.get(level, ())
        found: list[float | None] = []
        for time in axis:
            # A value stands for its whole step, so it is drawn at the middle of it, linear in between.
            place = (time - start) / step - 0.5
            if time < now - 0.05 or not values or place > len(values) - 0.5:
                found.append(None)
                continue
            place = min(max(place, 0.0), len(values) - 1.0)
            left = int(place)
            right = min(left + 1, len(values) - 1)
            found.append(_plain(values[left] + (values[right] - values[left]) * (place - left)))
        return found

    return at(0.1), at(0.5), at(0.9)


def _planned(resource: Resource, axis: Sequence[float], situation: Situation, now: float) -> list[float | None]:
    """The limit as it is expected to go on: what holds, then each planned change from its time on."""
    current = situation.limit.get(resource)
    changes: list[PlannedChange] = [change for change in situation.planned if change.resource is resource]
    found: list[float | None] = []
    for time in axis:
        if time < now - 0.05:
            found.append(None)
            continue
        while changes and changes[0].at.timestamp() <= time:
            current = changes.pop(0).to_amount
        found.append(_plain(current))
    return found


def _next_peak(
    resource: Resource,
    axis: Sequence[float],
    high: Sequence[float | None],
    situation: Situation,
    now: float,
    reason: str | None,
) -> str:
    if reason is not None:
        return "no forecast: not allowed" if "allowed" in reason else "no forecast yet"
    known = [(value, -time) for value, time in zip(high, axis, strict=True) if value is not None and time >= now]
    if not known:
        return ""
    value, negative = max(known)
    used = situation.used.get(resource) or 0.0
    least = LEAST_PEAK.get(resource, 0.0)
    if value <= max(used * PEAK_RATIO, least) or -negative <= now + 1:
        return "no peak expected"
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(-negative, UTC)
    return f"next peak {short_text(resource, value)} at {moment_text(moment, situation.now)}"


def _mean(pairs: Sequence[tuple[float, float]]) -> float | None:
    seconds = sum(length for _, length in pairs)
    return sum(value * length for value, length in pairs) / seconds if seconds else None


def _plain(value: float | None) -> float | None:
    """Three digits after the point for small numbers, none for bytes: the page is sent often."""
    if value is None:
        return None
    return float(round(value)) if value >= 1000 else round(value, 3)


def held(situation: Situation) -> Situation:
    """The situation of old data: now stays at the last sample."""
    return replace(situation, now=situation.measured_at) if situation.is_old and situation.measured_at else situation
