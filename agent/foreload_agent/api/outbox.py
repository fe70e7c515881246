"""What waits to be sent. Results are kept until they are on the wire; of measurements only the last ones."""

from __future__ import annotations

import asyncio
from collections import deque

from foreload_proto.v1 import agent_pb2


class Outbox:
    """A queue that never blocks its writers.

    Args:
        measurements: how many measurements wait at most while the broker is away; the oldest are dropped.
    """

    def __init__(self, measurements: int) -> None:
        self._results: deque[agent_pb2.AttachRequest] = deque()
        self._measurements: deque[agent_pb2.AttachRequest] = deque(maxlen=measurements)
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    def put_results(self, results: agent_pb2.InstructionResults) -> None:
        """Queues what came of an instruction; it goes before measurements."""
        self._results.append(agent_pb2.AttachRequest(results=results))
        self._filled.set()

    def put_measurement(self, measurement: agent_pb2.Measurement) -> None:
        """Queues a measurement."""
        self._measurements.append(agent_pb2.AttachRequest(measurement=measurement))
        self._filled.set()

    def __len__(self) -> int:
        return len(self._results) + len(self._measurements)

    async def next(self) -> agent_pb2.AttachRequest:
        """The message to send next; it stays queued until `sent`."""
        while not len(self):
            self._filled.clear()
            await self._filled.wait()
        return self._results[0] if self._results else self._measurements[0]

    def sent(self, message: agent_pb2.AttachRequest) -> None:
        """Takes a message that was written out of the queue."""
        for queue in (self._results, self._measurements):
            if queue and queue[0] is message:
                queue.popleft()
        if not len(self):
            self._emptied.set()

    async def emptied(self) -> None:
        """Waits until everything was sent."""
        while len(self):
            self._emptied.clear()
            await self._emptied.wait()
