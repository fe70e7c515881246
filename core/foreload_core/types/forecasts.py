"""What is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from foreload_core.types.resources import Amounts, Resource

LEVELS = (0.1, 0.5, 0.9, 0.95)
"""Quantile levels that every forecaster gives; the band on the screen is 0.1 to 0.9."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Quantiles of the demand of one resource over a horizon.

    Attributes:
        resource: whose demand.
        start: beginning of the first step, UTC.
        step_seconds: length of a step.
        quantiles: level (0..1) -> one value a step, in the resource's unit; non-decreasing in the level.
        method: name of the forecaster.
        skill_ratio: 1 - pinball loss / that of seasonal-naive on the environment's own recent past; None: not known
            yet. Only a forecast whose skill is above 0, or one that is seasonal-naive itself with enough history, is
            acted on.
    """

    resource: Resource
    start: datetime
    step_seconds: float
    quantiles: Mapping[float, tuple[float, ...]]
    method: str
    skill_ratio: float | None = None

    @property
    def steps(self) -> int:
        """Number of steps of the horizon."""
        return len(next(iter(self.quantiles.values()), ()))


@dataclass(frozen=True, slots=True)
class NoForecast:
    """There is no forecast, and this is why, in a sentence for a person."""

    resource: Resource
    reason: str


@dataclass(frozen=True, slots=True)
class Prior:
    """What environments like this one need, for the time in which it has little past of its own.

    Attributes:
        environment_count: how many it was taken from; never fewer than the privacy floor. 0 takes a prior back.
        hours: for each hour of the day, UTC, the amounts at the levels of `PRIOR_LEVELS`; an empty one is not known.
    """

    environment_count: int
    hours: tuple[tuple[Amounts, ...], ...]


NO_PRIOR = Prior(0, ())
PRIOR_LEVELS = (0.5, 0.9, 0.99)
"""For so much of the time, three of four of the environments stay below the amounts of a `Prior`'s hour."""
COHORT_FLOOR = 20
"""A prior is made from at least so many environments, so that it tells of none of them."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a daemon expects its environment to need; decided on while it is valid.

    Attributes:
        revision: grows with each ask of an environment; an older one never replaces a newer one.
        made_at: when, UTC.
        valid_until: after this the broker forecasts by itself.
        forecasts: one entry a resource.
    """

    revision: int
    made_at: datetime
    valid_until: datetime
    forecasts: tuple[Forecast | NoForecast, ...]
