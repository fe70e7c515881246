"""What the agent asks of a platform, and what it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from foreload_core.types import Actuation, Amounts, Resource, Sample


class PlatformUnavailableError(Exception):
    """This machine or user cannot do what the platform needs: what, why, what would help."""


class EnvironmentGoneError(Exception):
    """The environment's group or container is not there any more."""


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether a resource's limit can be changed while the environment runs, and for a person: how, or why not."""

    resource: Resource
    can_change: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one resource's target.

    Attributes:
        resource: which limit.
        actuation: what came of it.
        amount: the limit that holds after it, in the resource's unit; None: no limit, or unknown.
        detail: for a person: what, why, what is allowed.
    """

    resource: Resource
    actuation: Actuation
    amount: float | None
    detail: str = ""


class Collector(Protocol):
    """Measures one environment."""

    def measure(self, now: datetime, monotonic: float) -> Sample:
        """What was used since the last call; the first one has interval 0. Takes well under a millisecond.

        Raises:
            EnvironmentGoneError: there is nothing to measure.
        """
        ...


class Actuator(Protocol):
    """Sets one environment's limits. All targets are absolute, so that doing it twice is doing it once."""

    def create(self, initial: Amounts) -> bool:
        """Makes the environment's group with these limits, or keeps the one that is there with the limits it has.

        Returns:
            Whether it was made.

        Raises:
            PlatformUnavailableError: it cannot be made here.
        """
        ...

    def capabilities(self) -> tuple[Capability, ...]:
        """What can be changed here, one entry a resource."""
        ...

    def limit(self) -> Amounts:
        """The limits that hold now; None where there is none."""
        ...

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        """Sets each limit that `target` gives; the others stay. One failing never stops the others.

        Args:
            target: absolute.
            superseded: true as soon as a newer target waits; a long wait then ends.
        """
        ...

    def remove(self, kill: bool) -> None:
        """Takes the group away. What runs in it goes on without limits, or is killed first. Gone already: nothing.

        Raises:
            PlatformUnavailableError: it cannot be taken away.
        """
        ...


@dataclass(frozen=True, slots=True)
class Platform:
    """One environment's way to the machine: its name, and the two sides of it."""

    name: str
    collector: Collector
    actuator: Actuator
