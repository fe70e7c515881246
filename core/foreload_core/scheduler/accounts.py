"""What was spent, what it would have been without, and what that saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Money of one environment or of a fleet, over the same time.

    Attributes:
        spent_usd: what the limits (or the instances) cost.
        static_usd: what the limits that held before Foreload first changed them would have cost.
    """

    spent_usd: float = 0.0
    static_usd: float = 0.0

    @property
    def saved_usd(self) -> float:
        """Less than nothing where more was given than before."""
        return self.static_usd - self.spent_usd

    @property
    def saved_ratio(self) -> float | None:
        """Part of the static cost; None where that is nothing."""
        return self.saved_usd / self.static_usd if self.static_usd > 0 else None


def total_of(accounts: Iterable[Account]) -> Account:
    """The sum of several accounts."""
    spent = static = 0.0
    for account in accounts:
        spent += account.spent_usd
        static += account.static_usd
    return Account(spent, static)
