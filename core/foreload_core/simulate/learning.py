"""Runs of a past as signals: each is expected to need what those before it did, as an environment learns it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from foreload_core.history import RunRecord, estimate_demand
from foreload_core.simulate.scenario import Run
from foreload_core.types import Amounts, Sample, Signal, SignalKind

KEPT_RECORDS = 50
BEFORE_SECONDS = 60.0
"""What was used in so long before a run counts as used beside it."""


@dataclass(slots=True)
class _Going:
    """A run in progress, and what was seen of it."""

    run: Run
    base: Amounts
    cores: list[float] = field(default_factory=list[float])
    memory_bytes: list[float] = field(default_factory=list[float])
    throttled_seconds: float = 0.0


class Runs:
    """What is seen of the runs, and learned from them. Nothing of a run is known before it starts."""

    def __init__(self, runs: Sequence[Run], capacity: Amounts) -> None:
        self._capacity = capacity
        self._starts = deque(sorted(runs, key=lambda run: (run.started_at, run.run_id)))
        self._going: dict[str, _Going] = {}
        self._recent: deque[Sample] = deque()
        self._of_key: dict[str, deque[RunRecord]] = {}
        self._of_kind: dict[str, deque[RunRecord]] = {}
        self._over: list[tuple[_Going, datetime]] = []

    def next_at(self) -> datetime | None:
        """When the next run starts or ends."""
        moments = [going.run.ended_at for going in self._going.values() if going.run.ended_at is not None]
        if self._starts:
            moments.append(self._starts[0].started_at)
        return min(moments, default=None)

    def signals(self, now: datetime) -> list[Signal]:
        """The signals of what starts and ends up to now."""
        found: list[Signal] = []
        for going in [each for each in self._going.values() if each.run.ended_at is not None]:
            ended_at = going.run.ended_at
            if ended_at is not None and ended_at <= now:
                run = going.run
                found.append(Signal(f"{run.run_id}-end", SignalKind.RUN_ENDED, ended_at, run.run_id, run.kind))
                self._over.append((self._going.pop(run.run_id), ended_at))
        while self._starts and self._starts[0].started_at <= now:
            run = self._starts.popleft()
            self._going[run.run_id] = _Going(run, self._base(run.started_at))
            demand = estimate_demand(
                self._of_key.get(run.key, ()), self._of_kind.get(run.kind.value, ()), run.features, self._capacity
            )
            found.append(
                Signal(f"{run.run_id}-start", SignalKind.RUN_STARTED, run.started_at, run.run_id, run.kind, demand)
            )
        return found

    def see(self, sample: Sample) -> None:
        """One interval is over; so is what can be said of the runs that ended in it."""
        begin, end = sample.start, sample.start + timedelta(seconds=sample.interval_seconds)
        for going, ended_at in [*((going, end) for going in self._going.values()), *self._over]:
            if going.run.started_at < end and ended_at > begin:
                going.cores.append(max(0.0, (sample.used.cpu_cores or 0.0) - (going.base.cpu_cores or 0.0)))
                going.memory_bytes.append(max(0.0, (sample.used.memory_bytes or 0) - (going.base.memory_bytes or 0)))
                going.throttled_seconds += sample.throttled_seconds
        for going, ended_at in self._over:
            self._record(going, ended_at)
        self._over = []
        self._recent.append(sample)
        while (end - self._recent[0].start).total_seconds() > max(BEFORE_SECONDS, 2 * sample.interval_seconds):
            self._recent.popleft()

    def _base(self, now: datetime) -> Amounts:
        if self._going or not self._recent:
            others = [going.base for going in self._going.values()]
            return others[0] if others else Amounts()
        last = self._recent[-1].used
        return Amounts(last.cpu_cores, last.memory_bytes) if self._recent[-1].start < now else Amounts()

    def _record(self, going: _Going, ended_at: datetime) -> None:
        if not going.cores:
            return
        run = going.run
        record = RunRecord(
            key=run.key,
            kind=run.kind,
            started_at=run.started_at,
            duration_seconds=(ended_at - run.started_at).total_seconds(),
            cores_peak=max(going.cores),
            cores_mean=sum(going.cores) / len(going.cores),
            memory_peak_bytes=max(going.memory_bytes),
            throttled_seconds=going.throttled_seconds,
            features=run.features,
        )
        for known, name in ((self._of_key, run.key), (self._of_kind, run.kind.value)):
            known.setdefault(name, deque(maxlen=KEPT_RECORDS)).append(record)
