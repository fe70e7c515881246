"""Machines that host environments: their types and prices, and their phases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from foreload_core.types.resources import Amounts
from foreload_core.types.tick import Prices


@dataclass(frozen=True, slots=True)
class InstanceType:
    """A kind of machine that a provider has.

    Attributes:
        name: the provider's own name of it.
        capacity: what environments and tasks on it may hold together.
        usd_per_hour: from its order to its release.
        boot_seconds: from its order to the moment at which its agent answers, as usually seen.
    """

    name: str
    capacity: Amounts
    usd_per_hour: float
    boot_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class PriceList:
    """What resources and machines cost. `instance_types` are in the order of the file; the first is the usual one."""

    resources: Prices = field(default_factory=Prices)
    instance_types: tuple[InstanceType, ...] = ()

    def instance_type(self, name: str) -> InstanceType | None:
        """The type of a name, or None."""
        return next((known for known in self.instance_types if known.name == name), None)


class InstancePhase(StrEnum):
    """Where an instance is between its order and its end."""

    REQUESTED = "requested"
    BOOTING = "booting"
    READY = "ready"
    DRAINING = "draining"
    RELEASED = "released"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Instance:
    """One machine of the pool.

    Attributes:
        instance_id: as in its agent's certificate.
        type_name: of its `InstanceType`.
        capacity: what it has, as its agent says, else as its type says.
        phase: see `InstancePhase`; `foreload_core.scheduler.phases` has the transitions.
        since: when this phase began, UTC.
    """

    instance_id: str
    type_name: str
    capacity: Amounts
    phase: InstancePhase
    since: datetime
