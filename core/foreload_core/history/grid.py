"""Samples as a regular series, and series as coarser ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from foreload_core.types import Resource, Sample

COVERED_RATIO = 0.5
"""A step of which less than this was measured is missing."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The use of one resource, one value a step.

    Attributes:
        resource: what was used.
        start: beginning of the first step, UTC.
        step_seconds: length of a step.
        values: mean use of each step in the resource's unit; None where too little was measured.
    """

    resource: Resource
    start: datetime
    step_seconds: float
    values: tuple[float | None, ...]

    @property
    def end(self) -> datetime:
        """End of the last step, UTC."""
        return self.time_of(len(self.values))

    @property
    def measured_seconds(self) -> float:
        """How much of it was measured."""
        return sum(1 for value in self.values if value is not None) * self.step_seconds

    def time_of(self, index: int) -> datetime:
        """Beginning of a step, UTC; the index may lie outside."""
        return self.start + timedelta(seconds=index * self.step_seconds)

    def index_of(self, moment: datetime) -> int:
        """The step that holds a moment; may lie outside."""
        return math.floor((moment - self.start).total_seconds() / self.step_seconds)

    def until(self, moment: datetime) -> Grid:
        """The steps that were over by `moment`: what could be known then."""
        return replace(self, values=self.values[: max(0, min(len(self.values), self.index_of(moment)))])

    def last(self, seconds: float) -> tuple[float | None, ...]:
        """The values of the last so many seconds."""
        count = math.ceil(seconds / self.step_seconds)
        return self.values[-count:] if count > 0 else ()


def aligned(moment: datetime, step_seconds: float) -> datetime:
    """The last multiple of the step since 1970 that is not after `moment`: grids made at any time fit together."""
    seconds = moment.timestamp()
    return datetime.fromtimestamp(math.floor(seconds / step_seconds) * step_seconds, UTC)


def grid_of(samples: Sequence[Sample], resource: Resource, step_seconds: float, start: datetime, end: datetime) -> Grid:
    """The use of one resource on a regular grid.

    Args:
        samples: in any order; where two have the same start, the last one counts.
        resource: what to look at.
        step_seconds: length of a step, above 0.
        start: the grid begins with the step that holds this.
        end: the last step ends by this.
    """
    first = aligned(start, step_seconds)
    count = max(0, math.floor((end - first).total_seconds() / step_seconds))
    covered, total = [0.0] * count, [0.0] * count
    for sample in {sample.start: sample for sample in samples}.values():
        amount = sample.used.get(resource)
        if amount is None or sample.interval_seconds <= 0:
            continue
        begins = (sample.start - first).total_seconds()
        ends = begins + sample.interval_seconds
        for index in range(max(0, math.floor(begins / step_seconds)), min(count, math.ceil(ends / step_seconds))):
            seconds = min(ends, (index + 1) * step_seconds) - max(begins, index * step_seconds)
            if seconds > 0:
                covered[index] += seconds
                total[index] += seconds * amount
    values = tuple(
        total[index] / covered[index] if covered[index] >= COVERED_RATIO * step_seconds else None
        for index in range(count)
    )
    return Grid(resource, first, step_seconds, values)


def coarser(grid: Grid, step_seconds: float) -> Grid:
    """The grid in steps that are at least so long: whole groups of its own, counted from its end, each their mean.

    What is left over at the beginning is dropped, so that the last step is whole and the end stays.
    """
    group = max(1, math.ceil(step_seconds / grid.step_seconds - 1e-9))
    if group == 1:
        return grid
    first = len(grid.values) % group
    values: list[float | None] = []
    for index in range(first, len(grid.values), group):
        known = [value for value in grid.values[index : index + group] if value is not None]
        values.append(sum(known) / len(known) if len(known) >= COVERED_RATIO * group else None)
    return Grid(grid.resource, grid.time_of(first), grid.step_seconds * group, tuple(values))


@dataclass(frozen=True, slots=True)
class RollUp:
    """What is kept of a step when its samples are gone.

    Attributes:
        start: beginning of the step, UTC.
        mean, highest: of the means that it was made of.
        covered_ratio: part of the step that was measured.
    """

    start: datetime
    mean: float
    highest: float
    covered_ratio: float


def roll_up(grid: Grid, step_seconds: float) -> tuple[RollUp, ...]:
    """The grid in coarser steps; those of which nothing was measured are left out.

    Args:
        grid: a finer grid.
        step_seconds: a multiple of its step.
    """
    buckets: dict[datetime, list[float]] = {}
    for index, value in enumerate(grid.values):
        if value is not None:
            buckets.setdefault(aligned(grid.time_of(index), step_seconds), []).append(value)
    whole = step_seconds / grid.step_seconds
    return tuple(
        RollUp(start, sum(values) / len(values), max(values), min(1.0, len(values) / whole))
        for start, values in sorted(buckets.items())
    )
