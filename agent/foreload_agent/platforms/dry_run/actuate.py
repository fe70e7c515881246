"""Says what it would do."""

from __future__ import annotations

from collections.abc import Callable

from foreload_core.types import Actuation, Amounts, Resource
from foreload_system.telemetry import capacity_of_machine

from foreload_agent.ports import Capability, Outcome


class DryRunActuator:
    """Changes nothing.

    Args:
        reason: why, for a person: that it was asked for, or what this user or machine cannot do.
    """

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._limit = capacity_of_machine()

    def create(self, initial: Amounts) -> bool:
        """Makes nothing."""
        return False

    def capabilities(self) -> tuple[Capability, ...]:
        """Nothing can be changed."""
        return tuple(Capability(resource, False, self._reason) for resource in Resource)

    def limit(self) -> Amounts:
        """What the machine, or the container that stands for it, has: that is what holds."""
        return self._limit

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        """Nothing changes; the detail says why."""
        return tuple(
            Outcome(resource, Actuation.NO_CHANGE, self._limit.get(resource), self._reason)
            for resource, _ in target.items()
        )

    def remove(self, kill: bool) -> None:
        """There is nothing to take away."""
