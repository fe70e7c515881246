"""What is expected to change next, as far as it is known now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from foreload_core.policy import EnvironmentState, PastNeed, Policy, Situation, evaluate, ordered_reasons
from foreload_core.policy.situation import is_declined, lower_after_seconds
from foreload_core.policy.state import DensityMemory
from foreload_core.types import PlannedChange, PolicySettings, Reason

AHEAD_SECONDS = 86_400.0
MOST_MOMENTS = 8
MOST_CHANGES = 8
AHEAD_CODES = {
    "lowered": "lowers",
    "lowered_after_run": "lowers_after_run",
    "lowered_after_window": "lowers_after_window",
    "lowered_after_missed_window": "lowers_after_window",
}


def planned_changes(situation: Situation, policy: Policy) -> tuple[PlannedChange, ...]:
    """The changes that windows, runs and announced needs will bring within a day, soonest first; at most eight.

    The policy itself is asked what it would do at each of those moments, if the use stayed as it is. Only what is known
    by its time is planned: a forecast is asked again before it is acted on.
    """
    planned: list[PlannedChange] = []
    for moment in _moments(situation):
        situation = _at(situation, moment)
        target = situation.state.target
        for resource, found in evaluate(situation, policy).items():
            target = target.with_amount(resource, found.limit)
            reasons = ordered_reasons(found)
            if abs(found.limit - found.current) > 1e-9 * found.current and reasons:
                planned.append(PlannedChange(resource, found.limit, moment, _ahead(reasons[0])))
        situation = replace(situation, state=replace(situation.state, target=target))
    return tuple(planned[:MOST_CHANGES])


def _ahead(reason: Reason) -> Reason:
    """A lowering that is still to come cannot say what was needed until then, only why it comes."""
    code = AHEAD_CODES.get(reason.code)
    return reason if code is None else replace(reason, code=code, numbers={})


def _moments(situation: Situation) -> list[datetime]:
    """When something that is known begins to count, or has ended for long enough to lower."""
    state, now = situation.state, situation.now
    lead = timedelta(seconds=situation.settings.window_lead_seconds)
    after = timedelta(seconds=situation.settings.lower_after_seconds)
    counts_until = {need.resource: need.until for need in state.needs}  # the last one of each resource
    moments = [
        until + timedelta(seconds=lower_after_seconds(situation.settings, resource))
        for resource, until in counts_until.items()
    ]
    for window in state.profile.windows:
        if not is_declined(state, window):
            moments += [window.start - lead, window.end + after]
    for run in state.runs:
        if run.announced:
            moments.append(run.begins_at - lead)
        if run.demand is not None:
            moments.append(run.begins_at + _clamped(run.demand.duration_seconds_typical) + after)
    ahead = {moment for moment in moments if 0 < (moment - now).total_seconds() <= AHEAD_SECONDS}
    return sorted(ahead)[:MOST_MOMENTS]


def _clamped(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0.0), 2 * AHEAD_SECONDS))


def _at(situation: Situation, moment: datetime) -> Situation:
    """The situation at a later moment: the same use, runs over by their typical length, past needs run out."""
    state = situation.state
    samples = tuple(replace(sample, start=moment - _clamped(sample.interval_seconds)) for sample in state.samples[-1:])
    over = [
        run
        for run in state.runs
        if _is_over_by(run.begins_at, run.demand and run.demand.duration_seconds_typical, moment)
    ]
    ended, ended_at = state.ended, state.ended_at
    if over:
        ended, ended_at = Reason("runs", "run_ended", {}, over[-1].run_id), moment
    current = [PastNeed(resource, situation.now, amount) for resource, amount in state.needed.items()]
    later = EnvironmentState(
        revision=state.revision,
        target=state.target,
        samples=samples,
        needs=tuple(need for need in (*state.needs, *current) if _still_counts(need, situation.settings, moment)),
        runs=tuple(run for run in state.runs if run not in over),
        ask=state.ask,
        profile=state.profile,
        pinned=state.pinned,
        paused_until=state.paused_until,
        holds=state.holds,
        declined=state.declined,
        boosts=state.boosts,
        spent_usd=state.spent_usd,
        spent_month=state.spent_month,
        ended=ended,
        ended_at=ended_at,
        windows=state.windows,
        prior=state.prior,
        first_seen_at=state.first_seen_at,
        density=_still(state, moment),
    )
    return replace(situation, now=moment, state=later)


def _still(state: EnvironmentState, moment: datetime) -> DensityMemory | None:
    """What is asked now, as if it were asked then: what it will be is not known."""
    memory = state.density
    return None if memory is None or not memory.expected else replace(memory, rows=b"", valid_until=moment)


def _still_counts(need: PastNeed, settings: PolicySettings, moment: datetime) -> bool:
    return (moment - need.until).total_seconds() < lower_after_seconds(settings, need.resource)


def _is_over_by(begins_at: datetime, duration_seconds: float | None, moment: datetime) -> bool:
    return duration_seconds is not None and (moment - begins_at).total_seconds() >= duration_seconds
