"""What goes onto which instance: demands with a spread into capacities, the important ones first.

The sum of what several environments need at once is far below the sum of what each needs at most. So a demand is a
mean and a deviation, and an instance is full when mean + z * deviation of the sum reaches its capacity: means and
variances add (chance-constrained packing, as in Cohen, Keller, Mirrokni and Zadimoghaddam, "Overcommitment in Cloud
Services", Management Science 2019). The heuristic is first-fit decreasing with the fullest instance first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from foreload_core.types import NO_AMOUNTS, Amounts, Reason, Resource

CHANCE_Z: Mapping[Resource, float] = {Resource.MEMORY: 2.33}
"""Deviations of the sum that are kept free. CPU that is short makes slow, memory that is short kills."""
DEFAULT_Z = 1.65
TOLERANCE_RATIO = 1e-9


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be placed.

    Attributes:
        name: of the environment or task.
        mean: expected use of each resource.
        deviation: its standard deviation; what is not given is known exactly.
        priority: a higher one is placed first.
        only_on: instances on which it may be (where its files are); empty: on any.
    """

    name: str
    mean: Amounts
    deviation: Amounts = NO_AMOUNTS
    priority: int = 0
    only_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bin:
    """An instance with room.

    Attributes:
        name: of the instance.
        capacity: what it has.
        mean, deviation: of what is on it already.
        usd_per_hour: what it costs if something is placed on it; 0 for one that is paid for anyway.
    """

    name: str
    capacity: Amounts
    mean: Amounts = NO_AMOUNTS
    deviation: Amounts = NO_AMOUNTS
    usd_per_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Packing:
    """Items and the instances that they may go to."""

    items: tuple[Item, ...]
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Packed:
    """Where each item goes, and why the others do not go anywhere."""

    placed: Mapping[str, str]
    deferred: Mapping[str, Reason] = field(default_factory=dict[str, Reason])


class Load:
    """What is on one instance, while it is being filled."""

    __slots__ = ("_bin", "_mean", "_variance", "taken")

    def __init__(self, bin_: Bin) -> None:
        self._bin = bin_
        self._mean = dict(bin_.mean.items())
        self._variance = {resource: amount * amount for resource, amount in bin_.deviation.items()}
        self.taken = bool(self._mean)

    @property
    def name(self) -> str:
        """Of the instance."""
        return self._bin.name

    def fits(self, item: Item) -> bool:
        """Whether the item may be here and there is room for it."""
        if item.only_on and self._bin.name not in item.only_on:
            return False
        return self.fullness(item) <= 1 + TOLERANCE_RATIO

    def fullness(self, item: Item | None = None) -> float:
        """The part of the scarcest resource that is taken, with the item if one is given; more than 1 is too much."""
        highest = 0.0
        for resource, capacity in self._bin.capacity.items():
            mean, variance = self._mean.get(resource, 0.0), self._variance.get(resource, 0.0)
            if item is not None:
                mean += item.mean.get(resource) or 0.0
                variance += (item.deviation.get(resource) or 0.0) ** 2
            needed = mean + CHANCE_Z.get(resource, DEFAULT_Z) * math.sqrt(variance)
            highest = max(highest, needed / capacity if capacity > 0 else (math.inf if needed > 0 else 0.0))
        return highest

    def add(self, item: Item) -> None:
        """Puts the item here, fitting or not."""
        for resource, amount in item.mean.items():
            self._mean[resource] = self._mean.get(resource, 0.0) + amount
        for resource, amount in item.deviation.items():
            self._variance[resource] = self._variance.get(resource, 0.0) + amount * amount
        self.taken = True


def first_fit_decreasing(packing: Packing) -> Packed:
    """Always gives an answer: the important and large first, each onto the fullest instance that has room for it.

    An instance that costs nothing more comes before one that has to be paid for.
    """
    loads = [Load(each) for each in packing.bins]
    prices = {each.name: each.usd_per_hour for each in packing.bins}
    placed: dict[str, str] = {}
    deferred: dict[str, Reason] = {}
    for item in sorted(packing.items, key=lambda item: (-item.priority, -_size(item, packing.bins), item.name)):
        found = best_fit(item, loads, prices)
        if found is None:
            deferred[item.name] = why_not(item, packing.bins)
            continue
        found.add(item)
        placed[item.name] = found.name
    return Packed(placed, deferred)


def best_fit(item: Item, loads: Iterable[Load], prices: Mapping[str, float]) -> Load | None:
    """The fullest instance that has room, those that are in use or free of charge first; None where there is none."""
    best: tuple[tuple[float, float, str], Load] | None = None
    for load in loads:
        if not load.fits(item):
            continue
        price = 0.0 if load.taken else prices.get(load.name, 0.0)
        rank = (price, -load.fullness(item), load.name)
        if best is None or rank < best[0]:
            best = (rank, load)
    return None if best is None else best[1]


def why_not(item: Item, bins: Sequence[Bin]) -> Reason:
    """Why an item is nowhere: no such machine, or none with room."""
    allowed = [each for each in bins if not item.only_on or each.name in item.only_on]
    if not allowed:
        return Reason("placement", "no_instance", {"instance_count": float(len(bins))})
    alone = any(Load(Bin(each.name, each.capacity)).fits(item) for each in allowed)
    code = "no_room" if alone else "too_large"
    numbers = {"instance_count": float(len(allowed))}
    for resource, amount in item.mean.items():
        numbers[f"need_{resource.field}"] = float(amount)
    return Reason("placement", code, numbers)


def _size(item: Item, bins: Sequence[Bin]) -> float:
    """The item's largest part of the largest instance, over the resources."""
    largest = 0.0
    for resource, amount in item.mean.items():
        most = max((each.capacity.get(resource) or 0.0 for each in bins), default=0.0)
        spread = CHANCE_Z.get(resource, DEFAULT_Z) * (item.deviation.get(resource) or 0.0)
        largest = max(largest, (amount + spread) / most if most > 0 else 0.0)
    return largest
