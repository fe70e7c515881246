"""Who listens: one open stream for each daemon. What only matters as it is now is kept once for slow readers."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_proto.v1 import broker_pb2, common_pb2, tasks_pb2

from foreload_broker.loop.outgoing import Outgoing

KEPT_DECISIONS = 256
"""Decisions that wait for a slow reader; older ones are in the log."""


class Subscriber:
    """What is to be sent on one stream."""

    def __init__(self, environment_id: str) -> None:
        self.environment_id = environment_id
        self.replaced = False
        self._acknowledged = 0
        self._allocation: broker_pb2.Allocation | None = None
        self._shown = b""
        self._outgoing: Outgoing[broker_pb2.ConnectResponse] = Outgoing(KEPT_DECISIONS)

    def acknowledge(self, sequence: int) -> None:
        """Everything up to here is durable."""
        self._acknowledged = sequence
        self._outgoing.wake()

    def allocate(self, allocation: broker_pb2.Allocation) -> None:
        """What holds now, if it is not what was told last; the time alone is no news."""
        timeless = broker_pb2.Allocation()
        timeless.CopyFrom(allocation)
        timeless.ClearField("at")
        shown = timeless.SerializeToString(deterministic=True)
        if shown != self._shown:
            self._shown = shown
            self._allocation = allocation
            self._outgoing.wake()

    def decide(self, decision: common_pb2.Decision) -> None:
        """A decision, or the same again with what came of it."""
        self._outgoing.put(broker_pb2.ConnectResponse(decision=decision))

    def task(self, status: tasks_pb2.TaskStatus) -> None:
        """Something has become of one of the environment's tasks."""
        self._outgoing.put(broker_pb2.ConnectResponse(task=status))

    def reject(self, sequence: int, detail: str) -> None:
        """A message that is not kept, and why."""
        rejected = broker_pb2.Rejected(sequence=sequence, detail=detail)
        self._outgoing.put(broker_pb2.ConnectResponse(rejected=rejected))

    def close(self, replaced: bool = False) -> None:
        """Ends the stream; `replaced` where the same environment has opened a newer one."""
        self.replaced = replaced
        self._outgoing.close()

    async def next(self) -> list[broker_pb2.ConnectResponse] | None:
        """Waits for what is to be sent next; None when the stream is to end."""
        messages = await self._outgoing.take()
        if messages is None:
            return None
        if self._allocation is not None:
            messages.append(broker_pb2.ConnectResponse(allocation=self._allocation))
            self._allocation = None
        if self._acknowledged:
            acknowledged = broker_pb2.Acknowledged(sequence=self._acknowledged)
            messages.append(broker_pb2.ConnectResponse(acknowledged=acknowledged))
            self._acknowledged = 0
        return messages


class Subscribers:
    """The newest stream of each environment."""

    def __init__(self) -> None:
        self._subscribers: dict[str, Subscriber] = {}

    @property
    def environment_ids(self) -> frozenset[str]:
        """Environments whose daemons are connected."""
        return frozenset(self._subscribers)

    def join(self, environment_id: str) -> Subscriber:
        """Opens a stream; an older one of the same environment is ended."""
        older = self._subscribers.get(environment_id)
        if older is not None:
            older.close(replaced=True)
        subscriber = self._subscribers[environment_id] = Subscriber(environment_id)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Closes a stream."""
        if self._subscribers.get(subscriber.environment_id) is subscriber:
            del self._subscribers[subscriber.environment_id]

    def get(self, environment_id: str) -> Subscriber | None:
        """The stream of an environment, if it has one."""
        return self._subscribers.get(environment_id)

    def acknowledge(self, sequences: Mapping[str, int]) -> None:
        """Tells the daemons how far their messages are durable."""
        for environment_id, sequence in sequences.items():
            subscriber = self._subscribers.get(environment_id)
            if subscriber is not None and sequence:
                subscriber.acknowledge(sequence)

    def close(self) -> None:
        """Ends all streams."""
        for subscriber in self._subscribers.values():
            subscriber.close()
