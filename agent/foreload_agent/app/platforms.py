"""Which platform an entry of the file gets. The one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from foreload_core.types import Amounts

from foreload_agent.config import AgentSettings, EnvironmentEntry
from foreload_agent.platforms.cgroup import CgroupActuator, CgroupCollector, find_layout
from foreload_agent.platforms.docker import DockerActuator, DockerCollector, Engine, EnvironmentContainer
from foreload_agent.platforms.dry_run import DryRunActuator, DryRunCollector
from foreload_agent.platforms.simulated import SimulatedActuator, SimulatedCollector, SimulatedEnvironment
from foreload_agent.ports import Platform, PlatformUnavailableError
from foreload_agent.shrinking import MemoryMargin

_LOG = structlog.get_logger(__name__)


def open_platform(entry: EnvironmentEntry, settings: AgentSettings, capacity: Amounts) -> Platform:
    """The platform of an environment, its group made.

    Where cgroups cannot be made or changed, or no engine answers, what cannot be done is said, and the environment
    runs dry.
    """
    if entry.platform == "simulated":
        simulated = SimulatedEnvironment.named(entry.environment_id)
        return Platform("simulated", SimulatedCollector(simulated), SimulatedActuator(simulated))
    if entry.platform == "dry_run":
        return Platform("dry_run", DryRunCollector(), DryRunActuator("dry run: limits are not changed"))
    margin = MemoryMargin(settings.memory_margin_ratio, settings.memory_margin_bytes)
    try:
        if entry.platform == "docker":
            container = EnvironmentContainer(Engine(settings.docker_host), entry.container or entry.environment_id)
            docker = DockerActuator(container, margin, settings.shrink_wait_seconds)
            return _with_bandwidth(Platform("docker", DockerCollector(container), docker), entry, container.pid)
        layout = find_layout(entry.environment_id, settings.group)
        actuator = CgroupActuator(layout, margin, settings.shrink_wait_seconds)
        actuator.create(entry.initial_amounts(capacity))
        return Platform("cgroup", CgroupCollector(layout), actuator)
    except PlatformUnavailableError as error:
        _LOG.warning("limits cannot be changed, running dry", environment=entry.environment_id, why=str(error))
        return Platform("dry_run", DryRunCollector(), DryRunActuator(f"limits are not changed here: {error}"))


def _with_bandwidth(platform: Platform, entry: EnvironmentEntry, find_process: Callable[[], int]) -> Platform:
    """The same with its bandwidth managed too, where the file gives it a bandwidth to begin with."""
    initial = entry.initial
    if initial.network_rx_bytes_per_second is None and initial.network_tx_bytes_per_second is None:
        return platform
    from foreload_agent.platforms.network import ShapedActuator, ShapedCollector

    shaped = ShapedActuator(platform.actuator, find_process)
    return Platform(platform.name, ShapedCollector(platform.collector, shaped), shaped)
