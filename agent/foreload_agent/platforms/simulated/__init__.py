"""An environment that exists in memory only: a demand that comes and goes, and limits that bound it."""

from foreload_agent.platforms.simulated.environment import (
    SimulatedActuator,
    SimulatedCollector,
    SimulatedDemand,
    SimulatedEnvironment,
)

__all__ = ["SimulatedActuator", "SimulatedCollector", "SimulatedDemand", "SimulatedEnvironment"]
