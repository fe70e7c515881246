"""How it stands now, from all that the daemon knows: one value that gauge and dashboard are both made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.types import NO_AMOUNTS, Amounts, Forecast, PlannedChange, Resource

from foreload_daemon.broker.news import NOTHING_SAID, Standing
from foreload_daemon.broker.state import NO_LINK, Connection, LinkState
from foreload_daemon.consent import NOTHING_ALLOWED, Effective
from foreload_daemon.forecasts import NOTHING_EXPECTED, Outlook
from foreload_daemon.pages.warning import MemoryWarning

SOON = timedelta(minutes=15)
OLD_AFTER = timedelta(seconds=30)
LARGEST_SKEW_SECONDS = 30.0
FIRST_FORECAST_SECONDS = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class RunningRun:
    """A run that goes on: its name (stays here), since when, and what it is expected to need."""

    name: str
    started_at: datetime
    expected_cores: float | None


@dataclass(frozen=True, slots=True)
class Killed:
    """What the system ended for want of memory: in words, when, and what to raise to; None: nothing more can be had."""

    text: str
    at: datetime
    raise_to_bytes: int | None


@dataclass(frozen=True, slots=True)
class Situation:
    """How it stands.

    Attributes:
        now: UTC.
        environment: its name.
        used, limit: the last sample, with the machine's own capacity where there is no limit; absent: not measured.
        measured_at: when that was; None before the first.
        given: the developer has answered the permission page.
        allowed: what holds of it.
        link: how it stands with the broker.
        has_broker: one is named.
        standing: what the broker said.
        outlook: what is expected.
        warning: memory that will be full, where a person must act.
        disk: bytes used and bytes there on the disk of the workspace; None: not measured.
        killed: what the system ended last for want of memory.
        runs: those that go on.
        names: of windows, by their id on the wire.
        dropped_messages: how many were dropped because the broker was away for too long.
    """

    now: datetime
    environment: str = "local"
    used: Amounts = NO_AMOUNTS
    limit: Amounts = NO_AMOUNTS
    measured_at: datetime | None = None
    given: bool = False
    allowed: Effective = NOTHING_ALLOWED
    link: LinkState = NO_LINK
    has_broker: bool = False
    standing: Standing = NOTHING_SAID
    outlook: Outlook = NOTHING_EXPECTED
    warning: MemoryWarning | None = None
    disk: tuple[int, int] | None = None
    killed: Killed | None = None
    runs: tuple[RunningRun, ...] = ()
    names: Mapping[str, str] | None = None
    dropped_messages: int = 0

    @property
    def state(self) -> str:
        """The gauge's state, by one order of precedence."""
        if self.measured_at is None:
            return "starting"
        if self.warning is not None:
            return "warning"
        if not self.given or self.allowed == NOTHING_ALLOWED:
            return "noPermission"
        if self.paused_until is not None:
            return "paused"
        if self.without_broker:
            return "noBroker"
        if self.link.shadow_mode:
            return "shadow"
        if self.next_change is not None:
            return "changing"
        return "learning" if self.is_learning else "calm"

    @property
    def is_old(self) -> bool:
        """Whether the last sample is too old to be called now."""
        return self.measured_at is not None and self.now - self.measured_at > OLD_AFTER

    @property
    def without_broker(self) -> bool:
        """Whether a broker is wanted and does not answer."""
        lost = self.link.connection in (Connection.DOWN, Connection.REFUSED)
        return self.allowed.automatic_scaling and self.has_broker and lost

    @property
    def paused_until(self) -> datetime | None:
        """Until when scaling is paused; None when it is not."""
        until = self.standing.paused_until
        return until if until is not None and until > self.now else None

    @property
    def planned(self) -> tuple[PlannedChange, ...]:
        """Changes that are still to come."""
        if self.without_broker or not self.allowed.automatic_scaling:
            return ()
        return tuple(change for change in self.standing.planned if change.at > self.now)

    @property
    def next_change(self) -> PlannedChange | None:
        """The next change, when it comes within a quarter of an hour."""
        return next((change for change in self.planned if change.at - self.now <= SOON), None)

    @property
    def is_learning(self) -> bool:
        """Whether there is too little history for a first forecast."""
        return self.outlook.measured_seconds < FIRST_FORECAST_SECONDS

    @property
    def first_forecast_at(self) -> datetime:
        """When the first forecast can be made."""
        return self.now + timedelta(seconds=max(0.0, FIRST_FORECAST_SECONDS - self.outlook.measured_seconds))

    def peak(self, resource: Resource) -> tuple[float, datetime] | None:
        """The highest value that use stays below in 9 of 10 cases, and when; None where nothing is known."""
        forecast = self.outlook.of(resource)
        if not isinstance(forecast, Forecast):
            return None
        values = forecast.quantiles.get(0.9, ())
        if not values:
            return None
        place = max(range(len(values)), key=lambda index: (values[index], -index))
        return values[place], forecast.start + timedelta(seconds=place * forecast.step_seconds)
