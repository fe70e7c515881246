"""Plain JSON: the same bytes for the same value, and messages that name what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from foreload_core.decide import State, canonical, state_from_json, tick_from_json
from foreload_core.plain import from_plain, to_plain
from foreload_core.types import Amounts, Forecast, Placement, Resource, Sample

NOW = "2026-01-05T07:42:43Z"
AT = datetime(2026, 11, 24, 14, 0, 0, 123456, tzinfo=UTC)


def test_defaults_are_left_out_and_unknown_fields_are_passed_over() -> None:
    assert to_plain(Amounts(2.0)) == {"cpu_cores": 2}
    assert from_plain(Amounts, {"cpu_cores": 2, "of_a_later_version": True}) == Amounts(2.0)


def test_times_keep_their_digits_and_become_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=9)))
    plain = to_plain(Sample(there, 10.0, Amounts()))
    assert plain == {"start": "2026-11-24T14:00:00.123456Z", "interval_seconds": 10, "used": {}}
    assert from_plain(Sample, plain).start == AT


def test_sets_are_lists_in_order_and_keys_may_be_numbers() -> None:
    placement = Placement("i", changeable=frozenset({Resource.MEMORY, Resource.CPU}))
    assert canonical(to_plain(placement)) == '{"changeable":["cpu","memory"],"instance_id":"i"}'
    forecast = Forecast(Resource.CPU, AT, 300.0, {0.9: (1.0,), 0.95: (2.5,)}, "x")
    assert from_plain(Forecast, json.loads(canonical(to_plain(forecast)))) == forecast


def test_numbers_that_json_does_not_know() -> None:
    sample = Sample(AT, float("inf"), Amounts(float("-inf")))
    assert from_plain(Sample, json.loads(canonical(to_plain(sample)))) == sample


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (None, "tick is None; expected is an object"),
        ([], "expected is an object"),
        ({}, "tick.now is missing"),
        ({"now": "yesterday"}, "tick.now is 'yesterday'; expected is a time"),
        ({"now": "2026-01-05T07:42:43"}, "needs its zone"),
        ({"now": NOW, "samples": {"a": [{"start": 3}]}}, "tick.samples.a[0].interval_seconds is missing"),
        ({"now": NOW, "wishes": {}}, "tick.wishes is {}; expected is a list"),
        ({"now": NOW, "scaling_allowed": [3]}, "expected is str"),
        ({"now": NOW, "settings": {"cpu_margin_ratio": "x"}}, "cpu_margin_ratio is 'x'; expected is a number"),
        ({"now": NOW, "placements": {"a": {"instance_id": "i", "changeable": ["disk"]}}}, "allowed are cpu"),
    ],
)
def test_what_is_no_tick_is_said_with_its_path(plain: object, words: str) -> None:
    with pytest.raises(ValueError, match=r"tick") as raised:
        tick_from_json(plain)
    assert words in str(raised.value)


def test_an_empty_state_is_empty() -> None:
    assert state_from_json({}) == State()


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no plain form"):
        to_plain(object())
