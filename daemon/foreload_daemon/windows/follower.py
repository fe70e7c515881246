"""The other windows' side: asks the leading window, and passes on what it pushes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from foreload_daemon.windows import lines

ANSWER_DEADLINE_SECONDS = 10.0


class LeaderGone(Exception):  # noqa: N818 - it names what the leader is
    """The leading window has closed or does not answer; another one takes over."""


class Follower:
    """One connection to the leading window.

    Args:
        on_push: called with method and parameters of each push.
    """

    def __init__(self, on_push: Callable[[str, Any], None]) -> None:
        self._on_push = on_push
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, path: Path) -> None:
        """Opens the connection.

        Raises:
            OSError: nobody listens there.
        """
        self._reader, self._writer = await asyncio.open_unix_connection(path, limit=lines.LONGEST_LINE_BYTES)

    async def run(self) -> None:
        """Reads until the leading window is gone."""
        assert self._reader is not None
        assert self._writer is not None
        try:
            while (message := await lines.read(self._reader)) is not None:
                self._take(message)
        finally:
            self._writer.close()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(LeaderGone("Another window of Foreload has just closed; try again."))
            self._waiting.clear()

    async def ask(self, method: str, params: Any) -> Any:
        """The leading window's answer to a question.

        Raises:
            LeaderGone: it is gone, or says what is wrong.
        """
        if self._writer is None or self._writer.is_closing():
            raise LeaderGone("Another window of Foreload has just closed; try again.")
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        lines.write(self._writer, {"id": number, "method": method, "params": params})
        try:
            async with asyncio.timeout(ANSWER_DEADLINE_SECONDS):
                return await future
        except TimeoutError as error:
            raise LeaderGone("The leading window of Foreload does not answer.") from error
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Ends the connection."""
        if self._writer is not None:
            self._writer.close()

    def _take(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        if number is None:
            self._on_push(str(message.get("method")), message.get("params"))
            return
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(LeaderGone(str(message["error"])))
        else:
            future.set_result(message.get("result"))
