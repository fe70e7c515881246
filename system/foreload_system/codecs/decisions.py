"""What was decided, why, and what came of it.

A decision's message carries its changes: `target` of what is read back holds the changed resources only. Live use,
alternatives and plans travel elsewhere (`ExplainDecisionResponse`, `Allocation`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from foreload_core.types import NO_AMOUNTS, ActuationResult, EnvironmentDecision, PlannedChange, Reason, TargetChange
from foreload_proto.v1 import broker_pb2
from foreload_proto.v1 import common_pb2 as pb

from foreload_system.codecs.values import (
    ACTUATIONS,
    enum_from_proto,
    finite,
    required_time,
    resource_from_proto,
    resource_to_proto,
    time_to_proto,
)


def reason_to_proto(reason: Reason) -> pb.Reason:
    """One reason."""
    return pb.Reason(step=reason.step, code=reason.code, numbers=dict(reason.numbers), reference=reason.reference)


def reason_from_proto(message: pb.Reason, field: str = "reason") -> Reason:
    """One reason; its numbers in the order of their names.

    Raises:
        CodecError: a number is not finite.
    """
    numbers = {
        name: finite(message.numbers[name], f"{field}.numbers[{name}]", -math.inf) for name in sorted(message.numbers)
    }
    return Reason(step=message.step, code=message.code, numbers=numbers, reference=message.reference)


def result_to_proto(result: ActuationResult) -> pb.ActuationResult:
    """What came of one resource's instruction. Whose it is says the message around it."""
    return pb.ActuationResult(
        instruction_id=result.instruction_id,
        resource=resource_to_proto(result.resource),
        actuation=ACTUATIONS[result.actuation],  # pyright: ignore[reportArgumentType]
        amount=result.amount,
        detail=result.detail,
        at=time_to_proto(result.at),
    )


def result_from_proto(message: pb.ActuationResult, environment_id: str, field: str = "result") -> ActuationResult:
    """What came of one resource's instruction for `environment_id`.

    Raises:
        CodecError: unknown resource or actuation, no time, or an amount that is negative or not finite.
    """
    resource = resource_from_proto(message.resource, f"{field}.resource")
    return ActuationResult(
        instruction_id=message.instruction_id,
        environment_id=environment_id,
        resource=resource,
        actuation=enum_from_proto(ACTUATIONS, message.actuation, f"{field}.actuation"),
        amount=finite(message.amount, f"{field}.amount") if message.HasField("amount") else None,
        detail=message.detail,
        at=required_time(message.at, message.HasField("at"), f"{field}.at"),
    )


def planned_to_proto(planned: PlannedChange) -> broker_pb2.PlannedChange:
    """A change that is expected."""
    return broker_pb2.PlannedChange(
        resource=resource_to_proto(planned.resource),
        to_amount=planned.to_amount,
        at=time_to_proto(planned.at),
        reason=reason_to_proto(planned.reason),
    )


def planned_from_proto(message: broker_pb2.PlannedChange, field: str = "planned") -> PlannedChange:
    """A change that is expected.

    Raises:
        CodecError: unknown resource, no time, or an amount that is negative or not finite.
    """
    return PlannedChange(
        resource=resource_from_proto(message.resource, f"{field}.resource"),
        to_amount=finite(message.to_amount, f"{field}.to_amount"),
        at=required_time(message.at, message.HasField("at"), f"{field}.at"),
        reason=reason_from_proto(message.reason, f"{field}.reason"),
    )


def decision_to_proto(
    decision: EnvironmentDecision,
    results: Iterable[ActuationResult] = (),
    *,
    undone: bool = False,
    dry_run: bool = False,
) -> pb.Decision:
    """One environment's decision with what came of it.

    Args:
        decision: the decision.
        results: what came of its instructions so far.
        undone: it was taken back.
        dry_run: it was shown and not acted on.
    """
    return pb.Decision(
        decision_id=decision.decision_id,
        environment_id=decision.environment_id,
        revision=decision.revision,
        decided_at=time_to_proto(decision.decided_at),
        changes=[_change_to_proto(change) for change in decision.changes],
        results=[result_to_proto(result) for result in results],
        undone=undone,
        dry_run=dry_run,
    )


def decision_from_proto(message: pb.Decision, field: str = "decision") -> EnvironmentDecision:
    """One environment's decision. Its results are read one by one with `result_from_proto`.

    Raises:
        CodecError: no time, an unknown resource, or numbers out of range.
    """
    changes = tuple(_change_from_proto(one, f"{field}.changes[{i}]") for i, one in enumerate(message.changes))
    target = NO_AMOUNTS
    for change in changes:
        target = target.with_amount(change.resource, change.to_amount)
    return EnvironmentDecision(
        environment_id=message.environment_id,
        revision=message.revision,
        decided_at=required_time(message.decided_at, message.HasField("decided_at"), f"{field}.decided_at"),
        target=target,
        changes=changes,
    )


def _change_to_proto(change: TargetChange) -> pb.TargetChange:
    return pb.TargetChange(
        resource=resource_to_proto(change.resource),
        from_amount=change.from_amount,
        to_amount=change.to_amount,
        reasons=[reason_to_proto(reason) for reason in change.reasons],
    )


def _change_from_proto(message: pb.TargetChange, field: str) -> TargetChange:
    return TargetChange(
        resource=resource_from_proto(message.resource, f"{field}.resource"),
        from_amount=finite(message.from_amount, f"{field}.from_amount") if message.HasField("from_amount") else None,
        to_amount=finite(message.to_amount, f"{field}.to_amount"),
        reasons=tuple(reason_from_proto(one, f"{field}.reasons[{i}]") for i, one in enumerate(message.reasons)),
    )
