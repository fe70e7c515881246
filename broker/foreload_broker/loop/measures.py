"""What the loop counts, for Prometheus."""

from __future__ import annotations

from foreload_core.types.instances import InstancePhase
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Measures:
    """Counters and gauges of one broker, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = self.registry
        self.turns = Counter("foreload_broker_turns", "Turns of the loop", registry=own)
        self.turn_seconds = Histogram(
            "foreload_broker_turn_seconds", "Length of a turn", buckets=_SECONDS, registry=own
        )
        self.failed_turns = Counter(
            "foreload_broker_failed_turns", "Turns of which nothing was kept", ["cause"], registry=own
        )
        self.decisions = Counter("foreload_broker_decisions", "Decisions", registry=own)
        self.results = Counter("foreload_broker_results", "What came of instructions", ["actuation"], registry=own)
        self.instructions = Counter(
            "foreload_broker_instructions", "Instructions sent, repeated ones too", registry=own
        )
        self.messages = Counter("foreload_broker_messages", "Messages taken in", ["sender"], registry=own)
        self.duplicates = Counter("foreload_broker_duplicate_messages", "Messages that had come before", registry=own)
        self.unwanted = Counter(
            "foreload_broker_unwanted_messages", "Messages not kept for want of permission", registry=own
        )
        self.left_out = Counter(
            "foreload_broker_left_out", "Environments whose data could not be decided on", registry=own
        )
        self.daemons = Gauge("foreload_broker_connected_daemons", "Daemons with an open stream", registry=own)
        self.agents = Gauge("foreload_broker_connected_agents", "Agents with an open stream", registry=own)
        self.environments = Gauge("foreload_broker_environments", "Environments known", registry=own)
        self.phases = tuple(InstancePhase)
        self.instances = Gauge("foreload_broker_pool_instances", "Instances of the pool", ["phase"], registry=own)
        self.wanted_instances = Gauge(
            "foreload_broker_pool_wanted_instances", "Instances that the plan asks for", registry=own
        )
        self.pool_usd_per_hour = Gauge(
            "foreload_broker_pool_usd_per_hour", "What the pool's instances cost now", registry=own
        )
        self.spent_usd = Gauge("foreload_broker_spent_usd", "What the limits cost in this month", registry=own)
        self.saved_usd = Gauge(
            "foreload_broker_saved_usd",
            "What they cost less in this month than those before the first change would have",
            registry=own,
        )
        self.deferred = Gauge(
            "foreload_broker_deferred", "Limits that something shared has no room for now", ["reason"], registry=own
        )
        self.inbox = Gauge("foreload_broker_inbox_messages", "Messages that wait to be stored", registry=own)
