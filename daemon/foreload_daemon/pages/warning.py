"""Whether memory will be full soon and a person must act. Raised after three looks, calm after three minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foreload_core.types import Sample

SOON_SECONDS = 600.0
RAISE_AFTER_LOOKS = 3
CALM_AFTER_SECONDS = 180.0
TREND_SECONDS = 120.0
LEAST_TREND_SECONDS = 20.0
LOOKED_AT_RATIO = 0.7
"""Below this part of the limit a short climb is no reason to speak."""
FULL_RATIO = 0.97


@dataclass(frozen=True, slots=True)
class MemoryWarning:
    """Memory is about to be full.

    Attributes:
        used_bytes, limit_bytes: now.
        full_in_seconds: about; 0: it is full now.
        growth_bytes_per_minute: how fast it grows.
    """

    used_bytes: int
    limit_bytes: int
    full_in_seconds: float
    growth_bytes_per_minute: float


def outlook(recent: Sequence[Sample], limit_bytes: int | None) -> MemoryWarning | None:
    """Whether the use of the last two minutes, going on as it does, reaches the limit within ten minutes."""
    points = [
        (sample.start.timestamp() + sample.interval_seconds, sample.used.memory_bytes)
        for sample in recent
        if sample.used.memory_bytes is not None
    ]
    if not points or not limit_bytes:
        return None
    now, used = points[-1]
    if used >= limit_bytes * FULL_RATIO:
        return MemoryWarning(used, limit_bytes, 0.0, 0.0)
    window = [(time - now, value) for time, value in points if now - time <= TREND_SECONDS]
    if used < limit_bytes * LOOKED_AT_RATIO or len(window) < 3 or -window[0][0] < LEAST_TREND_SECONDS:
        return None
    slope = _slope(window)
    if slope <= 0:
        return None
    seconds = (limit_bytes - used) / slope
    return MemoryWarning(used, limit_bytes, seconds, slope * 60) if seconds <= SOON_SECONDS else None


class LimitWatch:
    """Holds the warning steady: it neither flickers on nor off."""

    def __init__(self) -> None:
        self._looks = 0
        self._calm_since: float | None = None
        self._shown: MemoryWarning | None = None

    def look(self, found: MemoryWarning | None, monotonic: float) -> MemoryWarning | None:
        """What to show now.

        Args:
            found: what this look found; None where a person need not act.
            monotonic: seconds of a clock that never goes back.
        """
        if found is not None:
            self._looks += 1
            self._calm_since = None
            if self._shown is not None or self._looks >= RAISE_AFTER_LOOKS:
                self._shown = found
            return self._shown
        self._looks = 0
        if self._shown is not None:
            self._calm_since = monotonic if self._calm_since is None else self._calm_since
            if monotonic - self._calm_since >= CALM_AFTER_SECONDS:
                self._shown = None
        return self._shown


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Bytes a second, by least squares."""
    count = len(points)
    mean_time = sum(time for time, _ in points) / count
    mean_value = sum(value for _, value in points) / count
    spread = sum((time - mean_time) ** 2 for time, _ in points)
    if spread == 0:
        return 0.0
    return sum((time - mean_time) * (value - mean_value) for time, value in points) / spread
