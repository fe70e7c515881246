"""Answers every instruction with "not changed"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from foreload_core.types import Actuation, ActuationResult

from foreload_broker.ports import Answered, Instruction, Post

DETAIL = "shadow mode: decided and shown, not changed"


class DryRun:
    """Takes every instance for its own, so that nothing gets past it."""

    name = "dry_run"

    def __init__(self, post: Post, clock: Callable[[], datetime]) -> None:
        self._post = post
        self._clock = clock

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """See `Platform.send`."""
        now = self._clock()
        results = tuple(
            ActuationResult(
                instruction_id=instruction.instruction_id,
                environment_id=instruction.environment_id,
                resource=resource,
                actuation=Actuation.NO_CHANGE,
                amount=None,
                detail=DETAIL,
                at=now,
            )
            for resource, _amount in instruction.target.items()
        )
        self._post(Answered(instance_id, instruction.environment_id, instruction.revision, results))
        return True
