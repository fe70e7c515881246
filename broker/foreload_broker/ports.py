"""What the broker's rooms hand to each other: messages into the loop, instructions out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from foreload_core.types import (
    NO_AMOUNTS,
    Actuation,
    ActuationResult,
    Amounts,
    Ask,
    Prior,
    ProfileNumbers,
    Resource,
    Sample,
    Signal,
)
from foreload_core.types.instances import InstanceType


class NoData(Exception):  # noqa: N818 - the design's own word for it
    """What was asked for is not there (yet)."""


class Unavailable(Exception):  # noqa: N818 - the design's own word for it
    """It cannot be done now; the same may work later. The message says why."""


class Inadmissible(Exception):  # noqa: N818 - it names what the request is
    """What was asked for is not allowed in this state; the message says what is."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The developer's switches, replaced as one. Nothing is allowed until it is given."""

    revision: int = 0
    text_version: int = 0
    share_features: bool = False
    automatic_scaling: bool = False
    cohort_history: bool = False


NO_CONSENT = Consent()


@dataclass(frozen=True, slots=True)
class FeatureVector:
    """What kind of code is worked on, as numbers of `foreload_core.features`."""

    schema_version: int
    values: Mapping[str, float]


Content = Sample | Signal | Ask | ProfileNumbers | Consent | FeatureVector


@dataclass(frozen=True, slots=True)
class FromDaemon:
    """One message of a daemon's stream, to be stored and then acknowledged.

    Attributes:
        environment_id: from the client's certificate.
        sequence: grows by one with each message of the environment, over restarts.
        content: what was said; None where it was refused and only its sequence is taken note of.
    """

    environment_id: str
    sequence: int
    content: Content | None


@dataclass(frozen=True, slots=True)
class ManagedEnvironment:
    """An environment as its agent describes it. `applied_revision` is that of the last instruction it applied."""

    environment_id: str
    platform: str
    limit: Amounts = NO_AMOUNTS
    floor: Amounts = NO_AMOUNTS
    changeable: frozenset[Resource] = frozenset()
    applied_revision: int = 0


@dataclass(frozen=True, slots=True)
class AgentRegistered:
    """An agent says what its instance has and which environments it manages. Replaces what it said before."""

    instance_id: str
    capacity: Amounts
    environments: tuple[ManagedEnvironment, ...]


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """The connection to an agent is gone."""

    instance_id: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One of the agent's samples. `urgent`: to be decided on at once."""

    instance_id: str
    environment_id: str
    sample: Sample
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one instruction, one result a resource."""

    instance_id: str
    environment_id: str
    revision: int
    results: tuple[ActuationResult, ...]


@dataclass(frozen=True, slots=True)
class Forecasted:
    """The broker's own forecast for an environment whose daemon does not ask."""

    environment_id: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Compared:
    """What environments like this one need, while its own past is short."""

    environment_id: str
    prior: Prior


FromAgent = AgentRegistered | AgentLeft | Measured | Answered | Forecasted | Compared
Message = FromDaemon | FromAgent
Post = Callable[[Message], None]
"""Puts a message into the loop's inbox; never blocks."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """Absolute targets for one environment, applied at most once, and only above the last revision applied."""

    instruction_id: str
    environment_id: str
    revision: int
    target: Amounts
    decided_at: datetime


def not_changed(instance_id: str, instruction: Instruction, detail: str, at: datetime) -> Answered:
    """The answer of a platform that only shows: nothing of an instruction was done, and why."""
    results = tuple(
        ActuationResult(
            instruction_id=instruction.instruction_id,
            environment_id=instruction.environment_id,
            resource=resource,
            actuation=Actuation.NO_CHANGE,
            amount=None,
            detail=detail,
            at=at,
        )
        for resource, _amount in instruction.target.items()
    )
    return Answered(instance_id, instruction.environment_id, instruction.revision, results)


@dataclass(frozen=True, slots=True)
class ProvidedInstance:
    """An instance that a provider says it has."""

    instance_id: str
    type_name: str = ""


class Provider(Protocol):
    """What gives instances and takes them back. Each action may come twice, and is then done already."""

    name: str

    async def provision(self, instance_id: str, instance_type: InstanceType) -> None:
        """Orders an instance; it is there when its agent connects.

        Raises:
            Unavailable: it was not ordered; the message says why.
        """
        ...

    async def release(self, instance_id: str) -> None:
        """Gives an instance back.

        Raises:
            Unavailable: it may still be there; the message says why.
        """
        ...

    async def list(self) -> tuple[ProvidedInstance, ...]:
        """The instances that were ordered and not given back, those on their way too.

        Raises:
            Unavailable: that is not known now; the message says why.
        """
        ...


class Platform(Protocol):
    """What changes the limits of environments on its instances."""

    name: str

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """Hands an instruction over without waiting; what came of it arrives as `Answered`.

        Returns:
            False where the instance is not one of its own, or is not connected.
        """
        ...
