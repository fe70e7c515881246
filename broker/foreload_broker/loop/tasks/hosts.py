"""The open streams of the agents that host tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

from foreload_core.types import NO_AMOUNTS, Amounts
from foreload_proto.v1 import tasks_pb2

from foreload_broker.loop.outgoing import Outgoing


@dataclass(slots=True)
class Host:
    """One agent's stream.

    Attributes:
        capacity: what the instance hands out.
        workspaces: environment and digest of what is mounted there, joined by a blank.
        replaced: the instance has opened a newer one.
    """

    instance_id: str
    capacity: Amounts = NO_AMOUNTS
    workspaces: frozenset[str] = frozenset()
    replaced: bool = False
    _outgoing: Outgoing[tasks_pb2.HostResponse] = field(default_factory=Outgoing[tasks_pb2.HostResponse])

    def order(self, order: tasks_pb2.TaskOrder) -> None:
        """Tells the agent what is to become of an attempt."""
        self._outgoing.put(tasks_pb2.HostResponse(order=order))

    def feed(self, feed: tasks_pb2.TaskFeed) -> None:
        """Passes something on to an attempt."""
        self._outgoing.put(tasks_pb2.HostResponse(feed=feed))

    def close(self) -> None:
        """Ends the stream."""
        self._outgoing.close()

    async def next(self) -> list[tasks_pb2.HostResponse] | None:
        """Waits for what is to be sent next; None when the stream is to end."""
        return await self._outgoing.take()


class Hosts:
    """The newest stream of each instance."""

    def __init__(self) -> None:
        self.by_instance: dict[str, Host] = {}

    def join(self, instance_id: str) -> Host:
        """Opens a stream; an older one of the same instance is ended."""
        older = self.by_instance.get(instance_id)
        if older is not None:
            older.replaced = True
            older.close()
        host = self.by_instance[instance_id] = Host(instance_id)
        return host

    def leave(self, host: Host) -> None:
        """Closes a stream."""
        if self.by_instance.get(host.instance_id) is host:
            del self.by_instance[host.instance_id]

    def feed(self, instance_id: str, feed: tasks_pb2.TaskFeed) -> bool:
        """Passes something on to an attempt; false where its agent is not there."""
        host = self.by_instance.get(instance_id)
        if host is not None:
            host.feed(feed)
        return host is not None

    def close(self) -> None:
        """Ends all streams."""
        for host in self.by_instance.values():
            host.close()
