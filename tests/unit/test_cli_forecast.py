"""What `foreload forecast` says of its own record."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from foreload_cli.forecast import Made, skill_of_made
from foreload_core.forecast.skill import Skill
from foreload_core.history import Grid
from foreload_core.types import Forecast, Resource

START = datetime(2026, 11, 2, tzinfo=UTC)


def made(method: str, own: float | None, skill: Skill | None = None) -> Made:
    grid = Grid(Resource.CPU, START, 300.0, (0.5,) * (12 * 24 * 4))
    quantiles = dict.fromkeys((0.1, 0.5, 0.9, 0.95), (0.5,))
    return Made(grid, Forecast(Resource.CPU, grid.end, 300.0, quantiles, method, own), skill)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (made("pooled", 0.42), "In the last 4 days it was 42 % closer"),
        (made("pooled", -0.1), "Not better than “same as last week” now"),
        (made("pooled", None), "too short to say how good it is"),
        (made("prophet", None, Skill(0.2, 1.0, 1.25, 576)), "In the last 2 days it was 20 % closer"),
        (made("seasonal_naive_day", 0.0), "the yardstick"),
    ],
)
def test_the_record_is_told(case: Made, words: str) -> None:
    assert words in skill_of_made(case)
