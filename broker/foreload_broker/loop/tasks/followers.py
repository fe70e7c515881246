"""Who follows a task: one client each, which gets every piece of output once and in order, and the end last."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from foreload_core.tasks import FINAL
from foreload_core.types.tasks import Task
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs.tasks import status_to_proto

WINDOW_BYTES = 1024 * 1024
"""So much output may be on its way to a client that has not said yet that it wrote it out."""


@dataclass(slots=True)
class Attempt:
    """Where one attempt of a task ran, and how much it has written.

    Attributes:
        output_bytes: known once it is over; None: more may come.
        since: monotonic time since which it is over.
    """

    instance_id: str
    output_bytes: int | None = None
    since: float = 0.0


class Follower:
    """One client's stream.

    Attributes:
        task_id: what it follows.
        attempt, next_offset: how far its output has come.
        window_to: it may be sent output up to here.
        replaced: another client follows the task now.
    """

    def __init__(self, task_id: str, attempt: int, offset: int) -> None:
        self.task_id = task_id
        self.attempt = max(1, attempt)
        self.next_offset = max(0, offset) if attempt >= 1 else 0
        self.window_to = self.next_offset + WINDOW_BYTES
        self.replaced = False
        self._messages: deque[tasks_pb2.RunResponse] = deque()
        self._taken_bytes = 0
        self._shown = b""
        self._final: tasks_pb2.RunResponse | None = None
        self._over = False
        self._woken = asyncio.Event()

    def status(self, task: Task, connected: bool) -> None:
        """Shows where the task stands, if that is new; its end is held back until all output has come."""
        message = status_to_proto(task, connected)
        message.ClearField("used")
        shown = message.SerializeToString(deterministic=True)
        if shown == self._shown:
            return
        self._shown = shown
        response = tasks_pb2.RunResponse(status=message)
        if task.state in FINAL:
            self._final = response
        else:
            self._messages.append(response)
            self._woken.set()

    def output(self, output: tasks_pb2.TaskOutput) -> bool:
        """Passes a piece of output on. Returns whether it was the next one; another one changes nothing."""
        begins = output.next_offset - len(output.data) - FRAME_BYTES
        if output.attempt != self.attempt or begins != self.next_offset:
            return False
        self.next_offset = output.next_offset
        self._messages.append(tasks_pb2.RunResponse(output=output))
        self._woken.set()
        return True

    def begin(self, attempt: int) -> None:
        """Goes on with the output of a later attempt."""
        self.attempt, self.next_offset, self.window_to = attempt, 0, WINDOW_BYTES

    def received(self, attempt: int, offset: int) -> bool:
        """The client has written out everything before `offset`. Returns whether more may be sent for that."""
        if attempt != self.attempt or offset + WINDOW_BYTES <= self.window_to:
            return False
        self.window_to = min(offset, self.next_offset) + WINDOW_BYTES
        return True

    def took_input(self, count: int) -> None:
        """So many more bytes of its input went into the task's pipe."""
        self._taken_bytes += count
        self._messages.append(tasks_pb2.RunResponse(input_taken_bytes=self._taken_bytes))
        self._woken.set()

    @property
    def waits_for_end(self) -> bool:
        """Whether the task has ended and only output is missing."""
        return self._final is not None and not self._over

    def end(self) -> None:
        """All output has come, or no more will."""
        self._over = True
        self._woken.set()

    def close(self, replaced: bool = False) -> None:
        """Ends the stream without an end of the task."""
        self.replaced = replaced
        self._final, self._over = None, True
        self._woken.set()

    async def next(self) -> list[tasks_pb2.RunResponse] | None:
        """Waits for what is to be sent; None when the stream is to end."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            messages = list(self._messages)
            self._messages.clear()
            if self._over and self._final is not None:
                messages.append(self._final)
                self._final = None
            if messages:
                if self._over:
                    self._woken.set()
                return messages
            if self._over:
                return None


FRAME_BYTES = 5
"""Header of a frame in an attempt's output; positions count it."""
