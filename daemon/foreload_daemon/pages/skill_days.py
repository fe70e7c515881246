"""How each day's forecast did against "same as last week": for the bars beside the sentence, and for the trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from foreload_core.forecast import SeasonalNaive
from foreload_core.forecast.skill import forecast_loss
from foreload_core.history import Grid
from foreload_core.types import Forecast

DAY_SECONDS = 86400.0
LEAST_STEPS = 24
MOST_DAYS = 14


@dataclass(frozen=True, slots=True)
class DayLoss:
    """One forecast's day: mean pinball loss of it and of seasonal-naive, in the resource's unit."""

    start: datetime
    loss: float
    naive_loss: float

    @property
    def skill_ratio(self) -> float:
        """1 - loss / naive loss; 0 where neither missed anything."""
        if self.naive_loss <= 0:
            return 0.0 if self.loss <= 0 else -1.0
        return max(-1.0, 1 - self.loss / self.naive_loss)


def day_losses(fits: Sequence[Forecast], grid: Grid, method: str | None = None) -> list[DayLoss]:
    """What came of each forecast in the day after it was made, oldest first.

    Args:
        fits: kept forecasts of one resource.
        grid: its use, in steps of the forecasts' length.
        method: only those of this one; the screen speaks of the method that is acted on.
    """
    found: list[DayLoss] = []
    for fit in sorted(fits, key=lambda each: each.start):
        if method is not None and fit.method != method:
            continue
        if fit.resource is not grid.resource or fit.step_seconds != grid.step_seconds:
            continue
        steps = min(fit.steps, round(DAY_SECONDS / fit.step_seconds))
        naive = SeasonalNaive().fit(grid.until(fit.start), steps)
        if not isinstance(naive, Forecast):
            continue
        loss, count = forecast_loss(fit, grid, steps)
        naive_loss, _ = forecast_loss(naive, grid, steps)
        if count >= LEAST_STEPS:
            found.append(DayLoss(fit.start, loss / count, naive_loss / count))
    return found[-MOST_DAYS:]


def better_text(days: Sequence[DayLoss]) -> str:
    """ ", and better on 12 days of 14"; empty where there is nothing to count."""
    if not days:
        return ""
    better = sum(day.skill_ratio > 0 for day in days)
    return f"It was better on {better} {'day' if better == 1 else 'days'} of {len(days)}."
