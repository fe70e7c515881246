"""What the broker last said, as core's values: limits, plans and decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from foreload_core.types import NO_AMOUNTS, Amounts, PlannedChange, Prices

if TYPE_CHECKING:
    from foreload_proto.v1 import broker_pb2, common_pb2


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds at the broker. All empty before its first word.

    Attributes:
        limit, target, capacity, pinned: absolute amounts.
        paused_until: UTC; None: not paused.
        planned: changes that are expected, soonest first.
        agent_connected: whether someone can change limits.
        prices: what resources cost there; None: the broker has not said.
    """

    limit: Amounts = NO_AMOUNTS
    target: Amounts = NO_AMOUNTS
    capacity: Amounts = NO_AMOUNTS
    pinned: Amounts = NO_AMOUNTS
    paused_until: datetime | None = None
    planned: tuple[PlannedChange, ...] = ()
    agent_connected: bool = True
    prices: Prices | None = None


NOTHING_SAID = Standing()


def standing(allocation: broker_pb2.Allocation | None) -> Standing:
    """The broker's allocation as core's values."""
    if allocation is None:
        return NOTHING_SAID
    from foreload_system.codecs import amounts_from_proto, planned_from_proto, time_from_proto
    from foreload_system.codecs.fleet import prices_from_proto

    return Standing(
        limit=amounts_from_proto(allocation.limit),
        target=amounts_from_proto(allocation.target),
        capacity=amounts_from_proto(allocation.capacity),
        pinned=amounts_from_proto(allocation.pinned),
        paused_until=time_from_proto(allocation.paused_until) if allocation.HasField("paused_until") else None,
        planned=tuple(planned_from_proto(change) for change in allocation.planned),
        agent_connected=allocation.agent_connected,
        prices=prices_from_proto(allocation.prices) if allocation.HasField("prices") else None,
    )


def decision_rows(decisions: Iterable[common_pb2.Decision]) -> list[tuple[str, int, float, bytes]]:
    """Decisions as the local cache keeps them."""
    return [
        (
            decision.decision_id,
            decision.revision,
            decision.decided_at.ToMicroseconds() / 1e6,
            decision.SerializeToString(),
        )
        for decision in decisions
    ]


def parse_decisions(messages: Iterable[bytes]) -> list[common_pb2.Decision]:
    """Decisions from the local cache."""
    from foreload_proto.v1 import common_pb2

    return [common_pb2.Decision.FromString(message) for message in messages]
