"""Whose environments may hold and cost how much, and which of them matter most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from foreload_core.types.resources import NO_AMOUNTS, Amounts


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose an environment is, and how much it matters: a higher priority is served first."""

    owner: str = ""
    organisation: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the environments of one owner, or of one organisation, may hold and cost together.

    Attributes:
        quota: highest sum of their limits; an amount that is not given is not bounded.
        budget_usd_per_month: None: no cap.
    """

    quota: Amounts = NO_AMOUNTS
    budget_usd_per_month: float | None = None


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Who shares the fleet. An environment that is not named here is nobody's, with priority 0."""

    environments: Mapping[str, Tenant] = field(default_factory=dict[str, Tenant])
    owners: Mapping[str, Allowance] = field(default_factory=dict[str, Allowance])
    organisations: Mapping[str, Allowance] = field(default_factory=dict[str, Allowance])

    def tenant(self, environment_id: str) -> Tenant:
        """Whose an environment is."""
        return self.environments.get(environment_id, NOBODY)


NOBODY = Tenant()
NO_TENANCY = Tenancy()
