"""Answers every instruction with "not changed"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from foreload_broker.ports import Instruction, Post, not_changed

DETAIL = "shadow mode: decided and shown, not changed"


class DryRun:
    """Takes every instance for its own, so that nothing gets past it."""

    name = "dry_run"

    def __init__(self, post: Post, clock: Callable[[], datetime]) -> None:
        self._post = post
        self._clock = clock

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """See `Platform.send`."""
        self._post(not_changed(instance_id, instruction, DETAIL, self._clock()))
        return True
