"""What a hand on the week, a field or a button does to the profile's text. The text stays the only state there is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import time
from typing import Any, cast

from foreload_core.profile.document import EveryRule
from foreload_core.profile.recurrence import WEEKDAYS, parse_every

from foreload_daemon.pages.profile.reading import path_parts
from foreload_daemon.pages.profile.words import days_words
from foreload_daemon.protocol import ProfileChange, ProfileChanged
from foreload_daemon.wire import BadMessage

DAY_MINUTES = 24 * 60
LEAST_MINUTES = 15
NAMES = {"peak": "Peak", "idle": "Idle", "deadline": "Deadline"}
NEW_RULE: dict[str, Any] = {
    "name": "Month's end",
    "kind": "peak",
    "rrule": "FREQ=MONTHLY;BYDAY=-1TH",
    "start": "2026-01-29T14:00",
    "minutes": 240,
    "expect": {"cpuCores": 2},
}
PATH_PATTERN = re.compile(r"[A-Za-z]+(\[\d{1,3}\])?(\.[A-Za-z]+)*")


def changed(change: ProfileChange) -> ProfileChanged:
    """The text after a change.

    Raises:
        BadMessage: the change is none, or the text is no JSON object, so that it can only be edited as text.
    """
    entries = _entries(change.text)
    actions = {"paint": _paint, "move": _move, "erase": _erase, "set": _set, "remove": _remove, "add": _add}
    if change.action not in actions:
        raise BadMessage(f"ProfileChange.action is {change.action!r}; allowed are {', '.join(actions)}")
    if not 0 <= change.day <= 6:
        raise BadMessage(f"ProfileChange.day is {change.day}; allowed is 0 to 6")
    said = actions[change.action](entries, change)
    return ProfileChanged(written(entries, change.text), said) if said else ProfileChanged(change.text, "")


def written(entries: dict[str, Any], before: str) -> str:
    """The object as text, indented as the file was."""
    found = re.search(r"\n([ \t]+)\"", before)
    indent = (found[1] if "\t" not in found[1] else "\t") if found else "  "
    return json.dumps(entries, indent=indent, ensure_ascii=False) + "\n"


def every_text(weekdays: Sequence[int], start_minute: int, end_minute: int) -> str:
    """The rule's text: `Tuesday 16:00-17:00`, `weekday 09:30-11:30`."""
    days = tuple(sorted(set(weekdays)))
    named = {tuple(range(7)): "day", tuple(range(5)): "weekday", (5, 6): "weekend"}
    text = named.get(days) or ", ".join(WEEKDAYS[day] for day in days)
    return f"{text} {clock(start_minute)}-{clock(end_minute)}"


def clock(minute: int) -> str:
    """Minutes from midnight as 16:00; a day's end is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _entries(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text.removeprefix("\ufeff")) if text.strip() else {}
    except ValueError as error:
        raise BadMessage(f"the profile is not JSON ({error}), so it can only be changed as text") from None
    if not isinstance(value, dict):
        raise BadMessage("the profile is no JSON object, so it can only be changed as text")
    return cast("dict[str, Any]", value)


def _windows(entries: dict[str, Any]) -> list[dict[str, Any]]:
    windows = entries.setdefault("windows", [])
    if not isinstance(windows, list):
        raise BadMessage("“windows” is no list, so it can only be changed as text")
    return cast("list[dict[str, Any]]", windows)


def _span(change: ProfileChange) -> tuple[int, int]:
    start, end = change.startMinute, change.endMinute
    if not 0 <= start < end <= DAY_MINUTES:
        raise BadMessage(f"ProfileChange has minutes {start} to {end}; allowed is 0 to {DAY_MINUTES}, start before end")
    return start, max(end, min(DAY_MINUTES, start + LEAST_MINUTES))


def _rule(window: Any) -> EveryRule | None:
    text = window.get("every") if isinstance(window, dict) else None
    try:
        return parse_every(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _minutes(rule: EveryRule) -> tuple[int, int]:
    start, end = _minute(rule.start), _minute(rule.end)
    return start, end if end > start else end + DAY_MINUTES


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _paint(entries: dict[str, Any], change: ProfileChange) -> str:
    start, end = _span(change)
    if change.kind not in NAMES:
        raise BadMessage(f"ProfileChange.kind is {change.kind!r}; allowed are {', '.join(NAMES)}")
    need: dict[str, Any] = {}
    if change.cores is not None:
        need["cpuCores"] = _plain(change.cores)
    if change.memoryGib is not None:
        need["memoryGib"] = _plain(change.memoryGib)
    if change.kind == "idle":
        need = {}
    windows = _windows(entries)
    where = f"{WEEKDAYS[change.day]}, {clock(start)} to {clock(end)}"
    for window in windows:
        rule = _rule(window)
        alike = window.get("kind", "peak") == change.kind and window.get("expect", {}) == need
        if rule is not None and alike and "factor" not in window and _minutes(rule) == (start, end):
            days = {*rule.weekdays, change.day}
            window["every"] = every_text(sorted(days), start, end)
            return f"{window.get('name', NAMES[change.kind])} now also on {where}."
    made: dict[str, Any] = {
        "name": NAMES[change.kind],
        "kind": change.kind,
        "every": every_text([change.day], start, end),
    }
    if need:
        made["expect"] = need
    windows.append(made)
    return f"{NAMES[change.kind]} on {where}."


def _move(entries: dict[str, Any], change: ProfileChange) -> str:
    start, end = _span(change)
    window = _at(entries, change.index)
    rule = _rule(window)
    if rule is None:
        return ""
    before = _minutes(rule)
    days = list(rule.weekdays)
    if len(days) == 1:
        days = [change.day]
    if before == (start, end) and tuple(days) == rule.weekdays:
        return ""
    window["every"] = every_text(days, start, end)
    return f"{window.get('name', 'It')} is now {days_words(sorted(days))}, {clock(start)} to {clock(end)}."


def _erase(entries: dict[str, Any], change: ProfileChange) -> str:
    if change.index >= 0:
        window = _at(entries, change.index)
        return _erase_day(entries, window, change.day)
    start, end = _span(change)
    said: list[str] = []
    for window in [*_windows(entries)]:
        rule = _rule(window)
        if rule is None or change.day not in rule.weekdays:
            continue
        begins, ends = _minutes(rule)
        if begins >= end or ends <= start:
            continue
        said.append(_erase_day(entries, window, change.day))
        for first, last in ((begins, min(start, ends)), (max(end, begins), ends)):
            if last - first >= LEAST_MINUTES and last <= DAY_MINUTES:
                rest = {**window, "every": every_text([change.day], first, last)}
                rest.pop("id", None)
                _windows(entries).append(rest)
    return " ".join(said)


def _erase_day(entries: dict[str, Any], window: dict[str, Any], day: int) -> str:
    name = window.get("name", "It")
    rule = _rule(window)
    if rule is not None and len(rule.weekdays) > 1 and day in rule.weekdays:
        days = [each for each in rule.weekdays if each != day]
        window["every"] = every_text(days, *_minutes_of_day(rule))
        return f"{name} no longer on {WEEKDAYS[day]}."
    _windows(entries).remove(window)
    return f"{name} is gone."


def _minutes_of_day(rule: EveryRule) -> tuple[int, int]:
    start, end = _minutes(rule)
    return start, end if end <= DAY_MINUTES else end - DAY_MINUTES


def _remove(entries: dict[str, Any], change: ProfileChange) -> str:
    window = _at(entries, change.index)
    _windows(entries).remove(window)
    return f"{window.get('name', 'It')} is gone."


def _add(entries: dict[str, Any], _change: ProfileChange) -> str:
    _windows(entries).append(dict(NEW_RULE))
    return "A rule was added: say when it happens and what it needs."


def _at(entries: dict[str, Any], index: int) -> dict[str, Any]:
    windows = _windows(entries)
    if not 0 <= index < len(windows) or not isinstance(cast("Any", windows[index]), dict):
        raise BadMessage(f"ProfileChange.index is {index}; the profile has {len(windows)} windows")
    return windows[index]


def _set(entries: dict[str, Any], change: ProfileChange) -> str:
    if not PATH_PATTERN.fullmatch(change.path):
        raise BadMessage(f"ProfileChange.path is {change.path!r}; allowed is one such as windows[1].expect.cpuCores")
    parts = path_parts(change.path)
    value: Any = entries
    for place, part in enumerate(parts[:-1]):
        empty: Any = [] if isinstance(parts[place + 1], int) else {}
        if isinstance(part, int):
            value = _at(entries, part)
        elif isinstance(value, dict):
            value = cast("dict[str, Any]", value).setdefault(part, empty)
    key = parts[-1]
    if not isinstance(value, dict) or not isinstance(key, str):
        raise BadMessage(f"ProfileChange.path is {change.path!r}; there is nothing of that name in the profile")
    holder = cast("dict[str, Any]", value)
    if change.value == "":
        holder.pop(key, None)
        if not holder and len(parts) == 2 and parts[0] in ("minimum", "maximum"):
            entries.pop(str(parts[0]), None)
        return "Taken away."
    try:
        holder[key] = json.loads(change.value)
    except ValueError:
        raise BadMessage(f"ProfileChange.value is {change.value!r}; allowed is JSON") from None
    return "Changed."


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else round(number, 3)
