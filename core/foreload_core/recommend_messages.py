"""The messages of `foreload recommend`, read and checked before anything changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from foreload_core.runs.events import RunEvent, event_of
from foreload_core.types import Resource

MOST_DELAY = 60
SHORTEST_STEP_SECONDS, LONGEST_STEP_SECONDS = 1.0, 86_400.0
LOWEST_KNOB, HIGHEST_KNOB = 0.1, 10.0


class BadMessageError(ValueError):
    """A message that is not understood: what, where, which value, what is allowed."""


@dataclass(frozen=True, slots=True)
class Reset:
    """A new environment.

    Attributes:
        environment_id: its name, told back nowhere.
        step_seconds: length of an interval.
        delay: an answer holds from so many intervals after the next one.
        resources: what is measured.
        capacity: where it is known.
        application_type: where it is known; empty otherwise.
        knob: caution: 1 is the default, more is safer.
    """

    environment_id: str
    step_seconds: float
    delay: int
    resources: tuple[Resource, ...]
    capacity: Mapping[Resource, float]
    application_type: str
    knob: float


@dataclass(frozen=True, slots=True)
class Step:
    """One interval that has ended.

    Attributes:
        ended_seconds: its end, seconds of the epoch.
        usage: what was used of each resource.
        held: what was in force.
        throttled: resources whose demand was held back.
        events: what was seen up to its end; types that say nothing about runs are left out.
    """

    ended_seconds: float
    usage: Mapping[Resource, float]
    held: Mapping[Resource, float]
    throttled: frozenset[Resource]
    events: tuple[RunEvent, ...] = field(default=())


def read_reset(message: object) -> Reset:
    """The reset in a message.

    Raises:
        BadMessageError: something in it is missing or not allowed.
    """
    ctx = _object(_object(message, "the message").get("ctx"), "ctx")
    names = ctx.get("resources")
    allowed = [each.value for each in Resource]
    if not isinstance(names, list) or not names:
        raise BadMessageError(f"ctx.resources is {names!r}; expected is a list of {', '.join(allowed)}")
    resources: list[Resource] = []
    for name in cast("list[object]", names):
        if name not in allowed or name in resources:
            raise BadMessageError(f"ctx.resources has {name!r}; allowed are {', '.join(allowed)}, each once")
        resources.append(Resource(name))
    delay = ctx.get("delay", 1)
    if type(delay) is not int or not 0 <= delay <= MOST_DELAY:
        raise BadMessageError(f"ctx.delay is {delay!r}; allowed are whole numbers from 0 to {MOST_DELAY}")
    capacity = _amounts(ctx.get("capacity", {}), "ctx.capacity", least=5e-324)
    return Reset(
        environment_id=str(ctx.get("id", "")),
        step_seconds=_number(ctx.get("dt_s"), "ctx.dt_s", SHORTEST_STEP_SECONDS, LONGEST_STEP_SECONDS),
        delay=delay,
        resources=tuple(resources),
        capacity=capacity,
        application_type=str(ctx.get("application_type") or ""),
        knob=_number(ctx.get("knob", 1.0), "ctx.knob", LOWEST_KNOB, HIGHEST_KNOB),
    )


def read_step(message: object, reset: Reset, last_seconds: float | None) -> Step:
    """The step in a message.

    Raises:
        BadMessageError: something in it is missing or not allowed.
    """
    entries = _object(message, "the message")
    ended = read_time(entries.get("ts"), "ts")
    if last_seconds is not None and ended <= last_seconds:
        raise BadMessageError(f"ts is {entries.get('ts')!r}; it must be later than that of the step before")
    usage = _amounts(entries.get("usage"), "usage")
    if not usage:
        raise BadMessageError("usage is empty; at least one resource must be given")
    for resource in usage:
        if resource not in reset.resources:
            raise BadMessageError(f"usage has {resource.value!r}; the reset named {', '.join(reset.resources)}")
    throttled = _object(entries.get("throttled", {}), "throttled")
    held_back: set[Resource] = set()
    for name, value in throttled.items():
        if not isinstance(value, bool):
            raise BadMessageError(f"throttled.{name} is {value!r}; allowed are true and false")
        if value:
            held_back.add(_resource(name, "throttled"))
    events = entries.get("events", [])
    if not isinstance(events, list):
        raise BadMessageError(f"events is {events!r}; expected is a list")
    checked = tuple(_event(event, f"events[{place}]") for place, event in enumerate(cast("list[object]", events)))
    known = tuple(event for event in checked if event is not None)
    return Step(ended, usage, _amounts(entries.get("alloc", {}), "alloc"), frozenset(held_back), known)


def read_time(value: object, where: str) -> float:
    """A time such as 2026-01-05T00:01:00Z, in seconds of the epoch.

    Raises:
        BadMessageError: it is none.
    """
    try:
        moment = datetime.fromisoformat(cast("str", value))
    except (TypeError, ValueError):
        raise BadMessageError(f"{where} is {value!r}; expected is a time such as 2026-01-05T00:01:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _event(value: object, where: str) -> RunEvent | None:
    event = _object(value, where)
    if not isinstance(event.get("type"), str):
        raise BadMessageError(f"{where}.type is {event.get('type')!r}; expected is a name such as run_start")
    at = read_time(event.get("ts"), f"{where}.ts")
    _object(event.get("features", {}), f"{where}.features")
    return event_of(event, at)


def _amounts(value: object, where: str, least: float = 0.0) -> dict[Resource, float]:
    found: dict[Resource, float] = {}
    for name, amount in _object(value, where).items():
        if amount is not None:
            found[_resource(name, where)] = _number(amount, f"{where}.{name}", least, math.inf)
    return found


def _resource(name: str, where: str) -> Resource:
    try:
        return Resource(name)
    except ValueError:
        raise BadMessageError(
            f"{where} has {name!r}; allowed are {', '.join(each.value for each in Resource)}"
        ) from None


def _number(value: object, where: str, least: float, most: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not math.isfinite(cast("float", value)) or not least <= cast("float", value) <= most:
        limits = f"at least {least:g}" if math.isinf(most) else f"{least:g} to {most:g}"
        raise BadMessageError(f"{where} is {value!r}; allowed are numbers, {limits}")
    return float(cast("float", value))


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadMessageError(f"{where} is {value!r}; expected is an object")
    return cast("dict[str, Any]", value)
