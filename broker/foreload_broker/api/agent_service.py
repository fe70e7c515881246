"""The agents' service: one stream an instance, opened by a registration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from foreload_core.types import Resource
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc
from foreload_system.channels import peer_identity
from foreload_system.codecs import (
    CONTRACT_VERSION,
    CodecError,
    amounts_from_proto,
    amounts_to_proto,
    resource_from_proto,
    result_from_proto,
    sample_from_proto,
    time_to_proto,
)
from foreload_system.identity import NAME_RULE, is_name

from foreload_broker import VERSION
from foreload_broker.api.checks import check_sample, require_version
from foreload_broker.loop.runner import Loop
from foreload_broker.platforms.agents import AgentConnections, Connection
from foreload_broker.ports import (
    AgentLeft,
    AgentRegistered,
    Answered,
    Inadmissible,
    Instruction,
    ManagedEnvironment,
    Measured,
)
from foreload_broker.security.access import Denied

_LOG = structlog.get_logger(__name__)
MOST_ENVIRONMENTS = 1_000


class AgentService(agent_pb2_grpc.AgentServiceServicer):
    """Serves agents; the instance is the one in the agent's certificate."""

    def __init__(self, loop: Loop, connections: AgentConnections) -> None:
        self._loop = loop
        self._connections = connections

    async def Attach(  # noqa: N802 - gRPC's name
        self, request_iterator: AsyncIterator[agent_pb2.AttachRequest], context: Any
    ) -> AsyncIterator[agent_pb2.AttachResponse]:
        """Takes measurements and results in, hands instructions out.

        Raises:
            Inadmissible: no registration, an unknown contract version, or a newer stream of the same instance.
            Denied: the agent speaks of an environment that it does not manage.
            CodecError: a message that cannot be.
        """
        instance_id = peer_identity(context).name
        first = await anext(aiter(request_iterator), None)
        if first is None or first.WhichOneof("message") != "register":
            raise Inadmissible("the first message of a stream must be a registration with the contract version")
        require_version(first.register.contract_version)
        registered = read_registration(instance_id, first.register)
        connection = self._join(registered)
        managed = {environment.environment_id for environment in registered.environments}
        reader = asyncio.create_task(self._read(connection, managed, request_iterator))
        try:
            yield agent_pb2.AttachResponse(
                registered=agent_pb2.Registered(
                    contract_version=CONTRACT_VERSION,
                    broker_version=VERSION,
                    measure_interval_seconds=self._loop.settings.tick_seconds,
                )
            )
            while (instructions := await connection.next()) is not None:
                for instruction in instructions:
                    yield agent_pb2.AttachResponse(instruction=write_instruction(instruction))
            if reader.done() and not reader.cancelled():
                reader.result()
            if connection.replaced:
                raise Inadmissible(f"a newer stream of {instance_id} has been opened; one at a time is served")
        finally:
            reader.cancel()
            self._leave(connection)

    def _join(self, registered: AgentRegistered) -> Connection:
        connection = self._connections.join(registered.instance_id)
        self._loop.post(registered)
        self._loop.measures.agents.set(len(self._connections))
        _LOG.info("agent connected", instance_id=registered.instance_id, environments=len(registered.environments))
        return connection

    def _leave(self, connection: Connection) -> None:
        if self._connections.leave(connection):
            self._loop.post(AgentLeft(connection.instance_id))
        self._loop.measures.agents.set(len(self._connections))
        _LOG.info("agent disconnected", instance_id=connection.instance_id)

    async def _read(
        self, connection: Connection, managed: set[str], requests: AsyncIterator[agent_pb2.AttachRequest]
    ) -> None:
        instance_id = connection.instance_id
        try:
            async for message in requests:
                match message.WhichOneof("message"):
                    case "measurement":
                        self._measured(instance_id, managed, message.measurement)
                    case "results":
                        self._answered(instance_id, managed, message.results)
                    case "register":
                        # An environment has come or gone: what was said before is replaced.
                        registered = read_registration(instance_id, message.register)
                        managed.clear()
                        managed.update(environment.environment_id for environment in registered.environments)
                        self._loop.post(registered)
                    case _:
                        raise CodecError("message says nothing; needed is one of measurement, results, register")
        finally:
            connection.close()

    def _measured(self, instance_id: str, managed: set[str], message: agent_pb2.Measurement) -> None:
        _require_managed(instance_id, managed, message.environment_id)
        sample = sample_from_proto(message.sample)
        if sample.interval_seconds == 0:
            return  # the first look of a meter has nothing to compare with
        checked = check_sample(sample, self._loop.now())
        self._loop.post(Measured(instance_id, message.environment_id, checked, message.urgent))

    def _answered(self, instance_id: str, managed: set[str], message: agent_pb2.InstructionResults) -> None:
        _require_managed(instance_id, managed, message.environment_id)
        results = tuple(result_from_proto(result, message.environment_id) for result in message.results)
        self._loop.post(Answered(instance_id, message.environment_id, message.revision, results))


def read_registration(instance_id: str, message: agent_pb2.Register) -> AgentRegistered:
    """What an agent says it has.

    Raises:
        CodecError: it may not say that.
    """
    if len(message.environments) > MOST_ENVIRONMENTS:
        raise CodecError(
            f"register.environments are {len(message.environments)}; allowed are up to {MOST_ENVIRONMENTS}"
        )
    return AgentRegistered(
        instance_id=instance_id,
        capacity=amounts_from_proto(message.capacity, "register.capacity"),
        environments=tuple(_environment(environment) for environment in message.environments),
    )


def write_instruction(instruction: Instruction) -> agent_pb2.Instruction:
    """An instruction as the agent reads it."""
    return agent_pb2.Instruction(
        instruction_id=instruction.instruction_id,
        environment_id=instruction.environment_id,
        revision=instruction.revision,
        target=amounts_to_proto(instruction.target),
        decided_at=time_to_proto(instruction.decided_at),
    )


def _environment(message: agent_pb2.ManagedEnvironment) -> ManagedEnvironment:
    if not is_name(message.environment_id):
        raise CodecError(f"register.environments.environment_id is {message.environment_id!r}; use {NAME_RULE}")
    changeable: set[Resource] = set()
    for capability in message.capabilities:
        if capability.can_change:
            changeable.add(resource_from_proto(capability.resource, "register.environments.capabilities.resource"))
    return ManagedEnvironment(
        environment_id=message.environment_id,
        platform=message.platform[:64],
        limit=amounts_from_proto(message.limit, "register.environments.limit"),
        floor=amounts_from_proto(message.floor, "register.environments.floor"),
        changeable=frozenset(changeable),
        applied_revision=max(0, message.applied_revision),
    )


def _require_managed(instance_id: str, managed: set[str], environment_id: str) -> None:
    if environment_id not in managed:
        raise Denied(f"agent {instance_id} has not registered {environment_id!r}; it may speak of its own only")
