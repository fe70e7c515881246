"""What an editor or a platform tells of sessions, saves and runs, as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

from foreload_core.features import EVENT_FEATURES

TEST_SCOPES: Final = {"file": 0.0, "package": 1.0, "all": 2.0}
_LOGARITHMIC: Final = frozenset({"files_changed", "loc_changed", "data_mb", "workers", "epochs", "batch"})
EXPLAINING: Final = tuple(feature.name for feature in EVENT_FEATURES)
"""Features that the need and the length of a run are explained by, besides its kind."""
VECTOR_LENGTH: Final = len(EXPLAINING) + 1


class EventType(StrEnum):
    """The values of `type` in the events beside a trace."""

    SESSION_START = "session_start"
    SESSION_END = "session_end"
    SAVE = "save"
    RUN_START = "run_start"
    RUN_END = "run_end"
    DEPLOY = "deploy"


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One thing that was seen.

    Attributes:
        at_seconds: when, seconds of the epoch.
        type: what happened.
        run: joins the start and the end of a run.
        kind: kind of that run.
        features: numbers that are known of the code or the run; see `foreload_core.features`.
    """

    at_seconds: float
    type: EventType
    run: str = ""
    kind: str = ""
    features: Mapping[str, float] = field(default_factory=dict[str, float])


def event_of(entries: Mapping[str, Any], at_seconds: float) -> RunEvent | None:
    """An event as it stands in a trace; None for a type that says nothing about runs."""
    try:
        kind = EventType(str(entries.get("type")))
    except ValueError:
        return None
    features = entries.get("features")
    known = numbers(cast("Mapping[str, object]", features)) if isinstance(features, Mapping) else {}
    return RunEvent(at_seconds, kind, str(entries.get("run") or ""), str(entries.get("kind") or ""), known)


def numbers(features: Mapping[str, object]) -> dict[str, float]:
    """The features that are numbers; true and false are 1 and 0, a test's scope may be a word."""
    found: dict[str, float] = {}
    for name, told in features.items():
        value = TEST_SCOPES.get(told) if name == "test_scope" and isinstance(told, str) else told
        if isinstance(value, int | float) and math.isfinite(value):
            found[name] = float(value)
    return found


def vector(features: Mapping[str, float]) -> list[float]:
    """What a run is explained by: a 1, then each feature (sizes as logarithms); an absent one is 0."""
    found = [1.0]
    for name in EXPLAINING:
        value = max(features.get(name, 0.0), 0.0)
        found.append(min(math.log1p(value), 12.0) / 4 if name in _LOGARITHMIC else min(value, 2.0))
    return found
