"""One pure function decides for the fleet; everything that it sees comes in through the tick."""

from foreload_core.decide.decision import EMPTY_STATE, State, decide, forget, plan, prepare
from foreload_core.decide.fleet import Fleet
from foreload_core.decide.journal import (
    canonical,
    decision_from_json,
    decision_to_json,
    environment_decision_from_json,
    environment_from_json,
    environment_to_json,
    state_from_json,
    state_to_json,
    tick_from_json,
    tick_to_json,
)
from foreload_core.policy import DEFAULT_POLICY, EnvironmentState, Policy

__all__ = [
    "DEFAULT_POLICY",
    "EMPTY_STATE",
    "EnvironmentState",
    "Fleet",
    "Policy",
    "State",
    "canonical",
    "decide",
    "decision_from_json",
    "decision_to_json",
    "environment_decision_from_json",
    "environment_from_json",
    "environment_to_json",
    "forget",
    "plan",
    "prepare",
    "state_from_json",
    "state_to_json",
    "tick_from_json",
    "tick_to_json",
]
