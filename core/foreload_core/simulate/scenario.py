"""What is simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from foreload_core.types import (
    NO_PROFILE,
    Amounts,
    Ask,
    PolicySettings,
    Prices,
    Prior,
    ProfileNumbers,
    Resource,
    RunKind,
    Sample,
    Signal,
)

ENVIRONMENT, INSTANCE = "simulated", "simulated-instance"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the past. What it needs is learned from the runs before it, as in an environment.

    Attributes:
        run_id: joins its start and its end.
        key: same for runs that are alike.
        kind: what kind of thing ran.
        started_at, ended_at: UTC; an end that is None was never seen.
        features: what was known of its code before.
    """

    run_id: str
    key: str
    kind: RunKind
    started_at: datetime
    ended_at: datetime | None
    features: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Scenario:
    """A past, and under what it is gone through again.

    Attributes:
        demand: what would have been used without a limit, oldest first, one sample an interval.
        signals: what was seen before it, with what it was expected to need, in the order of their times.
        runs: the same where what they need is to be learned on the way, in the order of their starts.
        ask_at: the ask that an environment would make at a moment, or None; for forecasts.
        prior: what environments like it need, for its first hours; None: nobody is like it.
    """

    demand: tuple[Sample, ...]
    capacity: Amounts
    floor: Amounts
    initial: Amounts
    signals: tuple[Signal, ...] = ()
    runs: tuple[Run, ...] = ()
    profile: ProfileNumbers = NO_PROFILE
    settings: PolicySettings = field(default_factory=PolicySettings)
    prices: Prices = field(default_factory=Prices)
    ask_at: Callable[[datetime], Ask | None] | None = None
    prior: Prior | None = None

    @property
    def begin(self) -> datetime:
        """When the past begins."""
        return self.demand[0].start if self.demand else NO_TIME
