"""A profile's text as values, or everything that is wrong with it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from foreload_core.profile import recurrence
from foreload_core.profile.amounts import AMOUNT_FIELDS, AmountField
from foreload_core.profile.document import Criticality, Problem, Profile, Rule, Window
from foreload_core.profile.reading import read_json
from foreload_core.types import NO_AMOUNTS, Amounts, WindowKind

VERSION = 1
MOST_WINDOWS, MOST_DATES, MOST_TASKS, LONGEST_NAME = 100, 366, 200, 80
LARGEST_FACTOR, LARGEST_BUDGET_USD = 100.0, 1_000_000.0
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,39}$"
PROFILE_KEYS = (
    "$schema version name timeZone windows minimum maximum budgetUsdPerMonth preference tasks".split()  # noqa: SIM905
)
WINDOW_KEYS = "id name kind enabled every rrule start minutes dates cron expect factor".split()  # noqa: SIM905
_Choice = TypeVar("_Choice", bound=StrEnum)
RULE_KEYS = ("every", "rrule", "dates", "cron")


def parse_profile(text: str | bytes) -> tuple[Profile | None, list[Problem]]:
    """Reads a profile. Never raises, whatever the text is.

    Args:
        text: the file's content.

    Returns:
        The profile and no problems; or None and every problem that was found, in the order of the lines. A profile with
        a problem is not used in part: the one before it stays.
    """
    read = read_json(text)
    if isinstance(read, Problem):
        return None, [read]
    value, lines = read
    parser = _Parser(lines)
    profile = parser.profile(value)
    problems = sorted(parser.problems, key=lambda problem: (problem.line, problem.path))
    return (None if problems else profile), problems


class _Parser:
    """Collects problems while it reads; what it returns counts only when there are none."""

    def __init__(self, lines: Mapping[str, int]) -> None:
        self._lines = lines
        self.problems: list[Problem] = []

    def profile(self, value: Any) -> Profile | None:
        entries = self._object(value, "", PROFILE_KEYS, ("version", "name", "timeZone"))
        if entries is None:
            return None
        version = entries.get("version")
        if "version" in entries and (type(version) is not int or version != VERSION):
            self._say("version", f"The version is {_shown(version)}; this program knows version {VERSION}.")
        if "$schema" in entries and not isinstance(entries["$schema"], str):
            self._say("$schema", f"{_shown(entries['$schema'])} is no address of a schema; write a text.")
        minimum = self._amounts(entries.get("minimum", {}), "minimum")
        maximum = self._amounts(entries.get("maximum", {}), "maximum")
        self._check_bounds(entries)
        budget = self._number(
            entries, "budgetUsdPerMonth", 0, LARGEST_BUDGET_USD, "a budget in USD per month", above=True
        )
        preference = self._number(entries, "preference", 0, 1, "a preference, from 0 (cheapest) to 1 (fastest)")
        return Profile(
            name=self._name(entries, "name", "name"),
            time_zone=self._time_zone(entries.get("timeZone")),
            windows=self._windows(entries),
            minimum=minimum,
            maximum=maximum,
            budget_usd_per_month=budget,
            preference_ratio=0.5 if preference is None else preference,
            tasks=self._tasks(entries.get("tasks", {})),
        )

    def _say(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message, self._line(path)))

    def _line(self, path: str) -> int:
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._lines.get(path, 1)

    def _object(self, value: Any, path: str, known: Sequence[str], needed: tuple[str, ...]) -> dict[str, Any] | None:
        what = "The profile" if not path else f"“{path}”"
        if not isinstance(value, dict):
            self._say(path, f"{what} is {_shown(value)}; an object with {', '.join(known)} is expected.")
            return None
        entries = cast("dict[str, Any]", value)
        for name in entries:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f" Did you mean “{near[0]}”?" if near else ""
                where = f"{path}.{name}" if path else name
                self._say(where, f"“{_short(name)}” is not known here; allowed are {', '.join(known)}.{hint}")
        for name in needed:
            if name not in entries:
                self._say(path, f"{what} has no “{name}”; it is needed.")
        return entries

    def _name(self, entries: dict[str, Any], key: str, path: str) -> str:
        if key not in entries:
            return ""
        name = entries[key]
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            self._say(path, f"{_shown(name)} is no name; a text of 1 to {LONGEST_NAME} characters is expected.")
            return ""
        return name

    def _time_zone(self, value: Any) -> str:
        if value is None:
            return "UTC"
        if isinstance(value, str):
            try:
                ZoneInfo(value)
            except (ValueError, OSError, LookupError):  # the library's ways to say that there is no such zone
                pass
            else:
                return value
        self._say("timeZone", f"{_shown(value)} is no time zone; write an IANA name such as “Europe/Berlin” or “UTC”.")
        return "UTC"

    def _number(
        self, entries: dict[str, Any], path: str, low: float, high: float, what: str, *, above: bool = False
    ) -> float | None:
        """`path` may lead into an object; its last part is the key. With `above`, `low` itself is not allowed."""
        key = path.rsplit(".", 1)[-1]
        if key not in entries:
            return None
        value = entries[key]
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            if low <= value <= high and not (above and value == low):
                return float(value)
            least = f"more than {low:g}" if above else f"{low:g}"
            self._say(path, f"{_shown(value)} is not allowed for {what}; allowed is {least} to {high:g}.")
        else:
            self._say(path, f"{_shown(value)} is not {what}; a number is expected.")
        return None

    def _amounts(self, value: Any, path: str) -> Amounts:
        entries = self._object(value, path, [each.name for each in AMOUNT_FIELDS], ())
        amounts = NO_AMOUNTS
        for each in AMOUNT_FIELDS if entries else ():
            amount = self._number(
                entries or {}, f"{path}.{each.name}", 0, each.most, each.meaning.rstrip("."), above=True
            )
            if amount is not None:
                amounts = amounts.with_amount(each.resource, amount * each.scale)
        return amounts

    def _check_bounds(self, entries: dict[str, Any]) -> None:
        for each in AMOUNT_FIELDS:
            least, most = _stated(entries.get("minimum"), each), _stated(entries.get("maximum"), each)
            if least is not None and most is not None and least > most:
                self._say(
                    f"minimum.{each.name}",
                    f"A minimum of {each.words(least)} is more than your maximum of {most:g}."
                    f" Ask for at most {most:g}, or raise the maximum to at least {least:g}.",
                )

    def _windows(self, entries: dict[str, Any]) -> tuple[Window, ...]:
        value = entries.get("windows", [])
        if not isinstance(value, list):
            self._say("windows", f"“windows” is {_shown(value)}; a list is expected.")
            return ()
        given = cast("list[Any]", value)
        if len(given) > MOST_WINDOWS:
            self._say("windows", f"There are {len(given)} windows; at most {MOST_WINDOWS} are allowed.")
            return ()
        windows: list[Window] = []
        for index, each in enumerate(given):
            window = self._window(each, f"windows[{index}]", index, entries.get("maximum"))
            if window is None:
                continue
            if any(window.window_id == known.window_id for known in windows):
                self._say(
                    f"windows[{index}].id", f"The id “{window.window_id}” is used twice; give each window its own."
                )
            windows.append(window)
        return tuple(windows)

    def _window(self, value: Any, path: str, index: int, maximum: Any) -> Window | None:
        entries = self._object(value, path, WINDOW_KEYS, ("name",))
        if entries is None:
            return None
        before = len(self.problems)
        name = self._name(entries, "name", f"{path}.name")
        kind = self._choice(entries.get("kind", "peak"), f"{path}.kind", WindowKind)
        window_id = entries.get("id", f"window-{index + 1}")
        if not isinstance(window_id, str) or not re.fullmatch(ID_PATTERN, window_id):
            allowed = "a to z, 0 to 9 and “-”, at most 40"
            self._say(f"{path}.id", f"{_shown(window_id)} is no id; allowed are {allowed}.")
        rule = self._rule(entries, path)
        expected = self._amounts(entries.get("expect", {}), f"{path}.expect")
        factor = self._number(entries, f"{path}.factor", 0, LARGEST_FACTOR, "a factor")
        enabled = entries.get("enabled", True)
        if not isinstance(enabled, bool):
            self._say(f"{path}.enabled", f"{_shown(enabled)} is not allowed; allowed are true and false.")
        self._check_need(entries, path, kind, maximum)
        if len(self.problems) > before or rule is None or kind is None:
            return None
        return Window(str(window_id), name, kind, rule, expected, factor, enabled is True)

    def _choice(self, value: Any, path: str, choices: type[_Choice]) -> _Choice | None:
        allowed = [choice.value for choice in choices]
        if isinstance(value, str) and value in allowed:
            return choices(value)
        self._say(path, f"{_shown(value)} is not allowed; allowed are {', '.join(allowed)}.")
        return None

    def _check_need(self, entries: dict[str, Any], path: str, kind: WindowKind | None, maximum: Any) -> None:
        if "expect" in entries and "factor" in entries:
            self._say(f"{path}.factor", "A window has either “expect” or “factor”; remove one of them.")
        elif kind is not WindowKind.IDLE and not entries.get("expect") and "factor" not in entries:
            self._say(path, "The window does not say what is needed; add “expect” with amounts, or “factor”.")
        for each in AMOUNT_FIELDS:
            need, most = _stated(entries.get("expect"), each), _stated(maximum, each)
            if need is not None and most is not None and need > most:
                verb = "is" if need == 1 or each.name not in ("cpuCores", "gpuCount") else "are"
                self._say(
                    f"{path}.expect.{each.name}",
                    f"{each.words(need)} {verb} more than your maximum of {most:g}."
                    f" Expect at most {most:g}, or raise the maximum to at least {need:g}.",
                )

    def _rule(self, entries: dict[str, Any], path: str) -> Rule | None:
        given = [key for key in RULE_KEYS if key in entries]
        if len(given) != 1:
            so_far = "none is given" if not given else f"{' and '.join(given)} are given"
            self._say(path, f"A window happens by one of every, rrule, dates or cron; {so_far}.")
            return None
        for key, owners in (("start", ("rrule",)), ("minutes", ("rrule", "cron"))):
            if key in entries and given[0] not in owners:
                self._say(
                    f"{path}.{key}", f"“{key}” goes with {' or '.join(owners)}, not with “{given[0]}”; remove it."
                )
                return None
            if key not in entries and given[0] in owners:
                self._say(path, f"“{given[0]}” needs “{key}” beside it.")
                return None
        return self._rule_of(given[0], entries, path)

    def _rule_of(self, key: str, entries: dict[str, Any], path: str) -> Rule | None:
        value = entries[key]
        minutes = 0
        if "minutes" in entries:
            minutes = entries["minutes"]
            if type(minutes) is not int or not 1 <= minutes <= recurrence.MOST_MINUTES:
                allowed = f"a whole number from 1 to {recurrence.MOST_MINUTES}"
                self._say(f"{path}.minutes", f"{_shown(minutes)} is no length in minutes; {allowed} is expected.")
                return None
        if key == "dates":
            return self._dates(value, f"{path}.dates")
        for name in (key, "start"):
            if name in entries and not isinstance(entries[name], str):
                self._say(f"{path}.{name}", f"“{name}” is {_shown(entries[name])}; a text is expected.")
                return None
        if len(value) > 500:
            self._say(f"{path}.{key}", f"“{key}” has {len(value)} characters; at most 500 are allowed.")
            return None
        try:
            if key == "every":
                return recurrence.parse_every(value)
            if key == "rrule":
                return recurrence.parse_rrule(value, entries["start"], minutes)
            return recurrence.parse_cron(value, minutes)
        except ValueError as error:
            self._say(f"{path}.{key}", str(error))
            return None

    def _dates(self, value: Any, path: str) -> Rule | None:
        texts = cast("list[Any]", value) if isinstance(value, list) else []
        if not 1 <= len(texts) <= MOST_DATES or not all(isinstance(text, str) for text in texts):
            self._say(path, f"“dates” is {_shown(value)}; a list of 1 to {MOST_DATES} texts is expected.")
            return None
        try:
            return recurrence.parse_dates(cast("list[str]", texts))
        except ValueError as error:
            self._say(path, str(error))
            return None

    def _tasks(self, value: Any) -> dict[str, Criticality]:
        if not isinstance(value, dict):
            self._say("tasks", f"“tasks” is {_shown(value)}; an object of names and criticalities is expected.")
            return {}
        entries = cast("dict[str, Any]", value)
        if len(entries) > MOST_TASKS:
            self._say("tasks", f"There are {len(entries)} tasks; at most {MOST_TASKS} are allowed.")
            return {}
        found: dict[str, Criticality] = {}
        for name, level in entries.items():
            if not name.strip() or len(name) > LONGEST_NAME:
                self._say(
                    "tasks", f"“{_short(name)}” is no name of a task; 1 to {LONGEST_NAME} characters are expected."
                )
            criticality = self._choice(level, f"tasks.{name}", Criticality)
            if criticality is not None:
                found[name] = criticality
        return found


def _stated(value: Any, each: AmountField) -> float | None:
    if not isinstance(value, dict):
        return None
    amount = cast("dict[str, Any]", value).get(each.name)
    return amount if isinstance(amount, int | float) and not isinstance(amount, bool) and amount > 0 else None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _shown(value: Any) -> str:
    """The value as it stands in the file, shortened."""
    if isinstance(value, str):
        return f"“{_short(value)}”"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e15 else "a very large number"
    return "a list" if isinstance(value, list) else "an object"
