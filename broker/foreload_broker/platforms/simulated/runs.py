"""Runs in the environments of a simulated fleet: the signals that announce them, and what earlier ones teach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from foreload_core.types import Amounts, DemandEstimate, DemandSource, RunKind, Signal, SignalKind

KEPT_RUNS = 8
NO_AMOUNT = Amounts(0.0, 0)


@dataclass(frozen=True, slots=True)
class RunEvent:
    """A run of an environment starts or ends. `step` is the step in which it does, of the trace's own grid."""

    step: int
    run_id: str
    kind: RunKind
    starts: bool


@dataclass(slots=True)
class _Going:
    kind: RunKind
    began: datetime
    base: tuple[float, float]
    peak: tuple[float, float]


@dataclass(slots=True)
class _Known:
    cores: list[float] = field(default_factory=list[float])
    memory_bytes: list[float] = field(default_factory=list[float])
    seconds: list[float] = field(default_factory=list[float])


class RunMemory:
    """What the runs of one environment have used, by their kind: what a daemon would remember of them."""

    def __init__(self) -> None:
        self._going: dict[str, _Going] = {}
        self._known: dict[RunKind, _Known] = {}

    @property
    def busy(self) -> bool:
        """Whether something runs."""
        return bool(self._going)

    def knows(self, run_id: str) -> bool:
        """Whether a run is going on."""
        return run_id in self._going

    def start(self, event: RunEvent, now: datetime, used: tuple[float, float]) -> Signal:
        """The signal of a start, with what the earlier runs of its kind used on top of what was used before them.

        Args:
            event: the start.
            now: UTC.
            used: cores and bytes just before.
        """
        self._going[event.run_id] = _Going(event.kind, now, used, used)
        return Signal(
            f"{event.run_id}-start", SignalKind.RUN_STARTED, now, event.run_id, event.kind, self._estimate(event.kind)
        )

    def end(self, event: RunEvent, now: datetime) -> Signal | None:
        """The signal of an end; None where the start was not seen."""
        going = self._going.pop(event.run_id, None)
        if going is None:
            return None
        known = self._known.setdefault(going.kind, _Known())
        alone = not self._going
        if alone or not known.cores:
            _keep(known.cores, going.peak[0] - going.base[0])
            _keep(known.memory_bytes, going.peak[1] - going.base[1])
        _keep(known.seconds, max(1.0, (now - going.began).total_seconds()))
        return Signal(f"{event.run_id}-end", SignalKind.RUN_ENDED, now, event.run_id, event.kind)

    def observe(self, used: tuple[float, float]) -> None:
        """Takes in what was used in a step while something ran."""
        for going in self._going.values():
            going.peak = (max(going.peak[0], used[0]), max(going.peak[1], used[1]))

    def forget_going(self) -> None:
        """The environment has stopped, and with it what ran."""
        self._going.clear()

    def _estimate(self, kind: RunKind) -> DemandEstimate | None:
        known = self._known.get(kind)
        if known is None or not known.cores:
            return None
        return DemandEstimate(
            typical=Amounts(_quantile(known.cores, 0.5), int(_quantile(known.memory_bytes, 0.5))),
            high=Amounts(_quantile(known.cores, 0.9), int(_quantile(known.memory_bytes, 0.9))),
            duration_seconds_typical=_quantile(known.seconds, 0.5),
            duration_seconds_high=_quantile(known.seconds, 0.9),
            source=DemandSource.HISTORY,
            run_count=len(known.cores),
        )


def events_by_step(events: Mapping[int, Sequence[RunEvent]], step_count: int) -> dict[int, list[tuple[int, RunEvent]]]:
    """Step -> row and event, in order. `events`: row -> its events."""
    found: dict[int, list[tuple[int, RunEvent]]] = {}
    for row in sorted(events):
        for event in events[row]:
            if 0 <= event.step < step_count:
                found.setdefault(event.step, []).append((row, event))
    return found


def _keep(values: list[float], value: float) -> None:
    values.append(max(0.0, value))
    del values[:-KEPT_RUNS]


def _quantile(values: list[float], level: float) -> float:
    return float(np.quantile(values, level))
