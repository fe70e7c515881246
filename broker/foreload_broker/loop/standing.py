"""What stands between two ticks, what a tick brings, and the step from one to the next, live as in a replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from foreload_core.decide import EMPTY_STATE, EnvironmentState, Policy, State, decide
from foreload_core.policy import NEW_ENVIRONMENT
from foreload_core.types import NO_AMOUNTS, Amounts, Decision, Placement, PolicySettings, Prices, Tick
from foreload_core.types.tenancy import NO_TENANCY, Tenancy

DEFAULT_PRICES = Prices()
DEFAULT_SETTINGS = PolicySettings()


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that a decision depends on beside what is new.

    Attributes:
        tick: number of the last tick.
        state: what the decision remembers.
        placements: by environment.
        allowed: environments that may be scaled.
        capacities: by instance.
        prices, settings, tenancy: what the operator sets.
    """

    tick: int = 0
    state: State = EMPTY_STATE
    placements: Mapping[str, Placement] = field(default_factory=dict[str, Placement])
    allowed: frozenset[str] = frozenset()
    capacities: Mapping[str, Amounts] = field(default_factory=dict[str, Amounts])
    prices: Prices = DEFAULT_PRICES
    settings: PolicySettings = DEFAULT_SETTINGS
    tenancy: Tenancy = NO_TENANCY

    def environment(self, environment_id: str) -> EnvironmentState:
        """What is remembered of one environment."""
        return self.state.environments.get(environment_id, NEW_ENVIRONMENT)

    def without(self, environment_id: str) -> Standing:
        """The same after an environment's memory was deleted. Its revision stays: agents pass over lower ones."""
        environments = dict(self.state.environments)
        known = environments.pop(environment_id, NEW_ENVIRONMENT)
        if known.revision:
            environments[environment_id] = replace(NEW_ENVIRONMENT, revision=known.revision)
        return replace(self, state=State(environments))


@dataclass(frozen=True, slots=True)
class Adoption:
    """Reality as its agent tells it, where it differs from what was wanted: the next decision starts from there.

    Attributes:
        revision: the environment's revision is at least this.
        limit: these limits hold and become the target that is changed from.
    """

    revision: int = 0
    limit: Amounts = NO_AMOUNTS


@dataclass(frozen=True, slots=True)
class FleetDelta:
    """What a tick brings for all: its time, and whatever changed of the rest (None: nothing)."""

    now: datetime
    capacities: Mapping[str, Amounts] | None = None
    prices: Prices | None = None
    settings: PolicySettings | None = None
    tenancy: Tenancy | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentDelta:
    """What a tick brings for one environment.

    Attributes:
        tick: holds what is this environment's: samples, asks, ..., and its placement where that changed.
        allowed: whether it may be scaled from now on; None: as before.
        gone: no agent manages it any more.
        adoption: what the agent said of the state that it is in.
        reset: what was remembered cannot be decided on; only the revision is kept.
    """

    tick: Tick
    allowed: bool | None = None
    gone: bool = False
    adoption: Adoption | None = None
    reset: bool = False


def advance(
    standing: Standing, fleet: FleetDelta, deltas: Mapping[str, EnvironmentDelta], policy: Policy
) -> tuple[Standing, Decision]:
    """One tick: takes in what is new, and decides. Pure; the order of `deltas` does not matter."""
    placements, allowed = dict(standing.placements), set(standing.allowed)
    environments = dict(standing.state.environments)
    names = sorted(deltas)
    for name in names:
        delta = deltas[name]
        placements.update(delta.tick.placements)
        if delta.gone:
            placements.pop(name, None)
        if delta.allowed is not None:
            (allowed.add if delta.allowed else allowed.discard)(name)
        adjusted = _adjusted(environments.get(name), delta)
        if adjusted is not None:
            environments[name] = adjusted
    after = replace(
        standing,
        tick=standing.tick + 1,
        # Sorted, since sums over them must not depend on who registered first.
        placements=dict(sorted(placements.items())),
        allowed=frozenset(allowed),
        capacities=standing.capacities if fleet.capacities is None else fleet.capacities,
        prices=standing.prices if fleet.prices is None else fleet.prices,
        settings=standing.settings if fleet.settings is None else fleet.settings,
        tenancy=standing.tenancy if fleet.tenancy is None else fleet.tenancy,
    )
    state, decision = decide(State(environments), whole_tick(after, fleet.now, deltas), policy)
    return replace(after, state=state), decision


def whole_tick(standing: Standing, now: datetime, deltas: Mapping[str, EnvironmentDelta]) -> Tick:
    """The tick as the decision sees it: what is new of each environment, in the order of their ids, and what stands."""
    ticks = [deltas[name].tick for name in sorted(deltas)]
    return Tick(
        now=now,
        samples={name: entry for tick in ticks for name, entry in tick.samples.items()},
        asks={name: entry for tick in ticks for name, entry in tick.asks.items()},
        signals={name: entry for tick in ticks for name, entry in tick.signals.items()},
        profiles={name: entry for tick in ticks for name, entry in tick.profiles.items()},
        priors={name: entry for tick in ticks for name, entry in tick.priors.items()},
        wishes=tuple(wish for tick in ticks for wish in tick.wishes),
        actuations=tuple(result for tick in ticks for result in tick.actuations),
        placements=standing.placements,
        capacities=standing.capacities,
        scaling_allowed=standing.allowed,
        prices=standing.prices,
        settings=standing.settings,
        tenancy=standing.tenancy,
    )


def _adjusted(known: EnvironmentState | None, delta: EnvironmentDelta) -> EnvironmentState | None:
    state = known
    if delta.reset and state is not None:
        state = replace(NEW_ENVIRONMENT, revision=state.revision)
    if delta.adoption is not None:
        state = state or NEW_ENVIRONMENT
        state = replace(
            state,
            revision=max(state.revision, delta.adoption.revision),
            target=delta.adoption.limit.over(state.target),
        )
    return state
