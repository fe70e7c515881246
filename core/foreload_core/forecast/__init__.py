"""What is expected: forecasters behind one interface, their record, and what an environment asks for."""

from foreload_core.forecast.ask import HORIZON_SECONDS, choose, make_ask, pooled_forecast, with_windows
from foreload_core.forecast.forecaster import Forecaster, ReactiveQuantile, SeasonalNaive, no_history
from foreload_core.forecast.skill import Skill, calibrated, pinball_loss, rolling_skill, skill_of, upper_misses

__all__ = [
    "HORIZON_SECONDS",
    "Forecaster",
    "ReactiveQuantile",
    "SeasonalNaive",
    "Skill",
    "calibrated",
    "choose",
    "make_ask",
    "no_history",
    "pinball_loss",
    "pooled_forecast",
    "rolling_skill",
    "skill_of",
    "upper_misses",
    "with_windows",
]
