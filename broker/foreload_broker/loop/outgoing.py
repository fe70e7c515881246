"""What waits to be sent on one open stream."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

M = TypeVar("M")


class Outgoing(Generic[M]):
    """Messages in their order, until the stream is to end. On the event loop only.

    Args:
        most: so many wait for a slow reader, and the oldest go first; None: all of them.
    """

    def __init__(self, most: int | None = None) -> None:
        self._messages: deque[M] = deque(maxlen=most)
        self._woken = asyncio.Event()
        self._closed = False

    def put(self, message: M) -> None:
        """Sends a message after those that wait."""
        self._messages.append(message)
        self._woken.set()

    def wake(self) -> None:
        """Has `take` return, for what is kept elsewhere."""
        self._woken.set()

    def close(self) -> None:
        """Ends the stream; what waits is not sent."""
        self._closed = True
        self._woken.set()

    async def take(self) -> list[M] | None:
        """Waits for what is to be sent next; None when the stream is to end."""
        await self._woken.wait()
        self._woken.clear()
        if self._closed:
            return None
        messages = list(self._messages)
        self._messages.clear()
        return messages
