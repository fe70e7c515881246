"""How it stands with the broker, in values that pages and gauge read."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 8.0
"""So that a broker that is back has everybody back within ten seconds."""


class Connection(StrEnum):
    """Where the link stands."""

    OFF = "off"
    """Nothing is sent: there is no permission, or no broker is named."""
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DOWN = "down"
    """The broker does not answer; it is asked again."""
    REFUSED = "refused"
    """The certificate cannot be used, or the broker does not take this client; somebody must act."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """One look at the link.

    Attributes:
        connection: where it stands.
        text: why, in one sentence; empty while connected.
        since: when the broker stopped answering, UTC; None while it answers or never did.
        next_try_at: when it is asked again, UTC; None while there is no need.
        shadow_mode: the broker decides and changes nothing.
        skew_seconds: the broker's clock minus this machine's at the last welcome.
    """

    connection: Connection = Connection.OFF
    text: str = ""
    since: datetime | None = None
    next_try_at: datetime | None = None
    shadow_mode: bool = False
    skew_seconds: float = 0.0


NO_LINK = LinkState()


class Pauses:
    """Lengths of the pauses between tries: doubling, with jitter, up to some seconds."""

    def __init__(self, random_source: random.Random | None = None) -> None:
        self._random = random_source or random.Random()  # noqa: S311 - spreads reconnects, guards nothing
        self._length = FIRST_PAUSE_SECONDS

    def next(self) -> float:
        """Length of the next pause, seconds."""
        length = self._length
        self._length = min(LONGEST_PAUSE_SECONDS, length * 2)
        return length * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """After a success the pauses are short again."""
        self._length = FIRST_PAUSE_SECONDS
