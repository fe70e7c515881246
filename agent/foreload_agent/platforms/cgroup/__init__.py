"""Environments as cgroups, version 1 and version 2 behind one contract."""

from foreload_agent.platforms.cgroup.actuate import CgroupActuator
from foreload_agent.platforms.cgroup.collect import CgroupCollector
from foreload_agent.platforms.cgroup.find import find_layout, list_environments
from foreload_agent.platforms.cgroup.layout import Layout

__all__ = ["CgroupActuator", "CgroupCollector", "Layout", "find_layout", "list_environments"]
