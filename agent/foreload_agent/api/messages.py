"""The agent's values as messages of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from foreload_core.types import ActuationResult, Amounts, Sample
from foreload_proto.v1 import agent_pb2
from foreload_system.codecs import amounts_to_proto, resource_to_proto, result_to_proto, sample_to_proto

from foreload_agent.ports import Capability


def managed_to_proto(
    environment_id: str,
    platform: str,
    limit: Amounts,
    floor: Amounts,
    capabilities: Iterable[Capability],
    applied_revision: int,
) -> agent_pb2.ManagedEnvironment:
    """One environment of a registration."""
    return agent_pb2.ManagedEnvironment(
        environment_id=environment_id,
        platform=platform,
        limit=amounts_to_proto(limit),
        floor=amounts_to_proto(floor),
        applied_revision=applied_revision,
        capabilities=[
            agent_pb2.Capability(
                resource=resource_to_proto(capability.resource),
                can_change=capability.can_change,
                detail=capability.detail,
            )
            for capability in capabilities
        ],
    )


def measurement_to_proto(environment_id: str, sample: Sample, urgent: bool) -> agent_pb2.Measurement:
    """One measurement."""
    return agent_pb2.Measurement(environment_id=environment_id, sample=sample_to_proto(sample), urgent=urgent)


def results_to_proto(
    environment_id: str, revision: int, results: Iterable[ActuationResult]
) -> agent_pb2.InstructionResults:
    """What came of one instruction."""
    return agent_pb2.InstructionResults(
        environment_id=environment_id, revision=revision, results=[result_to_proto(result) for result in results]
    )
