"""What was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foreload_core.types.resources import NO_AMOUNTS, Amounts


@dataclass(frozen=True, slots=True)
class Sample:
    """What an environment used during one interval.

    Keyed by (environment, start): a sample that comes twice replaces itself.

    Attributes:
        start: beginning of the interval, UTC.
        interval_seconds: length of the interval.
        used: mean use over the interval (memory: working set at its end).
        limit: the container's limits at the end of the interval.
        throttled_seconds: time during which the CPU limit held something back.
        oom_kills: kills for want of memory in the interval.
    """

    start: datetime
    interval_seconds: float
    used: Amounts
    limit: Amounts = NO_AMOUNTS
    throttled_seconds: float = 0.0
    oom_kills: int = 0
