"""What is seen before the demand that it causes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from foreload_core.types.resources import Amounts


class RunKind(StrEnum):
    """What kind of thing runs. The values are those of `kind` in the events beside a trace."""

    PROGRAM = "program"
    TEST = "test"
    BUILD = "build"
    SERVE = "serve"
    NOTEBOOK = "notebook"
    OTHER = "other"


class DemandSource(StrEnum):
    """What a demand estimate was made from."""

    HISTORY = "history"
    CODE = "code"
    KIND = "kind"
    DEVELOPER = "developer"


@dataclass(frozen=True, slots=True)
class DemandEstimate:
    """What a run is expected to need on top of what the environment uses without it.

    Attributes:
        typical: in half of the cases the need stays below this.
        high: in 9 of 10 cases it does.
        duration_seconds_typical, duration_seconds_high: the same of its length.
        source: what the estimate was made from.
        run_count: earlier runs behind it; 0 for code alone.
    """

    typical: Amounts
    high: Amounts
    duration_seconds_typical: float
    duration_seconds_high: float
    source: DemandSource
    run_count: int = 0


class SignalKind(StrEnum):
    """What happened. The first three are the `type` of the events beside a trace (run_start, run_end, save)."""

    RUN_STARTED = "run_start"
    RUN_ENDED = "run_end"
    SAVED = "save"
    ANNOUNCED = "announced"


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that happened in the environment.

    Attributes:
        signal_id: idempotency key.
        kind: what happened.
        at: when, UTC.
        run_id: joins the start and the end of a run; empty for a save.
        run_kind: kind of that run.
        demand: what the run is expected to need; None where nothing is known, and for ends and saves.
    """

    signal_id: str
    kind: SignalKind
    at: datetime
    run_id: str = ""
    run_kind: RunKind = RunKind.OTHER
    demand: DemandEstimate | None = None
