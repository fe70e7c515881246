"""What operators see of the fleet."""

from __future__ import annotations

from datetime import datetime

from foreload_core.scheduler.accounts import Account, total_of
from foreload_core.types import NO_AMOUNTS, Amounts
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import amounts_to_proto, resource_to_proto, sample_to_proto, time_to_proto
from foreload_system.codecs.fleet import account_to_proto, deferral_to_proto, prices_to_proto

from foreload_broker import VERSION
from foreload_broker.loop.pool import PoolKeeper
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import NO_CONSENT


async def get_status(loop: Loop) -> broker_pb2.GetStatusResponse:
    """The broker itself, every instance and every environment that it knows, by name, and what they cost."""
    connected = loop.subscribers.environment_ids
    deferred = [loop.deferred[key] for key in sorted(loop.deferred)]
    pool = loop.pool

    def look(writer: Writer, _now: datetime) -> broker_pb2.GetStatusResponse:
        memory, fleet = writer.memory, writer.fleet
        names = sorted({*fleet.placements, *memory.consents, *connected})
        return broker_pb2.GetStatusResponse(
            broker_version=VERSION,
            started_at=time_to_proto(loop.started_at),
            shadow_mode=loop.settings.shadow,
            environments=[_environment(writer, name, name in connected) for name in names],
            decision_count=memory.decision_count,
            last_tick_seconds=loop.last_turn_seconds,
            prices=prices_to_proto(memory.standing.prices),
            account=account_to_proto(total_of(_account(writer, name) for name in names)),
            instances=_instances(writer, pool),
            pool=None if pool is None else _pool(pool),
            deferred=[deferral_to_proto(entry) for entry in deferred],
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
        account=account_to_proto(_account(writer, environment_id)),
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


def _account(writer: Writer, environment_id: str) -> Account:
    state = writer.memory.standing.environment(environment_id)
    return Account(state.spent_usd, state.static_usd)


def _instances(writer: Writer, pool: PoolKeeper | None) -> list[broker_pb2.InstanceStatus]:
    fleet, known = writer.fleet, {} if pool is None else pool.pool.instances
    connected = fleet.instances_connected()
    found: list[broker_pb2.InstanceStatus] = []
    for name in sorted({*fleet.capacities, *known}):
        members = fleet.of(name)
        held = NO_AMOUNTS
        for member in members:
            target = writer.memory.standing.environment(member).target
            held = _sum(held, target.over(fleet.placements[member].limit))
        instance = known.get(name)
        found.append(
            broker_pb2.InstanceStatus(
                instance_id=name,
                phase="" if instance is None else instance.phase.value,
                type_name="" if instance is None else instance.type_name,
                agent_connected=name in connected,
                capacity=amounts_to_proto(fleet.capacities.get(name, NO_AMOUNTS)),
                held=amounts_to_proto(held),
                environment_count=len(members),
                usd_per_hour=0.0 if pool is None or instance is None else pool.instance_type.usd_per_hour,
            )
        )
    return found


def _pool(pool: PoolKeeper) -> broker_pb2.PoolStatus:
    message = broker_pb2.PoolStatus(
        provider=pool.provider_name, type_name=pool.instance_type.name, trouble=pool.trouble
    )
    if pool.plan is not None:
        message.wanted_count = pool.plan.count
        message.level_ratio = pool.plan.level_ratio
        message.scarcest = resource_to_proto(pool.plan.resource)
        message.expected_amount, message.covered_amount = pool.plan.expected_amount, pool.plan.covered_amount
    return message


def _sum(left: Amounts, right: Amounts) -> Amounts:
    for resource, amount in right.items():
        left = left.with_amount(resource, (left.get(resource) or 0.0) + amount)
    return left
