"""Wishes of the person that only the broker can grant, and the answer in one sentence."""

from __future__ import annotations

import secrets
from typing import Any

from foreload_daemon.broker.link import BrokerUnavailable
from foreload_daemon.consent import NotAllowed
from foreload_daemon.daemon import Daemon
from foreload_daemon.protocol import Outcome


def new_id() -> str:
    """An id that means nothing outside: 32 hexadecimal digits."""
    return secrets.token_hex(16)


async def ask(daemon: Daemon, method: str, message: Any) -> tuple[Any, Outcome]:
    """Asks the broker. Returns its answer, None where there is none, and whether that went well, with the reason."""
    try:
        answer = await daemon.services.link.call(method, message)
    except (BrokerUnavailable, NotAllowed) as problem:
        return None, Outcome(False, str(problem))
    return answer, Outcome(True, "")
