"""Measures the machine, or the container that stands for it, as the agent itself sees it."""

from __future__ import annotations

from datetime import datetime

from foreload_core.types import Sample
from foreload_system.cgroup import NoCgroupError
from foreload_system.telemetry import Meter, own_cgroup

from foreload_agent.ports import EnvironmentGoneError


class DryRunCollector:
    """The agent's own group: without a group of the environment's, the nearest that can be measured."""

    def __init__(self) -> None:
        self._meter = Meter(own_cgroup())

    def measure(self, now: datetime, monotonic: float) -> Sample:
        """See `Collector`."""
        try:
            return self._meter.sample(now, monotonic)
        except NoCgroupError as error:
            raise EnvironmentGoneError(str(error)) from error
