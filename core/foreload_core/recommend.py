"""Amounts for an environment that is measured and resized by somebody else: one message in, one message out.

Needs numpy, so it is imported only where it is used.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from foreload_core.density import Engine, Grain, Weights
from foreload_core.density.layout import FLOOR_RATIO, LEAST_FLOOR
from foreload_core.policy.exchange import DEAD_BAND_RATIO, Choice, choose
from foreload_core.policy.knob import exchange_of
from foreload_core.recommend_messages import BadMessageError, Reset, Step, read_reset, read_step
from foreload_core.runs import Outlook, RunEngine, RunWeights
from foreload_core.types import Resource
from foreload_core.words import amount_text

Doubles = NDArray[np.float64]
SAME_RATIO = 1e-3
"""An amount in force that differs by less than this from the one that was answered is that one."""
FIRST_SAMPLES = 12
"""Nothing is lowered before so many samples."""
SHORTEST_MINUTES_SECONDS = 60.0
"""From here on the density of minutes forecasts; at shorter steps that of seconds, which sees single runs."""

__all__ = ["BadMessageError", "Session"]


class Session:
    """Holds one environment between a reset and the next; a bad message changes nothing.

    Args:
        weights: for steps of minutes; None: nothing pretrained.
        run_weights: for steps of seconds; None: nothing pretrained.
    """

    def __init__(self, weights: Weights | None = None, run_weights: RunWeights | None = None) -> None:
        self._weights = weights
        self._run_weights = run_weights
        self._environment: _Environment | None = None

    def answer(self, message: object) -> dict[str, Any]:
        """The answer to one message.

        Raises:
            BadMessageError: the message is not understood; nothing has changed.
        """
        kind = cast("dict[str, Any]", message).get("type") if isinstance(message, dict) else None
        if kind == "reset":
            self._environment = _Environment(read_reset(cast("object", message)), self._weights, self._run_weights)
            return {"type": "ready"}
        if kind != "step":
            raise BadMessageError(f"type is {kind!r}; allowed are 'reset' and 'step'")
        if self._environment is None:
            raise BadMessageError("a step came before any reset; send a reset with ctx first")
        return self._environment.step(
            read_step(cast("object", message), self._environment.reset, self._environment.last_seconds)
        )


class _Environment:
    def __init__(self, reset: Reset, weights: Weights | None, run_weights: RunWeights | None) -> None:
        self.reset = reset
        self.last_seconds: float | None = None
        resources, step, horizon = reset.resources, reset.step_seconds, 1 + reset.delay
        short = step < SHORTEST_MINUTES_SECONDS
        self._engine: Engine | RunEngine
        if short:
            self._engine = RunEngine(resources, step, horizon, reset.capacity, run_weights)
        else:
            self._engine = Engine(resources, Grain(step, horizon), reset.capacity, weights)
        fitted = (run_weights if short else weights) is not None
        self._exchange = exchange_of(resources, reset.knob, step, fitted=fitted, runs=short)
        self._most = np.array([reset.capacity.get(each, np.inf) for each in resources])
        floor = [FLOOR_RATIO[each] * reset.capacity.get(each, 0.0) for each in resources]
        self._least = np.maximum(floor, [LEAST_FLOOR[each] for each in resources])
        # Memory is never taken below its use: the run that is expected to end would be killed if it did not.
        self._is_memory = np.array([each is Resource.MEMORY for each in resources])
        self._planned: list[Doubles] = []
        self._seen = 0

    def step(self, step: Step) -> dict[str, Any]:
        used = np.array([step.usage.get(each, np.nan) for each in self.reset.resources])
        held = np.array([step.held.get(each, np.nan) for each in self.reset.resources])
        throttled = np.array([each in step.throttled for each in self.reset.resources])
        # What went through is a lower bound only where it did not go past the limit.
        censored = throttled & ~(used > held * (1 + 1e-9))
        begun = step.ended_seconds - self.reset.step_seconds
        if isinstance(self._engine, RunEngine):
            self._engine.observe(begun, used, censored, step.events)
        else:
            self._engine.observe(begun, used, censored, throttled)
        self.last_seconds = step.ended_seconds
        current = self._in_force_then(held)
        choice = choose(
            self._engine.forecast(),
            self._exchange,
            current,
            self._engine.mean,
            self._least,
            self._most,
            None if isinstance(self._engine, RunEngine) else self._engine.record,
        )
        if not isinstance(self._engine, RunEngine):
            self._engine.decided(choice.chance)
        amount = np.clip(choice.amount, self._least, self._most)
        if isinstance(self._engine, RunEngine):
            amount = np.where(self._is_memory & (amount < used), np.minimum(used, self._most), amount)
        if self._seen < FIRST_SAMPLES:
            # So little says nothing of the need: nothing is taken back yet.
            amount = np.maximum(amount, np.minimum(current, self._most))
        self._seen += 1
        carried = (amount > current) | (amount < current * (1 - DEAD_BAND_RATIO))
        self._planned.append(np.where(carried, amount, current))
        del self._planned[: -1 - self.reset.delay]
        return self._answer(choice, amount, current)

    def _in_force_then(self, held: Doubles) -> Doubles:
        """What will be in force at the forecast's time if nothing is changed now; answers under way count."""
        known = np.where(np.isnan(held), np.where(np.isfinite(self._most), self._most, self._usual()), held)
        if len(self._planned) <= self.reset.delay:
            return self._planned[-1] if self._planned else known
        due = self._planned[0]
        elsewhere = np.abs(known - due) > SAME_RATIO * due
        return np.where(elsewhere & ~np.isnan(held), known, self._planned[-1])

    def _usual(self) -> Doubles:
        return np.maximum(self._engine.mean, self._least)

    def _answer(self, choice: Choice, amount: Doubles, current: Doubles) -> dict[str, Any]:
        why = _runs_text(self._engine.outlook) if isinstance(self._engine, RunEngine) else ""
        amounts: dict[str, float | int] = {}
        reasons: dict[str, str] = {}
        for row, resource in enumerate(self.reset.resources):
            value = float(amount[row])
            amounts[resource.value] = round(value) if resource is Resource.MEMORY else float(f"{value:.6g}")
            reasons[resource.value] = _reason(resource, value, float(current[row]), float(choice.chance[row]), why)
        return {"alloc": amounts, "reasons": reasons}


def _reason(resource: Resource, amount: float, current: float, chance: float, why: str) -> str:
    text = amount_text(resource, amount)
    sure = f"the need stays below {text} in {min(max(chance, 0.0), 0.9999):.2%} of such cases"
    if amount > current:
        return f"Raised to {text}: {sure}.{why}"
    if amount < current:
        return f"Lowered to {text}: {sure}.{why}"
    return f"Stays at {text}: {sure}, and a change is not worth its price.{why}"


def _runs_text(outlook: Outlook) -> str:
    """What the signals say, as sentences behind others."""
    said = ""
    if outlook.on:
        runs = ", ".join(f"{kind or 'a run'} {name}" for name, kind in outlook.on)
        known = f"{outlook.known_runs} earlier runs" if outlook.known_runs else "no earlier run"
        said += f" Running: {runs} ({known} of the kind)."
    if outlook.coming:
        said += f" Likely to begin: {', '.join(outlook.coming)}."
    return said
