"""The profile's editor: what a hand does to the text, what of a half-right one is shown, what the history offers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from foreload_core.profile import parse_profile
from foreload_core.types import Amounts, ProfileNumbers, Sample
from foreload_daemon.history.samples import Row
from foreload_daemon.pages.profile.changes import changed
from foreload_daemon.pages.profile.page import profile_page
from foreload_daemon.pages.profile.patterns import find_patterns, week_of_use
from foreload_daemon.pages.profile.preference import PREFERENCES, StopsRequest, simulate_here
from foreload_daemon.pages.profile.words import recurrence_words
from foreload_daemon.protocol import ProfileChange
from foreload_daemon.wire import BadMessage
from hypothesis import given
from hypothesis import strategies as st

GIB = 2**30
NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
NO_USE = week_of_use([], "UTC")


def profile(*windows: dict[str, Any], **more: Any) -> str:
    return json.dumps({"version": 1, "name": "Week", "timeZone": "UTC", "windows": list(windows), **more}, indent=2)


def change(text: str, action: str, **more: Any) -> tuple[list[dict[str, Any]], str]:
    made = changed(ProfileChange(text, action, **more))
    parsed, problems = parse_profile(made.text)
    assert parsed is not None, problems
    return json.loads(made.text)["windows"], made.said


MORNINGS = {"name": "Mornings", "kind": "peak", "every": "weekday 09:30-11:30", "expect": {"cpuCores": 3}}


def test_painting_makes_a_window_and_a_second_day_joins_it() -> None:
    painted = changed(ProfileChange(profile(), "paint", day=1, startMinute=960, endMinute=1020, cores=6.0))
    windows, said = change(painted.text, "paint", day=3, startMinute=960, endMinute=1020, cores=6.0)
    assert [window["every"] for window in windows] == ["Tuesday, Thursday 16:00-17:00"]
    assert said == "Peak now also on Thursday, 16:00 to 17:00."


def test_another_need_at_the_same_time_is_another_window() -> None:
    painted = changed(ProfileChange(profile(), "paint", day=1, startMinute=960, endMinute=1020, cores=6.0))
    windows, _ = change(painted.text, "paint", day=3, startMinute=960, endMinute=1020, cores=2.0)
    assert len(windows) == 2


def test_a_whole_day_may_be_painted() -> None:
    windows, _ = change(profile(), "paint", day=5, startMinute=0, endMinute=1440, kind="idle")
    assert windows == [{"name": "Idle", "kind": "idle", "every": "Saturday 00:00-24:00"}]


def test_moving_a_block_moves_its_rule_and_a_single_day_goes_along() -> None:
    windows, said = change(profile(MORNINGS), "move", index=0, day=2, startMinute=600, endMinute=720)
    assert windows[0]["every"] == "weekday 10:00-12:00"
    assert said == "Mornings is now Monday to Friday, 10:00 to 12:00."
    alone = {**MORNINGS, "every": "Tuesday 09:30-11:30"}
    assert change(profile(alone), "move", index=0, day=4, startMinute=600, endMinute=720)[0][0]["every"] == (
        "Friday 10:00-12:00"
    )


def test_erasing_a_day_keeps_the_others_and_erasing_hours_keeps_the_rest_of_the_day() -> None:
    windows, said = change(profile(MORNINGS), "erase", index=0, day=1)
    assert windows[0]["every"] == "Monday, Wednesday, Thursday, Friday 09:30-11:30"
    assert said == "Mornings no longer on Tuesday."
    windows, _ = change(profile(MORNINGS), "erase", day=1, startMinute=600, endMinute=660)
    assert sorted(window["every"] for window in windows) == [
        "Monday, Wednesday, Thursday, Friday 09:30-11:30",
        "Tuesday 09:30-10:00",
        "Tuesday 11:00-11:30",
    ]


def test_a_value_is_set_by_its_path_and_taken_away_by_nothing() -> None:
    text = changed(ProfileChange(profile(), "set", path="maximum.cpuCores", value="8")).text
    assert json.loads(text)["maximum"] == {"cpuCores": 8}
    assert "maximum" not in json.loads(changed(ProfileChange(text, "set", path="maximum.cpuCores")).text)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (ProfileChange("{", "paint"), "only be changed as text"),
        (ProfileChange("[]", "paint"), "no JSON object"),
        (ProfileChange("{}", "fly"), "allowed are paint, move, erase, set, remove, add"),
        (ProfileChange("{}", "paint", day=7), "allowed is 0 to 6"),
        (ProfileChange("{}", "paint", startMinute=900, endMinute=600), "start before end"),
        (ProfileChange("{}", "remove", index=3), "the profile has 0 windows"),
        (ProfileChange("{}", "set", path="__proto__[0]; x", value="1"), "allowed is one such as"),
        (ProfileChange("{}", "set", path="preference", value="{"), "allowed is JSON"),
    ],
)
def test_a_bad_change_says_what_is_allowed_and_changes_nothing(made: ProfileChange, says: str) -> None:
    with pytest.raises(BadMessage, match=says):
        changed(made)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 47), st.integers(1, 20), st.booleans()), max_size=12))
def test_whatever_a_hand_does_the_text_stays_a_profile(strokes: list[tuple[int, int, int, bool]]) -> None:
    text = profile(MORNINGS)
    for day, first, length, paints in strokes:
        start, end = first * 30, min(1440, (first + length) * 30)
        action = "paint" if paints else "erase"
        text = changed(ProfileChange(text, action, day=day, startMinute=start, endMinute=end, cores=2.0)).text
        assert parse_profile(text)[0] is not None, text


def test_a_half_right_text_shows_what_is_right_and_offers_the_ways_out() -> None:
    release = {"name": "Release", "kind": "deadline", "every": "Thursday 14:00-18:00", "expect": {"cpuCores": 9}}
    broken = {"name": "Broken", "every": "sometimes", "expect": {"cpuCores": 1}}
    page = profile_page(profile(MORNINGS, release, broken, maximum={"cpuCores": 8}), "env", NOW, NO_USE, "")
    assert [block.rule for block in page.blocks].count(0) == 5
    assert [block.wrong for block in page.blocks if block.rule == 1] == [True]
    assert [problem.rule for problem in page.problems] == [1, 2]
    assert [fix.label for fix in page.problems[0].fixes] == ["Expect 8", "Raise to 9"]
    assert page.rules[2].words == "not understood yet"
    repaired = changed(
        ProfileChange(profile(release, maximum={"cpuCores": 8}), "set", path="maximum.cpuCores", value="9")
    )
    assert parse_profile(repaired.text)[0] is not None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"windows": 3}', '{"windows": [1, null, "x"], "timeZone": 4}']
)
def test_no_text_breaks_the_page(text: str) -> None:
    page = profile_page(text, "env", NOW, NO_USE, "")
    assert page.problems
    assert len(page.days) == 7


def test_a_window_that_is_off_is_listed_and_happens_never() -> None:
    page = profile_page(profile({**MORNINGS, "enabled": False}), "env", NOW, NO_USE, "")
    assert not page.blocks
    assert (page.rules[0].enabled, page.rules[0].next) == (False, "off")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=MONTHLY;BYDAY=-1TH", "last Thursday of the month"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "first Monday of the month"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "the last day of the month"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "every 2 weeks, Tuesday"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Monday to Friday"),
        ("FREQ=YEARLY;BYWEEKNO=20", "by a rule of its own"),
    ],
)
def test_rules_are_said_in_words(rule: str, words: str) -> None:
    assert recurrence_words(rule) == words


def weeks_of_use(peak_weeks: int) -> list[Row]:
    rows: list[Row] = []
    begin = NOW - timedelta(days=28)
    for quarter in range(28 * 96):
        at = begin + timedelta(minutes=15 * quarter)
        is_peak = at.weekday() == 1 and 16 <= at.hour < 17 and (NOW - at).days // 7 < peak_weeks
        used = Amounts(5.2 if is_peak else 0.8, GIB)
        start = int(at.timestamp()) // 900 * 900
        rows.append(Row(start, 900.0, used, used, Amounts(), 0.0, 0))
    return rows


def test_what_came_back_each_week_is_offered_once_as_the_person_would_say_it() -> None:
    (pattern,) = find_patterns(week_of_use(weeks_of_use(4), "UTC"))
    assert (pattern.every, pattern.cores) == ("Tuesday 16:00-17:00", 5.5)
    assert pattern.words == "On the last 4 Tuesdays you needed up to 5.5 cores from 16:00 to 17:00."


def test_what_came_once_or_is_expected_already_is_no_pattern() -> None:
    assert find_patterns(week_of_use(weeks_of_use(1), "UTC")) == []
    expected = [[0.0] * 48 for _ in range(7)]
    expected[1][32] = expected[1][33] = 6.0
    assert find_patterns(week_of_use(weeks_of_use(4), "UTC"), expected) == []


def test_a_faster_preference_costs_more_and_is_short_no_longer() -> None:
    demand = tuple(
        Sample(NOW + timedelta(minutes=5 * step), 300.0, Amounts(0.5 + (step % 7) * 0.4, GIB), Amounts(), 0.0, 0)
        for step in range(400)
    )
    capacity, floor = Amounts(8.0, 16 * GIB), Amounts(0.5, GIB)
    answer = simulate_here(StopsRequest(demand, capacity, floor, Amounts(2.0, 4 * GIB), ProfileNumbers(revision=1)))
    assert tuple(stop.preference_ratio for stop in answer.stops) == PREFERENCES
    assert answer.stops[-1].cost_usd > answer.stops[0].cost_usd
    assert answer.stops[-1].throttled_seconds <= answer.stops[0].throttled_seconds
