"""Instances that exist in memory only, for trying out and for tests of the whole chain."""

from foreload_broker.platforms.simulated.instance import SimulatedInstance

__all__ = ["SimulatedInstance"]
