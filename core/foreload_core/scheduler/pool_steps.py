"""From the number of instances that is wanted to what is ordered and given back: passive sync first, then the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from foreload_core.scheduler.phases import COMING, moved_to
from foreload_core.types.instances import Instance, InstancePhase, InstanceType

LOWER_AFTER_LOOKS = 3
"""A number that is too high is believed after so many looks in a row: a boot costs more than a few idle minutes."""
BOOT_PATIENCE = 5.0
"""An instance that has not come after so many times its usual boot time has failed ..."""
LEAST_BOOT_SECONDS = 300.0
"""... but not before this."""
GONE_SECONDS = 600.0
"""An instance with nothing on it whose agent is away for this long has failed."""
_P = InstancePhase


@dataclass(frozen=True, slots=True)
class Pool:
    """What is remembered of a pool from look to look. What the provider says is the truth; this only explains it.

    Attributes:
        instances: by id.
        looks_below: how many looks in a row found more than is wanted.
        away_since: instance -> since when its agent is away.
    """

    instances: Mapping[str, Instance] = field(default_factory=dict[str, Instance])
    looks_below: int = 0
    away_since: Mapping[str, datetime] = field(default_factory=dict[str, datetime])


EMPTY_POOL = Pool()


@dataclass(frozen=True, slots=True)
class PoolLook:
    """What is seen of a pool.

    Attributes:
        now: UTC.
        wanted_count: instances that the pool should have.
        provided: instance -> name of its type, as the provider lists them.
        connected: instances whose agents are there.
        occupied: instance -> number of environments and tasks on it; none is given back while there is one.
        most_count: the pool never has more.
    """

    now: datetime
    wanted_count: int
    provided: Mapping[str, str]
    connected: frozenset[str]
    occupied: Mapping[str, int]
    most_count: int


@dataclass(frozen=True, slots=True)
class PoolStep:
    """What is to be done now: instances that are ordered, and such that are given back."""

    provision: tuple[str, ...] = ()
    release: tuple[str, ...] = ()


def step_pool(pool: Pool, look: PoolLook, instance_type: InstanceType, prefix: str) -> tuple[Pool, PoolStep]:
    """One look. Pure: the same pool and look give the same step, and what is done twice is done once.

    Args:
        pool: as remembered; empty after a restart.
        look: what is seen.
        instance_type: of what is ordered.
        prefix: begins the names of what is ordered; no two looks may have the same one.
    """
    instances, away = _synced(pool, look, instance_type)
    for name, since in away.items():
        empty = not look.occupied.get(name)
        gone = (look.now - since).total_seconds() > GONE_SECONDS
        if empty and gone and instances[name].phase in (_P.READY, _P.DRAINING):
            instances[name] = moved_to(instances[name], _P.FAILED, look.now)
    failed = [name for name, each in instances.items() if each.phase is _P.FAILED and not look.occupied.get(name)]
    live = [name for name, each in instances.items() if each.phase in (_P.READY, *COMING)]
    missing = look.wanted_count - len(live)
    looks_below = pool.looks_below + 1 if missing < 0 else 0
    provision: tuple[str, ...] = ()
    if missing > 0:
        draining = [name for name, each in instances.items() if each.phase is _P.DRAINING]
        for name in sorted(draining, key=lambda name: (-look.occupied.get(name, 0), name))[:missing]:
            instances[name] = moved_to(instances[name], _P.READY, look.now)
            missing -= 1
        room = max(0, look.most_count - len(instances))
        provision = tuple(f"{prefix}-{number}" for number in range(1, min(missing, room) + 1))
    elif looks_below >= LOWER_AFTER_LOOKS:
        ready = [name for name in live if instances[name].phase is not _P.REQUESTED]
        for name in sorted(ready, key=lambda name: (look.occupied.get(name, 0), name))[:-missing]:
            instances[name] = moved_to(instances[name], _P.DRAINING, look.now)
    drained = [name for name, each in instances.items() if each.phase is _P.DRAINING and not look.occupied.get(name)]
    for name in provision:
        instances[name] = Instance(name, instance_type.name, instance_type.capacity, _P.REQUESTED, look.now)
    return Pool(instances, looks_below, away), PoolStep(provision, tuple(sorted([*failed, *drained])))


def _synced(pool: Pool, look: PoolLook, instance_type: InstanceType) -> tuple[dict[str, Instance], dict[str, datetime]]:
    """The instances as the provider and their agents say they are."""
    instances: dict[str, Instance] = {}
    away: dict[str, datetime] = {}
    for name, type_name in sorted(look.provided.items()):
        known = pool.instances.get(name)
        if known is None:
            known = Instance(name, type_name or instance_type.name, instance_type.capacity, _P.BOOTING, look.now)
        if name in look.connected:
            known = moved_to(known, _P.READY, look.now) if known.phase in COMING else known
        elif known.phase is _P.REQUESTED:
            known = moved_to(known, _P.BOOTING, known.since)
        if known.phase is _P.BOOTING:
            patience = max(LEAST_BOOT_SECONDS, BOOT_PATIENCE * instance_type.boot_seconds)
            if (look.now - known.since).total_seconds() > patience:
                known = moved_to(known, _P.FAILED, look.now)
        if name not in look.connected:
            away[name] = pool.away_since.get(name, look.now)
        instances[name] = known
    return instances, away
