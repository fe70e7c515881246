"""How a way to set limits did, added up interval by interval."""

from __future__ import annotations

from dataclasses import dataclass

from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.types import Amounts, Prices


@dataclass(frozen=True, slots=True)
class Figures:
    """How a way to set limits did.

    Attributes:
        throttled_seconds: time in which the CPU demand was above the limit.
        unserved_ratio: part of the CPU demand that the limit held back.
        slack_ratio: mean part of the CPU limit that was not used.
        oom_count: intervals in which the memory demand was above the limit.
        resize_count: changes of a limit.
        cost_usd: what the limits cost.
        seconds: length of the past.
        memory_slack_ratio: mean part of the memory limit that was not used.
    """

    throttled_seconds: float
    unserved_ratio: float
    slack_ratio: float
    oom_count: int
    resize_count: int
    cost_usd: float
    seconds: float = 0.0
    memory_slack_ratio: float = 0.0

    @property
    def violation_ratio(self) -> float:
        """Part of the time in which the CPU demand was above the limit."""
        return self.throttled_seconds / self.seconds if self.seconds else 0.0


class Account:
    """Adds up figures, part of an interval by part."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._seconds = self._throttled = self._demand = self._unserved = self._slack = self._cost = 0.0
        self._memory_slack = 0.0
        self._oom_count = 0

    def count(self, demand: Amounts, limit: Amounts, seconds: float) -> None:
        """Counts a time in which demand and limit stayed the same."""
        cores, most = demand.cpu_cores or 0.0, limit.cpu_cores
        self._seconds += seconds
        self._demand += cores * seconds
        self._cost += amounts_usd_per_hour(limit, self._prices) * seconds / 3600
        if limit.memory_bytes:
            self._memory_slack += max(0.0, 1 - (demand.memory_bytes or 0) / limit.memory_bytes) * seconds
        if most is None:
            return
        if cores > most * (1 + 1e-9):
            self._throttled += seconds
            self._unserved += (cores - most) * seconds
        elif most > 0:
            self._slack += (most - cores) / most * seconds

    def kill(self) -> None:
        """Counts an interval in which memory did not suffice."""
        self._oom_count += 1

    def figures(self, resize_count: int) -> Figures:
        """What was counted."""
        seconds, demand = max(self._seconds, 1e-9), max(self._demand, 1e-9)
        return Figures(
            throttled_seconds=self._throttled,
            unserved_ratio=self._unserved / demand,
            slack_ratio=self._slack / seconds,
            oom_count=self._oom_count,
            resize_count=resize_count,
            cost_usd=self._cost,
            seconds=self._seconds,
            memory_slack_ratio=self._memory_slack / seconds,
        )
