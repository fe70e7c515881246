"""What is remembered of one environment from tick to tick. Bounded: 4 KiB and the density's 20, whatever arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from foreload_core.types import (
    NO_AMOUNTS,
    NO_PROFILE,
    Amounts,
    Ask,
    DemandEstimate,
    Prior,
    ProfileNumbers,
    Reason,
    Resource,
    RunKind,
    Sample,
)


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that has started and not ended, or a need that was announced.

    Attributes:
        run_id: joins start and end.
        signal_id: the signal that told of it.
        kind: kind of the run.
        begins_at: when its need begins, UTC.
        demand: what it needs on top of `base`; None where nothing is known.
        base: what the environment used before it.
        announced: told by a person, not seen.
    """

    run_id: str
    signal_id: str
    kind: RunKind
    begins_at: datetime
    demand: DemandEstimate | None
    base: Amounts = NO_AMOUNTS
    announced: bool = False


@dataclass(frozen=True, slots=True)
class PastNeed:
    """A resource's need was `amount` until `until`; kept only while nothing later was higher."""

    resource: Resource
    until: datetime
    amount: float


@dataclass(frozen=True, slots=True)
class Boost:
    """Something was short, so at least `amount` is needed until `until`.

    Attributes:
        streak_count: how many samples in a row were throttled.
        cause: the code of the reason: `throttled` or `oom`.
    """

    resource: Resource
    amount: float
    until: datetime
    cause: str
    streak_count: int = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """What was seen in one interval of the density.

    Attributes:
        begun: its beginning, UTC.
        peak: the highest use of each resource in it, without what known runs stand for.
        held_back: resources of which `peak` is only a lower bound of the demand, since the limit held it back.
    """

    begun: datetime
    peak: Amounts
    held_back: frozenset[Resource] = frozenset()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the density asks for: `amount`, below which the demand stays with the chance `chance_ratio`."""

    resource: Resource
    amount: float
    chance_ratio: float


@dataclass(frozen=True, slots=True)
class WindowRecord:
    """How a window of the profile came true lately.

    Attributes:
        window_id: the window.
        expected, seconds: what it says and how long it is; where that changes, what was before does not count.
        until: end of the occurrence that was seen last.
        peak: the highest use in it.
        short: something was held back in it, so that the use says little of the need.
        miss_count: how often in a row much less was needed than it says.
    """

    window_id: str
    expected: Amounts
    seconds: float
    until: datetime
    peak: Amounts = NO_AMOUNTS
    short: bool = False
    miss_count: int = 0


@dataclass(frozen=True, slots=True)
class DensityMemory:
    """What the short-horizon density remembers of one environment; at most 20 KiB.

    Attributes:
        step_seconds: length of its intervals.
        resources: what its rows are of, in their order.
        rows: the engine's own state; empty before the first interval has ended.
        interval_count: how many it has taken in.
        open: the interval that goes on.
        ended: intervals that are over and not taken in yet; empty between two ticks.
        expected: what it asks for, until `valid_until`.
    """

    step_seconds: float
    resources: tuple[Resource, ...] = ()
    rows: bytes = b""
    interval_count: int = 0
    open: Interval | None = None
    ended: tuple[Interval, ...] = ()
    expected: tuple[Expectation, ...] = ()
    valid_until: datetime | None = None


class HoldKind(StrEnum):
    """Which way a limit is held."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Hold:
    """A limit is held off from going past `amount` until `until`.

    Attributes:
        cause: code of its reason: `undone` or `refused`.
        reference: the decision that was undone, or the instruction that was refused.
        attempt_count: how often the same was refused in a row.
    """

    resource: Resource
    kind: HoldKind
    amount: float
    until: datetime
    cause: str
    reference: str = ""
    attempt_count: int = 1


@dataclass(frozen=True, slots=True)
class PastChange:
    """One resource's change of a past decision, so that it can be taken back."""

    revision: int
    at: datetime
    resource: Resource
    from_amount: float | None
    to_amount: float


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """What is remembered of one environment.

    Attributes:
        revision: of the last decision.
        target: the limits that are wanted; what is absent was never decided.
        samples: the newest few, oldest first, one an interval.
        needs: see `PastNeed`.
        needed: what was needed at the last look, per resource, and when that was.
        runs: by the time they began.
        ended_run_ids, signal_ids, declined: newest last, bounded.
        past: the newest changes, oldest first.
        spent_usd: what the limits cost since `spent_since` began; `spent_until` is how far it was counted.
        ended: what ended last and may explain a lowering.
        due_at: when time alone changes something, None for never.
        static, static_usd: the limits before the first change, and what they would have cost as long as `spent_usd`.
        wanted, wanted_until: what it would have got if there had been room, and until when that is kept free for it.
        windows: how the profile's windows came true, by their ids.
        prior, first_seen_at: what environments like this one need, and since when its own past goes.
        density: what is expected of the next minutes, and from what; None before the first sample.
    """

    revision: int = 0
    target: Amounts = NO_AMOUNTS
    samples: tuple[Sample, ...] = ()
    needs: tuple[PastNeed, ...] = ()
    needed: Amounts = NO_AMOUNTS
    needed_at: datetime | None = None
    runs: tuple[ActiveRun, ...] = ()
    ended_run_ids: tuple[str, ...] = ()
    signal_ids: tuple[str, ...] = ()
    ask: Ask | None = None
    profile: ProfileNumbers = NO_PROFILE
    pinned: Amounts = NO_AMOUNTS
    paused_until: datetime | None = None
    holds: tuple[Hold, ...] = ()
    declined: tuple[str, ...] = ()
    undone_ids: tuple[str, ...] = ()
    boosts: tuple[Boost, ...] = ()
    past: tuple[PastChange, ...] = ()
    spent_usd: float = 0.0
    spent_month: str = ""
    spent_until: datetime | None = None
    ended: Reason | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    static: Amounts = NO_AMOUNTS
    static_usd: float = 0.0
    wanted: Amounts = NO_AMOUNTS
    wanted_until: datetime | None = None
    windows: tuple[WindowRecord, ...] = ()
    prior: Prior | None = None
    first_seen_at: datetime | None = None
    density: DensityMemory | None = None


NEW_ENVIRONMENT = EnvironmentState()
