"""Rules of windows: their texts, and when they happen. Everything here is wall time without a zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from dateutil.rrule import WEEKLY, rrule, rrulestr

from foreload_core.profile.document import CronRule, DatesRule, EveryRule, RecurrenceRule, Rule

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DEFAULT_MINUTES = 30
MOST_MINUTES = 7 * 24 * 60
EARLIEST_YEAR = 2020
"""Rules are followed from their start on, so an early one costs time at each expansion."""
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = "|".join(f"[{name[0]}{name[0].lower()}]{name[1:]}" for name in WEEKDAYS)
EVERY_PATTERN = rf"^(?:(?:{_DAY})(?:, ?(?:{_DAY}))*|[Dd]ay|[Ww]eekday|[Ww]eekend) {_TIME}(?:-(?:{_TIME}|24:00))?$"
DATE_PATTERN = rf"^20[2-9][0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]) {_TIME}(?:-(?:{_TIME}|24:00))?$"
START_PATTERN = rf"^20[2-9][0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T{_TIME}$"
RRULE_PATTERN = r"^FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;[A-Z]+=[A-Z0-9,+-]+)*$"
EVERY_EXAMPLES = "“day 09:00-09:30”, “weekday 09:00-18:00” or “Monday, Wednesday 10:00-11:00”"
_RRULE_PARTS = frozenset(
    [
        "FREQ",
        "INTERVAL",
        "COUNT",
        "UNTIL",
        "WKST",
        "BYDAY",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYMONTH",
        "BYSETPOS",
        "BYHOUR",
        "BYMINUTE",
    ]
)
_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_CRON_NAMES = {name[:3].upper(): number for number, name in enumerate(WEEKDAYS, start=1)} | {"SUN": 0}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def parse_every(text: str) -> EveryRule:
    """The rule of an `every` text.

    Raises:
        ValueError: it is none; the message says what is allowed.
    """
    if not re.fullmatch(EVERY_PATTERN, text):
        raise ValueError(f"“{text}” is no recurring time. Write it as {EVERY_EXAMPLES}.")
    days, clock = text.rsplit(" ", 1)
    named = {"day": (0, 1, 2, 3, 4, 5, 6), "weekday": (0, 1, 2, 3, 4), "weekend": (5, 6)}
    weekdays = named.get(days.lower())
    if weekdays is None:
        weekdays = tuple(sorted({WEEKDAYS.index(day.strip().capitalize()) for day in days.split(",")}))
    start, end = _clock_span(clock, text)
    return EveryRule(weekdays, start, end)


def _clock_span(clock: str, text: str) -> tuple[time, time]:
    first, _, last = clock.partition("-")
    start = time.fromisoformat(first)
    if not last:
        return start, (datetime.combine(date(2000, 1, 1), start) + timedelta(minutes=DEFAULT_MINUTES)).time()
    end = time(0, 0) if last == "24:00" else time.fromisoformat(last)
    if start == end and last != "24:00":
        raise ValueError(f"“{text}” ends when it begins. Give another end, or none for {DEFAULT_MINUTES} minutes.")
    return start, end


def parse_dates(texts: list[str]) -> DatesRule:
    """The rule of stated days.

    Raises:
        ValueError: one of them is no day; the message says which, and what is allowed.
    """
    return DatesRule(tuple(_date_span(text) for text in texts))


def _date_span(text: str) -> tuple[datetime, datetime]:
    if not re.fullmatch(DATE_PATTERN, text):
        raise ValueError(f"“{text}” is no day with a time. Write it as “2026-12-01 09:00-17:00”.")
    day_text, clock = text.split(" ")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        raise ValueError(f"“{day_text}” is not in the calendar. Write a day such as “2026-12-01”.") from None
    return _span(day, *_clock_span(clock, text))


def _span(day: date, start: time, end: time) -> tuple[datetime, datetime]:
    end_day = day if end > start else day + timedelta(days=1)
    return datetime.combine(day, start), datetime.combine(end_day, end)


def parse_rrule(text: str, start_text: str, minutes: int) -> RecurrenceRule:
    """The rule of an RFC 5545 text.

    Raises:
        ValueError: it is none; the message says what is allowed.
    """
    start = parse_start(start_text)
    if not re.fullmatch(RRULE_PATTERN, text):
        raise ValueError(
            f"“{text}” is no RFC 5545 rule that is known here. Begin with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, as in"
            " “FREQ=WEEKLY;BYDAY=TU”."
        )
    unknown = sorted({part.split("=")[0] for part in text.split(";")} - _RRULE_PARTS)
    if unknown:
        raise ValueError(f"{unknown[0]} in “{text}” is not allowed; allowed are {', '.join(sorted(_RRULE_PARTS))}.")
    if "INTERVAL=0" in text:
        raise ValueError(f"INTERVAL in “{text}” is 0; it is at least 1.")
    rule = RecurrenceRule(text, start, minutes)
    try:
        first = next(iter(_rrule(rule)), None)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"“{text}” is no valid RFC 5545 rule: {error}.") from None
    if first is None:
        raise ValueError(f"“{text}” never happens. Write a rule that does, such as “FREQ=WEEKLY;BYDAY=TU”.")
    return rule


def parse_start(text: str) -> datetime:
    """A local time such as 2026-01-05T09:00.

    Raises:
        ValueError: it is none.
    """
    if re.fullmatch(START_PATTERN, text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # a day like 31 February fits the pattern
    raise ValueError(f"“{text}” is no local time. Write it as “2026-01-05T09:00”, from {EARLIEST_YEAR} on.")


def parse_cron(text: str, minutes: int) -> CronRule:
    """The rule of a cron text of five fields.

    Raises:
        ValueError: it is none; the message names the field and what is allowed.
    """
    texts = text.split()
    if len(texts) != len(_CRON_FIELDS):
        raise ValueError(f"“{text}” has {len(texts)} fields; cron has 5: minute, hour, day, month, weekday.")
    values = [_cron_values(part, *about) for part, about in zip(texts, _CRON_FIELDS, strict=True)]
    weekdays = frozenset((value - 1) % 7 for value in values[4])
    return CronRule(
        minutes_of_hour=tuple(sorted(values[0])),
        hours=tuple(sorted(values[1])),
        days=None if texts[2] == "*" else frozenset(values[2]),
        months=frozenset(values[3]),
        weekdays=None if texts[4] == "*" else weekdays,
        minutes=minutes,
    )


def _cron_values(text: str, name: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step_text = part.partition("/")
        first_text, _, last_text = span.partition("-")
        if span == "*":
            first, last = low, high
        else:
            first = _cron_number(first_text, name)
            last = _cron_number(last_text, name) if last_text else (high if step_text else first)
        if name == "weekday" and last == 0 and (first or 0) > 0:
            last = 7
        step = int(step_text) if step_text.isdecimal() else (0 if "/" in part else 1)
        if first is None or last is None or not low <= first <= last <= high or not 1 <= step <= high + 1:
            allowed = f"{low} to {high}, with *, lists, ranges and steps"
            raise ValueError(f"“{text}” is no {name} of cron; allowed are {allowed}.")
        found.update(range(first, last + 1, step))
    return found


def _cron_number(text: str, name: str) -> int | None:
    if text.isdecimal() and len(text) <= 2:
        return int(text)
    if name == "weekday":
        return _CRON_NAMES.get(text.upper())
    if name == "month" and text.upper() in _MONTHS:
        return _MONTHS.index(text.upper()) + 1
    return None


def spans(rule: Rule, after: datetime, before: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
    """The occurrences that begin from `after` to before `before`, in order.

    Yields:
        Local start, local end, and whether the end is a wall time (else it is that long after the start, whatever
        the clock does meanwhile).
    """
    if isinstance(rule, DatesRule):
        for start, end in sorted(rule.spans):
            if after <= start < before:
                yield start, end, True
    elif isinstance(rule, EveryRule):
        first = datetime.combine(after.date(), rule.start)
        for moment in takewhile(lambda each: each < before, rrule(WEEKLY, dtstart=first, byweekday=rule.weekdays)):
            if moment >= after:
                yield (*_span(moment.date(), rule.start, rule.end), True)
    elif isinstance(rule, RecurrenceRule):
        for moment in takewhile(lambda each: each < before, _rrule(rule)):
            if moment >= after:
                yield moment, moment + timedelta(minutes=rule.minutes), False
    else:
        yield from _cron_spans(rule, after, before)


def _rrule(rule: RecurrenceRule) -> Iterator[datetime]:
    found = rrulestr(re.sub(r"(UNTIL=[0-9]+T[0-9]+)Z", r"\1", rule.rrule), dtstart=rule.start)
    return iter(found)


def _cron_spans(rule: CronRule, after: datetime, before: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
    day = after.date()
    while datetime.combine(day, time()) < before:
        if day.month in rule.months and _cron_day(rule, day):
            for hour in rule.hours:
                for minute in rule.minutes_of_hour:
                    moment = datetime.combine(day, time(hour, minute))
                    if after <= moment < before:
                        yield moment, moment + timedelta(minutes=rule.minutes), False
        day += timedelta(days=1)


def _cron_day(rule: CronRule, day: date) -> bool:
    if rule.days is None:
        return rule.weekdays is None or day.weekday() in rule.weekdays
    if rule.weekdays is None:
        return day.day in rule.days
    return day.day in rule.days or day.weekday() in rule.weekdays
