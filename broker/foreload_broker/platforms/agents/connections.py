"""The open streams of agents, and what waits to be sent on them."""

from __future__ import annotations

import asyncio

from foreload_broker.ports import Instruction


class Connection:
    """One agent's stream. Only the newest instruction of an environment waits: targets are absolute.

    Attributes:
        replaced: the instance has opened a newer one.
    """

    def __init__(self, instance_id: str) -> None:
        self.instance_id = instance_id
        self._instructions: dict[str, Instruction] = {}
        self._woken = asyncio.Event()
        self._closed = False
        self.replaced = False

    def send(self, instruction: Instruction) -> None:
        """Puts an instruction on the stream."""
        self._instructions[instruction.environment_id] = instruction
        self._woken.set()

    def close(self) -> None:
        """Ends the stream."""
        self._closed = True
        self._woken.set()

    async def next(self) -> list[Instruction] | None:
        """Waits for what is to be sent next; None when the stream is to end."""
        await self._woken.wait()
        self._woken.clear()
        if self._closed:
            return None
        instructions = list(self._instructions.values())
        self._instructions.clear()
        return instructions


class AgentConnections:
    """The newest stream of each instance."""

    name = "agents"

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def join(self, instance_id: str) -> Connection:
        """Opens a stream; an older one of the same instance is ended."""
        older = self._connections.get(instance_id)
        if older is not None:
            older.replaced = True
            older.close()
        connection = self._connections[instance_id] = Connection(instance_id)
        return connection

    def leave(self, connection: Connection) -> bool:
        """Closes a stream. Returns whether it was the instance's newest, so that the instance has none now."""
        if self._connections.get(connection.instance_id) is not connection:
            return False
        del self._connections[connection.instance_id]
        return True

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """See `Platform.send`."""
        connection = self._connections.get(instance_id)
        if connection is None:
            return False
        connection.send(instruction)
        return True

    def close(self) -> None:
        """Ends all streams."""
        for connection in self._connections.values():
            connection.close()
