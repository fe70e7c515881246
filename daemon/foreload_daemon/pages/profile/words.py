"""Rules and needs of a profile in words: "every Tuesday, 16:00 to 17:00", "6 cores, 10 GiB"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from foreload_core.profile import Window
from foreload_core.profile.amounts import AMOUNT_FIELDS
from foreload_core.profile.document import CronRule, DatesRule, EveryRule, RecurrenceRule
from foreload_core.profile.recurrence import WEEKDAYS
from foreload_core.types import WindowKind

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last", -2: "last but one"}
UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}


def rule_words(window: Window) -> str:
    """When it happens, for a person."""
    rule = window.rule
    if isinstance(rule, EveryRule):
        return f"{days_words(rule.weekdays)}, {span_words(rule.start, rule.end)}"
    if isinstance(rule, RecurrenceRule):
        return f"{recurrence_words(rule.rrule)}, from {rule.start:%H:%M} for {minutes_words(rule.minutes)}"
    if isinstance(rule, DatesRule):
        first = rule.spans[0][0]
        more = len(rule.spans) - 1
        text = f"{first.day} {first:%b}, {span_words(first.time(), rule.spans[0][1].time())}"
        return text if not more else f"{text}, and {more} more {'day' if more == 1 else 'days'}"
    return f"by a cron rule, for {minutes_words(rule.minutes)}"


def technical(window: Window, given: Mapping[str, Any]) -> str:
    """The rule in the form that programs share: an RRULE where there is one."""
    rule = window.rule
    if isinstance(rule, EveryRule):
        if len(rule.weekdays) == len(WEEKDAYS):
            return "FREQ=DAILY"
        return f"FREQ=WEEKLY;BYDAY={','.join(CODES[day] for day in rule.weekdays)}"
    if isinstance(rule, RecurrenceRule):
        return rule.rrule
    if isinstance(rule, CronRule):
        return f"cron {given.get('cron', '')}"
    return ", ".join(f"{start:%Y-%m-%d}" for start, _ in rule.spans[:4]) + (" …" if len(rule.spans) > 4 else "")


def days_words(weekdays: Sequence[int]) -> str:
    """Weekdays as people say them."""
    days = tuple(weekdays)
    if days == tuple(range(7)):
        return "every day"
    if len(days) >= 3 and days == tuple(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    *names, last = [WEEKDAYS[day] for day in weekdays]
    return f"every {', '.join(names)} and {last}" if names else f"every {last}"


def span_words(start: time, end: time) -> str:
    """16:00 to 17:00; midnight at the end is 24:00."""
    last = "24:00" if end == time(0, 0) else f"{end:%H:%M}"
    return f"{start:%H:%M} to {last}"


def minutes_words(minutes: int) -> str:
    """90 min, 4 h."""
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def recurrence_words(rrule: str) -> str:
    """The common RRULEs in words; "by a rule of its own" for the rest."""
    parts = dict(part.split("=", 1) for part in rrule.split(";"))
    frequency = parts.pop("FREQ", "")
    interval = int(parts.pop("INTERVAL", "1"))
    days = parts.pop("BYDAY", "")
    place = parts.pop("BYSETPOS", "")
    month_days = parts.pop("BYMONTHDAY", "")
    if parts.keys() - {"WKST"}:
        return "by a rule of its own"
    often = f"every {UNITS.get(frequency, '')}" if interval == 1 else f"every {interval} {UNITS.get(frequency, '')}s"
    if frequency == "MONTHLY" and month_days.lstrip("-").isdecimal() and not days:
        day = "the last day" if month_days == "-1" else f"day {month_days}"
        return f"{day} of {'the month' if interval == 1 else often}"
    if frequency == "MONTHLY" and days and not month_days:
        found = re.fullmatch(r"([+-]?\d+)?([A-Z]{2})", days)
        number = int((found and found[1]) or place or "0")
        if found and number in ORDINALS and found[2] in CODES:
            month = "the month" if interval == 1 else often
            return f"{ORDINALS[number]} {WEEKDAYS[CODES.index(found[2])]} of {month}"
    if frequency in ("WEEKLY", "DAILY") and not place and not month_days:
        if not days:
            return often
        codes = days.split(",")
        if all(code in CODES for code in codes):
            named = days_words(sorted(CODES.index(code) for code in codes))
            return named if interval == 1 else f"{often}, {named.removeprefix('every ')}"
    return "by a rule of its own"


def expects_words(window: Window) -> str:
    """What is needed then."""
    if window.factor is not None:
        return f"{window.factor:g} times what is used otherwise"
    amounts = [
        each.words(round(amount / each.scale, 3))
        for each in AMOUNT_FIELDS
        if (amount := window.expected.get(each.resource)) is not None
    ]
    if amounts:
        return ", ".join(amounts)
    return "little" if window.kind is WindowKind.IDLE else "nothing yet"
