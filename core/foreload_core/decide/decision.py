"""The decision: what was remembered and what is new, in; what is remembered and what is to be done, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from foreload_core.decide.deferral import deferrals, wanting
from foreload_core.decide.fleet import Fleet, is_wanting
from foreload_core.decide.intake import forget_past, take_ask, take_profile, take_samples, take_signals
from foreload_core.decide.planned import planned_changes
from foreload_core.decide.wishes import take_actuation, take_wish
from foreload_core.policy import (
    NEW_ENVIRONMENT,
    EnvironmentState,
    Evaluation,
    PastChange,
    Policy,
    Situation,
    decided_resources,
    evaluate,
    ordered_reasons,
)
from foreload_core.policy.cost import amounts_usd_per_hour, month_name
from foreload_core.policy.demand import density
from foreload_core.types import (
    NO_AMOUNTS,
    ActuationResult,
    Decision,
    Deferral,
    EnvironmentDecision,
    PlannedChange,
    Resource,
    TargetChange,
    Tick,
    Wish,
)

KEPT_CHANGES = 16
TOLERANCE_RATIO = 1e-9


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of all environments, by their ids."""

    environments: Mapping[str, EnvironmentState] = field(default_factory=dict[str, EnvironmentState])


EMPTY_STATE = State()
_Entry = TypeVar("_Entry", Wish, ActuationResult)


def decide(state: State, tick: Tick, policy: Policy) -> tuple[State, Decision]:
    """Decides for every environment that has something new; the others keep their targets.

    Who matters more comes first, else the order is that of the ids. Who has to make way for one that lacks something is
    looked at too.

    Total and deterministic: any tick gives a decision, and the same state, tick and policy give the same one.

    Args:
        state: what was remembered; not changed.
        tick: what is new.
        policy: the steps that find the limits.

    Returns:
        What is remembered from now on, and one entry for each environment whose target changes.
    """
    wishes = _by_environment(tick.wishes)
    results = _by_environment(tick.actuations)
    touched = {*tick.samples, *tick.asks, *tick.signals, *tick.profiles, *tick.priors, *wishes, *results}
    touched.update(name for name in tick.placements if name not in state.environments)
    touched.update(name for name, known in state.environments.items() if known.due_at and known.due_at <= tick.now)
    environments = dict(state.environments)
    fleet = Fleet(tick, environments)
    touched.update(fleet.beside(results))  # an answer may have freed what another one waits for
    taken = {
        name: _take_in(environments.get(name, NEW_ENVIRONMENT), name, tick, wishes.get(name, ()), results.get(name, ()))
        for name in touched
    }
    weighs_density = density in policy.needs
    if weighs_density and any(known.density is not None and known.density.ended for known in taken.values()):
        from foreload_core.decide.expecting import take_in_intervals  # needs numpy: a broker that waits does not

        taken.update(take_in_intervals(taken, tick))
    decided: list[EnvironmentDecision] = []
    deferred: list[Deferral] = []

    def look(name: str) -> None:
        known = environments.get(name, NEW_ENVIRONMENT)
        now_known = taken.get(name)
        if now_known is None:
            now_known = _take_in(known, name, tick, (), ())
        environments[name], decision, missing = _decide_one(now_known, name, tick, fleet, policy)
        deferred.extend(missing)
        if decision is not None:
            decided.append(decision)
        if decision is not None or missing or is_wanting(known, tick.now):
            fleet.changed(name, environments[name])

    for name in sorted(touched, key=lambda name: (-fleet.priority(name), name)):
        look(name)
    if deferred:
        for name in sorted(fleet.making_way({entry.environment_id for entry in deferred}) - touched):
            look(name)
    decided.sort(key=lambda decision: decision.environment_id)
    deferred.sort(key=lambda entry: (entry.environment_id, entry.resource))
    return State(environments), Decision(tick.now, tuple(decided), tuple(deferred))


def plan(
    state: State, environment_id: str, tick: Tick, policy: Policy, fleet: Fleet | None = None
) -> tuple[PlannedChange, ...]:
    """The changes that are expected for an environment, for a screen; empty while no agent has told where it runs.

    Args:
        state: as `decide` gave it.
        environment_id: whose.
        tick: the tick that it gave it for, or a later one.
        policy: the steps that find the limits.
        fleet: what all hold in that state at that tick, where it is known from the plan of another environment.
    """
    known = state.environments.get(environment_id)
    if known is None:
        return ()
    situation = _situation(known, environment_id, tick, fleet or Fleet(tick, state.environments))
    return () if situation is None else planned_changes(situation, policy)


def prepare() -> None:
    """Loads what the first interval of the density needs, so that no decision has to wait for it."""
    from foreload_core.decide.expecting import fitted_weights

    fitted_weights()


def forget(state: State, environment_id: str) -> State:
    """The state without one environment, as if it had never been seen."""
    return State({name: known for name, known in state.environments.items() if name != environment_id})


def _by_environment(entries: tuple[_Entry, ...]) -> dict[str, tuple[_Entry, ...]]:
    grouped: dict[str, tuple[_Entry, ...]] = {}
    for entry in entries:
        grouped[entry.environment_id] = (*grouped.get(entry.environment_id, ()), entry)
    return grouped


def _take_in(
    state: EnvironmentState,
    name: str,
    tick: Tick,
    wishes: tuple[Wish, ...],
    results: tuple[ActuationResult, ...],
) -> EnvironmentState:
    state = _with_spending(state, tick)
    for result in results:
        state = take_actuation(state, result, tick.now)
    placement = tick.placements.get(name)
    if placement is not None:
        state = take_samples(state, tick.samples.get(name, ()), placement, tick.settings, tick.now)
    state = take_signals(state, tick.signals.get(name, ()), tick.now)
    if name in tick.profiles:
        state = take_profile(state, tick.profiles[name])
    if name in tick.priors:
        told = tick.priors[name]
        state = replace(state, prior=told if told.environment_count else None)
    if name in tick.asks:
        state = take_ask(state, tick.asks[name])
    for wish in wishes:
        state = take_wish(state, wish, tick.now)
    return forget_past(state, tick.settings, tick.now)


def _with_spending(state: EnvironmentState, tick: Tick) -> EnvironmentState:
    """Counts what the limits cost since the last look, and what the first ones would have, month by month."""
    month = month_name(tick.now)
    spent, static = (state.spent_usd, state.static_usd) if month == state.spent_month else (0.0, 0.0)
    if state.spent_until is not None and tick.now > state.spent_until:
        hours = (tick.now - state.spent_until).total_seconds() / 3600
        spent += hours * amounts_usd_per_hour(state.target.over(state.static), tick.prices)
        static += hours * amounts_usd_per_hour(state.static.over(state.target), tick.prices)
    until = tick.now if state.spent_until is None else max(tick.now, state.spent_until)
    return replace(state, spent_usd=spent, static_usd=static, spent_month=month, spent_until=until)


def _situation(state: EnvironmentState, name: str, tick: Tick, fleet: Fleet) -> Situation | None:
    """The environment as the policy sees it; None while no agent has told where it runs."""
    placement = tick.placements.get(name)
    if placement is None:
        return None
    shares = fleet.shares(name)
    return Situation(
        environment_id=name,
        now=tick.now,
        state=state,
        placement=placement,
        settings=tick.settings,
        prices=tick.prices,
        capacity=shares[0].whole,
        room=shares[0].room,
        entitled=shares[0].entitled,
        allowed=name in tick.scaling_allowed,
        shares=shares[1:],
    )


def _decide_one(
    state: EnvironmentState, name: str, tick: Tick, fleet: Fleet, policy: Policy
) -> tuple[EnvironmentState, EnvironmentDecision | None, tuple[Deferral, ...]]:
    situation = _situation(state, name, tick, fleet)
    if situation is None:
        return replace(state, due_at=None, wanted=NO_AMOUNTS, wanted_until=None), None, ()
    if state.needed_at is None:
        state = _first_look(state, situation)
        situation = replace(situation, state=state)
    evaluations = evaluate(situation, policy)
    missing = deferrals(situation, evaluations)
    state = wanting(_remember_needs(state, situation, evaluations), situation, missing)
    changed = {resource: found for resource, found in evaluations.items() if _differs(found.limit, found.current)}
    if not changed:
        return replace(state, due_at=due_at(state, situation)), None, missing
    target, past = state.target, list(state.past)
    changes: list[TargetChange] = []
    for resource, found in changed.items():
        target = target.with_amount(resource, found.limit)
        known = state.target.get(resource)
        from_amount = known if known is not None else situation.placement.limit.get(resource)
        to_amount = target.get(resource) or 0.0
        changes.append(TargetChange(resource, from_amount, to_amount, ordered_reasons(found)))
        past.append(PastChange(state.revision + 1, tick.now, resource, from_amount, to_amount))
    state = replace(state, revision=state.revision + 1, target=target, past=tuple(past[-KEPT_CHANGES:]))
    situation = replace(situation, state=state)
    decision = EnvironmentDecision(
        environment_id=name,
        revision=state.revision,
        decided_at=tick.now,
        target=target,
        changes=tuple(changes),
        alternatives=tuple(reason for found in evaluations.values() for reason in found.rejected),
        planned=planned_changes(situation, policy),
        live=state.samples[-1].used if state.samples else NO_AMOUNTS,
    )
    return replace(state, due_at=due_at(state, situation)), decision, missing


def _first_look(state: EnvironmentState, situation: Situation) -> EnvironmentState:
    """What holds when an environment is first seen counts as needed: nothing is lowered before it was watched."""
    needed, static = state.needed, state.static
    for resource in decided_resources(situation):
        needed = needed.with_amount(resource, situation.current(resource))
        if static.get(resource) is None:
            static = static.with_amount(resource, situation.placement.limit.get(resource))
    state = replace(state, needed=needed, needed_at=situation.now, static=static)
    return forget_past(state, situation.settings, situation.now)


def _remember_needs(
    state: EnvironmentState, situation: Situation, evaluations: Mapping[Resource, Evaluation]
) -> EnvironmentState:
    """A need that nobody could measure counts as the limit: what is not known is no reason to lower it."""
    needed = state.needed
    for resource, found in evaluations.items():
        unseen = situation.sample(resource) is None
        needed = needed.with_amount(resource, max(found.need, found.current) if unseen else found.need)
    return replace(state, needed=needed, needed_at=situation.now)


def _differs(limit: float, current: float) -> bool:
    return abs(limit - current) > TOLERANCE_RATIO * max(abs(limit), abs(current))


def due_at(state: EnvironmentState, situation: Situation) -> datetime | None:
    """When time alone may raise a limit: a window or an announced need comes near, or a hold or a pause ends."""
    lead = timedelta(seconds=situation.settings.window_lead_seconds)
    moments = [window.start - lead for window in state.profile.windows]
    moments += [run.begins_at - lead for run in state.runs if run.announced]
    moments += [hold.until for hold in state.holds]
    moments += [moment for moment in (state.paused_until, state.wanted_until) if moment is not None]
    return min((moment for moment in moments if moment > situation.now), default=None)
