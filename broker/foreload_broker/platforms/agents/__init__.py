"""Instances whose agents are connected."""

from foreload_broker.platforms.agents.connections import AgentConnections, Connection

__all__ = ["AgentConnections", "Connection"]
