"""What is gone through again: traces with what was seen beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from foreload_core.simulate import Run, Scenario
from foreload_core.types import Amounts, Resource, RunKind, Sample
from foreload_core.units import GIB
from foreload_system.traces import Trace, TraceError, TraceEvent, read_events, read_trace

from foreload_cli.failure import CommandFailed

ROOM_FACTOR = 2.0
"""Where nobody says how much there is, there is so many times the highest demand."""
SHAPE = ("test_scope", "parallel", "workers")
"""Runs of the same kind whose features differ here are told apart."""


@dataclass(frozen=True, slots=True)
class Past:
    """One environment's past.

    Attributes:
        trace: as read.
        scenario: what is simulated, without a profile.
        days: its length.
        missing_count: intervals without a measurement, which count as the one before.
    """

    trace: Trace
    scenario: Scenario
    days: float
    missing_count: int


def read_pasts(
    traces: Sequence[Path], events: Sequence[Path], cores: float | None, memory_gib: float | None
) -> tuple[Past, ...]:
    """Reads traces and events.

    Raises:
        CommandFailed: one of them cannot be read, or they do not belong together.
    """
    if events and len(events) != len(traces):
        raise CommandFailed(
            f"simulate: --events is given {len(events)} times for {len(traces)} traces; give one for each, in order", 2
        )
    found: list[Past] = []
    try:
        for number, path in enumerate(traces):
            seen = read_events(events[number]) if events else ()
            found.append(_past(read_trace(path), seen, cores, memory_gib))
    except TraceError as error:
        raise CommandFailed(f"simulate: {error}") from error
    return tuple(found)


def _past(trace: Trace, events: Sequence[TraceEvent], cores: float | None, memory_gib: float | None) -> Past:
    measured = {each for each in (Resource.CPU, Resource.MEMORY) if each in trace.values}
    if not measured:
        raise CommandFailed(f"simulate: {trace.path}: neither cpu_cores nor memory_bytes was measured")
    demand, missing_count = _filled(trace, measured)
    most_cores = max((sample.used.cpu_cores or 0.0 for sample in demand), default=0.0)
    most_bytes = max((sample.used.memory_bytes or 0 for sample in demand), default=0)
    capacity = Amounts(
        None if Resource.CPU not in measured else cores or max(most_cores * ROOM_FACTOR, 0.1),
        None
        if Resource.MEMORY not in measured
        else int(memory_gib * GIB)
        if memory_gib
        else max(round(most_bytes * ROOM_FACTOR), 1 << 20),
    )
    _require_room(trace, capacity, Amounts(most_cores, most_bytes))
    end = demand[-1].start + timedelta(seconds=trace.interval_seconds)
    scenario = Scenario(
        demand=demand,
        capacity=capacity,
        floor=Amounts(),
        initial=capacity,
        runs=tuple(_runs(events, demand[0], end)),
    )
    return Past(trace, scenario, trace.interval_seconds * len(demand) / 86_400, missing_count)


def _require_room(trace: Trace, capacity: Amounts, most: Amounts) -> None:
    if capacity.cpu_cores is not None and (most.cpu_cores or 0.0) > capacity.cpu_cores:
        raise CommandFailed(
            f"simulate: --cores is {capacity.cpu_cores:g}; {trace.path} used {most.cpu_cores:g}; give that at least", 2
        )
    if capacity.memory_bytes is not None and (most.memory_bytes or 0) > capacity.memory_bytes:
        used = (most.memory_bytes or 0) / GIB
        raise CommandFailed(
            f"simulate: --memory-gib is {capacity.memory_bytes / GIB:g}; {trace.path} needs {used:.3g} of them",
            2,
        )


def _filled(trace: Trace, measured: set[Resource]) -> tuple[tuple[Sample, ...], int]:
    """The samples; what was not measured is as it was before, since a limit has to be set then too."""
    found: list[Sample] = []
    missing_count = 0
    last = Amounts(cpu_cores=0.0, memory_bytes=0)
    for sample in trace.samples():
        used = Amounts()
        for resource in measured:
            amount = sample.used.get(resource)
            missing_count += amount is None
            used = used.with_amount(resource, last.get(resource) if amount is None else amount)
        last = used.over(last)
        found.append(Sample(sample.start, sample.interval_seconds, used))
    return tuple(found), missing_count


def _runs(events: Sequence[TraceEvent], first: Sample, end: datetime) -> list[Run]:
    ends = {event.run_id: event.at for event in events if event.type == "run_end"}
    known = {kind.value: kind for kind in RunKind}
    found: list[Run] = []
    for number, event in enumerate(events):
        if event.type != "run_start" or event.at < first.start or event.at >= end:
            continue
        run_id = event.run_id or f"run-{number}"
        shape = "-".join(f"{event.features[name]:g}" for name in SHAPE if name in event.features)
        kind = known.get(event.kind, RunKind.OTHER)
        found.append(Run(run_id, f"{event.kind}-{shape}", kind, event.at, ends.get(event.run_id), dict(event.features)))
    return found
