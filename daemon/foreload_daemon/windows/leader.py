"""The leading window's side: answers the other windows as its own editor, and pushes what it pushes there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from foreload_daemon.server import Handler, to_plain
from foreload_daemon.windows import lines

_LOG = logging.getLogger(__name__)


class Leader:
    """Serves the other windows on a socket that only this user can open.

    Args:
        handlers: what answers, by method.
        on_joined: a window came; its name is given. What it gets pushed first is the caller's matter.
        on_left: a window is gone.
    """

    def __init__(
        self, handlers: dict[str, Handler], on_joined: Callable[[str], None], on_left: Callable[[str], None]
    ) -> None:
        self._handlers, self._on_joined, self._on_left = handlers, on_joined, on_left
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._count = 0

    async def listen(self, path: Path) -> None:
        """Opens the socket. The caller holds the lock, so one that lies there is a leftover.

        Raises:
            OSError: it cannot be opened.
        """
        await asyncio.to_thread(path.unlink, missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=lines.LONGEST_LINE_BYTES)
        finally:
            os.umask(before)
        self._path = path

    def push(self, method: str, message: Any, to: str | None = None) -> None:
        """Sends news to one window, or to all."""
        plain = {"method": method, "params": to_plain(message)}
        for name, writer in self._writers.items():
            if to is None or to == name:
                lines.write(writer, plain)

    async def close(self) -> None:
        """Closes the socket; the other windows elect a new leader."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers.values()):
            writer.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        name = f"window-{self._count}"
        self._writers[name] = writer
        answering: set[asyncio.Task[None]] = set()
        self._on_joined(name)
        try:
            while (message := await lines.read(reader)) is not None:
                task = asyncio.create_task(self._answer(name, message, writer))
                answering.add(task)
                task.add_done_callback(answering.discard)
                await writer.drain()
        except ConnectionError:
            _LOG.debug("%s is gone", name)
        finally:
            for task in tuple(answering):
                task.cancel()
            del self._writers[name]
            self._on_left(name)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, name: str, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        method = str(message.get("method"))
        handler = self._handlers.get(method)
        try:
            if handler is None:
                answer = {"error": f"The leading window does not know {method}; restart Foreload in all windows."}
            else:
                answer = {"result": to_plain(await handler(message.get("params"), name))}
        except Exception as error:  # noqa: BLE001 - the question fails where it was asked, not here
            answer = {"error": str(error) or type(error).__name__}
        if message.get("id") is not None:
            lines.write(writer, {"id": message["id"], **answer})
