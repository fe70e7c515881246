"""When environments are at work: the chance of it by half hour of the day, for workdays and for weekends.

Needs numpy, so it is imported only where it is used. One row an environment, 480 bytes; the whole fleet at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from foreload_core.scheduler.pool import Spread

SLOT_SECONDS = 1800
SLOTS_PER_DAY = 86_400 // SLOT_SECONDS
SLOTS = 2 * SLOTS_PER_DAY
MEMORY_DAYS = 10.0
"""A day of so many looks back counts 1/e of today."""
PRIOR_DAYS = 0.25
COMMON_RATIO = 0.12
"""Deviation of the common factor until it has been seen ..."""
COMMON_LOOKS = 200.0
"""... that many times; then what was seen counts as much as it."""
Floats = NDArray[np.float32]


def slot_of(moment: datetime) -> int:
    """The half hour that a moment (UTC) is in; those of weekends come after those of workdays."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (SLOTS_PER_DAY if moment.weekday() >= 5 else 0) + seconds // SLOT_SECONDS


class WorkHours:
    """What was seen of a fleet of `count` environments; `grow` adds more.

    A row's chance in a slot is the share of looks at which it was at work, with the fleet's own share as a prior: a
    newcomer is expected to work when the others do.
    """

    def __init__(self, count: int = 0) -> None:
        self._at_work: Floats = np.zeros((count, SLOTS), np.float32)
        self._days = np.zeros(SLOTS, np.float64)
        self._looks = np.zeros(SLOTS, np.float64)
        self._day = np.full(SLOTS, -1, np.int64)
        self._square_sum, self._square_count = COMMON_RATIO**2 * COMMON_LOOKS, COMMON_LOOKS

    @property
    def count(self) -> int:
        """Environments that are known."""
        return len(self._at_work)

    def grow(self, count: int) -> None:
        """Makes room for `count` environments in all."""
        if count > self.count:
            more = np.zeros((count - self.count, SLOTS), np.float32)
            self._at_work = np.concatenate((self._at_work, more))

    def observe(self, moment: datetime, at_work: Sequence[bool] | NDArray[np.bool_], loads: Floats) -> None:
        """Takes in one look at the whole fleet.

        Args:
            moment: UTC.
            at_work: one value an environment.
            loads: what each uses while it is at work, in any unit; tells the common factor from single ones.
        """
        slot, day = slot_of(moment), moment.toordinal()
        seen = np.asarray(at_work, np.float32)
        if self._days[slot] >= 1:
            self._learn_common(self.chances(slot), seen, loads)
        self._begin_day(slot, day)
        self._at_work[:, slot] += seen
        self._looks[slot] += 1

    def observe_some(self, moment: datetime, at_work: Mapping[int, bool]) -> None:
        """Takes in a stored look: what some environments, by their rows, did in the half hour that began then."""
        slot, day = slot_of(moment), moment.toordinal()
        self._begin_day(slot, day)
        for row, works in at_work.items():
            self._at_work[row, slot] += float(works)
        self._looks[slot] += 1

    def chances(self, slot: int) -> Floats:
        """The chance to be at work in a slot, one value an environment."""
        looks = self._looks[slot]
        if looks <= 0 or not self.count:
            return np.full(self.count, 0.5, np.float32)
        prior_looks = PRIOR_DAYS * looks / max(self._days[slot], 1.0)
        share = float(self._at_work[:, slot].mean()) / looks
        return ((self._at_work[:, slot] + share * prior_looks) / (looks + prior_looks)).astype(np.float32)

    @property
    def common_ratio(self) -> float:
        """Deviation of what moves all environments alike."""
        return float(np.sqrt(self._square_sum / self._square_count))

    def ahead(self, moment: datetime, seconds: float, loads: Floats) -> list[Spread]:
        """The distribution of the fleet's load in each slot from `moment` to `seconds` later."""
        found: list[Spread] = []
        slots = {slot_of(moment + timedelta(seconds=offset)): None for offset in _offsets(seconds)}
        for slot in slots:
            chances = self.chances(slot).astype(np.float64)
            own = loads[: self.count].astype(np.float64)
            mean = float(chances @ own)
            variance = float((chances * (1 - chances)) @ (own * own)) + (self.common_ratio * mean) ** 2
            found.append(Spread(mean, float(np.sqrt(variance))))
        return found

    def _begin_day(self, slot: int, day: int) -> None:
        if self._day[slot] != day:
            decay = np.exp(-1 / MEMORY_DAYS)
            self._at_work[:, slot] *= decay
            self._looks[slot] *= decay
            self._days[slot] = self._days[slot] * decay + 1
            self._day[slot] = day

    def _learn_common(self, chances: Floats, seen: Floats, loads: Floats) -> None:
        expected = float(chances @ loads)
        if expected <= 0:
            return
        alone = float((chances * (1 - chances)) @ (loads * loads))
        excess = ((float(seen @ loads) - expected) ** 2 - alone) / expected**2
        self._square_sum = self._square_sum * 0.9995 + min(max(excess, 0.0), 1.0)
        self._square_count = self._square_count * 0.9995 + 1


def _offsets(seconds: float) -> list[float]:
    steps = int(seconds // SLOT_SECONDS)
    return [*(float(step * SLOT_SECONDS) for step in range(steps + 1)), seconds]
