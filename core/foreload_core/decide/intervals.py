"""Samples as the density sees them: the highest use of each interval, without what known runs stand for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from foreload_core.policy.situation import is_over
from foreload_core.policy.state import DensityMemory, EnvironmentState, Interval
from foreload_core.types import NO_AMOUNTS, Amounts, Placement, Resource, Sample

STEP_SECONDS = 60.0
"""Shorter samples are taken together, longer ones as they are: the density was fitted on minutes and more."""
LONGEST_SECONDS = 86_400.0
AT_LIMIT_RATIO = 0.9
"""Use from this part of the limit on may have been held back by it, if something was."""
KEPT_INTERVALS = 60
HELD_SECONDS_RATIO = 0.1
LONGER_RATIO = 1.5
"""Samples that became longer by this much begin the density anew."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def take_interval(state: EnvironmentState, sample: Sample, placement: Placement) -> EnvironmentState:
    """Adds the newest sample to the interval in which it began; an interval that it ends waits to be taken in.

    What a run in progress is known to need does not count: it is placed by its signal, and is over when it ends.
    """
    seconds = sample.interval_seconds
    if not 1.0 <= seconds <= LONGEST_SECONDS or _overlaps_ended_run(state, sample):
        return state
    memory = state.density
    if memory is None or seconds > LONGER_RATIO * memory.step_seconds:
        memory = DensityMemory(max(STEP_SECONDS, float(round(seconds))))
    begun = _begin_of(sample.start, memory.step_seconds)
    seen = _seen(state, sample, placement)
    if memory.open is not None and memory.open.begun != begun:
        if memory.open.begun > begun:
            return state
        memory = _closed(memory)
    memory = replace(memory, open=seen if memory.open is None else _joined(memory.open, seen))
    memory = replace(memory, open=replace(memory.open or seen, begun=begun))
    ends = begun + timedelta(seconds=memory.step_seconds - 1e-3)
    if sample.start + timedelta(seconds=seconds) >= ends:
        memory = _closed(memory)
    return replace(state, density=memory)


def _begin_of(moment: datetime, step_seconds: float) -> datetime:
    steps = int((moment - EPOCH).total_seconds() // step_seconds)
    return EPOCH + timedelta(seconds=steps * step_seconds)


def _closed(memory: DensityMemory) -> DensityMemory:
    """The interval is over. The same one is not ended twice, so that a sample that comes late changes nothing."""
    if memory.open is None or (memory.ended and memory.ended[-1].begun >= memory.open.begun):
        return replace(memory, open=None)
    return replace(memory, open=None, ended=(*memory.ended, memory.open)[-KEPT_INTERVALS:])


def _seen(state: EnvironmentState, sample: Sample, placement: Placement) -> Interval:
    peak, held_back = NO_AMOUNTS, set[Resource]()
    beside = _beside_runs(state, sample)
    for resource, used in sample.used.items():
        if resource not in placement.changeable:
            continue
        known = beside.get(resource)
        peak = peak.with_amount(resource, used if known is None else min(used, known))
        if known is None and _was_held_back(sample, resource, used):
            held_back.add(resource)
    return Interval(sample.start, peak, frozenset(held_back))


def _beside_runs(state: EnvironmentState, sample: Sample) -> Amounts:
    """What is used beside the runs in progress whose need is known; nothing where there is none."""
    beside = NO_AMOUNTS
    ends = sample.start + timedelta(seconds=sample.interval_seconds)
    for run in state.runs:
        if run.announced or run.demand is None or run.begins_at >= ends or is_over(run, sample.start):
            continue
        for resource, base in run.base.items():
            if run.demand.high.get(resource) is not None:
                beside = beside.with_amount(resource, max(base, beside.get(resource) or 0.0))
    return beside


def _overlaps_ended_run(state: EnvironmentState, sample: Sample) -> bool:
    """A run was on its way when the sample began, and is over: how much of the sample was its own is not known."""
    return state.ended_at is not None and state.ended is not None and sample.start < state.ended_at


def _was_held_back(sample: Sample, resource: Resource, used: float) -> bool:
    if resource is Resource.MEMORY:
        return sample.oom_kills > 0
    if resource is not Resource.CPU or not sample.throttled_seconds > HELD_SECONDS_RATIO * sample.interval_seconds:
        return False
    limit = sample.limit.cpu_cores
    return limit is None or used >= AT_LIMIT_RATIO * limit


def _joined(one: Interval, other: Interval) -> Interval:
    """The highest of both; what was held back stays a lower bound unless more was seen that was not."""
    peak, held_back = one.peak, set[Resource]()
    for resource, amount in other.peak.items():
        known = peak.get(resource)
        if known is None or amount > known:
            peak = peak.with_amount(resource, amount)
    for part in (one, other):
        held_back.update(each for each in part.held_back if part.peak.get(each) == peak.get(each))
    return Interval(one.begun, peak, frozenset(held_back))
