"""What the developer says, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from foreload_core.types.resources import NO_AMOUNTS, Amounts


class WindowKind(StrEnum):
    """What a window means."""

    PEAK = "peak"
    IDLE = "idle"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class WindowOccurrence:
    """One occurrence of a profile's window.

    Attributes:
        window_id: id of the window in the profile.
        kind: what it means.
        start, end: UTC, end exclusive.
        expected: the demand to be ready for; an amount that is not given is not meant.
        factor: instead of amounts, a multiple of what is used otherwise.
    """

    window_id: str
    kind: WindowKind
    start: datetime
    end: datetime
    expected: Amounts = NO_AMOUNTS
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class ProfileNumbers:
    """A profile without its texts: the part that leaves the environment.

    Attributes:
        revision: grows with each change of the file.
        windows: occurrences that end after the moment of expansion and begin before `windows_until`, by start.
        minimum, maximum: bounds of the limit.
        budget_usd_per_month: None: no cap.
        preference_ratio: 0 is cheapest, 1 is fastest, 0.5 the default.
        windows_until: how far the windows were expanded.
    """

    revision: int = 0
    windows: tuple[WindowOccurrence, ...] = ()
    minimum: Amounts = NO_AMOUNTS
    maximum: Amounts = NO_AMOUNTS
    budget_usd_per_month: float | None = None
    preference_ratio: float = 0.5
    windows_until: datetime | None = None


NO_PROFILE = ProfileNumbers()
