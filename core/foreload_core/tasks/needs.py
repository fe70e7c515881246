"""What the environments of an instance need, now and as far ahead as a peak is looked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.policy import EnvironmentState
from foreload_core.policy.demand import is_licensed, quantile_level, quantile_values
from foreload_core.policy.situation import is_declined, is_over
from foreload_core.types import Amounts, Forecast, PolicySettings, Resource, Sample, WindowKind
from foreload_core.types.tasks import NeedStep

COUNTED: tuple[Resource, ...] = (Resource.CPU, Resource.MEMORY)
_Rise = tuple[datetime, Resource, float]


@dataclass(frozen=True, slots=True)
class EnvironmentLook:
    """One environment of an instance: what is remembered of it, and the newest sample of its agent."""

    environment_id: str
    state: EnvironmentState
    sample: Sample | None = None


def need_steps(
    environments: Iterable[EnvironmentLook], now: datetime, horizon_seconds: float, settings: PolicySettings
) -> tuple[NeedStep, ...]:
    """What environments need together: one step for now, and one for each moment at which it is expected to rise.

    A need counts from its rise to the end of the horizon, so that nothing goes on between two peaks. It is judged by
    use, runs, what was announced, windows and forecasts; that an editor is open needs nothing.

    Args:
        environments: those of one instance.
        now: UTC.
        horizon_seconds: how far ahead is looked.
        settings: margins, and how long ahead of a window its demand is to be ready.
    """
    until = now + timedelta(seconds=horizon_seconds)
    needs: dict[str, dict[Resource, float]] = {}
    rises: list[tuple[datetime, str, Resource, float]] = []
    for look in sorted(environments, key=lambda look: look.environment_id):
        name = look.environment_id
        needs[name] = _now(look, settings)
        for at, resource, amount in _expected(look.state, needs[name], now, until, settings):
            bounded = _bounded(look.state, resource, amount)
            if at <= now:
                needs[name][resource] = max(needs[name][resource], bounded)
            elif at <= until:
                rises.append((at, name, resource, bounded))
    steps = [NeedStep(now, _sum(needs), _largest(needs))]
    for at, name, resource, amount in sorted(rises, key=lambda rise: (rise[0], rise[1], rise[2].value, rise[3])):
        if amount <= needs[name][resource]:
            continue
        needs[name][resource] = amount
        step = NeedStep(at, _sum(needs), name)
        if steps[-1].at == at:
            steps[-1] = step
        else:
            steps.append(step)
    return tuple(steps)


def _now(look: EnvironmentLook, settings: PolicySettings) -> dict[Resource, float]:
    needs: dict[Resource, float] = {}
    for resource in COUNTED:
        used = (look.sample.used.get(resource) if look.sample is not None else None) or 0.0
        if resource is Resource.CPU:
            used *= 1 + settings.cpu_margin_ratio
        needs[resource] = _bounded(look.state, resource, max(used, look.state.needed.get(resource) or 0.0))
    return needs


def _expected(
    state: EnvironmentState, base: Mapping[Resource, float], now: datetime, until: datetime, settings: PolicySettings
) -> list[_Rise]:
    return [*_runs(state, now, settings), *_windows(state, base, now, settings), *_forecasts(state, now, until)]


def _runs(state: EnvironmentState, now: datetime, settings: PolicySettings) -> list[_Rise]:
    lead = timedelta(seconds=settings.window_lead_seconds)
    rises: list[_Rise] = []
    for run in state.runs:
        if run.demand is None or is_over(run, now):
            continue
        at = run.begins_at - lead if run.announced else now
        for resource in COUNTED:
            demand = run.demand.high.get(resource) or run.demand.typical.get(resource)
            if demand is not None:
                rises.append((at, resource, (run.base.get(resource) or 0.0) + demand))
    return rises


def _windows(
    state: EnvironmentState, base: Mapping[Resource, float], now: datetime, settings: PolicySettings
) -> list[_Rise]:
    lead = timedelta(seconds=settings.window_lead_seconds)
    rises: list[_Rise] = []
    for window in state.profile.windows:
        if window.kind is WindowKind.IDLE or window.end <= now or is_declined(state, window):
            continue
        for resource in COUNTED:
            amount = window.expected.get(resource)
            if amount is None and window.factor is not None:
                amount = base[resource] * window.factor
            if amount is not None:
                rises.append((window.start - lead, resource, amount))
    return rises


def _forecasts(state: EnvironmentState, now: datetime, until: datetime) -> list[_Rise]:
    ask = state.ask
    if ask is None or now > ask.valid_until:
        return []
    rises: list[_Rise] = []
    level = quantile_level(min(1.0, max(0.0, state.profile.preference_ratio)))
    for found in ask.forecasts:
        if not isinstance(found, Forecast) or found.resource not in COUNTED or not is_licensed(found):
            continue
        if found.step_seconds <= 0 or not found.quantiles:
            continue
        first = max(0, int((now - found.start).total_seconds() // found.step_seconds))
        last = int((until - found.start).total_seconds() // found.step_seconds)
        values = quantile_values(found, level)
        for place in range(first, min(last + 1, len(values))):
            at = found.start + timedelta(seconds=place * found.step_seconds)
            rises.append((at, found.resource, values[place]))
    return rises


def _bounded(state: EnvironmentState, resource: Resource, amount: float) -> float:
    """No more than it may get: its pin, else its developer's maximum."""
    bound = state.pinned.get(resource)
    if bound is None:
        bound = state.profile.maximum.get(resource)
    return amount if bound is None else min(amount, bound)


def _sum(needs: Mapping[str, Mapping[Resource, float]]) -> Amounts:
    total = Amounts()
    for resource in COUNTED:
        total = total.with_amount(resource, sum(need[resource] for need in needs.values()))
    return total


def _largest(needs: Mapping[str, Mapping[Resource, float]]) -> str:
    return max(needs, key=lambda name: (needs[name][Resource.CPU], name), default="")
