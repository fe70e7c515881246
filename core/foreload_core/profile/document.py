"""What a profile says, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from foreload_core.types import NO_AMOUNTS, Amounts, WindowKind


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a profile.

    Attributes:
        path: where, such as `windows[1].expect.cpuCores`; empty for the whole file.
        message: the value, what is allowed and what to do, in words.
        line: from 1.
    """

    path: str
    message: str
    line: int = 1


class Criticality(StrEnum):
    """How much a task may be disturbed."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class EveryRule:
    """On some weekdays (0 is Monday), from a local time to another; an end that is not later lies on the next day."""

    weekdays: tuple[int, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """RFC 5545: a rule, the local time of its first occurrence, and the length of each."""

    rrule: str
    start: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class DatesRule:
    """On stated days: pairs of a local start and a local end."""

    spans: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class CronRule:
    """The five fields of cron as the values that match, and the length of each occurrence.

    A day matches when its month does and, as in cron, either of day and weekday does where both are given.
    """

    minutes_of_hour: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    minutes: int


Rule = EveryRule | RecurrenceRule | DatesRule | CronRule


@dataclass(frozen=True, slots=True)
class Window:
    """A recurring time at which more, or less, is needed than otherwise.

    Attributes:
        window_id: leaves the environment in place of the name.
        expected: the demand to be ready for; or `factor`, a multiple of what is used otherwise.
        enabled: False: it is kept in the file and counts for nothing.
    """

    window_id: str
    name: str
    kind: WindowKind
    rule: Rule
    expected: Amounts = NO_AMOUNTS
    factor: float | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Profile:
    """What the developer expects. Times of its windows are wall times in `time_zone` (an IANA name)."""

    name: str
    time_zone: str
    windows: tuple[Window, ...] = ()
    minimum: Amounts = NO_AMOUNTS
    maximum: Amounts = NO_AMOUNTS
    budget_usd_per_month: float | None = None
    preference_ratio: float = 0.5
    tasks: Mapping[str, Criticality] = field(default_factory=dict[str, Criticality])

    @property
    def window_names(self) -> Mapping[str, str]:
        """Id -> name, to put the names back on the screen."""
        return {window.window_id: window.name for window in self.windows}
