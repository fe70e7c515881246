"""Grids, roll-ups, usual days, and what the next run is expected to need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.history import (
    Grid,
    RunRecord,
    coarser,
    day_view,
    estimate_demand,
    grid_of,
    quantile,
    roll_up,
    week_view,
    weighted_quantile,
)
from foreload_core.types import Amounts, DemandSource, Resource, RunKind, Sample

BEGIN = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # a Monday
GIB = 1024**3
EIGHT = Amounts(8.0, 16 * GIB)


def sample(seconds: float, cores: float | None, length: float = 10) -> Sample:
    return Sample(BEGIN + timedelta(seconds=seconds), length, Amounts(cores))


def grid(*values: float | None, step: float = 300) -> Grid:
    return Grid(Resource.CPU, BEGIN, step, values)


def test_samples_become_means_of_steps_by_the_time_they_cover() -> None:
    samples = [sample(0, 1.0), sample(10, 3.0), sample(25, 2.0, 10), sample(20, 9.0, 5), sample(10, 3.0)]
    found = grid_of(samples, Resource.CPU, 20, BEGIN, BEGIN + timedelta(seconds=60))
    assert found.values == (2.0, pytest.approx((9 * 5 + 2 * 10) / 15), None)


def test_a_step_that_was_hardly_measured_is_missing() -> None:
    found = grid_of([sample(0, 1.0, 9), sample(40, 1.0, 11)], Resource.CPU, 20, BEGIN, BEGIN + timedelta(seconds=60))
    assert found.values == (None, None, 1.0)


def test_grids_fit_together_whenever_they_are_made() -> None:
    late = grid_of([sample(100, 1.0, 600)], Resource.CPU, 300, BEGIN + timedelta(seconds=299), BEGIN + timedelta(1))
    assert late.start == BEGIN


def test_until_gives_only_what_was_over_by_then() -> None:
    found = grid(1.0, 2.0, 3.0)
    assert found.until(BEGIN + timedelta(seconds=899)).values == (1.0, 2.0)
    assert found.until(BEGIN - timedelta(days=1)).values == ()
    assert found.until(BEGIN + timedelta(days=1)).values == found.values


def test_a_coarser_grid_keeps_the_end() -> None:
    found = coarser(grid(9.0, 1.0, 3.0, None, 5.0), 600)
    assert (found.values, found.step_seconds, found.end) == ((2.0, 5.0), 600, grid(*[0.0] * 5).end)
    assert coarser(found, 300) is found


def test_roll_ups_keep_the_mean_the_highest_and_how_much_was_seen() -> None:
    (first, second) = roll_up(grid(1.0, 3.0, None, None, *[4.0] * 10), 3600)
    assert (first.mean, first.highest, first.covered_ratio) == (pytest.approx(3.6), 4.0, pytest.approx(10 / 12))
    assert second.covered_ratio == pytest.approx(2 / 12)


def test_what_is_usual_at_an_hour_and_on_a_weekday() -> None:
    hours = Grid(Resource.CPU, BEGIN, 3600, tuple(float(hour % 24) for hour in range(48)))
    day = day_view(hours, utc_offset_seconds=3600)
    assert (day[10].mean, day[10].highest, day[10].day_count) == (9.0, 9.0, 2)
    week = week_view(hours)
    assert (len(week), len(week[0])) == (7, 24)
    assert week[1][5].mean == 5.0
    assert week[3][5].mean is None


def test_quantiles() -> None:
    assert [quantile([4.0, 1.0, 2.0], level) for level in (0, 0.5, 0.75, 1)] == [1.0, 2.0, 3.0, 4.0]
    assert weighted_quantile([1.0, 2.0, 9.0], [1.0, 1.0, 8.0], 0.5) == 9.0


def run(cores: float, days_ago: int = 1, **about: object) -> RunRecord:
    started = BEGIN - timedelta(days=days_ago)
    return RunRecord("key", RunKind.PROGRAM, started, 60.0, cores, cores / 2, 2.0 * GIB, **about)


ALL_CORES = {"parallel_all_cores": 1.0, "cpu_bound_ratio": 1.0, "memory_base_bytes": 1e8, "memory_data_bytes": 1e8}


def test_code_alone_is_enough_for_the_first_time() -> None:
    found = estimate_demand([], [], ALL_CORES, EIGHT)
    assert found is not None
    assert (found.source, found.high.cpu_cores, found.typical.cpu_cores) == (DemandSource.CODE, 8.0, 8.0)
    assert found.high.memory_bytes == int(3e8)


@pytest.mark.parametrize(
    ("features", "cores"),
    [
        ({"parallel_workers": 4.0, "cpu_bound_ratio": 0.9}, 4.0),
        ({"parallel_workers": 64.0}, 8.0),
        ({"cpu_bound_ratio": 0.9}, 1.0),
        ({"cpu_bound_ratio": 0.0}, 1.0),
        ({"complexity_order": 4.0}, None),
    ],
)
def test_cores_of_code(features: dict[str, float], cores: float | None) -> None:
    found = estimate_demand([], [], features, EIGHT)
    assert (None if found is None else found.high.cpu_cores) == cores


def test_earlier_runs_of_the_same_thing_come_first() -> None:
    found = estimate_demand([run(3.0)], [run(7.0)], {"cpu_bound_ratio": 1.0}, EIGHT)
    assert found is not None
    assert (found.source, found.run_count) == (DemandSource.HISTORY, 1)
    assert found.typical.cpu_cores == 3.0
    assert found.high.cpu_cores == pytest.approx(3.75)


def test_recent_runs_weigh_more_and_many_runs_need_less_on_top() -> None:
    old = [run(6.0, days_ago=30 + day) for day in range(10)]
    new = [run(2.0, days_ago=1 + day) for day in range(15)]
    found = estimate_demand([*old, *new], [], {}, EIGHT)
    assert found is not None
    assert found.typical.cpu_cores == 2.0
    assert found.high.cpu_cores == pytest.approx(2.0, rel=0.02)


def test_a_throttled_run_needed_more_than_it_used() -> None:
    held_back = estimate_demand([run(2.0, throttled_seconds=30.0)], [], {}, EIGHT)
    with_code = estimate_demand([run(2.0, throttled_seconds=30.0, features=ALL_CORES)], [], ALL_CORES, EIGHT)
    assert held_back is not None
    assert with_code is not None
    assert (held_back.typical.cpu_cores, with_code.typical.cpu_cores) == (3.0, 8.0)


def test_other_numbers_of_workers_make_old_cores_worthless_but_not_old_memory() -> None:
    before = run(2.0, features={"parallel_workers": 2.0})
    found = estimate_demand([before], [], {"parallel_workers": 6.0}, EIGHT)
    assert found is not None
    assert (found.source, found.high.cpu_cores, found.typical.memory_bytes) == (DemandSource.CODE, 6.0, 2 * GIB)


def test_the_kind_is_better_than_nothing_and_nothing_is_said() -> None:
    found = estimate_demand([], [run(3.0)], {}, EIGHT)
    assert found is not None
    assert found.source is DemandSource.KIND
    assert estimate_demand([], [], {}, EIGHT) is None


def test_no_more_than_there_is() -> None:
    found = estimate_demand([run(12.0)], [], {}, EIGHT)
    assert found is not None
    assert (found.high.cpu_cores, found.typical.cpu_cores) == (8.0, 8.0)
