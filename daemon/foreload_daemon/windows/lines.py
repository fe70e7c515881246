"""Messages between windows: one JSON object a line.

A question is {"id", "method", "params"}, its answer {"id", "result"} or {"id", "error"}; a push has no id.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

LONGEST_LINE_BYTES = 8 * 1024 * 1024


def write(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Sends one message; a peer that is gone is found by whoever reads from it."""
    if not writer.is_closing():
        writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


async def read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; None when the peer is gone or sends what is none."""
    try:
        line = await reader.readline()
        message = json.loads(line) if line.endswith(b"\n") else None
    except (ConnectionError, ValueError):
        return None
    return message if isinstance(message, dict) else None
