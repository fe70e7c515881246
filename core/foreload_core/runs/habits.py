"""What an environment's runs taught: what each kind needs, what follows a save or another run, and how soon."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from foreload_core.density.layout import FLOOR_RATIO, LEAST_FLOOR
from foreload_core.history.runs import estimate_demand
from foreload_core.runs.events import VECTOR_LENGTH
from foreload_core.runs.regression import FIRST_SPREAD, KindModel, KindPrior
from foreload_core.runs.timing import FADING, Delays
from foreload_core.types import Amounts, Resource

SECONDS: Final = "seconds"
MOST_KINDS, MOST_SIGNATURES = 6, 8
MOST_SAVE_SAMPLES, MOST_CHAIN_SAMPLES, MOST_ONSET_SAMPLES = 20, 4, 5
ASSUMED_CORES_RATIO, ASSUMED_MEMORY_RATIO, ASSUMED_SECONDS = 0.4, 0.08, 33.0
ASSUMED_CORES, ASSUMED_MEMORY_BYTES = 2.0, 8e9
MOST_WAKING_SAMPLES, WAKING_RATE = 24, 0.3
MOST_LOG = 60.0
Signature = tuple[str, ...]
"""The names of the features that a save carries: saves of one tool carry the same."""
_Name = TypeVar("_Name", str, Signature)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Expected:
    """A run that may be on in the interval ahead.

    Attributes:
        kind: its kind; empty: none.
        chance: that its demand is there.
        need: of each resource, in its unit.
        spread: mean absolute error of each need, in log units.
        log_peak: highest log need that was seen of the kind.
    """

    kind: str
    chance: float
    need: Sequence[float]
    spread: Sequence[float]
    log_peak: Sequence[float]


@dataclass(slots=True)
class Habit:
    """What follows something: how soon, and which kinds of runs."""

    delays: Delays
    kinds: dict[str, float] = field(default_factory=dict[str, float])

    def followed(self, samples: int, kind: str) -> None:
        """A run of a kind began so many samples later."""
        self.delays.saw(samples)
        for each in self.kinds:
            self.kinds[each] *= FADING
        if kind not in self.kinds:
            make_room(self.kinds, MOST_KINDS)
        self.kinds[kind] = self.kinds.get(kind, 0.0) + 1.0

    def likely(self) -> list[tuple[str, float]]:
        """The kinds that follow, with their shares, the most frequent first."""
        total = sum(self.kinds.values())
        return [(kind, self.kinds[kind] / total) for kind in sorted(self.kinds, key=lambda name: -self.kinds[name])]


class Habits:
    """The models of one environment; their number is bounded, the oldest ones go.

    Args:
        resources: what is measured, in the order of all vectors.
        capacity: most that there can be, where it is known.
        priors: what is assumed of kinds of runs; empty: nothing pretrained.
    """

    def __init__(
        self, resources: Sequence[Resource], capacity: Mapping[Resource, float], priors: Mapping[str, KindPrior]
    ) -> None:
        self._resources = tuple(resources)
        self._capacity = dict(capacity)
        self._priors = priors
        self._kinds: dict[str, KindModel] = {}
        self._saves: dict[Signature, Habit] = {}
        self._chains: dict[str, Habit] = {}
        self.onsets = Delays([1.0] * MOST_ONSET_SAMPLES, 0.2)
        """Samples from a run's start until its demand is there."""
        self.least = [max(capacity.get(each, 0.0) * FLOOR_RATIO[each], LEAST_FLOOR[each]) for each in resources]
        zero = [0.0] * len(self._resources)
        self.waking: list[list[float]] = [list(zero) for _ in range(MOST_WAKING_SAMPLES)]
        """What sessions add to each resource in their first samples."""
        self._woken = [0] * MOST_WAKING_SAMPLES
        self.nothing = Expected("", 0.0, zero, zero, [-MOST_LOG] * len(zero))

    def after_save(self, signature: Signature) -> Habit:
        """What follows saves with these features."""
        if signature not in self._saves:
            make_room(self._saves, MOST_SIGNATURES)
            self._saves[signature] = Habit(Delays([0.1] * MOST_SAVE_SAMPLES, 2.0))
        return self._saves[signature]

    def after_run(self, kind: str) -> Habit:
        """What follows runs of this kind at once."""
        if kind not in self._chains:
            make_room(self._chains, MOST_KINDS)
            self._chains[kind] = Habit(Delays([0.1] * MOST_CHAIN_SAMPLES, 1.0))
        return self._chains[kind]

    def model(self, kind: str, features: Mapping[str, float]) -> KindModel:
        """What runs of this kind need; `features` count where the kind was never seen."""
        if kind not in self._kinds:
            make_room(self._kinds, MOST_KINDS)
            self._kinds[kind] = self._new_model(kind, features)
        return self._kinds[kind]

    def expected(self, kind: str, chance: float, explaining: Sequence[float]) -> Expected:
        """A run of this kind with these features."""
        model = self.model(kind, {})
        need = [math.exp(min(value, MOST_LOG)) for value in model.expect(explaining)[:-1]]
        return Expected(kind, chance, need, model.spread, model.highest)

    def woke(self, sample: int, added: Sequence[float]) -> None:
        """A session added so much in its n-th sample (0 is the one in which it began)."""
        self._woken[sample] += 1
        rate = max(WAKING_RATE, 1.0 / self._woken[sample])
        held = self.waking[sample]
        for place, value in enumerate(added):
            if not math.isnan(value):
                held[place] += rate * (max(value, 0.0) - held[place])

    @property
    def sessions(self) -> int:
        """Sessions whose begin was seen."""
        return self._woken[1]

    def onset_chance(self, delays: Delays, gone: int, horizon: int) -> float:
        """The chance that the demand of what did not begin yet is there in the interval that is `horizon` ahead."""
        chance, left = 0.0, 1.0
        for later in range(1, horizon + 1):
            begins = delays.within(gone + later, gone + later)
            chance += left * begins * self.onsets.within(0, horizon - later)
            left *= 1 - begins
        return chance

    def _new_model(self, kind: str, features: Mapping[str, float]) -> KindModel:
        assumed = self._assumed(features)
        prior = self._priors.get(kind)
        if prior is None:
            return KindModel(assumed)
        slopes = [[0.0] * (VECTOR_LENGTH - 1) for _ in assumed]
        spreads = [FIRST_SPREAD] * len(assumed)
        for place, name in enumerate((*(each.value for each in self._resources), SECONDS)):
            coefficients = prior.coefficients.get(name)
            capacity = 1.0 if name == SECONDS else self._capacity.get(self._resources[place])
            if coefficients is None or capacity is None:
                continue
            assumed[place] = coefficients[0] + math.log(capacity)
            slopes[place] = list(coefficients[1:])
            spreads[place] = prior.spread[name]
        return KindModel(assumed, slopes, spreads)

    def _assumed(self, features: Mapping[str, float]) -> list[float]:
        """Log need and length of a run of a kind that was never seen: what its code says, else a part of all."""
        memory = self._capacity.get(Resource.MEMORY)
        capacity = Amounts(
            cpu_cores=self._capacity.get(Resource.CPU), memory_bytes=None if memory is None else int(memory)
        )
        told = estimate_demand((), (), features, capacity)
        found: list[float] = []
        for place, resource in enumerate(self._resources):
            need = None if told is None else told.typical.get(resource)
            if need is None and resource is Resource.CPU:
                need = ASSUMED_CORES_RATIO * self._capacity.get(resource, ASSUMED_CORES)
            if need is None and resource is Resource.MEMORY:
                need = ASSUMED_MEMORY_RATIO * self._capacity.get(resource, ASSUMED_MEMORY_BYTES)
            found.append(math.log(max(need or 0.0, self.least[place])))
        found.append(math.log(ASSUMED_SECONDS if told is None else told.duration_seconds_typical))
        return found

    @property
    def byte_count(self) -> int:
        """Bytes that are remembered, counting a number as 4 and a name by its length."""
        models = sum(model.byte_count + len(name) for name, model in self._kinds.items())
        names = sum(len(name) for signature in self._saves for name in signature)
        habits = [*self._saves.values(), *self._chains.values()]
        counts = sum(4 * len(habit.delays.counts) + sum(4 + len(kind) for kind in habit.kinds) for habit in habits)
        return models + names + counts + 4 * MOST_ONSET_SAMPLES + 4 * MOST_WAKING_SAMPLES * (len(self._resources) + 1)


def make_room(entries: dict[_Name, _Value], most: int) -> None:
    """Of too many the one that was made first goes."""
    while len(entries) >= most:
        del entries[next(iter(entries))]
