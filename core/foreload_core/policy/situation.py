"""What a step of the policy sees, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.policy.state import ActiveRun, EnvironmentState, WindowRecord
from foreload_core.types import (
    Amounts,
    Placement,
    PolicySettings,
    Prices,
    Reason,
    Resource,
    Sample,
    WindowKind,
    WindowOccurrence,
)

FRESH_INTERVALS = 3
"""A measurement counts as fresh for this many of its intervals after its end ..."""
FRESH_SECONDS = 30.0
"""... and at least this long."""
MEMORY_LOWER_FACTOR = 60.0
HIT_RATIO = 0.5
"""A window came true where at least this part of what it says was used."""
MOST_MISSES = 3
"""A window that was not needed so many times in a row raises nothing any more."""
OVERDUE_RATIO = 3.0
"""A run without an end is believed for this many times its high duration: an end may be lost ..."""
UNKNOWN_RUN_SECONDS = 86_400.0
"""... and for a day where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Share:
    """What an environment may hold of something that it shares: its instance, its owner's or organisation's part.

    Attributes:
        scope: `instance`, `owner` or `organisation`.
        whole: what there is for all who share it; what is not given is not bounded.
        room: that, less what the others hold and less what is kept free for those who come first.
        entitled: its fair part, to which it may be lowered when others come first.
        budget_usd_per_month: of all who share it; None: no cap.
        room_usd_per_hour: what of that budget it may cost now; None: no cap.
    """

    scope: str
    whole: Amounts
    room: Amounts
    entitled: Amounts
    budget_usd_per_month: float | None = None
    room_usd_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """One environment at one moment, with everything taken in.

    Attributes:
        capacity: what its instance has.
        room: what its instance has, less what the others there hold.
        entitled: its fair part of the instance, to which it may be lowered when the instance holds more than it has.
        allowed: its developer allows automatic scaling.
        shares: what its owner and its organisation may hold and cost.
    """

    environment_id: str
    now: datetime
    state: EnvironmentState
    placement: Placement
    settings: PolicySettings
    prices: Prices
    capacity: Amounts
    room: Amounts
    entitled: Amounts
    allowed: bool
    shares: tuple[Share, ...] = ()

    def current(self, resource: Resource) -> float | None:
        """The limit that is wanted up to now: the last target, else what the agent reports, else the capacity.

        None where nothing of that is known; such a resource is left alone.
        """
        for amounts in (self.state.target, self.placement.limit, self.capacity):
            amount = amounts.get(resource)
            if amount is not None:
                return amount
        return None

    def sample(self, resource: Resource) -> Sample | None:
        """The newest sample, if it is fresh and measured the resource."""
        if not self.state.samples:
            return None
        newest = self.state.samples[-1]
        if newest.used.get(resource) is None or not is_fresh(newest, self.now):
            return None
        return newest

    def use(self, resource: Resource) -> float | None:
        """What is used now; None without a fresh measurement."""
        sample = self.sample(resource)
        return None if sample is None else sample.used.get(resource)

    @property
    def preference_ratio(self) -> float:
        """The developer's preference, at least 0.75 within a deadline."""
        preference = min(1.0, max(0.0, self.state.profile.preference_ratio))
        in_deadline = any(window.kind is WindowKind.DEADLINE for window in self.open_windows())
        return max(0.75, preference) if in_deadline else preference

    @property
    def caution(self) -> float:
        """Factor on margins: 0.5 at the cheapest, 1 at the default, 2 at the fastest."""
        return 4.0 ** (self.preference_ratio - 0.5)

    def open_windows(self) -> tuple[WindowOccurrence, ...]:
        """The profile's windows that count now: from their lead time on until their end, without the declined ones."""
        lead = timedelta(seconds=self.settings.window_lead_seconds)
        return tuple(
            window
            for window in self.state.profile.windows
            if window.start - lead <= self.now < window.end and not is_declined(self.state, window)
        )

    def active_runs(self, *, announced: bool) -> tuple[ActiveRun, ...]:
        """The runs (or announced needs) whose demand counts now."""
        lead = timedelta(seconds=self.settings.window_lead_seconds if announced else 0)
        begun = [run for run in self.state.runs if run.announced is announced and run.begins_at - lead <= self.now]
        return tuple(run for run in begun if not is_over(run, self.now))

    def memory_margin_bytes(self, used_bytes: float) -> float:
        """What memory is never lowered below, on top of its use."""
        return max(self.settings.memory_margin_ratio * used_bytes, float(self.settings.memory_margin_bytes))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step's answer.

    Attributes:
        value: the amount after the step.
        reason: what it says of it; None when the step does not apply.
        rejected: what it considered and did not do.
    """

    value: float
    reason: Reason | None = None
    rejected: Reason | None = None


Step = Callable[[Situation, Resource, float, Mapping[Resource, float]], Outcome]
"""A step takes the situation, the resource, its value so far and the values of all resources before the step."""


def lower_after_seconds(settings: PolicySettings, resource: Resource) -> float:
    """How long a need counts after it is over: for memory much longer, since who lacks it is killed, not slowed."""
    return settings.lower_after_seconds * (MEMORY_LOWER_FACTOR if resource is Resource.MEMORY else 1.0)


def is_fresh(sample: Sample, now: datetime) -> bool:
    """True while the sample's end is not longer ago than a few of its intervals."""
    age_seconds = (now - sample.start).total_seconds() - sample.interval_seconds
    return age_seconds <= max(FRESH_SECONDS, FRESH_INTERVALS * sample.interval_seconds)


def is_over(run: ActiveRun, now: datetime) -> bool:
    """True when the run is no longer believed: it had no end and is long overdue, or its announced time has passed."""
    demand = run.demand
    if demand is None:
        believed_seconds = UNKNOWN_RUN_SECONDS
    else:
        believed_seconds = demand.duration_seconds_high * (1.0 if run.announced else OVERDUE_RATIO)
    return (now - run.begins_at).total_seconds() > believed_seconds


def is_declined(state: EnvironmentState, window: WindowOccurrence) -> bool:
    """True when this occurrence of the window is not to be acted on."""
    return occurrence_reference(window) in state.declined


def occurrence_reference(window: WindowOccurrence) -> str:
    """Names one occurrence, where the window's id names them all."""
    return f"{window.window_id}@{window.start.isoformat()}"


def miss_count(state: EnvironmentState, window: WindowOccurrence) -> int:
    """How often in a row much less was needed in a window than it says."""
    for record in state.windows:
        if record.window_id == window.window_id and says_the_same(record, window):
            return record.miss_count
    return 0


def says_the_same(record: WindowRecord, window: WindowOccurrence) -> bool:
    """Whether the window still says what it said when it was watched."""
    seconds = (window.end - window.start).total_seconds()
    return record.expected == window.expected and abs(record.seconds - seconds) < 1.0


def amount_numbers(resource: Resource, **amounts: float | None) -> dict[str, float]:
    """Numbers of a reason: `need=2.0` becomes `need_cpu_cores`, and None is left out."""
    return {f"{name}_{resource.field}": float(amount) for name, amount in amounts.items() if amount is not None}
