"""Looks at the own container: every five seconds, every second while a run is active or a dashboard is open."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from foreload_core.types import Amounts, Sample

from foreload_daemon.clock import Clock
from foreload_daemon.history import samples
from foreload_daemon.history.database import Database

if TYPE_CHECKING:
    from foreload_system.cgroup import Cgroup
    from foreload_system.telemetry import Meter

_LOG = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
ACTIVE_SECONDS = 1.0
FIRST_SECONDS = 0.5
KEPT_SECONDS = 15 * 60
FORGET_EVERY_SECONDS = 6 * 3600


class Sampler:
    """Measures, remembers the last quarter of an hour, and writes the history.

    Attributes:
        recent: the last samples, oldest first.
        on_sample: called with each.
        on_minute: called once a minute, after the history was brought up to date.
    """

    def __init__(self, database: Database, clock: Clock, active: Callable[[], bool]) -> None:
        self._database, self._clock, self._active = database, clock, active
        self._meter: Meter | None = None
        self.cgroup: Cgroup | None = None
        self.recent: deque[Sample] = deque()
        self.on_sample: list[Callable[[Sample], None]] = []
        self.on_minute: list[Callable[[], None]] = []
        self._bucket = samples.Bucket()
        self._wake = asyncio.Event()
        self._minute = 0
        self._forgot_at = 0.0

    @property
    def latest(self) -> Sample | None:
        """The last sample, or None before the first."""
        return self.recent[-1] if self.recent else None

    def mean_use(self, seconds: float) -> Amounts:
        """Mean use of CPU and last use of memory over the last `seconds`; what was not measured is None."""
        since = self._clock.now().timestamp() - seconds
        chosen = [sample for sample in self.recent if sample.start.timestamp() >= since] or list(self.recent)[-1:]
        cpu = [sample.used.cpu_cores for sample in chosen if sample.used.cpu_cores is not None]
        memory = [sample.used.memory_bytes for sample in chosen if sample.used.memory_bytes is not None]
        return Amounts(sum(cpu) / len(cpu) if cpu else None, memory[-1] if memory else None)

    def hurry(self) -> None:
        """Something needs finer samples from now on."""
        self._wake.set()

    def look(self) -> None:
        """Opens the own container; cheap, but it imports."""
        from foreload_system.telemetry import Meter, own_cgroup

        self.cgroup = own_cgroup()
        self._meter = Meter(self.cgroup)

    async def run(self) -> None:
        """Samples for as long as the daemon lives."""
        if self._meter is None:
            await asyncio.to_thread(self.look)
        failed = ""
        while True:
            self._wake.clear()
            try:
                await self._once()
                failed = ""
            except Exception as error:  # noqa: BLE001 - a file that cannot be read now may be readable in a second
                if str(error) != failed:
                    _LOG.warning("no sample: %s", error)
                    await asyncio.to_thread(self.look)
                failed = str(error)
            pause = FIRST_SECONDS if len(self.recent) < 2 else ACTIVE_SECONDS if self._active() else IDLE_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue
            # Woken: one short interval, so that the first fine sample is no mean over the idle time before it.
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Writes what was collected."""
        row = self._bucket.close()
        if row is not None:
            await self._database.run(samples.put, [row])
        await self._database.run(samples.roll_up)

    async def _once(self) -> None:
        assert self._meter is not None
        now = self._clock.now()
        sample = self._meter.sample(now, self._clock.monotonic())
        if sample.interval_seconds <= 0:
            sample_is_first = True
        else:
            sample_is_first = False
            finished = self._bucket.add(sample)
            if finished is not None:
                await self._database.run(samples.put, [finished])
        self.recent.append(sample)
        while self.recent and (now - self.recent[0].start).total_seconds() > KEPT_SECONDS:
            self.recent.popleft()
        for listener in self.on_sample:
            listener(sample)
        if not sample_is_first:
            await self._each_minute(now.timestamp())

    async def _each_minute(self, now_seconds: float) -> None:
        minute = int(now_seconds // 60)
        if minute == self._minute:
            return
        self._minute = minute
        await self._database.run(samples.roll_up)
        if now_seconds - self._forgot_at > FORGET_EVERY_SECONDS:
            self._forgot_at = now_seconds
            await self._database.run(_forget, now_seconds)
        for listener in self.on_minute:
            listener()


def _forget(connection: object, now_seconds: float) -> None:
    from foreload_daemon.history import ledger, records

    samples.forget(connection, now_seconds)  # pyright: ignore[reportArgumentType]
    records.forget(connection, now_seconds)  # pyright: ignore[reportArgumentType]
    ledger.forget(connection, now_seconds)  # pyright: ignore[reportArgumentType]
