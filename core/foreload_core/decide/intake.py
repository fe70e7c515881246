"""How what arrives becomes what is remembered. Whatever comes twice, late or out of order leaves the same memory."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from foreload_core.decide.intervals import take_interval
from foreload_core.decide.watching import judge_windows, watch_windows
from foreload_core.policy.situation import is_over, lower_after_seconds
from foreload_core.policy.state import ActiveRun, Boost, EnvironmentState, PastNeed
from foreload_core.types import (
    Amounts,
    Ask,
    Forecast,
    NoForecast,
    Placement,
    PolicySettings,
    ProfileNumbers,
    Reason,
    Resource,
    Sample,
    Signal,
    SignalKind,
)

KEPT_SAMPLES = 6
KEPT_SIGNALS = 128
KEPT_RUNS = 32
KEPT_NEEDS = 16
SKEW_SECONDS = 60.0
"""A measurement that ends later than this after now is not believed."""
THROTTLED_RATIO = 0.1
"""Throttled for more than this part of an interval: something is short."""
THROTTLED_FACTOR, THROTTLED_AGAIN_FACTOR = 1.5, 2.0
OOM_FACTOR = 1.5
LOOK_AHEAD_SECONDS, LOWEST_LEVEL = 3600.0, 0.5
"""No decision looks further ahead than this, or at lower quantiles."""
OOM_HOLD_SECONDS = 86_400.0
"""After a kill the memory stays raised for a day: what needed it once comes again, and a kill loses work."""
WINDOW_MEMORY_SECONDS = 600.0
"""A window that is over is kept this long, to explain the lowering after it."""


def take_samples(
    state: EnvironmentState, samples: tuple[Sample, ...], placement: Placement, settings: PolicySettings, now: datetime
) -> EnvironmentState:
    """Remembers the newest samples; a newest one that tells of throttling or a kill leaves a boost."""
    for raw in samples:
        sample = _clean(raw)
        if sample is None or (sample.start - now).total_seconds() + sample.interval_seconds > SKEW_SECONDS:
            continue
        if not state.samples or sample.start > state.samples[-1].start:
            boosts = _boosts_after(state, sample, placement, settings)
            state = watch_windows(take_interval(state, sample, placement), sample)
            if state.first_seen_at is None:
                state = replace(state, first_seen_at=sample.start)
            state = replace(state, boosts=boosts, samples=(*state.samples, sample)[-KEPT_SAMPLES:])
        else:
            state = replace(state, samples=_with_late(state.samples, sample))
    return state


def _with_late(samples: tuple[Sample, ...], late: Sample) -> tuple[Sample, ...]:
    """The samples with one that is not the newest; of two with the same start the one that saw more counts."""
    known = {sample.start: sample for sample in samples}
    before = known.get(late.start)
    if before is None or late.interval_seconds > before.interval_seconds:
        known[late.start] = late
    return tuple(known[start] for start in sorted(known))[-KEPT_SAMPLES:]


def _clean(sample: Sample) -> Sample | None:
    if not (math.isfinite(sample.interval_seconds) and sample.interval_seconds > 0):
        return None
    used = sample.used
    for resource, amount in sample.used.items():
        if not math.isfinite(amount):
            used = used.with_amount(resource, None)
        elif amount < 0:
            used = used.with_amount(resource, 0.0)
    return sample if used is sample.used else replace(sample, used=used)


def _boosts_after(
    state: EnvironmentState, sample: Sample, placement: Placement, settings: PolicySettings
) -> tuple[Boost, ...]:
    boosts = state.boosts
    if math.isfinite(sample.throttled_seconds) and sample.throttled_seconds > THROTTLED_RATIO * sample.interval_seconds:
        boosts = _with_boost(boosts, _throttle_boost(state, sample, placement, settings))
    if sample.oom_kills > 0:
        basis = _short_amount(state, sample, placement, Resource.MEMORY)
        until = _end(sample) + timedelta(seconds=OOM_HOLD_SECONDS)
        boosts = _with_boost(boosts, Boost(Resource.MEMORY, basis * OOM_FACTOR, until, "oom"))
    return boosts


def _throttle_boost(state: EnvironmentState, sample: Sample, placement: Placement, settings: PolicySettings) -> Boost:
    before = state.samples[-1] if state.samples else None
    again = before is not None and before.throttled_seconds > THROTTLED_RATIO * before.interval_seconds
    before_count = max((boost.streak_count for boost in state.boosts if boost.cause == "throttled"), default=0)
    streak = 1 + before_count if again else 1
    basis = _short_amount(state, sample, placement, Resource.CPU)
    amount = basis * (THROTTLED_AGAIN_FACTOR if streak > 1 else THROTTLED_FACTOR)
    until = _end(sample) + timedelta(seconds=max(settings.lower_after_seconds, 2 * sample.interval_seconds))
    return Boost(Resource.CPU, amount, until, "throttled", streak)


def _short_amount(state: EnvironmentState, sample: Sample, placement: Placement, resource: Resource) -> float:
    """What was too little: the limit, or only the use where the limit was raised after the sample began."""
    used = sample.used.get(resource) or 0.0
    raised = any(
        change.resource is resource and change.at > sample.start and change.to_amount > (change.from_amount or 0.0)
        for change in state.past
    )
    if raised:
        return used
    limits = (state.target.get(resource), sample.limit.get(resource), placement.limit.get(resource))
    return max(used, next((limit for limit in limits if limit is not None), 0.0))


def _with_boost(boosts: tuple[Boost, ...], boost: Boost) -> tuple[Boost, ...]:
    others = tuple(known for known in boosts if known.cause != boost.cause or known.resource is not boost.resource)
    before = [known.amount for known in boosts if known.cause == boost.cause and known.resource is boost.resource]
    return (*others, replace(boost, amount=max([boost.amount, *before])))


def _end(sample: Sample) -> datetime:
    return sample.start + timedelta(seconds=min(sample.interval_seconds, 86_400.0))


def take_signals(state: EnvironmentState, signals: tuple[Signal, ...], now: datetime) -> EnvironmentState:
    """Remembers starts, announcements and ends, each once; an end that overtakes its start also counts."""
    for signal in signals:
        if signal.signal_id in state.signal_ids:
            continue
        state = replace(state, signal_ids=(*state.signal_ids, signal.signal_id)[-KEPT_SIGNALS:])
        run_id = signal.run_id or signal.signal_id
        if signal.kind is SignalKind.RUN_ENDED:
            state = _ended(state, run_id, now)
        elif signal.kind in (SignalKind.RUN_STARTED, SignalKind.ANNOUNCED) and not _is_unwanted(state, signal, run_id):
            state = _started(state, signal, run_id, now)
    return state


def _is_unwanted(state: EnvironmentState, signal: Signal, run_id: str) -> bool:
    return run_id in state.ended_run_ids or run_id in state.declined or signal.signal_id in state.declined


def _started(state: EnvironmentState, signal: Signal, run_id: str, now: datetime) -> EnvironmentState:
    announced = signal.kind is SignalKind.ANNOUNCED
    begins_at = signal.at if announced else min(signal.at, now)
    same = [run for run in state.runs if run.run_id == run_id]
    base = same[0].base if same else _base(state, begins_at)
    demand = signal.demand if signal.demand is not None or not same else same[0].demand
    run = ActiveRun(run_id, signal.signal_id, signal.run_kind, begins_at, demand, base, announced)
    others = [known for known in state.runs if known.run_id != run_id]
    runs = sorted([*others, run], key=lambda known: (known.begins_at, known.run_id))
    return replace(state, runs=tuple(runs[-KEPT_RUNS:]))


def _base(state: EnvironmentState, begins_at: datetime) -> Amounts:
    """What is used beside this run: the highest of the samples that ended by its start, less what known runs stand for.

    A run of which nothing is known, such as a server that was there before, stays in the base with what it uses.
    """
    base = Amounts()
    for sample in state.samples:
        if (begins_at - sample.start).total_seconds() < sample.interval_seconds:
            continue
        for resource, amount in sample.used.items():
            base = base.with_amount(resource, max(amount, base.get(resource) or 0.0))
    going_on = [run for run in state.runs if not run.announced and run.demand is not None]
    for resource, amount in base.items():
        counted = sum((run.demand.high.get(resource) or 0.0) for run in going_on if run.demand is not None)
        before = max((run.base.get(resource) or 0.0 for run in going_on), default=0.0)
        base = base.with_amount(resource, max(amount - counted, min(amount, before)))
    return base


def _ended(state: EnvironmentState, run_id: str, now: datetime) -> EnvironmentState:
    known = any(run.run_id == run_id for run in state.runs)
    state = replace(
        state,
        runs=tuple(run for run in state.runs if run.run_id != run_id),
        ended_run_ids=(*state.ended_run_ids, run_id)[-KEPT_RUNS:],
    )
    return replace(state, ended=Reason("runs", "run_ended", {}, run_id), ended_at=now) if known else state


def take_ask(state: EnvironmentState, ask: Ask) -> EnvironmentState:
    """A newer ask replaces the one before. One with a lower revision does so only once that is no longer valid."""
    before = state.ask
    newer = before is None or ask.revision > before.revision or ask.made_at >= before.valid_until
    return replace(state, ask=_needed_part(ask)) if newer else state


def _needed_part(ask: Ask) -> Ask:
    """Only what a decision can look at while the ask is valid: a whole one has many times the size of all the rest."""
    kept: list[Forecast | NoForecast] = []
    for entry in ask.forecasts:
        if isinstance(entry, Forecast) and entry.step_seconds > 0:
            ahead_seconds = (ask.valid_until - entry.start).total_seconds() + LOOK_AHEAD_SECONDS
            steps = max(0, int(min(ahead_seconds / entry.step_seconds, float(entry.steps)))) + 1
            levels = {level: values[:steps] for level, values in entry.quantiles.items() if level >= LOWEST_LEVEL}
            kept.append(replace(entry, quantiles=levels))
    return replace(ask, forecasts=tuple(kept))


def take_profile(state: EnvironmentState, profile: ProfileNumbers) -> EnvironmentState:
    """A profile of the same or a later revision replaces the one before."""
    return replace(state, profile=profile) if profile.revision >= state.profile.revision else state


def forget_past(state: EnvironmentState, settings: PolicySettings, now: datetime) -> EnvironmentState:
    """Drops what no longer counts, and keeps what was needed up to now as a past need."""
    state = judge_windows(state, now)
    runs = tuple(run for run in state.runs if not is_over(run, now))
    boosts = tuple(boost for boost in state.boosts if now <= boost.until)
    holds = tuple(hold for hold in state.holds if (now - hold.until).total_seconds() < 3600)
    profile = state.profile
    if profile.windows and (now - profile.windows[0].end).total_seconds() > WINDOW_MEMORY_SECONDS:
        kept = [window for window in profile.windows if (now - window.end).total_seconds() <= WINDOW_MEMORY_SECONDS]
        profile = replace(profile, windows=tuple(kept))
    needs = _needs_up_to(state, settings, now)
    return replace(state, runs=runs, boosts=boosts, holds=holds, profile=profile, needs=needs)


def _needs_up_to(state: EnvironmentState, settings: PolicySettings, now: datetime) -> tuple[PastNeed, ...]:
    needs: list[PastNeed] = []
    for resource in Resource:
        mine = [need for need in state.needs if need.resource is resource]
        latest = state.needed.get(resource)
        if latest is not None:
            mine = [need for need in mine if need.amount > latest]
            mine.append(PastNeed(resource, now, float(latest)))
        after_seconds = lower_after_seconds(settings, resource)
        needs.extend(_merged([need for need in mine if (now - need.until).total_seconds() < after_seconds]))
    return tuple(needs)


def _merged(needs: list[PastNeed]) -> list[PastNeed]:
    """At most so many; two of them become one that holds for both, which can only hold a limit up for longer."""
    while len(needs) > KEPT_NEEDS:
        needs = [replace(needs[0], until=needs[1].until), *needs[2:]]
    return needs
