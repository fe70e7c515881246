"""A profile's text for its editor, which has to show one that is half right: window by window, with what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from foreload_core.profile import Problem, Profile, Window, parse_profile
from foreload_core.types import NO_AMOUNTS

from foreload_daemon.protocol import ProfileFix, ProfileProblem

DEFAULT_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Half:
    """What can be read of a profile.

    Attributes:
        entries: the file's object; None where it is none.
        zone: its time zone, UTC where that cannot be read.
        windows: place in the file -> window; those that cannot be read are missing. Its maximum is not held against it.
        problems: everything that is wrong, in the order of the lines.
    """

    entries: dict[str, Any] | None
    zone: str
    windows: dict[int, Window]
    problems: tuple[Problem, ...]

    @property
    def given(self) -> list[Any]:
        """The windows as they stand in the file."""
        value = (self.entries or {}).get("windows")
        return cast("list[Any]", value) if isinstance(value, list) else []

    def profile(self) -> Profile:
        """What counts of it: the windows that can be read, without bounds that are wrong."""
        return Profile("editor", self.zone, tuple(self.windows.values()), NO_AMOUNTS, NO_AMOUNTS)


def read_half(text: str) -> Half:
    """Reads what can be read of a text; never raises."""
    _, problems = parse_profile(text)
    try:
        value = json.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return Half(None, DEFAULT_ZONE, {}, tuple(problems))
    if not isinstance(value, dict):
        return Half(None, DEFAULT_ZONE, {}, tuple(problems))
    entries = cast("dict[str, Any]", value)
    zone = entries.get("timeZone")
    half = Half(entries, DEFAULT_ZONE, {}, tuple(problems))
    zone = zone if isinstance(zone, str) and _parsed({}, zone) is not None else DEFAULT_ZONE
    windows: dict[int, Window] = {}
    for index, given in enumerate(half.given):
        parsed = _parsed(given, zone) if isinstance(given, dict) else None
        if parsed is not None and parsed.windows:
            windows[index] = parsed.windows[0]
    return Half(entries, zone, windows, tuple(problems))


def problems_of(half: Half) -> list[ProfileProblem]:
    """What is wrong, each with the ways out that are sure."""
    return [
        ProfileProblem(problem.path, problem.message, problem.line, _rule_of(problem.path), _fixes(half, problem.path))
        for problem in half.problems
    ]


def _parsed(window: Mapping[str, Any], zone: str) -> Profile | None:
    document = {"version": 1, "name": "window", "timeZone": zone, "windows": [window] if window else []}
    return parse_profile(json.dumps(document))[0]


def _rule_of(path: str) -> int:
    if not path.startswith("windows["):
        return -1
    number = path[len("windows[") :].partition("]")[0]
    return int(number) if number.isdecimal() else -1


def _fixes(half: Half, path: str) -> list[ProfileFix]:
    """Two ways out where a need or a minimum is above the maximum; none where only the person can know."""
    key = path.rsplit(".", 1)[-1]
    asked, most = _at(half.entries, path), _at(half.entries, f"maximum.{key}")
    if not _is_number(asked) or not _is_number(most) or asked <= most:
        return []
    verb = "At least" if path.startswith("minimum.") else "Expect"
    return [
        ProfileFix(f"{verb} {most:g}", path, json.dumps(most)),
        ProfileFix(f"Raise to {asked:g}", f"maximum.{key}", json.dumps(asked)),
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _at(value: Any, path: str) -> Any:
    for part in path_parts(path):
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and part < len(cast("list[Any]", value)) else None
        else:
            value = cast("dict[str, Any]", value).get(part) if isinstance(value, dict) else None
    return value


def path_parts(path: str) -> list[str | int]:
    """`windows[1].expect.cpuCores` as its parts."""
    parts: list[str | int] = []
    for piece in path.split(".") if path else []:
        name, *places = piece.split("[")
        if name:
            parts.append(name)
        parts.extend(int(place.rstrip("]")) for place in places if place.rstrip("]").isdecimal())
    return parts
