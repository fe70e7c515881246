"""States, ticks and decisions as plain JSON: the journal, the broker's snapshot and a bug report are the same thing."""

from __future__ import annotations

from typing import Any, cast

from foreload_core.decide.decision import State
from foreload_core.plain import canonical, from_plain, to_plain
from foreload_core.policy import EnvironmentState
from foreload_core.types import Decision, EnvironmentDecision, Tick


def state_to_json(state: State) -> dict[str, Any]:
    """The whole state as a JSON object."""
    return cast("dict[str, Any]", to_plain(state))


def state_from_json(plain: object) -> State:
    """The state that `state_to_json` gave.

    Raises:
        ValueError: it is none; the message names path, value and what is allowed.
    """
    return from_plain(State, plain, "state")


def environment_to_json(state: EnvironmentState) -> dict[str, Any]:
    """One environment's part of the state."""
    return cast("dict[str, Any]", to_plain(state))


def environment_from_json(plain: object) -> EnvironmentState:
    """What `environment_to_json` gave.

    Raises:
        ValueError: it is none.
    """
    return from_plain(EnvironmentState, plain, "environment")


def tick_to_json(tick: Tick) -> dict[str, Any]:
    """A tick as a JSON object."""
    return cast("dict[str, Any]", to_plain(tick))


def tick_from_json(plain: object) -> Tick:
    """The tick that `tick_to_json` gave.

    Raises:
        ValueError: it is none.
    """
    return from_plain(Tick, plain, "tick")


def decision_to_json(decision: Decision | EnvironmentDecision) -> dict[str, Any]:
    """A decision, or one environment's part of it, as a JSON object."""
    return cast("dict[str, Any]", to_plain(decision))


def decision_from_json(plain: object) -> Decision:
    """The decision that `decision_to_json` gave.

    Raises:
        ValueError: it is none.
    """
    return from_plain(Decision, plain, "decision")


def environment_decision_from_json(plain: object) -> EnvironmentDecision:
    """One environment's decision that `decision_to_json` gave.

    Raises:
        ValueError: it is none.
    """
    return from_plain(EnvironmentDecision, plain, "decision")


__all__ = [
    "canonical",
    "decision_from_json",
    "decision_to_json",
    "environment_decision_from_json",
    "environment_from_json",
    "environment_to_json",
    "state_from_json",
    "state_to_json",
    "tick_from_json",
    "tick_to_json",
]
