"""Forecasters, their record, what is asked for, and that nothing looks ahead."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from foreload_core.forecast import (
    Forecaster,
    ReactiveQuantile,
    SeasonalNaive,
    calibrated,
    choose,
    make_ask,
    pinball_loss,
    rolling_skill,
    skill_of,
    upper_misses,
    with_windows,
)
from foreload_core.history import Grid
from foreload_core.types import LEVELS, Amounts, Forecast, NoForecast, Resource, WindowKind, WindowOccurrence
from hypothesis import given, settings
from hypothesis import strategies as st

BEGIN = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)  # a Monday
STEP = 300.0
A_DAY = 288


def wave(index: int) -> float:
    noise = (index * 7919 % 97) / 97 - 0.5
    return max(0.0, 2.0 + 1.5 * math.sin(2 * math.pi * index / A_DAY) + 0.3 * noise)


def grid(count: int, shape: object = wave) -> Grid:
    return Grid(Resource.CPU, BEGIN, STEP, tuple(shape(index) for index in range(count)))


def perfect(whole: Grid, start: datetime, steps: int, error: float = 0.0) -> Forecast:
    offset = whole.index_of(start)
    values = [whole.values[offset + step] or 0.0 for step in range(steps)]
    quantiles = {level: tuple(value + error + (level - 0.5) * 0.01 for value in values) for level in LEVELS}
    return Forecast(Resource.CPU, start, STEP, quantiles, "prophet")


@pytest.mark.parametrize(("days", "method"), [(2, "seasonal_naive_day"), (15, "seasonal_naive_week")])
def test_seasonal_naive_repeats_the_longest_season_that_is_known(days: int, method: str) -> None:
    found = SeasonalNaive().fit(grid(days * A_DAY), A_DAY)
    assert isinstance(found, Forecast)
    assert (found.method, found.steps, found.start) == (method, A_DAY, BEGIN + timedelta(days=days))
    season = A_DAY if method.endswith("day") else 7 * A_DAY
    middle = found.quantiles[0.5]
    assert all(abs(middle[step] - wave(days * A_DAY + step - season)) < 0.2 for step in range(A_DAY))
    for low, high in pairwise(LEVELS):
        assert all(a <= b for a, b in zip(found.quantiles[low], found.quantiles[high], strict=True))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "No history yet: the first forecast comes after about 2 h of use."),
        (8, "40 min of history"),
        (100, "8 h of history"),
    ],
)
def test_no_forecast_says_why(count: int, words: str) -> None:
    found = SeasonalNaive().fit(grid(count), 12)
    assert isinstance(found, NoForecast)
    assert words in found.reason


def test_gaps_are_looked_past() -> None:
    whole = grid(3 * A_DAY)
    missing = range(2 * A_DAY, 2 * A_DAY + 20)
    values = tuple(None if index in missing else value for index, value in enumerate(whole.values))
    hole = replace(whole, values=values)
    found = SeasonalNaive().fit(hole, 20)
    assert isinstance(found, Forecast)
    assert found.quantiles[0.5][5] == pytest.approx(wave(A_DAY + 5), abs=0.2)


def test_pinball_is_smallest_at_the_quantile() -> None:
    losses = [sum(pinball_loss(value, guess, 0.9) for value in range(100)) for guess in (50, 89.5, 99)]
    assert losses[1] == min(losses)


def test_skill_is_above_zero_only_for_what_is_closer_than_seasonal_naive() -> None:
    whole = grid(10 * A_DAY)
    starts = [BEGIN + timedelta(days=day) for day in (7, 8, 9)]
    good = skill_of([perfect(whole, start, A_DAY) for start in starts], whole)
    bad = skill_of([perfect(whole, start, A_DAY, error=3.0) for start in starts], whole)
    assert good is not None
    assert bad is not None
    assert good.ratio > 0.5
    assert bad.ratio < 0
    assert good.step_count == 3 * A_DAY
    assert skill_of([perfect(whole, starts[0], 10)], whole) is None


def test_the_reactive_forecast_has_its_skill_measured_like_any_other() -> None:
    found = rolling_skill(ReactiveQuantile(), grid(4 * A_DAY), 3, 3)
    assert found is not None
    assert found.step_count > A_DAY


def test_calibration_moves_the_upper_quantiles_to_where_they_hold() -> None:
    whole = grid(6 * A_DAY)
    low = perfect(whole, BEGIN + timedelta(days=5), A_DAY, error=-0.5)
    misses = upper_misses([perfect(whole, BEGIN + timedelta(days=4), A_DAY, error=-0.5)], whole)
    moved = calibrated(low, misses)
    held = [(whole.values[5 * A_DAY + step] or 0.0) <= moved.quantiles[0.9][step] + 1e-9 for step in range(A_DAY)]
    assert sum(held) / A_DAY >= 0.85
    assert moved.quantiles[0.5] == tuple(max(0.0, value) for value in low.quantiles[0.5])
    assert calibrated(low, misses[:20]) is low


def test_only_what_has_earned_it_is_asked_for() -> None:
    whole = grid(10 * A_DAY)
    now = BEGIN + timedelta(days=9)
    past = [perfect(whole, BEGIN + timedelta(days=day), A_DAY) for day in (6, 7, 8)]
    fitted = perfect(whole, now, A_DAY)
    chosen = choose(whole.until(now), now, [fitted], past, 3600)
    assert isinstance(chosen, Forecast)
    assert chosen.method == "prophet"
    assert (chosen.skill_ratio or 0) > 0
    assert chosen.steps == 12
    wrong = [perfect(whole, each.start, A_DAY, error=3.0) for each in past]
    fallback = choose(whole.until(now), now, [fitted], wrong, 3600)
    assert isinstance(fallback, Forecast)
    assert (fallback.method, fallback.skill_ratio) == ("seasonal_naive_week", 0.0)


def test_before_there_is_a_day_a_forecast_is_shown_and_not_acted_on() -> None:
    chosen = choose(grid(40), BEGIN + timedelta(seconds=40 * STEP), (), (), 3600)
    assert isinstance(chosen, Forecast)
    assert (chosen.method, chosen.steps, chosen.skill_ratio) == ("pooled", 12, None)


def test_an_ask_has_one_entry_a_resource() -> None:
    now = BEGIN + timedelta(seconds=3 * A_DAY * STEP)
    memory = replace(grid(0), resource=Resource.MEMORY)
    ask = make_ask([grid(3 * A_DAY), memory], now, revision=4)
    assert (ask.revision, ask.made_at, ask.valid_until) == (4, now, now + timedelta(minutes=15))
    assert [type(entry) for entry in ask.forecasts] == [Forecast, NoForecast]


def test_windows_are_drawn_into_a_forecast_for_people() -> None:
    flat = Forecast(Resource.CPU, BEGIN, STEP, dict.fromkeys(LEVELS, (1.0,) * 6), "x")
    start, end = BEGIN + timedelta(minutes=10), BEGIN + timedelta(minutes=20)
    window = WindowOccurrence("w", WindowKind.PEAK, start, end, Amounts(3.0))
    found = with_windows(flat, [window])
    assert found.quantiles[0.9] == (1.0, 1.0, 3.0, 3.0, 1.0, 1.0)
    assert found.quantiles[0.1] == (1.0,) * 6


@pytest.mark.parametrize("forecaster", [SeasonalNaive(), ReactiveQuantile()])
@given(
    values=st.lists(st.none() | st.floats(0, 16), max_size=700),
    future=st.lists(st.none() | st.floats(0, 16), max_size=50),
    steps=st.integers(1, 30),
)
@settings(deadline=None, max_examples=40)
def test_the_future_changes_no_forecast(
    forecaster: Forecaster, values: list[float | None], future: list[float | None], steps: int
) -> None:
    short = Grid(Resource.CPU, BEGIN, STEP, tuple(values))
    long = Grid(Resource.CPU, BEGIN, STEP, (*values, *future))
    assert forecaster.fit(long.until(short.end), steps) == forecaster.fit(short, steps)
    assert choose(long, short.end, (), (), 3600) == choose(short, short.end, (), (), 3600)


@given(st.lists(st.none() | st.floats(0, 1e12), max_size=900), st.sampled_from([60.0, 300.0, 3600.0]))
@settings(deadline=None, max_examples=60)
def test_any_grid_gives_a_forecast_or_a_reason(values: list[float | None], step: float) -> None:
    for forecaster in (SeasonalNaive(), ReactiveQuantile()):
        found = forecaster.fit(Grid(Resource.MEMORY, BEGIN, step, tuple(values)), 10)
        if isinstance(found, NoForecast):
            assert found.reason.endswith(".")
        else:
            assert found.steps == 10
            assert all(value >= 0 and math.isfinite(value) for each in found.quantiles.values() for value in each)
