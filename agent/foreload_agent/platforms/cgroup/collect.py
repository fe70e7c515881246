"""Measures one environment by its group's files."""

from __future__ import annotations

from datetime import datetime

from foreload_core.types import Sample
from foreload_system.cgroup import NoCgroupError
from foreload_system.telemetry import Meter

from foreload_agent.platforms.cgroup.layout import Layout
from foreload_agent.ports import EnvironmentGoneError


class CgroupCollector:
    """CPU, memory, throttling and kills of a group. Network and GPUs are shared with the machine, and not its own."""

    def __init__(self, layout: Layout) -> None:
        self._meter = Meter(layout.cgroup(), network_pid=None, with_gpus=False)

    def measure(self, now: datetime, monotonic: float) -> Sample:
        """See `Collector`."""
        try:
            return self._meter.sample(now, monotonic)
        except NoCgroupError as error:
            raise EnvironmentGoneError(str(error)) from error
