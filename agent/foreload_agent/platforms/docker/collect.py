"""Measures a container by the files of its group: the engine's own figures take a second each."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from foreload_core.types import Sample
from foreload_system.cgroup import NoCgroupError, locate
from foreload_system.telemetry import Meter

from foreload_agent.platforms.docker.engine import EnvironmentContainer
from foreload_agent.ports import EnvironmentGoneError, PlatformUnavailableError


class DockerCollector:
    """CPU, memory, throttling, kills, and the network of the container's own namespace.

    The engine is asked only where the container is looked for, not with each look.

    Args:
        container: the environment's.
    """

    def __init__(self, container: EnvironmentContainer) -> None:
        self._container = container
        self._meter: Meter | None = None

    def measure(self, now: datetime, monotonic: float) -> Sample:
        """See `Collector`."""
        try:
            if self._meter is None:
                self._meter = self._open()
            return self._meter.sample(now, monotonic)
        except NoCgroupError as error:
            self._meter = None
            raise EnvironmentGoneError(f"container {self._container.name!r} ended: {error}") from error

    def _open(self) -> Meter:
        try:
            state = self._container.require()
        except PlatformUnavailableError as error:
            raise EnvironmentGoneError(str(error)) from error
        return Meter(locate(state.pid), network_pid=state.pid if _has_own_network(state.pid) else None, with_gpus=False)


def _has_own_network(pid: int) -> bool:
    """Whether its network is not the host's, whose traffic would be everybody's."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    except OSError:
        return False
