"""What operators see of the fleet."""

from __future__ import annotations

from datetime import datetime

from foreload_core.types import NO_AMOUNTS
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import amounts_to_proto, sample_to_proto, time_to_proto

from foreload_broker import VERSION
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import NO_CONSENT


async def get_status(loop: Loop) -> broker_pb2.GetStatusResponse:
    """The broker itself, and every environment that it knows, by name."""
    connected = loop.subscribers.environment_ids

    def look(writer: Writer, _now: datetime) -> broker_pb2.GetStatusResponse:
        memory, fleet = writer.memory, writer.fleet
        names = {*fleet.placements, *memory.consents, *connected}
        return broker_pb2.GetStatusResponse(
            broker_version=VERSION,
            started_at=time_to_proto(loop.started_at),
            shadow_mode=loop.settings.shadow,
            environments=[_environment(writer, name, name in connected) for name in sorted(names)],
            decision_count=memory.decision_count,
            last_tick_seconds=loop.last_turn_seconds,
        )

    return await loop.in_writer(look)


def _environment(writer: Writer, environment_id: str, daemon_connected: bool) -> broker_pb2.EnvironmentStatus:
    placement = writer.fleet.placements.get(environment_id)
    sample = writer.fleet.samples.get(environment_id)
    consent = writer.memory.consents.get(environment_id, NO_CONSENT)
    message = broker_pb2.EnvironmentStatus(
        environment_id=environment_id,
        daemon_connected=daemon_connected,
        automatic_scaling=consent.automatic_scaling,
        target=amounts_to_proto(writer.memory.standing.environment(environment_id).target),
    )
    if placement is not None:
        message.instance_id = placement.instance_id
        message.agent_connected = placement.connected
        message.limit.CopyFrom(amounts_to_proto(placement.limit))
        capacity = writer.fleet.capacities.get(placement.instance_id, NO_AMOUNTS)
        message.capacity.CopyFrom(amounts_to_proto(capacity))
    if sample is not None:
        message.last_sample.CopyFrom(sample_to_proto(sample))
    return message
