"""What only the editor knows: telemetry switch, trust, focus, lens settings."""

from __future__ import annotations

from foreload_daemon.daemon import Daemon
from foreload_daemon.protocol import SET_CONTEXT, Context
from foreload_daemon.server import EDITOR, ForeloadServer


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the notification."""

    @server.request(SET_CONTEXT, Context, local=True)
    async def set_context(context: Context, caller: str) -> None:
        daemon.set_context(context, caller)
        if caller == EDITOR and server.forward is not None:
            await server.forward(SET_CONTEXT, vars(context))
