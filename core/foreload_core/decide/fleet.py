"""Who holds what of each instance, quota and budget, while one tick is decided, and who has to make way for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from foreload_core.policy import EnvironmentState
from foreload_core.policy.cost import amounts_usd_per_hour, hours_left_in_month, month_name
from foreload_core.policy.situation import Share
from foreload_core.policy.state import NEW_ENVIRONMENT
from foreload_core.types import NO_AMOUNTS, Amounts, Placement, Resource, Tick
from foreload_core.types.tenancy import Allowance

SPREAD_HOURS = 24.0
"""What a shared budget holds beyond the floors is spent no faster than within this long."""
INSTANCE, OWNER, ORGANISATION = "instance", "owner", "organisation"
_RESOURCES = tuple(Resource)
_USD = len(_RESOURCES)
"""Money is one more thing that a pool has only so much of, beside the resources."""
_Vector = list[float]


class Pool:
    """Something that several environments draw from: an instance, or what an owner or an organisation may have.

    Attributes:
        scope: what it is.
        limit: what there is; None is not bounded.
        total: what its members hold together.
        floors: what their editors need together.
        members: their names.
        lacking: member -> what it wants and has not got.
    """

    __slots__ = ("budget_usd_per_month", "floors", "lacking", "limit", "members", "scope", "spent_usd", "total")

    def __init__(self, scope: str, limit: Sequence[float | None], budget_usd_per_month: float | None = None) -> None:
        self.scope = scope
        self.limit = list(limit)
        self.budget_usd_per_month = budget_usd_per_month
        self.total: _Vector = [0.0] * (_USD + 1)
        self.floors: _Vector = [0.0] * (_USD + 1)
        self.spent_usd = 0.0
        self.members: list[str] = []
        self.lacking: dict[str, _Vector] = {}


class Fleet:
    """What the environments of each pool hold: the largest of floor, target and the limit that was last reported.

    The reported limit counts, since a lowering that is not done yet has freed nothing. What an environment lacked when
    it was last looked at is kept free for it: from those that matter less, whatever it wants; from its equals, as much
    as it is entitled to. Nobody has to go below what they are entitled to themselves.
    """

    def __init__(self, tick: Tick, environments: Mapping[str, EnvironmentState]) -> None:
        self._tick = tick
        self._held: dict[str, _Vector] = {}
        self._floors: dict[str, _Vector] = {}
        self._pools: dict[tuple[str, str], Pool] = {}
        self._drawn: dict[str, tuple[Pool, ...]] = {}
        self._counts_money = any(
            each.budget_usd_per_month is not None
            for allowances in (tick.tenancy.owners, tick.tenancy.organisations)
            for each in allowances.values()
        )
        wanting: list[tuple[str, EnvironmentState]] = []
        floors_of: dict[Amounts, _Vector] = {}
        for name, placement in sorted(tick.placements.items()):  # sums of floats hang on their order
            state = environments.get(name, NEW_ENVIRONMENT)
            held, floors = self._held_of(placement, state.target), floors_of.get(placement.floor)
            if floors is None:
                floors = floors_of[placement.floor] = self._vector(placement.floor)
            self._held[name], self._floors[name] = held, floors
            self._drawn[name] = pools = self._pools_of(name, placement)
            for pool in pools:
                pool.members.append(name)
                _add(pool.total, held)
                _add(pool.floors, floors)
                if pool.budget_usd_per_month is not None:
                    pool.spent_usd += _spent_usd(state, tick)
            if state.wanted_until is not None and is_wanting(state, tick.now):
                wanting.append((name, state))
        for pool in self._pools.values():
            if pool.budget_usd_per_month is not None:
                pool.limit[_USD] = self._allowed_usd_per_hour(pool)
        for name, state in wanting:
            self._note(name, state)

    def changed(self, name: str, state: EnvironmentState) -> None:
        """Counts an environment's new target, and what it still wants."""
        placement = self._tick.placements.get(name)
        if placement is None:
            return
        held, before = self._held_of(placement, state.target), self._held[name]
        for pool in self._drawn[name]:
            _add(pool.total, held)
            _add(pool.total, before, -1.0)
            pool.lacking.pop(name, None)
        self._held[name] = held
        if is_wanting(state, self._tick.now):
            self._note(name, state)

    def priority(self, name: str) -> int:
        """How much an environment matters; a higher one is served first."""
        return self._tick.tenancy.tenant(name).priority

    def shares(self, name: str) -> tuple[Share, ...]:
        """What an environment may hold of each of its pools; the instance first."""
        found: list[Share] = []
        for pool in self._drawn[name]:
            kept_free = self._kept_free(name, pool)
            held, entitled = self._held[name], self._entitled(name, pool)
            room = [0.0] * (_USD + 1)
            for place, limit in enumerate(pool.limit):
                if limit is not None:
                    room[place] = limit - (pool.total[place] - held[place]) - kept_free[place]
            budget = pool.limit[_USD]
            found.append(
                Share(
                    scope=pool.scope,
                    whole=_amounts(pool.limit, pool.limit),
                    room=_amounts(room, pool.limit),
                    entitled=_amounts(entitled, pool.limit),
                    budget_usd_per_month=pool.budget_usd_per_month,
                    room_usd_per_hour=None if budget is None else max(room[_USD], min(held[_USD], entitled[_USD])),
                )
            )
        return tuple(found)

    def making_way(self, wanting: Iterable[str]) -> set[str]:
        """The environments that hold what one of these lacks and is to have."""
        found: set[str] = set()
        for name in wanting:
            for pool in self._drawn.get(name, ()):
                if name in pool.lacking:
                    found.update(member for member in pool.members if self._makes_way(member, name, pool))
        return found

    def beside(self, names: Iterable[str]) -> set[str]:
        """The environments that lack something and share a pool with one of these."""
        return {other for name in names for pool in self._drawn.get(name, ()) for other in pool.lacking}

    def _makes_way(self, member: str, wanting: str, pool: Pool) -> bool:
        if member == wanting:
            return False
        lack = self._due(wanting, member, pool)
        held, entitled = self._held[member], self._entitled(member, pool)
        return any(lack[place] > 0 and held[place] > entitled[place] for place in range(_USD + 1))

    def _pools_of(self, name: str, placement: Placement) -> tuple[Pool, ...]:
        capacity = self._tick.capacities.get(placement.instance_id, NO_AMOUNTS)
        pools = [self._pool(INSTANCE, placement.instance_id, capacity, None)]
        tenancy = self._tick.tenancy
        if tenancy.environments:
            tenant = tenancy.tenant(name)
            for scope, who, allowances in (
                (OWNER, tenant.owner, tenancy.owners),
                (ORGANISATION, tenant.organisation, tenancy.organisations),
            ):
                allowance: Allowance | None = allowances.get(who)
                if allowance is not None:
                    pools.append(self._pool(scope, who, allowance.quota, allowance.budget_usd_per_month))
        return tuple(pools)

    def _pool(self, scope: str, who: str, limit: Amounts, budget_usd_per_month: float | None) -> Pool:
        pool = self._pools.get((scope, who))
        if pool is None:
            bounds = [*(limit.get(resource) for resource in _RESOURCES), None]
            pool = self._pools[scope, who] = Pool(scope, bounds, budget_usd_per_month)
        return pool

    def _allowed_usd_per_hour(self, pool: Pool) -> float:
        """The highest rate at which the floors can still be paid to the end of the month."""
        hours_left, floors = hours_left_in_month(self._tick.now), pool.floors[_USD]
        left_usd = (pool.budget_usd_per_month or 0.0) - pool.spent_usd - floors * hours_left
        return floors + max(0.0, left_usd) / max(1.0, min(SPREAD_HOURS, hours_left))

    def _note(self, name: str, state: EnvironmentState) -> None:
        wanted, held = self._vector(state.wanted), self._held[name]
        lack = [max(0.0, wanted[place] - held[place]) for place in range(_USD + 1)]
        for pool in self._drawn.get(name, ()):
            pool.lacking[name] = lack

    def _kept_free(self, name: str, pool: Pool) -> _Vector:
        kept = [0.0] * (_USD + 1)
        for other in sorted(pool.lacking):
            if other != name:
                _add(kept, self._due(other, name, pool))
        return kept

    def _due(self, wanting: str, other: str, pool: Pool) -> _Vector:
        """What one is to have before another."""
        lack, mine, theirs = pool.lacking[wanting], self.priority(wanting), self.priority(other)
        if mine > theirs:
            return lack
        if mine < theirs:
            return [0.0] * (_USD + 1)
        held, entitled = self._held[wanting], self._entitled(wanting, pool)
        return [min(lack[place], max(0.0, entitled[place] - held[place])) for place in range(_USD + 1)]

    def _entitled(self, name: str, pool: Pool) -> _Vector:
        """The environment's floor and an equal part of what all the floors leave."""
        floors, count = self._floors[name], len(pool.members)
        return [
            floors[place] + (0.0 if limit is None else max(0.0, limit - pool.floors[place]) / count)
            for place, limit in enumerate(pool.limit)
        ]

    def _held_of(self, placement: Placement, target: Amounts) -> _Vector:
        held = [amount or 0.0 for amount in _given(placement.floor)]
        for amounts in (target, placement.limit):
            for place, amount in enumerate(_given(amounts)):
                if amount is not None and amount > held[place]:
                    held[place] = amount
        held.append(amounts_usd_per_hour(_amounts(held, held), self._tick.prices) if self._counts_money else 0.0)
        return held

    def _vector(self, amounts: Amounts) -> _Vector:
        vector = [amount or 0.0 for amount in _given(amounts)]
        vector.append(amounts_usd_per_hour(amounts, self._tick.prices) if self._counts_money else 0.0)
        return vector


def is_wanting(state: EnvironmentState, now: datetime) -> bool:
    """Whether the environment wants something that it has not got, and said so lately."""
    return state.wanted_until is not None and state.wanted_until >= now


def _spent_usd(state: EnvironmentState, tick: Tick) -> float:
    """What an environment has cost in this month up to now."""
    spent = state.spent_usd if state.spent_month == month_name(tick.now) else 0.0
    if state.spent_until is not None and tick.now > state.spent_until:
        hours = (tick.now - state.spent_until).total_seconds() / 3600
        spent += hours * amounts_usd_per_hour(state.target, tick.prices)
    return spent


def _given(amounts: Amounts) -> tuple[float | None, ...]:
    """In the order of `Resource`."""
    return (
        amounts.cpu_cores,
        amounts.memory_bytes,
        amounts.gpu_count,
        amounts.network_rx_bytes_per_second,
        amounts.network_tx_bytes_per_second,
    )


def _amounts(vector: Sequence[float | None], given: Sequence[float | None]) -> Amounts:
    """The vector's amounts where `given` has one."""
    cpu, memory, gpu, rx, tx = (
        amount if known is not None else None for amount, known in zip(vector[:_USD], given[:_USD], strict=True)
    )
    return Amounts(cpu, None if memory is None else int(memory), gpu, rx, tx)


def _add(total: _Vector, part: Sequence[float], factor: float = 1.0) -> None:
    # Written out, since this runs for every environment of the fleet on every tick.
    cpu, memory, gpu, rx, tx, usd = part
    total[0] += factor * cpu
    total[1] += factor * memory
    total[2] += factor * gpu
    total[3] += factor * rx
    total[4] += factor * tx
    total[5] += factor * usd
