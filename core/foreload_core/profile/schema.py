"""The JSON Schema of a profile, for editors. Draft 07, which VS Code supports best; a test holds it to the parser."""

from __future__ import annotations

from typing import Any

from foreload_core.profile.amounts import AMOUNT_FIELDS
from foreload_core.profile.parsing import (
    ID_PATTERN,
    LARGEST_BUDGET_USD,
    LARGEST_FACTOR,
    LONGEST_NAME,
    MOST_DATES,
    MOST_TASKS,
    MOST_WINDOWS,
    VERSION,
)
from foreload_core.profile.recurrence import (
    DATE_PATTERN,
    EVERY_EXAMPLES,
    EVERY_PATTERN,
    MOST_MINUTES,
    RRULE_PATTERN,
    START_PATTERN,
)

_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"\S"}


def _amounts(description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": {
            each.name: {"type": "number", "exclusiveMinimum": 0, "maximum": each.most, "description": each.meaning}
            for each in AMOUNT_FIELDS
        },
        "defaultSnippets": [{"label": "cores and memory", "body": {"cpuCores": "^${1:2}", "memoryGib": "^${2:4}"}}],
    }


def _rule(*keys: str) -> dict[str, Any]:
    others = {"every", "rrule", "start", "minutes", "dates", "cron"} - set(keys)
    return {"required": list(keys), "not": {"anyOf": [{"required": [other]} for other in sorted(others)]}}


_WINDOW: dict[str, Any] = {
    "type": "object",
    "description": "A recurring time at which more, or less, is needed than otherwise.",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "id": {
            "type": "string",
            "pattern": ID_PATTERN,
            "description": "Stands for the window outside of this machine, where its name never goes.",
        },
        "name": {**_NAME, "description": "What happens then, for you. It stays on this machine."},
        "kind": {
            "enum": ["peak", "idle", "deadline"],
            "default": "peak",
            "description": "peak: more is needed. idle: little is needed. deadline: more, and with larger margins.",
        },
        "enabled": {
            "type": "boolean",
            "default": True,
            "description": "false: the window stays here and counts for nothing.",
        },
        "every": {
            "type": "string",
            "maxLength": 500,
            "pattern": EVERY_PATTERN,
            "patternErrorMessage": f"Write it as {EVERY_EXAMPLES}.",
            "description": "Days and wall times. Without an end: 30 minutes. An earlier end lies on the next day.",
            "defaultSnippets": [
                {"label": "every day", "body": "day ${1:09:00}-${2:09:30}"},
                {"label": "every working day", "body": "weekday ${1:09:00}-${2:18:00}"},
                {"label": "some days of the week", "body": "${1:Tuesday} ${2:14:00}-${3:16:00}"},
            ],
        },
        "rrule": {
            "type": "string",
            "maxLength": 500,
            "pattern": RRULE_PATTERN,
            "description": "An RFC 5545 rule, with start and minutes beside it.",
            "defaultSnippets": [{"label": "first Monday of the month", "body": "FREQ=MONTHLY;BYDAY=1MO"}],
        },
        "start": {
            "type": "string",
            "pattern": START_PATTERN,
            "description": "First occurrence of the rrule, as wall time: 2026-01-05T09:00.",
        },
        "minutes": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_MINUTES,
            "description": "Length of each occurrence of an rrule or cron.",
        },
        "dates": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_DATES,
            "items": {"type": "string", "pattern": DATE_PATTERN},
            "description": "Single days, each as 2026-12-01 09:00-17:00.",
        },
        "cron": {
            "type": "string",
            "maxLength": 500,
            "description": "Five fields of cron: minute, hour, day, month, weekday; with minutes beside it.",
            "defaultSnippets": [{"label": "every hour of working days", "body": "0 9-18 * * MON-FRI"}],
        },
        "expect": _amounts("What is needed then. It is a need, not a limit: margins and bounds still apply."),
        "factor": {
            "type": "number",
            "minimum": 0,
            "maximum": LARGEST_FACTOR,
            "description": "In place of expect: a multiple of what is used otherwise.",
        },
    },
    "allOf": [
        {"oneOf": [_rule("every"), _rule("rrule", "start", "minutes"), _rule("dates"), _rule("cron", "minutes")]},
        {"not": {"required": ["expect", "factor"]}},
        {
            "if": {"required": ["kind"], "properties": {"kind": {"const": "idle"}}},
            "else": {
                "anyOf": [
                    {"required": ["expect"], "properties": {"expect": {"minProperties": 1}}},
                    {"required": ["factor"]},
                ]
            },
        },
    ],
    "defaultSnippets": [
        {
            "label": "peak every day",
            "body": {
                "name": "${1:Tests before the stand-up}",
                "every": "day ${2:09:00}-${3:09:30}",
                "expect": {"cpuCores": "^${4:2}"},
            },
        }
    ],
}

PROFILE_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Foreload profile",
    "description": "What you expect of this environment: when more is needed, and within which bounds.",
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "name", "timeZone"],
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": VERSION, "description": f"Version of this format: {VERSION}."},
        "name": {**_NAME, "description": "Name of the profile, for you. It stays on this machine."},
        "timeZone": {
            "type": "string",
            "description": "IANA name of the zone of all times here; windows keep their wall time when clocks change.",
            "examples": ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"],
        },
        "windows": {"type": "array", "maxItems": MOST_WINDOWS, "items": _WINDOW},
        "minimum": _amounts("The limit never goes below this."),
        "maximum": _amounts("The limit never goes above this."),
        "budgetUsdPerMonth": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": LARGEST_BUDGET_USD,
            "description": "What the limits may cost in a calendar month, in USD.",
        },
        "preference": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.5,
            "description": "0 is cheapest, 1 is fastest.",
        },
        "tasks": {
            "type": "object",
            "maxProperties": MOST_TASKS,
            "propertyNames": _NAME,
            "additionalProperties": {"enum": ["low", "normal", "high"]},
            "description": "Names of tasks, and how little each may be disturbed.",
        },
    },
    "defaultSnippets": [
        {
            "label": "new profile",
            "body": {"version": VERSION, "name": "${1:My profile}", "timeZone": "${2:UTC}", "windows": []},
        }
    ],
}
