"""A profile in numbers: its windows at the times at which they happen, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# The rules of time zones are data like the calendar itself. `zoneinfo` reads them from files, once, and always gives
# the same; they do not enter a decision, which sees only the expanded times.
from zoneinfo import ZoneInfo

from foreload_core.profile.document import Profile, Window
from foreload_core.profile.recurrence import MOST_MINUTES, spans
from foreload_core.types import ProfileNumbers, WindowOccurrence

MOST_OCCURRENCES = 500


def expand(profile: Profile, now: datetime, until: datetime, revision: int = 0) -> ProfileNumbers:
    """The profile without its texts.

    Windows keep their wall time when the clocks change. One that falls into the hour that a change leaves out begins
    when the clocks have gone forward; one that happens twice happens the first time.

    Args:
        profile: a parsed profile.
        now: occurrences that end by now are left out. UTC.
        until: so are those that begin later, and those past the first 500; `windows_until` says how far it went. UTC.
        revision: of the file.
    """
    zone = ZoneInfo(profile.time_zone)
    found: list[WindowOccurrence] = []
    for window in profile.windows:
        if not window.enabled:
            continue
        found.extend(_occurrences(window, zone, now, until))
    found.sort(key=lambda occurrence: (occurrence.start, occurrence.end, occurrence.window_id))
    windows_until = until
    if len(found) > MOST_OCCURRENCES:
        windows_until = found[MOST_OCCURRENCES].start
    return ProfileNumbers(
        revision=revision,
        windows=tuple(found[:MOST_OCCURRENCES]),
        minimum=profile.minimum,
        maximum=profile.maximum,
        budget_usd_per_month=profile.budget_usd_per_month,
        preference_ratio=profile.preference_ratio,
        windows_until=windows_until,
    )


def _occurrences(window: Window, zone: ZoneInfo, now: datetime, until: datetime) -> list[WindowOccurrence]:
    margin = timedelta(days=1)  # more than any zone is away from UTC, and than any change of the clocks
    after = now.replace(tzinfo=None) - timedelta(minutes=MOST_MINUTES) - margin
    before = until.replace(tzinfo=None) + margin
    found: list[WindowOccurrence] = []
    for local_start, local_end, is_wall_time in spans(window.rule, after, before):
        start = _utc(local_start, zone)
        end = _utc(local_end, zone) if is_wall_time else start + (local_end - local_start)
        if end <= start:
            end = start + (local_end - local_start)
        if end <= now or start >= until:
            continue
        found.append(WindowOccurrence(window.window_id, window.kind, start, end, window.expected, window.factor))
        if len(found) > MOST_OCCURRENCES:
            break
    return found


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
