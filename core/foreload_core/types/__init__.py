"""The values that the decision is made of. Frozen, ordered, without behaviour beyond reading them."""

from foreload_core.types.decisions import (
    Actuation,
    ActuationResult,
    Decision,
    Deferral,
    EnvironmentDecision,
    PlannedChange,
    Reason,
    TargetChange,
)
from foreload_core.types.forecasts import (
    COHORT_FLOOR,
    LEVELS,
    NO_PRIOR,
    PRIOR_LEVELS,
    Ask,
    Forecast,
    NoForecast,
    Prior,
)
from foreload_core.types.profiles import NO_PROFILE, ProfileNumbers, WindowKind, WindowOccurrence
from foreload_core.types.resources import NO_AMOUNTS, Amounts, Resource
from foreload_core.types.samples import Sample
from foreload_core.types.signals import DemandEstimate, DemandSource, RunKind, Signal, SignalKind
from foreload_core.types.tick import Placement, PolicySettings, Prices, Tick, Wish

__all__ = [
    "COHORT_FLOOR",
    "LEVELS",
    "NO_AMOUNTS",
    "NO_PRIOR",
    "NO_PROFILE",
    "PRIOR_LEVELS",
    "Actuation",
    "ActuationResult",
    "Amounts",
    "Ask",
    "Decision",
    "Deferral",
    "DemandEstimate",
    "DemandSource",
    "EnvironmentDecision",
    "Forecast",
    "NoForecast",
    "Placement",
    "PlannedChange",
    "PolicySettings",
    "Prices",
    "Prior",
    "ProfileNumbers",
    "Reason",
    "Resource",
    "RunKind",
    "Sample",
    "Signal",
    "SignalKind",
    "TargetChange",
    "Tick",
    "WindowKind",
    "WindowOccurrence",
    "Wish",
]
