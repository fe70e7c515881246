"""Whether the profile's windows come true: what was used in them against what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from foreload_core.policy.situation import HIT_RATIO, is_declined, says_the_same
from foreload_core.policy.state import EnvironmentState, WindowRecord
from foreload_core.types import NO_AMOUNTS, Resource, Sample, WindowKind, WindowOccurrence

KEPT_RECORDS = 32
SHORT_RATIO = 0.1


def watch_windows(state: EnvironmentState, sample: Sample) -> EnvironmentState:
    """Takes in what the newest sample says of the windows that are open while it was measured."""
    for window in state.profile.windows:
        if window.start <= sample.start < window.end and _says_something(window) and not is_declined(state, window):
            state = _with_record(state, _seen(_record(state, window), window, sample))
    return state


def judge_windows(state: EnvironmentState, now: datetime) -> EnvironmentState:
    """Counts the occurrences that are over: one that came true makes good all misses before it."""
    for window in state.profile.windows:
        record = next((each for each in state.windows if each.window_id == window.window_id), None)
        if record is None or record.until != window.end or window.end > now or record.peak == NO_AMOUNTS:
            continue
        hit = record.short or any(
            amount >= HIT_RATIO * (window.expected.get(resource) or 0.0) for resource, amount in record.peak.items()
        )
        judged = replace(record, peak=NO_AMOUNTS, short=False, miss_count=0 if hit else record.miss_count + 1)
        state = _with_record(state, judged)
    return state


def _says_something(window: WindowOccurrence) -> bool:
    return window.kind is not WindowKind.IDLE and any(amount > 0 for _resource, amount in window.expected.items())


def _record(state: EnvironmentState, window: WindowOccurrence) -> WindowRecord:
    known = next((each for each in state.windows if each.window_id == window.window_id), None)
    if known is None or not says_the_same(known, window):
        seconds = (window.end - window.start).total_seconds()
        return WindowRecord(window.window_id, window.expected, seconds, window.end)
    return known if known.until == window.end else replace(known, until=window.end, peak=NO_AMOUNTS, short=False)


def _seen(record: WindowRecord, window: WindowOccurrence, sample: Sample) -> WindowRecord:
    short = record.short or sample.oom_kills > 0 or sample.throttled_seconds > SHORT_RATIO * sample.interval_seconds
    peak = record.peak
    for resource in Resource:
        used = sample.used.get(resource)
        if used is not None and window.expected.get(resource) is not None:
            peak = peak.with_amount(resource, max(used, peak.get(resource) or 0.0))
    return replace(record, peak=peak, short=short)


def _with_record(state: EnvironmentState, record: WindowRecord) -> EnvironmentState:
    others = tuple(each for each in state.windows if each.window_id != record.window_id)
    return replace(state, windows=(*others, record)[-KEPT_RECORDS:])
