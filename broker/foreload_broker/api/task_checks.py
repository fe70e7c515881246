"""What is taken of a submission, and what is not."""

from __future__ import annotations

import re
import signal
from datetime import datetime

from foreload_core.types.tasks import Task
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs import CodecError, amounts_from_proto
from foreload_system.codecs.tasks import criticality_from_proto
from foreload_system.identity import NAME_RULE, is_name

LARGEST_COMMAND_BYTES = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_submission(environment_id: str, message: tasks_pb2.Submission, now: datetime) -> tuple[Task, bytes]:
    """The task that a person submits, and its command as it is kept.

    Raises:
        CodecError: it cannot be; the message names the field, its value and what is allowed.
    """
    if not is_name(message.task_id):
        raise CodecError(f"submission.task_id is {message.task_id!r}; use {NAME_RULE}")
    command = message.command
    if not command.arguments or not command.arguments[0]:
        raise CodecError("submission.command.arguments are empty; the first one is the program")
    if not command.working_directory.startswith("/"):
        raise CodecError(f"submission.command.working_directory is {command.working_directory!r}; use a whole path")
    if message.workspace and not _DIGEST.fullmatch(message.workspace):
        raise CodecError("submission.workspace is no digest; use 64 hexadecimal digits, or leave it empty")
    texts = (*command.arguments, command.working_directory, command.checkpoint)
    if any("\0" in text for text in texts):
        raise CodecError("submission.command holds a zero byte, which no command can")
    serialised = command.SerializeToString()
    if len(serialised) > LARGEST_COMMAND_BYTES:
        raise CodecError(
            f"submission.command has {len(serialised)} bytes with its variables; allowed are {LARGEST_COMMAND_BYTES}"
        )
    task = Task(
        task_id=message.task_id,
        environment_id=environment_id,
        created_at=now,
        since=now,
        criticality=criticality_from_proto(message.criticality),
        restartable=message.restartable or bool(command.checkpoint),
        workspace=message.workspace,
        asked=amounts_from_proto(message.asked, "submission.asked"),
    )
    return task, serialised


def read_signal(number: int) -> int:
    """A signal's number.

    Raises:
        CodecError: there is none of it.
    """
    if number not in set(signal.valid_signals()):
        raise CodecError(f"signal_number is {number}; allowed are those of Linux, 1 to 64")
    return int(number)
