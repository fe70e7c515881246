"""The asks that an environment would have made, from what it had seen by then."""

from __future__ import annotations

from datetime import datetime, timedelta

from foreload_core.forecast import make_ask
from foreload_core.history import Grid, aligned
from foreload_core.types import Ask, Resource, Sample

STEP_SECONDS = 300.0
EVERY_SECONDS = 3600.0
"""In production an ask is made anew every few minutes; hourly ones keep a simulation of weeks short."""
HORIZON_SECONDS = 2 * 3600.0
PAST_DAYS = 15


class Asking:
    """Keeps the use in steps of five minutes, and asks once an hour."""

    def __init__(self) -> None:
        self._first: datetime | None = None
        self._sums: dict[Resource, list[list[float]]] = {}
        self._next: datetime | None = None
        self._revision = 0

    def see(self, sample: Sample) -> None:
        """Takes in what was measured."""
        if self._first is None:
            self._first = aligned(sample.start, STEP_SECONDS)
        index = int((sample.start - self._first).total_seconds() // STEP_SECONDS)
        for resource, amount in sample.used.items():
            steps = self._sums.setdefault(resource, [])
            steps.extend([0.0, 0.0] for _ in range(index + 1 - len(steps)))
            steps[index][0] += amount
            steps[index][1] += 1.0

    def ask(self, now: datetime) -> Ask | None:
        """The ask of this moment; None where it is not yet time for another one."""
        if self._first is None or (self._next is not None and now < self._next):
            return None
        self._next = now + timedelta(seconds=EVERY_SECONDS)
        over = int((now - self._first).total_seconds() // STEP_SECONDS)
        first = max(0, over - int(PAST_DAYS * 86_400 / STEP_SECONDS))
        start = self._first + timedelta(seconds=first * STEP_SECONDS)
        grids = [
            Grid(
                resource,
                start,
                STEP_SECONDS,
                tuple(total / count if count else None for total, count in steps[first:over]),
            )
            for resource, steps in self._sums.items()
        ]
        self._revision += 1
        return make_ask(
            grids,
            now,
            revision=self._revision,
            horizon_seconds=HORIZON_SECONDS,
            valid_seconds=EVERY_SECONDS,
        )
