"""What may stand in an outgoing message: every text follows a rule of its own; one without a rule is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from foreload_core.features import FEATURES
from foreload_core.features import problems as feature_problems

if TYPE_CHECKING:
    from google.protobuf.message import Message

RANDOM_ID = re.compile(r"([0-9a-f]{32})?")
"""Ids that we make: 32 hexadecimal digits, drawn at random."""
TASK_ID = re.compile(r"[0-9a-f]{16}")
"""Ids of tasks: 16 hexadecimal digits, drawn at random by who submits them."""
WINDOW_ID = re.compile(r"w-[0-9a-f]{12}")
"""A window's id on the wire is an HMAC of the one in the file."""
DECISION_ID = re.compile(r"([a-z0-9-]{1,63}-[0-9]{1,12})?")
"""The broker's ids of decisions: this environment's name and a revision."""
REFERENCE = re.compile(f"{DECISION_ID.pattern}|{RANDOM_ID.pattern}|{WINDOW_ID.pattern}")

NO_FORECAST = ("", "too_little_history", "not_measured", "failed")

RULES: Mapping[str, re.Pattern[str]] = {
    "Hello.client_version": re.compile(r"[0-9][0-9A-Za-z.+]{0,31}"),
    "Signal.signal_id": RANDOM_ID,
    "Signal.run_id": RANDOM_ID,
    "ProfileWindow.window_id": WINDOW_ID,
    "ResourceForecast.method": re.compile(r"[a-z0-9_]{0,40}"),
    "ResourceForecast.no_forecast_reason": re.compile("|".join(NO_FORECAST)),
    "ListDecisionsRequest.before_decision_id": DECISION_ID,
    "ListDecisionsRequest.environment_id": re.compile(""),
    "ExplainDecisionRequest.decision_id": DECISION_ID,
    "PinLimitRequest.request_id": RANDOM_ID,
    "UndoDecisionRequest.request_id": RANDOM_ID,
    "UndoDecisionRequest.decision_id": DECISION_ID,
    "DeclineDecisionRequest.request_id": RANDOM_ID,
    "DeclineDecisionRequest.reference": REFERENCE,
    "DeclineMoveRequest.task_id": TASK_ID,
    "PauseScalingRequest.request_id": RANDOM_ID,
    "PurgeRequest.request_id": RANDOM_ID,
}
"""Each text field that can leave, by message and field."""


def problems(message: Message) -> list[str]:
    """Why a message may not leave, one sentence each; empty when it may. Says the field, never the value."""
    found: list[str] = []
    for name, value in _texts(message):
        rule = RULES.get(name)
        if rule is None:
            found.append(f"{name} is a text without a rule")
        elif not rule.fullmatch(value):
            found.append(f"{name} holds a text that does not follow its rule")
    if message.DESCRIPTOR.name == "Features" and feature_problems(dict(getattr(message, "values"))):  # noqa: B009 - generated field
        found.append("Features.values holds a name or a number that is not in the schema")
    return found


def flat(message: Message, prefix: str = "") -> dict[str, Any]:
    """The fields that are set, by their path, as the ledger shows them. Long lists become their number and range."""
    values: dict[str, Any] = {}
    for descriptor, value in message.ListFields():
        name = f"{prefix}{descriptor.name}"
        if descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry:
            values |= {f"{name}.{key}": number for key, number in value.items()}
        elif descriptor.message_type is not None and descriptor.message_type.full_name == "google.protobuf.Timestamp":
            values[name] = value.ToJsonString()
        elif descriptor.is_repeated and descriptor.message_type is not None:
            for index, item in enumerate(value):
                values |= flat(item, f"{name}[{index}].")
        elif descriptor.is_repeated:
            values[name] = f"{len(value)} values, {min(value):.4g} to {max(value):.4g}"
        elif descriptor.message_type is not None:
            values |= flat(value, f"{name}.")
        elif descriptor.enum_type is not None:
            values[name] = _tag(descriptor.enum_type, value)
        else:
            values[name] = value
    return values


def _tag(kind: Any, number: int) -> str:
    """An enumerated value by its own word: SIGNAL_KIND_RUN_ENDED is run_ended."""
    prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.name).upper() + "_"
    return kind.values_by_number[number].name.removeprefix(prefix).lower()


def known_features(values: Mapping[str, float]) -> dict[str, float]:
    """The features that the schema knows, within their ranges."""
    return {name: value for name, value in values.items() if name in FEATURES and not feature_problems({name: value})}


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry:
            # Keys of maps are texts too; `Features` checks its own against the schema.
            if message.DESCRIPTOR.name != "Features":
                yield from ((f"{message.DESCRIPTOR.name}.{descriptor.name}", str(key)) for key in value)
        elif descriptor.message_type is not None:
            for item in value if descriptor.is_repeated else (value,):
                yield from _texts(item)
        elif descriptor.cpp_type == descriptor.CPPTYPE_STRING:
            for item in value if descriptor.is_repeated else (value,):
                yield f"{message.DESCRIPTOR.name}.{descriptor.name}", item
