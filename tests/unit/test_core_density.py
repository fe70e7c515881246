"""The density of the next minutes: what is decided is kept on record, and the record moves the price of a violation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from foreload_core.density import Engine, Grain, Record
from foreload_core.policy.exchange import Exchange, choose
from foreload_core.policy.knob import FITTED, KILLS_FROM
from foreload_core.types import Resource

STEP = 300.0
FOUR = (Resource.CPU, Resource.MEMORY, Resource.NETWORK_RX, Resource.NETWORK_TX)
NOTHING = np.zeros(1, bool)


def demand(turn: int) -> float:
    return 1.0 + 0.3 * math.sin(turn / 15) + 0.05 * (turn * 37 % 11)


def drive(engine: Engine, first: int, last: int, unit: float = 1.0) -> np.ndarray:
    for turn in range(first, last):
        engine.observe(STEP * turn, np.array([unit * demand(turn)]), NOTHING)
        engine.forecast()
    return engine.forecast().quantile(0.9)


def test_four_resources_need_at_most_twenty_kibibytes() -> None:
    engine = Engine(FOUR, Grain(STEP, 2), {})
    assert len(engine.to_bytes()) <= 20 * 1024


def test_it_goes_on_from_its_bytes_as_if_it_had_never_stopped() -> None:
    whole = Engine((Resource.CPU,), Grain(STEP, 2), {})
    drive(whole, 0, 400)
    resumed = Engine((Resource.CPU,), Grain(STEP, 2), {})
    resumed.restore(whole.to_bytes())
    assert drive(whole, 400, 500) == drive(resumed, 400, 500)
    assert whole.to_bytes() == resumed.to_bytes()


def test_many_environments_at_once_give_what_each_gives_alone() -> None:
    alone = Engine((Resource.CPU,), Grain(STEP, 2), {})
    together = Engine((Resource.CPU,) * 20, Grain(STEP, 2), [None] * 20, None, range(20))
    for turn in range(320):
        amounts = np.array([demand(turn * (1 + row % 3)) for row in range(20)])
        together.observe(STEP * turn, amounts, np.zeros(20, bool))
        alone.observe(STEP * turn, amounts[7:8], NOTHING)
        together.forecast()
        alone.forecast()
    assert together.forecast().quantile(0.9)[7] == pytest.approx(alone.forecast().quantile(0.9)[0], abs=1e-4)


def test_the_record_says_how_often_it_was_short_beside_how_often_that_was_expected() -> None:
    engine = Engine((Resource.CPU,), Grain(STEP, 2), {})
    short = 0
    for turn in range(300):
        violated = np.array([turn % 10 < 2])
        short += turn >= 2 and turn % 10 == 0
        engine.observe(STEP * turn, np.array([demand(turn)]), NOTHING, violated)
        engine.forecast()
        engine.decided(np.array([0.95]))
    record = engine.record
    assert 3.0 < record.ratio[0] < 4.0  # 1 of 5 was short, 1 of 20 was expected; the first few count as they were told
    assert record.kills[0] == pytest.approx(short, rel=0.05)


def test_where_nothing_is_decided_there_is_no_record() -> None:
    engine = Engine((Resource.CPU,), Grain(STEP, 2), {})
    for turn in range(50):
        engine.observe(STEP * turn, np.array([demand(turn)]), NOTHING, np.array([True]))
        engine.forecast()
    assert engine.record.ratio[0] == 1.0
    assert engine.record.kills[0] == 0.0


def test_an_interval_that_was_not_measured_does_not_count() -> None:
    engine = Engine((Resource.CPU,), Grain(STEP, 2), {})
    for turn in range(50):
        engine.observe(STEP * turn, np.array([math.nan if turn > 9 else 1.0]), NOTHING, np.array([turn > 9]))
        engine.forecast()
        engine.decided(np.array([0.9]))
    assert engine.record.kills[0] == 0.0


def test_who_was_killed_gets_more_memory_for_the_same_price() -> None:
    engine = Engine((Resource.MEMORY,), Grain(STEP, 2), {Resource.MEMORY: 16e9})
    drive(engine, 0, 400, unit=1e9)
    exchange = Exchange(np.array([3.0]), np.array([25.0]), np.zeros(1), np.array([0.03]), 0.5, 1.5)
    now, least, most = np.array([5e8]), np.array([1e7]), np.array([16e9])
    amounts = [
        choose(engine.forecast(), exchange, now, engine.mean, least, most, record).amount[0]
        for record in (None, Record(np.ones(1), np.zeros(1)), Record(np.ones(1), np.full(1, 4.0)))
    ]
    assert amounts[0] == amounts[1] < amounts[2]


def test_who_wants_it_cheap_takes_kills_as_they_come() -> None:
    meaning = FITTED[Resource.MEMORY]
    growth = [meaning.growth_by_kills(knob) for knob in (0.5, KILLS_FROM, 1.0, 2.0)]
    assert growth[0] == growth[1] == 1.0 < growth[2] <= growth[3]


def test_the_price_never_grows_past_a_bound() -> None:
    assert Record(np.ones(1), np.full(1, 1e3)).factor(0.5, 2.0)[0] == 32.0
