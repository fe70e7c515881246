"""Environments as containers of a Docker engine, which somebody else starts and stops."""

from foreload_agent.platforms.docker.actuate import DockerActuator
from foreload_agent.platforms.docker.collect import DockerCollector
from foreload_agent.platforms.docker.engine import Engine, EnvironmentContainer

__all__ = ["DockerActuator", "DockerCollector", "Engine", "EnvironmentContainer"]
