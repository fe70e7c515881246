"""The runs that go on, from their start event to what is remembered of them."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foreload_core.types import Amounts, DemandEstimate, RunKind, Sample, Signal, SignalKind

from foreload_daemon.clock import Clock
from foreload_daemon.consent import NotAllowed
from foreload_daemon.history import records
from foreload_daemon.history.database import Database
from foreload_daemon.runs.command_lines import NOTHING, Resolved
from foreload_daemon.runs.estimate import estimate
from foreload_daemon.runs.measure import RunMeter
from foreload_daemon.sampling import Sampler

if TYPE_CHECKING:
    from foreload_daemon.broker.link import Link

_LOG = logging.getLogger(__name__)

LOOK_FOR_RAISE_SECONDS = 3.0
POLL_SECONDS = 0.02
BASE_SECONDS = 60.0
OVERLAPPING_BASE_SECONDS = 5.0
QUIET_AFTER_SECONDS = 3.0
"""What is used this long after a run has ended is no longer its own."""
SAME_START_SECONDS = 5.0
FORGET_AFTER_SECONDS = 24 * 3600.0
SHORTEST_KEPT_SECONDS = 0.2


@dataclass(slots=True)
class Run:
    """One run that goes on.

    Attributes:
        run_id: our own, random; the only name of it that leaves.
        key: of the same run before and after; empty where its entry is not known.
        started_at_seconds: seconds since 1970.
        meter: what it uses.
        demand: what it is expected to need; None where nothing is known.
        signal_id: of its start signal; empty where none was sent.
        limit_before_cores: CPU limit at its start; None: no limit.
        raised_after_milliseconds: from its start event to the raised limit; None while it was not raised.
        process_id: its process, where that is known.
        overlapped: another run began while it went on.
    """

    run_id: str
    key: str
    what: Resolved
    trigger: str
    started_at_seconds: float
    meter: RunMeter
    features: Mapping[str, float] = field(default_factory=dict[str, float])
    demand: DemandEstimate | None = None
    signal_id: str = ""
    limit_before_cores: float | None = None
    raised_after_milliseconds: float | None = None
    process_id: int | None = None
    overlapped: bool = False


class RunBook:
    """Starts and ends runs; one start that is seen twice is one run.

    Args:
        features_of: numbers about an entry file, where it may be analysed.
        capacity: what the environment could have at most; asked each time.
        on_change: called when a run starts or ends.
    """

    def __init__(
        self,
        database: Database,
        sampler: Sampler,
        link: Link,
        clock: Clock,
        features_of: Callable[[Path], Awaitable[Mapping[str, float]]],
        capacity: Callable[[], Amounts],
        on_change: Callable[[], None],
    ) -> None:
        self._database, self._sampler, self._link, self._clock = database, sampler, link, clock
        self._features_of, self._capacity, self._on_change = features_of, capacity, on_change
        self.active: dict[str, Run] = {}
        self._names: dict[str, str] = {}
        self._quiet: deque[tuple[float, Sample]] = deque()
        self._ended_monotonic = -BASE_SECONDS
        self._late: asyncio.Future[None] | None = None
        sampler.on_sample.append(self._sampled)

    def find(self, editor_run_id: str) -> Run | None:
        """The run that goes by a name the editor gave."""
        return self.active.get(self._names.get(editor_run_id, ""))

    async def start(
        self,
        editor_run_id: str,
        what: Resolved,
        trigger: str,
        started_monotonic: float,
        process_id: int | None = None,
        patience_seconds: float = 1.0,
    ) -> Run:
        """A run starts: measures it from now on, estimates its need, and tells the broker where that is allowed.

        Args:
            editor_run_id: what whoever saw it calls it.
            what: what runs.
            trigger: terminal, task, debug or process.
            started_monotonic: when its start was seen.
            process_id: its process, where that is known.
            patience_seconds: how long the analysis of its code may take; after that the estimate is made without it,
                and again when it is there.
        """
        known = self.find(editor_run_id) or self._same_start(what, trigger, started_monotonic)
        if known is not None:
            self._names[editor_run_id] = known.run_id
            return known
        run = self._begin(what, trigger, started_monotonic, process_id)
        self._names[editor_run_id] = run.run_id
        self.active[run.run_id] = run
        self._sampler.hurry()
        self._on_change()
        run.key = await self._key(what)
        code = asyncio.ensure_future(self._features_of(what.entry)) if what.entry is not None else None
        if code is not None:
            await asyncio.wait([code], timeout=patience_seconds)
            run.features = code.result() if code.done() else {}
        await self._tell_start(run)
        if code is not None and not code.done():
            self._late = asyncio.ensure_future(self._tell_late(run, code))
        return run

    async def _tell_start(self, run: Run) -> None:
        run.demand = await self._estimate(run)
        if run.run_id in self.active:
            await self._database.run(records.put, _row(run))
            await self._announce(run)

    async def _tell_late(self, run: Run, code: asyncio.Future[Mapping[str, float]]) -> None:
        """The code is known now: where nothing was known without it, the broker hears of the run late, not never."""
        run.features = await code
        if run.demand is None and run.features:
            await self._tell_start(run)

    async def end(self, editor_run_id: str, exit_code: int | None) -> records.RunRow | None:
        """A run has ended. Returns what is remembered of it; None where it was not known."""
        run = self.active.pop(self._names.pop(editor_run_id, ""), None)
        if run is None:
            return None
        self._names = {name: run_id for name, run_id in self._names.items() if run_id != run.run_id}
        row = self._finished(run, exit_code)
        self._ended_monotonic = self._clock.monotonic()
        self._on_change()
        if run.signal_id:
            ended = Signal(secrets.token_hex(16), SignalKind.RUN_ENDED, self._clock.now(), run.run_id, run.what.kind)
            await self._tell(ended)
        await self._database.run(records.put, row)
        return row

    async def watch_limit(self, run: Run) -> None:
        """Looks at the container's own limit until it shows the raise, and notes how long that took."""
        group = self._sampler.cgroup
        if group is None or run.limit_before_cores is None:
            return
        deadline = run.meter.started_monotonic + LOOK_FOR_RAISE_SECONDS
        while self._clock.monotonic() < deadline and run.raised_after_milliseconds is None:
            limit = group.read().cpu_limit_cores
            if limit is None or limit > run.limit_before_cores * 1.001:
                run.raised_after_milliseconds = (self._clock.monotonic() - run.meter.started_monotonic) * 1000
                if run.run_id in self.active:
                    await self._database.run(records.put, _row(run))
                return
            await asyncio.sleep(POLL_SECONDS)

    def _base(self) -> Amounts:
        """What is used without the run that begins: with others at it, all that is used now; else as in quiet times."""
        if self.active:
            return self._sampler.mean_use(OVERLAPPING_BASE_SECONDS)
        quiet = [sample.used for _, sample in self._quiet]
        cores = [used.cpu_cores for used in quiet if used.cpu_cores is not None]
        memory = [used.memory_bytes for used in quiet if used.memory_bytes is not None]
        return Amounts(sum(cores) / len(cores) if cores else 0.0, memory[-1] if memory else None)

    def _begin(self, what: Resolved, trigger: str, started_monotonic: float, process_id: int | None) -> Run:
        now = self._clock.now().timestamp()
        late = max(0.0, self._clock.monotonic() - started_monotonic)
        reading = self._sampler.cgroup.read() if self._sampler.cgroup is not None else None
        base = self._base()
        for other in self.active.values():
            other.overlapped = True
        meter = RunMeter(
            started_monotonic,
            base,
            reading.cpu_usage_seconds if reading else None,
            reading.throttled_seconds if reading else 0.0,
        )
        return Run(
            run_id=secrets.token_hex(16),
            key="",
            what=what,
            trigger=trigger,
            started_at_seconds=now - late,
            meter=meter,
            limit_before_cores=reading.cpu_limit_cores if reading else None,
            process_id=process_id,
        )

    def _same_start(self, what: Resolved, trigger: str, started_monotonic: float) -> Run | None:
        """A task fires a task and a shell event: the same thing, seen by another trigger within seconds, is one run."""
        if what.entry is None and not what.name:
            return None
        for run in self.active.values():
            near = abs(run.meter.started_monotonic - started_monotonic) < SAME_START_SECONDS
            if near and run.trigger != trigger and (run.what.entry, run.what.name) == (what.entry, what.name):
                return run
        return None

    async def _key(self, what: Resolved) -> str:
        return await self._database.run(records.run_key, what.key_text, what.kind.value) if what.key_text else ""

    async def _estimate(self, run: Run) -> DemandEstimate | None:
        earlier = await self._database.run(records.by_key, run.key)
        of_kind = await self._database.run(records.by_kind, run.what.kind.value)
        return estimate(earlier, of_kind, run.features, self._capacity())

    async def _announce(self, run: Run) -> None:
        if run.demand is None:
            return
        signal_id = secrets.token_hex(16)
        signal = Signal(signal_id, SignalKind.RUN_STARTED, self._clock.now(), run.run_id, run.what.kind, run.demand)
        if await self._tell(signal):
            run.signal_id = signal_id

    async def _tell(self, signal: Signal) -> bool:
        from foreload_system.codecs import signal_to_proto

        if not self._link.gate.allows("automatic_scaling"):
            return False
        try:
            await self._link.keep("signal", signal_to_proto(signal))
        except NotAllowed as refusal:
            _LOG.debug("%s", refusal)
            return False
        return True

    def _sampled(self, sample: Sample) -> None:
        """A sample counts for the run that began last; the others' use is in its base."""
        now = self._clock.monotonic()
        if not self.active:
            if now - self._ended_monotonic >= QUIET_AFTER_SECONDS + sample.interval_seconds:
                self._quiet.append((now, sample))
            # The last quiet sample is kept however old it is: it is all that is known of quiet times.
            while len(self._quiet) > 1 and now - self._quiet[0][0] > BASE_SECONDS:
                self._quiet.popleft()
            return
        run = max(self.active.values(), key=lambda run: run.meter.started_monotonic)
        # The sample that began before the run is mostly about what was there before it.
        if now - sample.interval_seconds >= run.meter.started_monotonic - 0.1:
            run.meter.add(sample)

    def _finished(self, run: Run, exit_code: int | None) -> records.RunRow:
        seconds = max(0.0, self._clock.monotonic() - run.meter.started_monotonic)
        reading = self._sampler.cgroup.read() if self._sampler.cgroup is not None else None
        after = reading.cpu_usage_seconds if reading and not run.overlapped else None
        mean_cores = run.meter.mean_cores(seconds, after)
        throttled = (
            min(seconds, max(0.0, reading.throttled_seconds - run.meter.throttled_seconds_before)) if reading else None
        )
        row = _row(run)
        return records.RunRow(
            **{
                **{name: getattr(row, name) for name in records.RunRow.__dataclass_fields__},
                "duration_seconds": seconds if seconds >= SHORTEST_KEPT_SECONDS else None,
                "cpu_cores": mean_cores,
                "cpu_cores_highest": run.meter.highest_cores(mean_cores),
                "memory_bytes_highest": run.meter.memory_highest_bytes,
                "network_rx_bytes_per_second": run.meter.received_bytes_per_second,
                "network_tx_bytes_per_second": run.meter.sent_bytes_per_second,
                "gpu_count": run.meter.gpu_count,
                "throttled_seconds": throttled,
                "exit_code": exit_code,
            }
        )


def kind_only(kind: str | None) -> Resolved:
    """What is known of a run whose command line says nothing: its kind at most."""
    found = next((option for option in RunKind if option.value == kind), None)
    return NOTHING if found is None else Resolved(found, None, "")


def _row(run: Run) -> records.RunRow:
    return records.RunRow(
        run_id=run.run_id,
        key=run.key,
        kind=run.what.kind.value,
        trigger=run.trigger,
        name=run.what.name,
        started_at_seconds=run.started_at_seconds,
        raised_after_milliseconds=run.raised_after_milliseconds,
        features=run.features,
    )
