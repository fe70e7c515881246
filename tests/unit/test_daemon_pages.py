"""The words of gauge and dashboard, state by state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.types import (
    Actuation,
    ActuationResult,
    Amounts,
    Ask,
    EnvironmentDecision,
    Forecast,
    PlannedChange,
    Reason,
    Resource,
    Sample,
    TargetChange,
)
from foreload_daemon.broker.news import Standing
from foreload_daemon.broker.state import Connection, LinkState
from foreload_daemon.consent import Effective
from foreload_daemon.forecasts import Outlook
from foreload_daemon.history.samples import Row
from foreload_daemon.pages import words
from foreload_daemon.pages.decision_rows import Decided, planned_rows, rows
from foreload_daemon.pages.gauge import gauge
from foreload_daemon.pages.series import RANGES, series, times
from foreload_daemon.pages.situation import RunningRun, Situation
from foreload_daemon.pages.warning import LimitWatch, MemoryWarning, outlook

GIB = 2**30
NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
ALL = Effective(analysis=True, automatic_scaling=True)
CONNECTED = LinkState(Connection.CONNECTED)
DOWN = LinkState(
    Connection.DOWN, "The broker at b:1 does not answer.", NOW - timedelta(minutes=14), NOW + timedelta(seconds=40)
)
LONG = Outlook(measured_seconds=30 * 86400.0)
UP = PlannedChange(
    Resource.CPU,
    6.5,
    NOW + timedelta(minutes=12),
    Reason("windows", "window_soon", {"begins_seconds": 720, "expected_cpu_cores": 6}, "w-1"),
)
CALM = Situation(
    now=NOW,
    environment="checkout-api",
    used=Amounts(2.1, int(5.2 * GIB)),
    limit=Amounts(4.0, 8 * GIB),
    measured_at=NOW - timedelta(seconds=1),
    given=True,
    allowed=ALL,
    link=CONNECTED,
    has_broker=True,
    outlook=LONG,
    names={"w-1": "Load test"},
)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


SHADOW = replace(CALM, link=replace(CONNECTED, shadow_mode=True), standing=Standing(target=Amounts(6.5)))
PAUSED = replace(CALM, standing=Standing(paused_until=NOW + timedelta(minutes=164)))
FULL = replace(CALM, warning=MemoryWarning(int(7.6 * GIB), 8 * GIB, 240.0, 90 * 2**20))
BOTH = "2.1/4 cores · 5.2/8 GiB"
STATES = [
    (CALM, "calm", BOTH, "good"),
    (replace(CALM, standing=Standing(planned=(UP,))), "changing", f"{BOTH} $(arrow-up)6.5 at 14:28", "good"),
    (SHADOW, "shadow", "2.1/4 cores · would go to 6.5", "shadow"),
    (replace(CALM, outlook=Outlook(measured_seconds=2400)), "learning", f"{BOTH} · learning", "good"),
    (PAUSED, "paused", "2.1/4 cores · paused until 17:00", "paused"),
    (replace(CALM, given=False, allowed=Effective()), "noPermission", f"{BOTH} · not allowed yet", "noPermission"),
    (replace(CALM, link=DOWN), "noBroker", f"{BOTH} · no broker", "noBroker"),
    (FULL, "warning", "7.6/8 GiB · full in about 4 min", "warning"),
    (replace(CALM, measured_at=None), "starting", "Foreload: starting", "learning"),
]


@pytest.mark.parametrize(("situation", "state", "text", "kind"), STATES)
def test_each_state_has_its_text(situation, state, text, kind):
    shown = gauge(situation)
    assert (shown.state, shown.text) == (state, text)
    assert words.status(situation)[1] == kind
    assert words.sentence(situation).endswith(".")


def test_sentences_say_what_is_so_and_what_comes():
    assert words.sentence(STATES[1][0]) == (
        "Now 2.1 of 4 cores. “Load test” begins in 12 min and is expected to need 6 cores: going up to 6.5 at 14:28."
    )
    assert (
        words.sentence(STATES[5][0]) == "Now 2.1 of 4 cores. Nothing is analysed, shared or changed until you say so."
    )
    assert (
        words.sentence(STATES[4][0]) == "Now 2.1 of 4 cores. Paused by you until 17:00: limits stay at 4 cores, 8 GiB."
    )
    assert words.sentence(replace(STATES[3][0], link=CONNECTED)) == (
        "Now 2.1 of 4 cores. Watching for 40 min: the first forecast comes at about 15:40."
    )
    run = replace(CALM, runs=(RunningRun("heavy.py", NOW - timedelta(minutes=6), 6.0),))
    assert words.sentence(run) == "Now 2.1 of 4 cores. heavy.py runs since 14:10 and is expected to need 6 cores."


def test_strips_say_what_to_do():
    strip = words.strip(STATES[6][0])
    assert strip.title == "The broker has not answered since 14:02."
    assert strip.text.startswith("Your limits stay as they are: 4 cores, 8 GiB. Forecasts go on, made here.")
    assert "asks again in 40 s" in strip.text
    assert [name for name, _ in strip.actions] == ["tryBroker", "runDoctor", "showLog"]
    refused = replace(CALM, link=LinkState(Connection.REFUSED, "cert.pem expired at 2026-11-24T14:00:00Z", NOW))
    assert words.strip(refused).title.startswith("cert.pem expired")
    assert words.strip(STATES[4][0]).actions[0] == ("resume", "Resume now")
    assert words.strip(STATES[5][0]).actions[0][0] == "permission"
    assert words.strip(CALM) is None
    skewed = replace(CALM, link=replace(CONNECTED, skew_seconds=95.0))
    assert "2 min behind the broker's" in words.strip(skewed).title


def test_old_data_says_how_old_it_is():
    old = replace(CALM, measured_at=NOW - timedelta(minutes=3))
    assert words.status(old) == ("Data 3 min old", "warning")
    assert words.sentence(old).startswith("At the last measurement 2.1 of 4 cores.")


def forecast(values, skill=None, method="seasonal_naive_week"):
    levels = {0.1: tuple(v * 0.5 for v in values), 0.5: tuple(v * 0.8 for v in values), 0.9: tuple(values)}
    return Forecast(Resource.CPU, NOW, 300.0, levels, method, skill)


def with_forecast(skill, tried=None, method="prophet"):
    made = forecast([2.0] * 4 + [6.0] * 4, skill, method)
    return replace(LONG, by_resource={Resource.CPU: made}, ask=Ask(1, NOW, NOW, (made,)), tried=tried)


def test_skill_is_said_honestly():
    assert words.skill_text(replace(CALM, outlook=with_forecast(0.31))) == (
        "Good enough to act on. In the last 14 days it was 31 % closer than “same as last week”."
    )
    naive = with_forecast(0.0, tried=-0.2, method="seasonal_naive_week")
    assert words.skill_text(replace(CALM, outlook=naive)).startswith("Not better than “same as last week” now")
    assert words.skill_text(CALM).startswith("Not known yet.")


def test_series_lie_on_one_axis_with_now_on_it():
    span = RANGES["6h"]
    axis = times(span, NOW.timestamp())
    past = [
        Row(int(NOW.timestamp()) - 60 * k, 60.0, Amounts(1.0), Amounts(1.5), Amounts(4.0), 0.0, 0)
        for k in range(30, 0, -1)
    ]
    situation = replace(CALM, outlook=with_forecast(0.3), standing=Standing(planned=(UP,)))
    line = series(Resource.CPU, axis, span, past, situation, (), None)
    assert {len(values) for values in (line.used, line.limit, line.planned, line.low, line.middle, line.high)} == {
        len(axis)
    }
    place = axis.index(NOW.timestamp())
    assert line.used[place] == 2.1
    assert line.used[place - 1] == 1.0
    assert line.used[place + 1] is None
    assert line.planned[place] == 4.0
    assert line.planned[axis.index((NOW + timedelta(minutes=13)).timestamp())] == 6.5
    assert line.nextPeak.startswith("next peak 6 at 14:")
    hidden = series(Resource.CPU, axis, span, past, situation, (), words.NO_FORECAST_ALLOWED)
    assert set(hidden.high) == {None}
    assert hidden.nextPeak == "no forecast: not allowed"


def decided(revision, minutes_ago, before, after, *, actuation=Actuation.APPLIED, **more):
    at = NOW - timedelta(minutes=minutes_ago)
    change = TargetChange(
        Resource.CPU, before, after, (Reason("live_use", "live_use", {"use_cpu_cores": 2.0, "need_cpu_cores": after}),)
    )
    result = ActuationResult("i", "e", Resource.CPU, actuation, after, "", at)
    return Decided(
        EnvironmentDecision("e", revision, at, Amounts(after), (change,)),
        (result,),
        more.get("undone", False),
        more.get("dry_run", False),
    )


def test_outcomes_admit_mistakes():
    def past(peak, throttled=0.0):
        return lambda start, end: [Row(int(start), 60.0, Amounts(peak), Amounts(peak), Amounts(4.0), throttled, 0)]

    def outcome(item, measured):
        return rows([item], measured, NOW, {}, True)[0]

    assert outcome(decided(1, 30, 2.0, 4.0), past(3.6)).outcomeText == "right, peak 3.6"
    assert outcome(decided(1, 30, 2.0, 4.0), past(1.1)).outcome == "notNeeded"
    assert outcome(decided(1, 30, 4.0, 2.0), past(2.0, throttled=240.0)).outcomeText == "too little, 4 min short"
    assert outcome(decided(1, 30, 2.0, 4.0, undone=True), past(1.0)).outcomeText == "undone by you"
    assert outcome(decided(1, 30, 2.0, 4.0, dry_run=True), past(1.0)).outcome == "shadow"
    assert outcome(decided(1, 30, 2.0, 4.0, actuation=Actuation.REFUSED), past(1.0)).outcome == "refused"
    fresh = outcome(decided(1, 0.5, 2.0, 4.0), past(3.0))
    assert (fresh.outcome, fresh.what, fresh.actions) == ("applied", "CPU 2 → 4 cores", ["why", "undo", "pin"])
    assert rows([decided(1, 30, 2.0, 4.0)], past(3.6), NOW, {}, False)[0].actions == ["why"]


def test_planned_changes_carry_names_and_may_be_declined():
    (row,) = planned_rows((UP,), Amounts(4.0).get, {"w-1": "Load test"}, can_act=True)
    assert row.what == "CPU 4 → 6.5 cores"
    assert "“Load test”" in row.why
    assert (row.outcome, row.actions, row.decisionId) == ("planned", ["decline"], "w-1")


def climb(start_gib, gib_a_minute, seconds=120):
    return [
        Sample(NOW + timedelta(seconds=s), 5.0, Amounts(1.0, int((start_gib + gib_a_minute * s / 60) * GIB)))
        for s in range(0, seconds, 5)
    ]


def test_memory_that_climbs_to_its_limit_is_seen():
    found = outlook(climb(6.0, 0.1), 8 * GIB)
    assert found is None
    found = outlook(climb(7.0, 0.2), 8 * GIB)
    assert found is not None
    assert found.full_in_seconds == pytest.approx(180, abs=30)
    assert outlook(climb(1.0, 0.2), 8 * GIB) is None
    assert outlook(climb(7.9, 0.0), 8 * GIB).full_in_seconds == 0
    assert outlook(climb(7.0, -0.2), 8 * GIB) is None
    assert outlook([], 8 * GIB) is None


def test_a_warning_needs_three_looks_and_calms_after_three_minutes():
    watch, found = LimitWatch(), MemoryWarning(7, 8, 100.0, 1.0)
    assert watch.look(found, 0.0) is None
    assert watch.look(None, 5.0) is None
    assert watch.look(found, 10.0) is None
    assert watch.look(found, 15.0) is None
    assert watch.look(found, 20.0) == found
    assert watch.look(None, 25.0) == found
    assert watch.look(None, 204.0) == found
    assert watch.look(None, 206.0) is None
