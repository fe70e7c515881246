"""What environments alike need: enough of them, each counting the same, none of them showing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.history import prior_of
from foreload_core.types import COHORT_FLOOR, Amounts, Sample

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
GIB = 1024**3


def past(cores: float, days: float = 1.0, busy_hour: int = 9) -> tuple[Sample, ...]:
    """A quiet day, with so many cores in one hour."""
    found: list[Sample] = []
    for number in range(int(days * 288)):
        start = BEGIN + timedelta(seconds=300 * number)
        found.append(Sample(start, 300.0, Amounts(cores if start.hour == busy_hour else 0.1, 2 * GIB)))
    return tuple(found)


def test_fewer_than_twenty_environments_tell_nothing() -> None:
    assert prior_of([past(2.0)] * (COHORT_FLOOR - 1)) is None
    found = prior_of([past(2.0)] * COHORT_FLOOR)
    assert found is not None
    assert found.environment_count == COHORT_FLOOR
    assert [amounts.cpu_cores for amounts in found.hours[9]] == [2.0, 2.0, 2.0]
    assert [amounts.cpu_cores for amounts in found.hours[3]] == [0.1, 0.1, 0.1]
    assert [amounts.memory_bytes for amounts in found.hours[9]] == pytest.approx([2 * GIB] * 3, rel=0.01)


def test_an_environment_with_hardly_any_past_does_not_count() -> None:
    assert prior_of([*[past(2.0)] * (COHORT_FLOOR - 1), past(2.0, days=0.3)]) is None


def test_four_that_are_unlike_the_others_do_not_show() -> None:
    found = prior_of([past(0.5)] * 20 + [past(60.0)] * 4)
    assert found is not None
    assert max(amounts.cpu_cores or 0.0 for hour in found.hours for amounts in hour) < 1.0
