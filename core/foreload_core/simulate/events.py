"""Run signals of a recorded past, with what could be known of each run when it started: from the runs before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from foreload_core.history.runs import MOST_RECORDS, RunRecord, estimate_demand
from foreload_core.types import Amounts, RunKind, Sample, Signal, SignalKind

BEFORE_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the events beside a trace: `type` as there; features are numbers."""

    at: datetime
    type: str
    run_id: str = ""
    kind: str = ""
    features: Mapping[str, float] = field(default_factory=dict[str, float])


def signals_of(events: Sequence[Event], demand: Sequence[Sample], capacity: Amounts) -> tuple[Signal, ...]:
    """One signal for each start and end of a run, in the order of their times.

    Args:
        events: in the order of their times; others than starts and ends are passed over.
        demand: what was used, oldest first.
        capacity: what there is at most.
    """
    starts = [sample.start for sample in demand]
    open_runs: dict[str, Event] = {}
    records: list[RunRecord] = []
    signals: list[Signal] = []
    for number, event in enumerate(events):
        if event.type == "run_start":
            alike = [record for record in records if record.kind is _kind(event.kind)][-MOST_RECORDS:]
            same = [record for record in alike if record.key == _key(event)]
            known = estimate_demand(same, alike, event.features, capacity)
            open_runs[event.run_id] = event
            about = (event.at, event.run_id, _kind(event.kind), known)
            signals.append(Signal(f"event-{number}", SignalKind.RUN_STARTED, *about))
        elif event.type == "run_end":
            began = open_runs.pop(event.run_id, None)
            kind = _kind(event.kind or (began.kind if began else ""))
            signals.append(Signal(f"event-{number}", SignalKind.RUN_ENDED, event.at, event.run_id, kind))
            record = None if began is None else _record(began, event.at, demand, starts)
            if record is not None:
                records = [*records[-4 * MOST_RECORDS :], record]
    return tuple(signals)


def _kind(name: str) -> RunKind:
    return RunKind(name) if name in {kind.value for kind in RunKind} else RunKind.OTHER


def _key(event: Event) -> str:
    """Runs that were told to do the same amount of work: their kind, scope, and whether all is made anew."""
    told = [f"{name}={event.features[name]:g}" for name in ("test_scope", "clean") if name in event.features]
    return " ".join([event.kind, *told])


def _record(began: Event, ended_at: datetime, demand: Sequence[Sample], starts: list[datetime]) -> RunRecord | None:
    """What a run used on top of what was used before it; None where no whole interval lies within it."""
    first, last = bisect_left(starts, began.at), bisect_left(starts, ended_at)
    during = [sample.used for sample in demand[first:last]]
    before = [sample.used for sample in demand[max(0, first - 1 - BEFORE_SAMPLES) : max(0, first - 1)]]
    if not during:
        return None
    base_cores = max((used.cpu_cores or 0.0 for used in before), default=0.0)
    base_bytes = max((used.memory_bytes or 0 for used in before), default=0)
    cores = [max(0.0, (used.cpu_cores or 0.0) - base_cores) for used in during]
    memory = [max(0, (used.memory_bytes or 0) - base_bytes) for used in during]
    record = RunRecord(
        key=_key(began),
        kind=_kind(began.kind),
        started_at=began.at,
        duration_seconds=max(1.0, (ended_at - began.at).total_seconds()),
        cores_peak=max(cores),
        cores_mean=sum(cores) / len(cores),
        memory_peak_bytes=float(max(memory)),
    )
    return replace(record, features=dict(began.features))
