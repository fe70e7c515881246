"""The profile's text as its editor shows it: the week, the rules, the bounds, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from foreload_core.profile import Window, expand
from foreload_core.profile.amounts import AMOUNT_FIELDS
from foreload_core.profile.document import EveryRule
from foreload_core.profile.parsing import RULE_KEYS
from foreload_core.types import Resource, WindowKind, WindowOccurrence
from foreload_core.units import cores_text

from foreload_daemon.pages.profile import words
from foreload_daemon.pages.profile.patterns import STEP_MINUTES, STEPS, WeekOfUse, find_patterns, week_start
from foreload_daemon.pages.profile.reading import Half, problems_of, read_half
from foreload_daemon.protocol import (
    Pattern,
    ProfileBlock,
    ProfileBound,
    ProfileDay,
    ProfilePage,
    ProfileProblem,
    ProfileRule,
)

DAY_MINUTES = 24 * 60
LOOK_AHEAD = timedelta(days=400)
NEAR_LOOK_AHEAD = timedelta(days=8)
BOUNDS = (
    ("cpuCores", "CPU", "cores"),
    ("memoryGib", "Memory", "GiB"),
    ("gpuCount", "GPU", "of one"),
    ("networkRxMegabytesPerSecond", "Network in", "MB/s"),
    ("networkTxMegabytesPerSecond", "Network out", "MB/s"),
)


def profile_page(
    text: str, environment: str, now: datetime, use: WeekOfUse, spent_text: str, declined: Sequence[str] = ()
) -> ProfilePage:
    """The editor's page.

    Args:
        text: of the file, right or wrong.
        environment: its name.
        now: UTC.
        use: the last weeks by weekday and half hour, in the profile's zone.
        spent_text: what the month has cost so far, in words.
        declined: keys of patterns that the person said are none.
    """
    half = read_half(text)
    entries = half.entries or {}
    problems = problems_of(half)
    local = now.astimezone(ZoneInfo(half.zone))
    start = week_start(now, half.zone)
    occurrences = _week(half, start)
    blocks = _blocks(half, occurrences, start, problems)
    return ProfilePage(
        environment=environment,
        readable=half.entries is not None,
        name=_text(entries.get("name")),
        timeZone=half.zone,
        problems=problems,
        days=_days(use, start, local),
        blocks=blocks,
        rules=[rule for index in range(len(half.given)) if (rule := _rule(half, index, now)) is not None],
        bounds=[_bound(entries, *bound) for bound in BOUNDS],
        budgetUsdPerMonth=_number(entries.get("budgetUsdPerMonth")),
        spentText=spent_text,
        preference=_preference(entries.get("preference")),
        nowDay=local.weekday(),
        nowMinute=local.hour * 60 + local.minute,
        historyDays=round(use.days, 1),
        pattern=next(iter(open_patterns(half, use, start, declined)), None),
    )


def open_patterns(half: Half, use: WeekOfUse, start: datetime, declined: Sequence[str]) -> list[Pattern]:
    """Patterns of the history that the profile does not cover and that the person has not declined."""
    expected = [[0.0] * STEPS for _ in range(7)]
    for _, occurrence in _week(half, start):
        cores = occurrence.expected.get(Resource.CPU)
        if cores is None:
            continue
        for day, first, last in _pieces(occurrence, start):
            for step in range(first // STEP_MINUTES, -(-last // STEP_MINUTES)):
                expected[day][step] = max(expected[day][step], cores)
    return [pattern for pattern in find_patterns(use, expected) if pattern.key not in declined]


def _week(half: Half, start: datetime) -> list[tuple[int, WindowOccurrence]]:
    end = start + timedelta(days=7)
    found: list[tuple[int, WindowOccurrence]] = []
    for index, window in half.windows.items():
        inside = _occurrences(half, window, start.astimezone(UTC), end.astimezone(UTC))
        found.extend((index, occurrence) for occurrence in inside)
    return found


def _occurrences(half: Half, window: Window, start: datetime, end: datetime) -> Sequence[WindowOccurrence]:
    return expand(replace(half.profile(), windows=(window,)), start, end).windows


def _pieces(occurrence: WindowOccurrence, start: datetime) -> list[tuple[int, int, int]]:
    """An occurrence by day of the week: day, first and last minute of its wall time."""
    zone = start.tzinfo
    begin, end = occurrence.start.astimezone(zone), occurrence.end.astimezone(zone)
    found: list[tuple[int, int, int]] = []
    for day in range(7):
        date = (start + timedelta(days=day)).date()
        if begin.date() > date or end.date() < date:
            continue
        first = begin.hour * 60 + begin.minute if begin.date() == date else 0
        last = end.hour * 60 + end.minute if end.date() == date else DAY_MINUTES
        if last > first:
            found.append((day, first, last))
    return found


def _blocks(
    half: Half,
    occurrences: Sequence[tuple[int, WindowOccurrence]],
    start: datetime,
    problems: Sequence[ProfileProblem],
) -> list[ProfileBlock]:
    wrong = {problem.rule for problem in problems}
    found: list[ProfileBlock] = []
    for index, occurrence in occurrences:
        window = half.windows[index]
        for day, first, last in _pieces(occurrence, start):
            is_week = isinstance(window.rule, EveryRule) and day in window.rule.weekdays
            need = words.expects_words(window)
            name = start + timedelta(days=day)
            span = f"{name:%A}, {first // 60:02d}:{first % 60:02d} to {last // 60:02d}:{last % 60:02d}"
            found.append(
                ProfileBlock(
                    rule=index,
                    day=day,
                    startMinute=first,
                    endMinute=last,
                    kind=window.kind.value,
                    text=_block_text(window),
                    label=f"{window.name}, {window.kind.value}, {span}, {need}",
                    wrong=index in wrong,
                    movable=is_week and _same_day(window),
                )
            )
    return sorted(found, key=lambda block: (block.day, block.startMinute, block.rule))


def _same_day(window: Window) -> bool:
    rule = window.rule
    return isinstance(rule, EveryRule) and (rule.end > rule.start or (rule.end.hour == 0 and rule.end.minute == 0))


def _block_text(window: Window) -> str:
    if window.kind is WindowKind.IDLE:
        return window.name
    cores = window.expected.get(Resource.CPU)
    if cores is None:
        return window.name
    text = cores_text(cores)
    if window.kind is WindowKind.DEADLINE:
        return f"{window.name} · {text}"
    return f"{text} {'core' if text == '1' else 'cores'}"


def _days(use: WeekOfUse, start: datetime, local: datetime) -> list[ProfileDay]:
    found: list[ProfileDay] = []
    for day in range(7):
        date = (start + timedelta(days=day)).date()
        used = [None if value is None else round(value, 2) for value in use.mean[day]]
        found.append(ProfileDay(f"{date:%a} {date.day}", date == local.date(), used))
    return found


def _rule(half: Half, index: int, now: datetime) -> ProfileRule | None:
    given = half.given[index]
    if not isinstance(given, dict):
        return None
    entries = cast("dict[str, Any]", given)
    window = half.windows.get(index)
    key = next((key for key in RULE_KEYS if key in entries), "every")
    when = entries.get(key, "")
    expected = entries.get("expect")
    expect = cast("dict[str, Any]", expected) if isinstance(expected, dict) else {}
    return ProfileRule(
        index=index,
        kind=str(entries.get("kind", "peak")),
        name=_text(entries.get("name")) or "Without a name",
        words=words.rule_words(window) if window is not None else "not understood yet",
        technical=words.technical(window, entries) if window is not None else _text(when),
        whenKey=key,
        when=when if isinstance(when, str) else ", ".join(map(str, cast("list[Any]", when))),
        expects=words.expects_words(window) if window is not None else "",
        next=_next(half, window, now) if window is not None else "",
        enabled=entries.get("enabled", True) is True,
        cores=_number(expect.get("cpuCores")),
        memoryGib=_number(expect.get("memoryGib")),
    )


def _next(half: Half, window: Window, now: datetime) -> str:
    if not window.enabled:
        return "off"
    for ahead in (NEAR_LOOK_AHEAD, LOOK_AHEAD):
        occurrences = _occurrences(half, window, now, now + ahead)
        if occurrences:
            return _moment(occurrences[0].start, now, half.zone)
    return "not again"


def _moment(moment: datetime, now: datetime, zone: str) -> str:
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    if moment <= now:
        return "now"
    days = (local.date() - today).days
    if days == 0:
        return f"today {local:%H:%M}"
    if days == 1:
        return f"tomorrow {local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b}"


def _bound(entries: Mapping[str, Any], key: str, name: str, unit: str) -> ProfileBound:
    def stated(part: str) -> float | None:
        value = entries.get(part)
        return _number(cast("dict[str, Any]", value).get(key)) if isinstance(value, dict) else None

    return ProfileBound(key, name, unit, stated("minimum"), stated("maximum"))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _preference(value: Any) -> float:
    number = _number(value)
    return min(1.0, max(0.0, number)) if number is not None else 0.5


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


assert {field.name for field in AMOUNT_FIELDS} == {key for key, _, _ in BOUNDS}, "a bound for each amount of a profile"
