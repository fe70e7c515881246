"""Bandwidth of an environment with a network of its own, both ways by HTB, beside its platform of CPU and memory."""

from foreload_agent.platforms.network.links import LinkError, Links
from foreload_agent.platforms.network.shaped import ShapedActuator, ShapedCollector

__all__ = ["LinkError", "Links", "ShapedActuator", "ShapedCollector"]
