"""Times as a person reads them, in the time zone of this machine."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


def clock_text(moment: datetime, zone: tzinfo | None = None) -> str:
    """14:28."""
    return moment.astimezone(zone).strftime("%H:%M")


def moment_text(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """14:28 today, else with the day: 24 Nov, 14:28."""
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return local.strftime("%H:%M")
    return f"{local.day} {local.strftime('%b, %H:%M')}"


def rounded_up(moment: datetime, minutes: int = 10) -> datetime:
    """The next full ten minutes, for "at about"."""
    step = timedelta(minutes=minutes)
    over = timedelta(minutes=moment.minute % minutes, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not over else moment + step - over
