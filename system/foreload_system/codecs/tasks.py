"""Tasks as messages of the contract, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from foreload_core.tasks import TaskReport
from foreload_core.types.tasks import Criticality, Task, TaskPhase, TaskState
from foreload_proto.v1 import tasks_pb2 as pb

from foreload_system.codecs.decisions import reason_to_proto
from foreload_system.codecs.values import (
    CodecError,
    amounts_from_proto,
    amounts_to_proto,
    enum_from_proto,
    time_to_proto,
)
from foreload_system.identity import NAME_RULE, is_name

CRITICALITIES = {
    Criticality.LOW: pb.CRITICALITY_LOW,
    Criticality.NORMAL: pb.CRITICALITY_NORMAL,
    Criticality.HIGH: pb.CRITICALITY_HIGH,
}
STATES = {state: cast("pb.TaskState", pb.TaskState.Value(f"TASK_STATE_{state.name}")) for state in TaskState}
PHASES = {phase: cast("pb.TaskPhase", pb.TaskPhase.Value(f"TASK_PHASE_{phase.name}")) for phase in TaskPhase}
_STATE_OF: Mapping[int, TaskState] = {number: state for state, number in STATES.items()}
LONGEST_CODE = 40


def status_to_proto(task: Task, connected: bool, arguments: tuple[str, ...] = ()) -> pb.TaskStatus:
    """A task as its developer sees it.

    Args:
        task: the task.
        connected: the agent of its instance is there.
        arguments: its command; for its own developer only.
    """
    message = pb.TaskStatus(
        task_id=task.task_id,
        environment_id=task.environment_id,
        state=STATES[task.state],
        since=time_to_proto(task.since),
        created_at=time_to_proto(task.created_at),
        reason=reason_to_proto(task.reason),
        instance_id=task.instance_id,
        attempt=task.attempt,
        criticality=CRITICALITIES[task.criticality],
        restartable=task.restartable,
        used=amounts_to_proto(task.used),
        instance_connected=connected,
        arguments=arguments,
        exit_code=task.exit_code,
        signal_number=task.signal_number,
    )
    if task.leaves_at is not None:
        message.leaves_at.CopyFrom(time_to_proto(task.leaves_at))
    return message


def state_from_proto(number: int) -> TaskState:
    """A state.

    Raises:
        CodecError: there is none of this number.
    """
    if number not in _STATE_OF:
        raise CodecError(f"task.state is {number}; this Foreload does not know it, update the older of the two")
    return _STATE_OF[number]


def criticality_from_proto(number: int) -> Criticality:
    """How much a task matters; not said is normal.

    Raises:
        CodecError: there is none of this number.
    """
    return Criticality.NORMAL if not number else enum_from_proto(CRITICALITIES, number, "criticality")


def report_to_proto(report: TaskReport, environment_id: str, output_bytes: int = 0) -> pb.TaskReport:
    """What an agent says of one attempt."""
    return pb.TaskReport(
        task_id=report.task_id,
        attempt=report.attempt,
        phase=PHASES[report.phase],
        revision=report.revision,
        exit_code=report.exit_code,
        signal_number=report.signal_number,
        used=amounts_to_proto(report.used),
        code=report.code,
        output_bytes=output_bytes,
        environment_id=environment_id,
    )


def report_from_proto(message: pb.TaskReport) -> TaskReport:
    """What an agent says of one attempt.

    Raises:
        CodecError: it cannot be.
    """
    if not is_name(message.task_id):
        raise CodecError(f"report.task_id is {message.task_id!r}; use {NAME_RULE}")
    used = amounts_from_proto(message.used, "report.used")
    return TaskReport(
        task_id=message.task_id,
        attempt=message.attempt,
        phase=enum_from_proto(PHASES, message.phase, "report.phase"),
        revision=message.revision,
        exit_code=message.exit_code if message.HasField("exit_code") else None,
        signal_number=message.signal_number if message.HasField("signal_number") else None,
        used=used,
        code=message.code[:LONGEST_CODE],
    )
