"""The schema in the editor and the parser agree, and no text makes the parser raise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
from foreload_core.profile import PROFILE_SCHEMA, expand, parse_profile
from hypothesis import given, settings
from hypothesis import strategies as st

VALIDATOR = jsonschema.Draft7Validator(PROFILE_SCHEMA)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
junk = (
    st.none() | st.booleans() | st.integers(-5, 2000) | st.floats(allow_nan=False) | st.text(max_size=5) | st.just([])
)
amounts = st.dictionaries(
    st.sampled_from(["cpuCores", "memoryGib", "gpuCount", "cores"]), st.floats(-1, 4) | junk, max_size=2
)
every = st.sampled_from(
    ["day 09:00", "Tuesday 14:00-16:00", "weekday 22:00-02:00", "monday,Friday 10:00-24:00", "day 25:00", "Tue 10:00"]
)
windows = st.fixed_dictionaries(
    {"name": st.just("Load test") | junk},
    optional={
        "id": st.sampled_from(["a", "A", "b-1"]),
        "kind": st.sampled_from(["peak", "idle", "deadline", "other"]),
        "every": every | junk,
        "rrule": st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU", "FREQ=HOURLY", "daily"]),
        "start": st.sampled_from(["2026-01-05T09:00", "2026-01-05"]),
        "minutes": st.integers(-1, 20_000) | junk,
        "dates": st.lists(st.sampled_from(["2026-12-01 09:00-17:00", "2026-12-01", "2026-12-01 09:00"]), max_size=2),
        "cron": st.sampled_from(["0 9 * * *", "*/5 * * * MON"]),
        "expect": amounts,
        "factor": st.floats(-1, 3) | junk,
    },
)
good_windows = st.builds(
    lambda text, cores: {"name": "Load test", "every": text, "expect": {"cpuCores": cores}}, every, st.floats(0.1, 8)
)
profiles = st.fixed_dictionaries(
    {"version": st.just(1) | st.just(1) | junk, "name": st.just("mine"), "timeZone": st.just("UTC")},
    optional={
        "$schema": st.just("x") | junk,
        "windows": st.lists(windows | good_windows, max_size=2) | junk,
        "minimum": amounts,
        "maximum": amounts | junk,
        "budgetUsdPerMonth": st.floats(-1, 100) | junk,
        "preference": st.floats(-1, 2) | junk,
        "tasks": st.dictionaries(st.text(max_size=3), st.sampled_from(["low", "high", "x"]), max_size=2) | junk,
        "extra": junk,
    },
)
# What a schema cannot say: the parser knows more than it.
BEYOND = ("more than your maximum", "used twice", "ends when it begins", "not in the calendar")


@given(profiles)
@settings(deadline=None, max_examples=300)
def test_schema_and_parser_agree(document: dict[str, Any]) -> None:
    _, problems = parse_profile(json.dumps(document))
    beyond = [problem for problem in problems if any(words in problem.message for words in BEYOND)]
    assert VALIDATOR.is_valid(document) is (len(problems) == len(beyond)), problems


@given(
    st.text()
    | st.binary()
    | st.recursive(junk, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps)
)
@settings(deadline=None, max_examples=200)
def test_no_text_makes_the_parser_raise(text: str | bytes) -> None:
    profile, problems = parse_profile(text)
    assert (profile is None) is bool(problems)
    assert all(problem.message and problem.line >= 1 for problem in problems)


@given(
    st.lists(good_windows, max_size=3),
    st.integers(0, 400),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
)
@settings(deadline=None, max_examples=100)
def test_occurrences_lie_in_their_range_and_in_order(found: list[dict[str, Any]], day: int, zone: str) -> None:
    profile, problems = parse_profile(json.dumps({"version": 1, "name": "x", "timeZone": zone, "windows": found}))
    if profile is None:
        assert problems
        return
    now = NOW + timedelta(days=day)
    numbers = expand(profile, now, now + timedelta(days=10))
    starts = [each.start for each in numbers.windows]
    assert starts == sorted(starts)
    assert all(
        each.end > now and each.start < now + timedelta(days=10) and each.start < each.end for each in numbers.windows
    )
