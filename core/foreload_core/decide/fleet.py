"""Who holds what on each instance, while one tick is decided."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_core.policy import EnvironmentState
from foreload_core.types import NO_AMOUNTS, Amounts, Placement, Tick


class Fleet:
    """What the environments of each instance hold: the largest of floor, target and the limit that was last reported.

    The reported limit counts, since a lowering that is not done yet has freed nothing.
    """

    def __init__(self, tick: Tick, environments: Mapping[str, EnvironmentState]) -> None:
        self._tick = tick
        self._held: dict[str, Amounts] = {}
        self._total: dict[str, Amounts] = {}
        self._floors: dict[str, Amounts] = {}
        self._count: dict[str, int] = {}
        for name, placement in sorted(tick.placements.items()):  # sums of floats hang on their order
            state = environments.get(name)
            held = _held(placement, NO_AMOUNTS if state is None else state.target)
            where = placement.instance_id
            self._held[name] = held
            self._total[where] = _sum(self._total.get(where, NO_AMOUNTS), held)
            self._floors[where] = _sum(self._floors.get(where, NO_AMOUNTS), placement.floor)
            self._count[where] = self._count.get(where, 0) + 1

    def changed(self, name: str, state: EnvironmentState) -> None:
        """Counts an environment's new target."""
        placement = self._tick.placements.get(name)
        if placement is None:
            return
        held = _held(placement, state.target)
        others = _difference(self._total[placement.instance_id], self._held[name])
        self._held[name] = held
        self._total[placement.instance_id] = _sum(others, held)

    def room(self, name: str, placement: Placement) -> Amounts:
        """The instance's capacity less what the others there hold; negative where they hold more than there is."""
        capacity = self._tick.capacities.get(placement.instance_id, NO_AMOUNTS)
        return _difference(capacity, _difference(self._total[placement.instance_id], self._held[name]))

    def entitled(self, placement: Placement) -> Amounts:
        """The environment's floor and an equal part of what all the floors leave."""
        capacity = self._tick.capacities.get(placement.instance_id, NO_AMOUNTS)
        left = _difference(capacity, self._floors[placement.instance_id])
        entitled = NO_AMOUNTS
        for resource, amount in left.items():
            part = max(0.0, amount) / self._count[placement.instance_id]
            entitled = entitled.with_amount(resource, part + (placement.floor.get(resource) or 0.0))
        return entitled


def _held(placement: Placement, target: Amounts) -> Amounts:
    held = placement.floor
    for amounts in (target, placement.limit):
        for resource, amount in amounts.items():
            if amount > (held.get(resource) or 0.0):
                held = held.with_amount(resource, amount)
    return held


def _sum(left: Amounts, right: Amounts) -> Amounts:
    total = left
    for resource, amount in right.items():
        total = total.with_amount(resource, (total.get(resource) or 0.0) + amount)
    return total


def _difference(left: Amounts, right: Amounts) -> Amounts:
    """The difference of what is given on the left."""
    total = left
    for resource, amount in left.items():
        total = total.with_amount(resource, amount - (right.get(resource) or 0.0))
    return total
