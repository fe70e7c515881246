"""How a limit is found: an ordered tuple of steps, each of which takes a value and gives a value and a reason."""

from foreload_core.policy.evaluation import (
    DEFAULT_POLICY,
    STEP_NAMES,
    Evaluation,
    Policy,
    decided_resources,
    evaluate,
    ordered_reasons,
)
from foreload_core.policy.situation import Outcome, Situation, Step
from foreload_core.policy.state import (
    NEW_ENVIRONMENT,
    ActiveRun,
    Boost,
    EnvironmentState,
    Hold,
    HoldKind,
    PastChange,
    PastNeed,
)

__all__ = [
    "DEFAULT_POLICY",
    "NEW_ENVIRONMENT",
    "STEP_NAMES",
    "ActiveRun",
    "Boost",
    "EnvironmentState",
    "Evaluation",
    "Hold",
    "HoldKind",
    "Outcome",
    "PastChange",
    "PastNeed",
    "Policy",
    "Situation",
    "Step",
    "decided_resources",
    "evaluate",
    "ordered_reasons",
]
