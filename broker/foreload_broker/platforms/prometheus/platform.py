"""The environments that a Prometheus sees: measured and decided for, and nothing of them is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from foreload_core.types import NO_AMOUNTS, Amounts, Resource, Sample

from foreload_broker.platforms.prometheus.source import Seen, Source, SourceError
from foreload_broker.ports import (
    AgentLeft,
    AgentRegistered,
    Instruction,
    ManagedEnvironment,
    Measured,
    Post,
    not_changed,
)

_LOG = structlog.get_logger(__name__)
INSTANCE = "prometheus"
"""The instance that all of them are said to run on: where they really run does not matter while nothing is changed."""
LOST_LOOKS = 3
FULL_RATIO = 0.98
"""Mean use above this part of the limit was surely held back: Prometheus is not asked for throttled time."""
DETAIL = "only looked at by Prometheus: decided and shown, not changed"
_DECIDED = frozenset({Resource.CPU, Resource.MEMORY})


class Prometheus:
    """A platform that measures.

    Args:
        source: who is asked.
        post: the loop's inbox.
        clock: the time, UTC.

    The time between two looks is the window over which rates are taken, so that samples follow each other.
    """

    name = "prometheus"

    def __init__(self, source: Source, post: Post, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._post = post
        self._clock = clock
        self._window_seconds = float(source.window_seconds)
        self._registered: AgentRegistered | None = None
        self._failed_looks = 0
        self._told = ""

    async def run(self) -> None:
        """Looks until it is cancelled. A Prometheus that is down takes nothing else down."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:  # noqa: BLE001 - what one answer holds must not end the watch
                    _LOG.exception("Prometheus cannot be looked at, tried again")
                await asyncio.sleep(self._window_seconds)
        finally:
            await self._source.close()

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """See `Platform.send`. Nothing is changed, and that is the answer."""
        if instance_id != INSTANCE:
            return False
        self._post(not_changed(instance_id, instruction, DETAIL, self._clock()))
        return True

    async def look(self) -> None:
        """One look; what is new is posted."""
        try:
            seen = await self._source.look()
        except SourceError as error:
            self._failed_looks += 1
            if str(error) != self._told:
                _LOG.warning("prometheus", reason=str(error))
            self._told = str(error)
            if self._failed_looks == LOST_LOOKS and self._registered is not None:
                self._registered = None
                self._post(AgentLeft(INSTANCE))
            return
        self._failed_looks, self._told = 0, ""
        self._register(seen)
        now = self._clock()
        for name, one in seen.items():
            self._post(Measured(INSTANCE, name, _sample(one, now, self._window_seconds), urgent=one.oom_kills > 0))

    def _register(self, seen: Mapping[str, Seen]) -> None:
        environments = tuple(
            ManagedEnvironment(name, self.name, one.limit, NO_AMOUNTS, _DECIDED) for name, one in seen.items()
        )
        message = AgentRegistered(INSTANCE, Amounts(), environments)
        if message != self._registered:
            self._registered = message
            self._post(message)


def _sample(seen: Seen, now: datetime, window: float) -> Sample:
    limit_cores, used_cores = seen.limit.cpu_cores, seen.used.cpu_cores
    full = limit_cores is not None and used_cores is not None and used_cores >= FULL_RATIO * limit_cores
    return Sample(
        now - timedelta(seconds=window), window, seen.used, seen.limit, window if full else 0.0, seen.oom_kills
    )
