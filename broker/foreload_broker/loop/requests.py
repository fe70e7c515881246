"""What people ask of the loop, and what the loop does at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from foreload_core.decide import EnvironmentState
from foreload_core.types import Deferral, Wish
from foreload_proto.v1 import broker_pb2
from google.protobuf.message import Message as Proto
from sqlalchemy import Connection

from foreload_broker.loop.cohorts import Comparison
from foreload_broker.ports import Consent, FromAgent, FromDaemon, Instruction
from foreload_broker.store.decisions import LoggedDecision


@dataclass(frozen=True, slots=True)
class WishRequest:
    """A wish with the key of its request: asked twice, it acts once and is answered the same.

    Attributes:
        environment_id: whose.
        request_id: the key.
        method: what was asked for; a key is for one method.
        wish: what is wanted; its time is that of the turn that takes it in.
        check: raises `NoData` or `Inadmissible` where it cannot be; sees the log, what is remembered,
            and whether the environment may be scaled.
        answer: the answer, from what is remembered after the decision.
    """

    environment_id: str
    request_id: str
    method: str
    wish: Wish
    check: Callable[[Connection, EnvironmentState, bool], None]
    answer: Callable[[EnvironmentState], Proto]


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """The developer's switches, asked for by themselves."""

    environment_id: str
    consent: Consent


Request = WishRequest | ConsentRequest


@dataclass(slots=True)
class Batch:
    """What has come in since the last turn.

    Attributes:
        daemons: to be stored and acknowledged.
        agents: in the order in which they came.
        requests: to be answered.
        watched: environments whose daemons are connected.
        tick: it is time to look at the whole fleet.
    """

    daemons: list[FromDaemon] = field(default_factory=list[FromDaemon])
    agents: list[FromAgent] = field(default_factory=list[FromAgent])
    requests: list[Request] = field(default_factory=list[Request])
    watched: frozenset[str] = frozenset()
    tick: bool = False


@dataclass(slots=True)
class Outcome:
    """What a turn came to; all of it is durable.

    Attributes:
        acknowledged: environment -> sequence, for those that sent something.
        decisions: new ones, and those of which a result came.
        allocations: of watched environments that something happened to.
        answers: one for each request, in their order: bytes of the response, or why there is none.
        instructions: instance and instruction, to be sent now.
        next_due_seconds: monotonic time at which one is to be sent again; None for never.
        to_forecast: environments without a valid ask, whose turn it is.
        to_compare: environments with a short past, whose turn it is to learn from others.
        decided: a decision was made, maybe for nobody.
        deferred: what does not fit.
    """

    acknowledged: dict[str, int] = field(default_factory=dict[str, int])
    decisions: list[LoggedDecision] = field(default_factory=list[LoggedDecision])
    allocations: dict[str, broker_pb2.Allocation] = field(default_factory=dict[str, broker_pb2.Allocation])
    answers: list[bytes | Exception] = field(default_factory=list[bytes | Exception])
    instructions: list[tuple[str, Instruction]] = field(default_factory=list[tuple[str, Instruction]])
    next_due_seconds: float | None = None
    to_forecast: tuple[str, ...] = ()
    to_compare: tuple[Comparison, ...] = ()
    decided: bool = False
    duplicate_count: int = 0
    unwanted_count: int = 0
    left_out: tuple[str, ...] = ()
    deferred: tuple[Deferral, ...] = ()
