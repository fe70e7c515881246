"""The daemon's one reader of the clock; tests bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Wall time for people and wires, monotonic time for durations."""

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
