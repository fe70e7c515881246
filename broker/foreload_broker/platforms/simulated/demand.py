"""What the environments of a simulated fleet would use if nothing held them back, step by step."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from foreload_broker.platforms.simulated.runs import RunEvent

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trace:
    """One environment's past.

    Attributes:
        name: of the trace.
        start: of the first step, UTC.
        step_seconds: length of a step.
        cpu_cores, memory_bytes: one value a step, not-a-number where nothing was measured; memory may be all of that.
        at_work: whether somebody or something works in it then; None: always.
        runs: starts and ends of runs, in order.
    """

    name: str
    start: datetime
    step_seconds: float
    cpu_cores: Floats
    memory_bytes: Floats
    at_work: Bools | None = None
    runs: tuple[RunEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetDemand:
    """Demand of all environments on one grid; arrays are environments by steps, `runs` are by row."""

    names: tuple[str, ...]
    start: datetime
    step_seconds: float
    cpu_cores: Floats
    memory_bytes: Floats
    at_work: Bools
    runs: Mapping[int, tuple[RunEvent, ...]] = field(default_factory=dict[int, tuple[RunEvent, ...]])

    @property
    def step_count(self) -> int:
        """Steps of the grid."""
        return self.cpu_cores.shape[1]

    @property
    def environment_count(self) -> int:
        """Environments of the fleet."""
        return len(self.names)

    def moment(self, step: int) -> datetime:
        """When a step begins."""
        return self.start + timedelta(seconds=step * self.step_seconds)


def fleet_demand(traces: Sequence[Trace], environment_count: int, step_seconds: float, seconds: float) -> FleetDemand:
    """A fleet of so many environments, each driven by one of the traces.

    Where there are more environments than traces, a trace is used again: begun on another week, by up to 45 minutes
    earlier or later, and with an amount between 0.7 and 1.4 of it. Which, hangs on the environment's name only. All
    begin at midnight of the same weekday; a trace that is too short is repeated from its beginning, whole weeks later.

    Args:
        traces: at least one; their steps must divide `step_seconds` or be divided by it.
        environment_count: how many environments.
        step_seconds: step of the grid.
        seconds: length of the simulated time.

    Raises:
        ValueError: there is no trace, or a trace is shorter than a day.
    """
    if not traces:
        raise ValueError("a fleet needs at least one trace")
    steps = round(seconds / step_seconds)
    start = min(trace.start for trace in traces).replace(hour=0, minute=0, second=0, microsecond=0)
    names = tuple(f"environment-{number:04d}" for number in range(environment_count))
    cpu = np.zeros((environment_count, steps), np.float32)
    memory = np.zeros((environment_count, steps), np.float32)
    at_work = np.zeros((environment_count, steps), np.bool_)
    runs: dict[int, tuple[RunEvent, ...]] = {}
    gridded = [_on_grid(trace, start, step_seconds) for trace in traces]
    for row, name in enumerate(names):
        cores, used, working = gridded[row % len(gridded)]
        first, scale = (0, 1.0) if row < len(gridded) else _variation(name, len(cores), step_seconds)
        place = (first + np.arange(steps)) % len(cores)
        cpu[row], memory[row], at_work[row] = cores[place] * scale, used[place] * scale, working[place]
        trace = traces[row % len(traces)]
        if trace.runs:
            runs[row] = _placed_runs(trace, start, step_seconds, len(cores), first, steps)
    return FleetDemand(names, start, step_seconds, cpu, memory, at_work, runs)


def _placed_runs(
    trace: Trace, start: datetime, step_seconds: float, period: int, first: int, steps: int
) -> tuple[RunEvent, ...]:
    """The trace's runs where they are on the fleet's grid, as often as the trace is repeated."""
    shift = round(((trace.start - start).total_seconds() % _week_or_day(period * step_seconds)) / step_seconds)
    placed: list[RunEvent] = []
    for event in trace.runs:
        at = (int(event.step * trace.step_seconds / step_seconds) + shift - first) % period
        for turn, step in enumerate(range(at, steps, period)):
            placed.append(replace(event, step=step, run_id=f"{event.run_id}-{turn}"))
    return tuple(sorted(placed, key=lambda event: (event.step, not event.starts)))


def _variation(name: str, steps: int, step_seconds: float) -> tuple[int, float]:
    """First step and scale of a trace that is used again."""
    number = zlib.crc32(name.encode())
    week = round(7 * 86_400 / step_seconds)
    weeks = max(1, steps // week)
    minutes = (number >> 8) % 91 - 45
    return (number % weeks) * week + round(minutes * 60 / step_seconds), 0.7 * 2.0 ** ((number >> 16) % 1000 / 1000)


def _on_grid(trace: Trace, start: datetime, step_seconds: float) -> tuple[Floats, Floats, Bools]:
    """The trace from `start` on, in whole weeks so that it can be repeated, its own time of the week kept."""
    cores, used = _filled(trace.cpu_cores), _filled(trace.memory_bytes)
    working: Bools = np.ones(len(cores), np.bool_) if trace.at_work is None else trace.at_work
    ratio = step_seconds / trace.step_seconds
    if ratio > 1:
        width = round(ratio)
        length = len(cores) // width
        cores = cores[: length * width].reshape(length, width).mean(axis=1)
        used = used[: length * width].reshape(length, width).max(axis=1)
        working = np.asarray(working[: length * width].reshape(length, width).any(axis=1), np.bool_)
    elif ratio < 1:
        width = round(1 / ratio)
        cores, used, working = np.repeat(cores, width), np.repeat(used, width), np.repeat(working, width)
    period = _week_or_day(len(cores) * step_seconds)
    steps = round(period / step_seconds)
    whole = len(cores) // steps * steps
    if whole == 0:
        raise ValueError(
            f"trace {trace.name} has {len(cores) * step_seconds / 3600:.1f} hours; needed is a day or more"
        )
    shift = round(((trace.start - start).total_seconds() % period) / step_seconds)
    return tuple(np.roll(values[:whole], shift) for values in (cores, used, working))  # pyright: ignore[reportReturnType]


def _week_or_day(seconds: float) -> int:
    """What a trace is repeated in, in seconds."""
    return 86_400 if seconds < 7 * 86_400 else 7 * 86_400


def _filled(values: Floats) -> Floats:
    """Gaps get the value before them; what was never measured is nothing."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), np.float32)
    places = np.where(known, np.arange(len(values)), 0)
    filled = values[np.maximum.accumulate(places)]
    return np.where(np.isfinite(filled), filled, values[known.argmax()]).astype(np.float32)
