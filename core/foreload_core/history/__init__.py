"""What was: regular series, coarser ones, usual days and weeks, and what runs needed."""

from foreload_core.history.cohort import prior_of
from foreload_core.history.grid import Grid, RollUp, aligned, coarser, grid_of, roll_up
from foreload_core.history.quantiles import quantile, weighted_quantile
from foreload_core.history.runs import RunRecord, estimate_demand
from foreload_core.history.views import Usual, day_view, week_view

__all__ = [
    "Grid",
    "RollUp",
    "RunRecord",
    "Usual",
    "aligned",
    "coarser",
    "day_view",
    "estimate_demand",
    "grid_of",
    "prior_of",
    "quantile",
    "roll_up",
    "week_view",
    "weighted_quantile",
]
