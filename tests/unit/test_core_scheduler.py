"""Placement, the size of the pool, and money: small cases that can be worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from foreload_core.scheduler.accounts import Account, total_of
from foreload_core.scheduler.packing import Bin, Item, Packing, first_fit_decreasing
from foreload_core.scheduler.phases import moved_to
from foreload_core.scheduler.pool import PoolSettings, Spread, critical_level, plan_pool, sum_of, usable
from foreload_core.scheduler.work_hours import WorkHours
from foreload_core.types import Amounts, Resource
from foreload_core.types.instances import Instance, InstancePhase, InstanceType

GIB = 2**30
TYPE = InstanceType("large", Amounts(64.0, 256 * GIB), 3.0, 120.0)
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def item(name: str, cores: float, deviation: float = 0.0, priority: int = 0, only_on: frozenset[str] = frozenset()):
    return Item(name, Amounts(cores, GIB), Amounts(deviation), priority, only_on)


def test_the_important_are_placed_first_and_the_others_are_told_why_not() -> None:
    bins = (Bin("i1", Amounts(8.0, 64 * GIB)),)
    packed = first_fit_decreasing(Packing((item("big", 6.0), item("urgent", 4.0, priority=9)), bins))
    assert packed.placed == {"urgent": "i1"}
    assert packed.deferred["big"].code == "no_room"
    packed = first_fit_decreasing(Packing((item("huge", 9.0), item("bound", 1.0, only_on=frozenset({"i7"}))), bins))
    assert {name: reason.code for name, reason in packed.deferred.items()} == {
        "huge": "too_large",
        "bound": "no_instance",
    }


def test_a_machine_that_is_paid_for_comes_before_one_that_is_not() -> None:
    bins = (Bin("new", Amounts(8.0, 64 * GIB), usd_per_hour=1.0), Bin("old", Amounts(8.0, 64 * GIB), Amounts(5.0, GIB)))
    packed = first_fit_decreasing(Packing((item("a", 2.0), item("b", 2.0)), bins))
    assert packed.placed == {"a": "old", "b": "new"}


def test_many_that_vary_fit_where_their_peaks_would_not() -> None:
    bins = (Bin("i1", Amounts(64.0, 640 * GIB)),)
    several = tuple(item(f"e{number}", 1.0, 1.0) for number in range(60))
    placed = len(first_fit_decreasing(Packing(several, bins)).placed)
    by_peak = len(first_fit_decreasing(Packing(tuple(item(one.name, 1.0 + 1.65) for one in several), bins)).placed)
    assert by_peak == 24
    assert placed == round(usable(64.0, 1.0, 1.0, 1.65)[0] - 0.5)
    assert placed > 2 * by_peak


def test_the_quantile_of_the_sum_is_far_below_the_sum_of_the_quantiles() -> None:
    parts = [Spread(1.0, 1.0)] * 100
    total = sum_of(parts, common_ratio=0.0)
    assert total.mean == pytest.approx(100.0)
    assert total.deviation == pytest.approx(10.0)
    assert total.quantile(0.99) < 0.4 * sum(part.quantile(0.99) for part in parts)
    assert sum_of(parts, common_ratio=0.2).quantile(0.99) > total.quantile(0.99)


def test_the_level_weighs_waiting_people_against_idle_machines() -> None:
    settings = PoolSettings(waiting_usd_per_hour=60.0, idle_seconds=1800.0)
    # Idle: 1.50 USD. Waiting: 15 people for 2 minutes at 60 USD an hour, 30 USD.
    assert critical_level(settings, TYPE, 15.0) == pytest.approx(30 / 31.5)
    slow = InstanceType("slow", TYPE.capacity, TYPE.usd_per_hour, 1200.0)
    assert critical_level(settings, slow, 15.0) > critical_level(settings, TYPE, 15.0)
    assert critical_level(PoolSettings(waiting_usd_per_hour=0.0), TYPE, 15.0) == 0.5


def test_the_plan_follows_the_scarcest_resource_and_its_bounds() -> None:
    typical = {Resource.CPU: Spread(1.0, 0.5), Resource.MEMORY: Spread(8 * GIB, GIB)}
    steps = [{Resource.CPU: Spread(50.0, 5.0), Resource.MEMORY: Spread(900 * GIB, 50 * GIB)}]
    plan = plan_pool(PoolSettings(), TYPE, steps, typical)
    assert plan.resource is Resource.MEMORY
    assert plan.count == 5
    assert plan_pool(PoolSettings(most_count=3), TYPE, steps, typical).count == 3
    assert plan_pool(PoolSettings(least_count=9), TYPE, [], typical).count == 9


def test_the_morning_is_known_before_it_comes() -> None:
    hours = WorkHours(40)
    loads = np.ones(40, np.float32)
    for day in range(8):
        for look in range(288):
            now = MONDAY + timedelta(days=day, seconds=300 * look)
            working = now.weekday() < 5 and 9 <= now.hour < 17
            hours.observe(now, np.full(40, working), loads)
    tuesday = MONDAY + timedelta(days=8)
    before, early = hours.ahead(tuesday + timedelta(hours=8, minutes=58), 600.0, loads)
    assert before.mean < 1
    assert early.mean > 39
    assert all(spread.mean < 1 for spread in hours.ahead(MONDAY + timedelta(days=12, hours=9), 600.0, loads))


def test_only_the_ways_of_the_table_are_gone() -> None:
    ready = Instance("pool-1", "large", TYPE.capacity, InstancePhase.READY, MONDAY)
    draining = moved_to(ready, InstancePhase.DRAINING, MONDAY)
    assert moved_to(draining, InstancePhase.READY, MONDAY).phase is InstancePhase.READY
    with pytest.raises(ValueError, match="pool-1 cannot go from ready to released; allowed: draining, failed"):
        moved_to(ready, InstancePhase.RELEASED, MONDAY)


def test_what_was_saved() -> None:
    whole = total_of([Account(3.0, 10.0), Account(4.0, 4.0)])
    assert (whole.saved_usd, whole.saved_ratio) == (7.0, 0.5)
    assert Account().saved_ratio is None
