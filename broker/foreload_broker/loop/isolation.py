"""One environment's bad data never stops the others: what cannot be decided on is found and left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import structlog
from foreload_core.decide import Policy
from foreload_core.types import Decision, Tick

from foreload_broker.loop.standing import EnvironmentDelta, FleetDelta, Standing, advance

_LOG = structlog.get_logger(__name__)


def advance_isolated(
    standing: Standing, fleet: FleetDelta, deltas: Mapping[str, EnvironmentDelta], policy: Policy
) -> tuple[Standing, Decision, dict[str, EnvironmentDelta], tuple[str, ...]]:
    """As `advance`, but an environment whose data makes it fail is left out of the tick.

    Returns:
        What stands, what was decided, the deltas that it was decided on, and the environments that were left out.

    Raises:
        Exception: the tick fails for a reason that is no environment's.
    """
    try:
        after, decision = advance(standing, fleet, deltas, policy)
    except Exception:  # whatever it is, it must not stop the fleet; it is logged with its trace for each environment
        used, culprits = _sound(standing, fleet, deltas, policy)
        if not culprits:
            raise
        after, decision = advance(standing, fleet, used, policy)
        return after, decision, used, culprits
    return after, decision, dict(deltas), ()


def _sound(
    standing: Standing, fleet: FleetDelta, deltas: Mapping[str, EnvironmentDelta], policy: Policy
) -> tuple[dict[str, EnvironmentDelta], tuple[str, ...]]:
    """The deltas with which each environment can be decided on by itself, and the environments that had to change."""
    used = dict(deltas)
    culprits: list[str] = []
    for name in sorted({*standing.state.environments, *deltas}):
        alone = _alone(standing, name)
        delta = deltas.get(name)
        if _works(alone, fleet, {} if delta is None else {name: delta}, policy, name):
            continue
        culprits.append(name)
        kept = Tick(fleet.now, placements={} if delta is None else delta.tick.placements)
        bare = EnvironmentDelta(kept) if delta is None else replace(delta, tick=kept)
        used[name] = bare if _works(alone, fleet, {name: bare}, policy, name) else replace(bare, reset=True)
    return used, tuple(culprits)


def _alone(standing: Standing, name: str) -> Standing:
    known = standing.state.environments.get(name)
    return replace(
        standing,
        state=replace(standing.state, environments={} if known is None else {name: known}),
        placements={name: standing.placements[name]} if name in standing.placements else {},
    )


def _works(
    standing: Standing, fleet: FleetDelta, deltas: Mapping[str, EnvironmentDelta], policy: Policy, name: str
) -> bool:
    try:
        advance(standing, fleet, deltas, policy)
    except Exception:  # noqa: BLE001 - logged with its trace; the others go on
        _LOG.exception("environment cannot be decided on, what it brought is left out", environment_id=name)
        return False
    return True
