"""The short-horizon density of many environments at once: takes in the intervals that are over, and says what it asks.

Needs numpy, so it is imported with the first interval that is over. The arrays of each environment are kept as bytes
in its state and stacked here, so that nothing is remembered but the state, and a thousand environments cost little
more than one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foreload_core import package_data
from foreload_core.density import Engine, Grain, Mixture, Weights, read_weights
from foreload_core.density.layout import FLOOR_RATIO, LEAST_FLOOR
from foreload_core.density.state import new_rows
from foreload_core.policy.exchange import Exchange, choose
from foreload_core.policy.knob import exchange_of
from foreload_core.policy.preference import knob_of
from foreload_core.policy.state import DensityMemory, EnvironmentState, Expectation, Interval
from foreload_core.types import Amounts, Resource, Tick

HORIZON = 1
"""What is decided at the end of an interval holds in the next one."""
WARM_INTERVALS = 12
WARM_SECONDS, WARM_MEMORY_SECONDS = 3600.0, 86_400.0
"""Before so many intervals, and so long a past, nothing is asked; of memory, whose rare peaks cost most, later."""
PEAKS_KNOB = 0.6
"""Where intervals hold the peaks of shorter samples, the peak is above most of them: so much of the knob's caution
comes to the same. Measured on made environments at 10 s; see docs/simulate.md."""
YOUNG_INTERVALS = 60
"""A resource that is measured later begins the density anew only while it has taken in fewer intervals than this."""
MOST_RESOURCES = 4
"""Of the resources that can be changed, the first so many have a density: more would not fit into 20 KiB."""
VALID_STEPS = 2.0
"""What is asked counts for so many intervals, so that one that comes late leaves no gap."""
BATCH_ENVIRONMENTS = 256
_Group = tuple[float, tuple[Resource, ...]]


def take_in_intervals(environments: Mapping[str, EnvironmentState], tick: Tick) -> dict[str, EnvironmentState]:
    """The environments that have intervals waiting, with those taken in and with what the density asks for now.

    Args:
        environments: with everything else of the tick taken in.
        tick: prices, capacities and placements.
    """
    groups: dict[_Group, list[str]] = {}
    found: dict[str, EnvironmentState] = {}
    for name in sorted(environments):
        memory = environments[name].density
        if memory is None or not memory.ended:
            continue
        resources = _resources(memory)
        if not resources:
            found[name] = replace(environments[name], density=replace(memory, ended=()))
        else:
            groups.setdefault((memory.step_seconds, resources), []).append(name)
    for (step_seconds, resources), names in groups.items():
        for first in range(0, len(names), BATCH_ENVIRONMENTS):
            chosen = {name: environments[name] for name in names[first : first + BATCH_ENVIRONMENTS]}
            found.update(_Batch(step_seconds, resources, chosen, tick).run())
    return found


def _resources(memory: DensityMemory) -> tuple[Resource, ...]:
    measured = {each for interval in memory.ended for each, _amount in interval.peak.items()}
    seen = tuple(each for each in Resource if each in measured)[:MOST_RESOURCES]
    if not memory.resources or (set(seen) - set(memory.resources) and memory.interval_count < YOUNG_INTERVALS):
        return seen
    return memory.resources


@cache
def fitted_weights() -> Weights:
    """The packaged network."""
    return read_weights(package_data.weights("samples"))


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What holds now and what there may be, one value a row."""

    current: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]


class _Batch:
    """Environments whose densities have the same resources and the same step."""

    def __init__(
        self, step_seconds: float, resources: tuple[Resource, ...], states: Mapping[str, EnvironmentState], tick: Tick
    ) -> None:
        self._step_seconds = step_seconds
        self._resources = resources
        self._names = tuple(states)
        self._states = states
        self._memories = [_memory_of(state, resources) for state in states.values()]
        self._capacities = [_capacity(tick, name) for name in self._names]
        self._limits = [_limits(tick, name, states[name]) for name in self._names]
        self._rows = _Stacked(len(resources), [memory.rows for memory in self._memories])

    def run(self) -> dict[str, EnvironmentState]:
        for turn in range(max(len(memory.ended) for memory in self._memories)):
            having = [number for number, memory in enumerate(self._memories) if len(memory.ended) > turn]
            ends_here = [len(self._memories[number].ended) == turn + 1 for number in having]
            with np.errstate(all="ignore"):
                self._observe(having, [self._memories[number].ended[turn] for number in having], ends_here)
        return {
            name: replace(self._states[name], density=memory)
            for name, memory in zip(self._names, self._memories, strict=True)
        }

    def _observe(self, having: Sequence[int], intervals: Sequence[Interval], ends_here: Sequence[bool]) -> None:
        count = len(self._resources)
        engine = Engine(
            self._resources * len(having),
            Grain(self._step_seconds, HORIZON),
            [self._capacities[number].get(each) for number in having for each in self._resources],
            fitted_weights(),
            [number for number in range(len(having)) for _each in self._resources],
        )
        engine.rows = self._rows.taken(having)
        begun = np.repeat([interval.begun.timestamp() for interval in intervals], count)
        peaks = [interval.peak.get(each) for interval in intervals for each in self._resources]
        used = np.array([math.nan if peak is None else peak for peak in peaks])
        held_back = np.array([each in interval.held_back for interval in intervals for each in self._resources])
        engine.observe(begun, used, held_back)
        density = engine.forecast()
        bounds = self._bounds(having)
        choice = choose(
            density, self._exchange(having), bounds.current, np.maximum(engine.mean, 1e-12), bounds.least, bounds.most
        )
        amounts = np.clip(choice.amount, bounds.least, bounds.most).reshape(-1, count)
        chances = choice.chance.reshape(-1, count)
        measured = ~np.isnan(used).reshape(-1, count)
        self._rows.put(having, engine.rows)
        for place, number in enumerate(having):
            memory = self._memories[number]
            seen = memory.interval_count + 1
            done = ends_here[place]
            asked = tuple(
                Expectation(each, float(amounts[place, row]), min(1.0, max(0.0, float(chances[place, row]))))
                for row, each in enumerate(self._resources)
                if done and measured[place, row] and self._is_warm(each, seen)
                if math.isfinite(amounts[place, row] + chances[place, row])
            )
            self._memories[number] = replace(
                memory,
                rows=self._rows.bytes_of(number) if done else memory.rows,
                interval_count=seen,
                expected=asked,
                valid_until=intervals[place].begun + timedelta(seconds=(1 + VALID_STEPS) * self._step_seconds),
                ended=() if done else memory.ended,
            )

    def _is_warm(self, resource: Resource, interval_count: int) -> bool:
        seconds = WARM_MEMORY_SECONDS if resource is Resource.MEMORY else WARM_SECONDS
        return interval_count >= max(WARM_INTERVALS, seconds / self._step_seconds)

    def _bounds(self, having: Sequence[int]) -> _Bounds:
        least = np.array(
            [
                max(FLOOR_RATIO[each] * (self._capacities[number].get(each) or 0.0), LEAST_FLOOR[each])
                for number in having
                for each in self._resources
            ]
        )
        wholes = [self._capacities[number].get(each) for number in having for each in self._resources]
        most = np.maximum(np.array([math.inf if whole is None else whole for whole in wholes]), least * 1.01)
        held = [self._limits[number].get(each) for number in having for each in self._resources]
        current = np.array([math.inf if amount is None else amount for amount in held])
        usable = np.isfinite(current) & (current > 0)
        current = np.where(usable, current, np.where(np.isfinite(most), most, least))
        return _Bounds(np.maximum(current, least), least, most)

    def _exchange(self, having: Sequence[int]) -> Exchange:
        known: dict[tuple[float, bool], Exchange] = {}
        rows: list[Exchange] = []
        for number in having:
            state = self._states[self._names[number]]
            knob = knob_of(state.profile.preference_ratio)
            peaks = bool(state.samples) and state.samples[-1].interval_seconds < self._step_seconds / 2
            if peaks:
                knob *= PEAKS_KNOB
            if (knob, peaks) not in known:
                known[knob, peaks] = exchange_of(self._resources, knob, self._step_seconds, fitted=True, peaks=peaks)
            rows.append(known[knob, peaks])
        return Exchange(
            *(np.concatenate([getattr(each, entry.name) for each in rows]) for entry in fields(Exchange)),
        )


def band_of(memory: DensityMemory) -> dict[Resource, tuple[float, float]]:
    """What is expected of the next interval: 1 of 10 below, and 9 of 10 below. Empty before it asks for anything."""
    if not memory.rows or not memory.expected:
        return {}
    rows = _Stacked(len(memory.resources), [memory.rows]).taken([0])
    made = Mixture(rows.waiting_centre[:, 0], rows.waiting_scale[:, 0], rows.waiting_weight[:, 0])
    low, high = np.exp(made.quantile(0.1)), np.exp(made.quantile(0.9))
    return {each: (float(low[row]), float(high[row])) for row, each in enumerate(memory.resources)}


def _memory_of(state: EnvironmentState, resources: tuple[Resource, ...]) -> DensityMemory:
    """The memory; one of other resources, or of another version, is begun anew, since its rows mean nothing here."""
    memory = state.density
    if memory is None:
        raise ValueError("an environment without a density has no intervals that wait")
    if memory.resources != resources or len(memory.rows) != _Stacked.size(len(resources)):
        return replace(memory, resources=resources, rows=b"", interval_count=0)
    return memory


def _capacity(tick: Tick, name: str) -> Amounts:
    placement = tick.placements.get(name)
    return Amounts() if placement is None else tick.capacities.get(placement.instance_id, Amounts())


def _limits(tick: Tick, name: str, state: EnvironmentState) -> Amounts:
    placement = tick.placements.get(name)
    return state.target if placement is None else state.target.over(placement.limit)


class _Stacked:
    """The rows of several environments as one matrix of bytes, a line an environment."""

    def __init__(self, count: int, contents: Sequence[bytes]) -> None:
        self._count = count
        fresh = _fresh(count)
        whole = b"".join(content or fresh for content in contents)
        self._bytes: NDArray[np.uint8] = np.frombuffer(whole, np.uint8).reshape(len(contents), -1).copy()

    @staticmethod
    def size(count: int) -> int:
        """Bytes of an environment with so many resources."""
        return len(_fresh(count))

    def taken(self, lines: Sequence[int]) -> Any:
        """The rows of these environments, stacked."""
        rows = new_rows(self._count * len(lines), HORIZON)
        chosen = self._bytes[np.array(lines)]
        place = 0
        for entry in fields(rows):
            array: NDArray[Any] = getattr(rows, entry.name)
            width = array.nbytes // len(lines)
            part = np.ascontiguousarray(chosen[:, place : place + width])
            setattr(rows, entry.name, part.view(array.dtype).reshape(array.shape))
            place += width
        return rows

    def put(self, lines: Sequence[int], rows: Any) -> None:
        """Puts the rows back where `taken` took them from."""
        parts = [
            np.ascontiguousarray(getattr(rows, entry.name)).reshape(len(lines), -1).view(np.uint8)
            for entry in fields(rows)
        ]
        self._bytes[np.array(lines)] = np.concatenate(parts, axis=1)

    def bytes_of(self, line: int) -> bytes:
        """One environment's rows."""
        return self._bytes[line].tobytes()


@cache
def _fresh(count: int) -> bytes:
    return new_rows(count, HORIZON).to_bytes()
