"""The pooled forecaster behind the interface of all forecasters."""

from __future__ import annotations

import numpy as np

from foreload_core.forecast.forecaster import no_history
from foreload_core.forecast.pooled.calibration import calibrated, offsets
from foreload_core.forecast.pooled.network import Weights, quantiles_of, shipped
from foreload_core.forecast.pooled.past import Floats, past_of
from foreload_core.forecast.pooled.record import replayed_skill
from foreload_core.forecast.pooled.table import (
    all_anchors,
    at_leads,
    inputs_of,
    replay_leads,
    replay_origins,
    tabulate,
)
from foreload_core.history import Grid
from foreload_core.types import LEVELS, Forecast, NoForecast


class Pooled:
    """A mean of simple forecasts, weighted by how wrong each was here lately and by what other environments taught.

    Its upper quantiles are moved by how often they held in the last ten days (adaptive conformal).

    Args:
        fitted: the network; None for the errors alone, when nothing pretrained is wanted.
        name: as in `Forecast.method`.
    """

    def __init__(self, fitted: Weights | None, name: str) -> None:
        self._fitted = fitted
        self.name = name

    def fit(self, grid: Grid, steps: int) -> Forecast | NoForecast:
        """See `Forecaster.fit`."""
        short = no_history(grid)
        past = past_of(grid)
        if short is not None or past is None or past.length < 2:
            return short or NoForecast(grid.resource, "Nothing was measured lately.")
        origins, leads = replay_origins(past), replay_leads(past, steps)
        table = tabulate(past, origins, leads)
        lead_seconds: Floats = leads.astype(np.float64) * past.step_seconds
        inputs = inputs_of(past, origins[:-1], leads, table.anchors[:-1], table.errors[:-1])
        replayed = quantiles_of(self._fitted, inputs, table.anchors[:-1], table.errors[:-1])
        wanted = np.arange(1, steps + 1, dtype=np.int64)
        anchors = all_anchors(past, origins[-1:], wanted)
        errors = at_leads(table.errors[-1], leads, wanted)[None]
        found = quantiles_of(self._fitted, inputs_of(past, origins[-1:], wanted, anchors, errors), anchors, errors)[0]
        moves = offsets(replayed, table.actual[:-1], lead_seconds)
        final = calibrated(found, moves, wanted.astype(np.float64) * past.step_seconds)
        quantiles = {level: tuple(final[:, place].tolist()) for place, level in enumerate(LEVELS)}
        skill = replayed_skill(replayed, table.anchors[:-1], table.actual[:-1])
        return Forecast(grid.resource, grid.end, grid.step_seconds, quantiles, self.name, skill)


def pooled() -> Pooled:
    """With the weights of the package."""
    return Pooled(shipped(), "pooled")
