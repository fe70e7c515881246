"""Profiles: what is read, what is refused and with which words, and when windows happen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from foreload_core.profile import PROFILE_SCHEMA, Criticality, Profile, expand, new_profile_text, parse_profile
from foreload_core.types import Amounts, WindowKind

GIB = 1024**3
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # a Monday


def text_of(*windows: dict[str, Any], **about: Any) -> str:
    return json.dumps({"version": 1, "name": "mine", "timeZone": "Europe/Berlin", "windows": list(windows), **about})


def window(**about: Any) -> dict[str, Any]:
    return {"name": "Load test", "expect": {"cpuCores": 2}, **about}


def one(**about: Any) -> str:
    return text_of(window(**about))


def by_rule(rrule: str, start: str = "2026-01-01T09:00") -> str:
    return one(rrule=rrule, start=start, minutes=5)


def good(text: str) -> Profile:
    profile, problems = parse_profile(text)
    assert problems == []
    assert profile is not None
    return profile


def complaint(text: str | bytes) -> tuple[str, int, str]:
    profile, problems = parse_profile(text)
    assert profile is None
    assert len(problems) == 1, problems
    return problems[0].path, problems[0].line, problems[0].message


def starts(text: str, days: float = 7, now: datetime = NOW) -> list[str]:
    numbers = expand(good(text), now, now + timedelta(days=days))
    return [f"{each.start:%d %H:%M}-{each.end:%H:%M}" for each in numbers.windows]


def test_a_whole_profile_is_read() -> None:
    expect = {"cpuCores": 6, "memoryGib": 10, "networkRxMegabytesPerSecond": 2}
    day = "2026-12-01 09:00-17:00"
    profile = good(
        text_of(
            window(every="Tuesday 14:00-16:00", expect=expect),
            {"name": "Night", "kind": "idle", "every": "day 20:00-07:00"},
            {"id": "release", "name": "Release", "kind": "deadline", "dates": [day], "factor": 1.5},
            minimum={"cpuCores": 0.5},
            maximum={"cpuCores": 8},
            budgetUsdPerMonth=90,
            preference=0.75,
            tasks={"Build the docs": "low"},
        )
    )
    assert profile.windows[0].expected == Amounts(6.0, 10 * GIB, None, 2e6)
    assert [each.kind for each in profile.windows] == [WindowKind.PEAK, WindowKind.IDLE, WindowKind.DEADLINE]
    assert profile.window_names == {"window-1": "Load test", "window-2": "Night", "release": "Release"}
    assert profile.maximum == Amounts(8.0)
    assert (profile.budget_usd_per_month, profile.preference_ratio) == (90, 0.75)
    assert profile.tasks == {"Build the docs": Criticality.LOW}


def test_a_new_profile_is_good() -> None:
    profile = good(new_profile_text("Café “x”", "Asia/Tokyo"))
    assert (profile.name, len(profile.windows)) == ("Café “x”", 1)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"every": "Tuesday 14:00-16:00"}, ["24 13:00-15:00"]),
        ({"every": "day 09:00"}, [f"{day} 08:00-08:30" for day in range(23, 30)]),
        ({"every": "weekday 09:00-18:00"}, [f"{day} 08:00-17:00" for day in range(23, 28)]),
        ({"every": "weekend 10:00-24:00"}, ["28 09:00-23:00", "29 09:00-23:00"]),
        ({"every": "Monday, wednesday 10:00-11:00"}, ["23 09:00-10:00", "25 09:00-10:00"]),
        ({"every": "Friday 22:00-02:00"}, ["27 21:00-01:00"]),
        ({"dates": ["2026-11-26 09:00-17:00", "2026-11-24 08:00"]}, ["24 07:00-07:30", "26 08:00-16:00"]),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TH", "start": "2026-01-01T14:00", "minutes": 90}, ["26 13:00-14:30"]),
        ({"rrule": "FREQ=MONTHLY;BYDAY=-1FR", "start": "2026-01-01T14:00", "minutes": 60}, ["27 13:00-14:00"]),
        ({"cron": "30 9 * * MON-WED", "minutes": 15}, [f"{day} 08:30-08:45" for day in (23, 24, 25)]),
        ({"cron": "0 12 24 11 5", "minutes": 15}, ["24 11:00-11:15", "27 11:00-11:15"]),
        ({"cron": "0 */12 29 * *", "minutes": 5}, ["28 23:00-23:05", "29 11:00-11:05"]),
        ({"cron": "0 9 * * SAT-SUN", "minutes": 5}, ["28 08:00-08:05", "29 08:00-08:05"]),
    ],
)
def test_when_windows_happen(rule: dict[str, Any], expected: list[str]) -> None:
    assert starts(text_of(window(**rule))) == expected


def test_a_window_that_goes_on_now_counts() -> None:
    now = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    assert starts(text_of(window(every="Tuesday 14:00-16:00")), 1, now) == ["24 13:00-15:00"]


def test_wall_times_stay_when_the_clocks_change() -> None:
    daily = text_of(window(every="day 09:00-10:00"))
    october = datetime(2026, 10, 24, 0, 0, tzinfo=UTC)
    assert starts(daily, 2, october) == ["24 07:00-08:00", "25 08:00-09:00"]
    march = datetime(2026, 3, 28, 0, 0, tzinfo=UTC)
    assert starts(daily, 2, march) == ["28 08:00-09:00", "29 07:00-08:00"]


def test_the_hour_that_is_left_out_and_the_hour_that_comes_twice() -> None:
    march = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert starts(text_of(window(every="day 02:30-02:45")), 1, march) == ["29 01:30-01:45"]
    assert starts(text_of(window(every="day 01:30-03:30")), 1, march) == ["29 00:30-01:30"]
    october = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert starts(text_of(window(every="day 02:30-02:45")), 1, october) == ["25 00:30-00:45"]
    assert starts(text_of(window(every="day 01:30-03:30")), 1, october) == ["24 23:30-02:30"]


def test_no_more_than_five_hundred_occurrences() -> None:
    numbers = expand(good(text_of(window(cron="* * * * *", minutes=1))), NOW, NOW + timedelta(days=7), 3)
    assert len(numbers.windows) == 500
    assert numbers.windows_until == NOW + timedelta(minutes=500)
    assert numbers.revision == 3


def test_the_words_for_too_much() -> None:
    text = text_of(window(every="day 09:00", expect={"cpuCores": 9}), maximum={"cpuCores": 8}).replace(
        '"expect"', '\n"expect"'
    )
    assert complaint(text) == (
        "windows[0].expect.cpuCores",
        2,
        "9 cores are more than your maximum of 8. Expect at most 8, or raise the maximum to at least 9.",
    )


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (text_of(minimum={"cpuCores": 4}, maximum={"cpuCores": 2}), "minimum.cpuCores", "more than your maximum of 2"),
        (one(every="Tuesdays 9-10"), "windows[0].every", "“Tuesdays 9-10” is no recurring time"),
        (one(every="day 09:00-09:00"), "windows[0].every", "ends when it begins"),
        (one(every="day 09:00", cron="* * * * *"), "windows[0]", "every and cron are given"),
        (one(), "windows[0]", "none is given"),
        (one(cron="* * * * *"), "windows[0]", "“cron” needs “minutes” beside it"),
        (one(cron="61 * * * *", minutes=5), "windows[0].cron", "allowed are 0 to 59"),
        (one(cron="* * *", minutes=5), "windows[0].cron", "has 3 fields; cron has 5"),
        (one(cron="* * * * *", minutes=0), "windows[0].minutes", "a whole number from 1 to 10080"),
        (one(every="day 09:00", minutes=5), "windows[0].minutes", "“minutes” goes with rrule or cron"),
        (
            by_rule("FREQ=SECONDLY"),
            "windows[0].rrule",
            "Begin with FREQ=DAILY",
        ),
        (by_rule("FREQ=DAILY;BYFOO=1"), "windows[0].rrule", "BYFOO"),
        (
            by_rule("FREQ=DAILY;INTERVAL=0"),
            "windows[0].rrule",
            "at least 1",
        ),
        (
            by_rule("FREQ=DAILY;BYMONTH=13"),
            "windows[0].rrule",
            "never happens",
        ),
        (
            by_rule("FREQ=DAILY", "tomorrow"),
            "windows[0].rrule",
            "“tomorrow” is no local time",
        ),
        (one(dates=["2026-02-30 09:00-10:00"]), "windows[0].dates", "not in the calendar"),
        (one(every="day 09:00", kind="pek"), "windows[0].kind", "allowed are peak, idle, deadline"),
        (one(every="day 09:00", factor=2), "windows[0].factor", "either “expect” or “factor”"),
        (text_of({"name": "x", "every": "day 09:00"}), "windows[0]", "does not say what is needed"),
        (
            one(every="day 09:00", expect={"cpuCore": 2}),
            "windows[0].expect.cpuCore",
            "Did you mean “cpuCores”?",
        ),
        (
            one(every="day 09:00", expect={"cpuCores": "2"}),
            "windows[0].expect.cpuCores",
            "a number is expected",
        ),
        (
            one(every="day 09:00", expect={"cpuCores": -1}),
            "windows[0].expect.cpuCores",
            "allowed is more than 0 to 1024",
        ),
        (one(every="day 09:00", id="My Id"), "windows[0].id", "a to z"),
        (text_of(window(every="day 09:00", id="a"), window(every="day 10:00", id="a")), "windows[1].id", "used twice"),
        (text_of(timeZone="Berlin"), "timeZone", "“Berlin” is no time zone"),
        (text_of(timeZone="../../etc/passwd"), "timeZone", "is no time zone"),
        (text_of(preference=1.5), "preference", "allowed is 0 to 1"),
        (text_of(budgetUsdPerMonth=0), "budgetUsdPerMonth", "more than 0"),
        (text_of(tasks={"docs": "urgent"}), "tasks.docs", "allowed are low, normal, high"),
        (text_of(version=2), "version", "this program knows version 1"),
        (text_of(name=" "), "name", "1 to 80 characters"),
        ('{"version": 1, "name": "x"}', "", "no “timeZone”"),
        ("[]", "", "The profile is a list"),
        ('{"version": 1,}', "", "remove the comma"),
        ('{\n  // mine\n  "version": 1}', "", "comments are not allowed"),
        ('{"version": 1, "version": 1}', "", "“version” is given twice"),
        ('{"version": NaN}', "", "NaN is no number"),
        ('{"version": ' + "9" * 5000 + "}", "", "thousands of digits"),
        ("", "", "is empty"),
        ("[" * 100_000, "", "nested more than 16 deep"),
        ('{"a":' * 100_000, "", "nested more than 16 deep"),
        (b"\x00\xff\x00\xff", "", "is no text"),
        (b"\x7fELF" + bytes(range(256)) * 10, "", "is no text"),
        ("x" * 50_000_000, "", "50.0 MB; at most 1 MB"),
    ],
)
def test_what_is_wrong_is_said_once_and_in_words(text: str | bytes, path: str, words: str) -> None:
    found_path, line, message = complaint(text)
    assert found_path == path
    assert words in message
    assert line >= 1
    assert message.endswith((".", "?"))


def test_all_problems_come_at_once_in_the_order_of_their_lines() -> None:
    text = '{\n"version": 1,\n"name": "",\n"timeZone": "UTC",\n"windows": [\n{"name": "a"},\n{"name": "b", "kind": 3}]}'
    _, problems = parse_profile(text)
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    assert {problem.path for problem in problems} == {"name", "windows[0]", "windows[1]", "windows[1].kind"}


def test_the_schema_offers_descriptions_and_snippets() -> None:
    assert PROFILE_SCHEMA["defaultSnippets"]
    for name, about in PROFILE_SCHEMA["properties"]["windows"]["items"]["properties"].items():
        assert about["description"], name
