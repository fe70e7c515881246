"""What is decided, why, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from foreload_core.types.resources import NO_AMOUNTS, Amounts, Resource


class Actuation(StrEnum):
    """What came of one instruction."""

    APPLIED = "applied"
    NO_CHANGE = "no_change"
    DEFERRED = "deferred"
    REFUSED = "refused"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step's word on a target. `foreload_core.words.sentence` makes a sentence of it.

    Attributes:
        step: name of the policy step.
        code: what it says; one of `foreload_core.words.SENTENCES`.
        numbers: the amounts in it, in base units, keyed by a name that ends with its unit.
        reference: id of the window, run or decision it speaks of; its name stays in the environment.
    """

    step: str
    code: str
    numbers: Mapping[str, float] = field(default_factory=dict[str, float])
    reference: str = ""


@dataclass(frozen=True, slots=True)
class TargetChange:
    """One resource's limit goes from an amount (None: unlimited or unknown) to another."""

    resource: Resource
    from_amount: float | None
    to_amount: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ActuationResult:
    """What came of one resource's instruction.

    Attributes:
        instruction_id: the instruction.
        environment_id: whose.
        resource: which limit.
        actuation: what came of it.
        amount: the limit that holds after it, as far as known.
        detail: for a person: what, why, what is allowed.
        at: when, UTC.
    """

    instruction_id: str
    environment_id: str
    resource: Resource
    actuation: Actuation
    amount: float | None
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change that is expected: soonest first in an allocation."""

    resource: Resource
    to_amount: float
    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class EnvironmentDecision:
    """What one tick decides for one environment. `revision` grows by one with each; targets are absolute."""

    environment_id: str
    revision: int
    decided_at: datetime
    target: Amounts
    changes: tuple[TargetChange, ...] = ()
    alternatives: tuple[Reason, ...] = ()
    planned: tuple[PlannedChange, ...] = ()
    live: Amounts = NO_AMOUNTS

    @property
    def decision_id(self) -> str:
        """Name of this decision in the log: the environment and its revision."""
        return f"{self.environment_id}-{self.revision}"


@dataclass(frozen=True, slots=True)
class Deferral:
    """What an environment needs and does not get now, since what it shares with others has no room for it.

    Attributes:
        environment_id: whose.
        resource: of what.
        needed_amount: what it needs.
        granted_amount: what it has until then.
        reason: what has no room.
        retry_at: when it is looked at again at the latest, UTC.
    """

    environment_id: str
    resource: Resource
    needed_amount: float
    granted_amount: float
    reason: Reason
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What one tick decides for the fleet: one entry for each environment whose target changes.

    Attributes:
        decided_at: UTC.
        environments: by their ids.
        deferred: what did not fit, by environment and resource.
    """

    decided_at: datetime
    environments: tuple[EnvironmentDecision, ...] = ()
    deferred: tuple[Deferral, ...] = ()
