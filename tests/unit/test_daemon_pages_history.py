"""What the pages make of the past: cost, trends, the ledger, a decision's steps, and memory that ran out."""

from __future__ import annotations

import csv
import io
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.types import Amounts, Forecast, Prices, Reason, Resource, TargetChange
from foreload_daemon.broker.state import Connection, LinkState
from foreload_daemon.consent import Effective
from foreload_daemon.history import choices, ledger
from foreload_daemon.history.samples import Row
from foreload_daemon.history.schema import MIGRATIONS
from foreload_daemon.pages import cost, words
from foreload_daemon.pages.decision_steps import explained
from foreload_daemon.pages.ledger import Confirmations, csv_text, ledger_page
from foreload_daemon.pages.situation import Killed, Situation
from foreload_daemon.pages.skill_days import DayLoss, better_text
from foreload_daemon.pages.trends import trends

GIB = 2**30
NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
CAPACITY = Amounts(8.0, 16 * GIB)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch):
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def quarters(days: int, used: float = 1.0, limit: float = 2.0, throttled: float = 0.0) -> list[Row]:
    begin = int((NOW - timedelta(days=days)).timestamp()) // 900 * 900
    amounts, most = Amounts(used, GIB), Amounts(limit, 4 * GIB)
    return [Row(begin + 900 * place, 900.0, amounts, amounts, most, throttled, 0) for place in range(days * 96)]


def test_money_is_that_of_the_limits_and_saved_against_the_capacity() -> None:
    spent = cost.spent(quarters(1), CAPACITY)
    assert spent.usd == pytest.approx(24 * (2 * 0.04 + 4 * 0.005))
    assert spent.whole_usd == pytest.approx(24 * (8 * 0.04 + 16 * 0.005))
    assert (
        cost.saved_text(spent, CAPACITY) == "$7.20 saved this month, 75 %, against 8 cores and 16 GiB all of the time."
    )
    assert cost.saved_text(cost.NOTHING_SPENT, CAPACITY) == "Savings are shown after the first full day."


def test_the_month_is_held_against_its_budget() -> None:
    bill = cost.bill(quarters(8), CAPACITY, NOW)
    card = cost.card(bill, CAPACITY, Amounts(2.0, 4 * GIB), 90.0, NOW)
    assert card.monthName == "November"
    assert card.month.endswith("of $90 budget")
    assert card.monthRatio is not None
    assert card.expectedRatio is not None
    assert card.expectedRatio > card.monthRatio
    assert card.note.startswith("default prices: $0.04 a core-hour")
    said = cost.card(bill, CAPACITY, Amounts(), None, NOW, Prices(cpu_core_usd_per_hour=0.1))
    assert said.note == "$0.1 a core-hour, $0.005 a GiB-hour"
    assert cost.card(bill, CAPACITY, Amounts(), None, NOW).monthRatio is None


@pytest.mark.parametrize(("by", "count"), [("week", 7), ("day", 14)])
def test_trends_show_each_hours_part_of_the_limit_and_where_it_was_reached(by: str, count: int) -> None:
    page = trends(Resource.CPU, by, quarters(27, throttled=30.0), CAPACITY, "env", NOW, (), (Resource.CPU,))
    assert len(page.rows) == count
    assert page.rows[0].values[3] == 0.5
    assert page.rows[0].reached[3]
    assert page.sentence == "In the last week you used 50 % of the CPU you held."
    assert (page.nowRow, page.nowHour) == ((1, 14) if by == "week" else (13, 14))
    assert page.errors == []


def test_weeks_that_were_not_measured_are_holes_and_no_zeros() -> None:
    held = trends(Resource.CPU, "week", quarters(7), CAPACITY, "env", NOW, (), ()).held
    assert [point.value for point in held[:10]] == [None] * 10
    assert held[-1].other == pytest.approx(2 * (held[-1].value or 0.0))


def test_a_forecasts_days_are_counted_as_they_came() -> None:
    days = [DayLoss(NOW, 1.0, 2.0), DayLoss(NOW, 3.0, 2.0), DayLoss(NOW, 0.0, 0.0)]
    assert [day.skill_ratio for day in days] == [0.5, -0.5, 0.0]
    assert better_text(days) == "It was better on 1 day of 3."


def test_a_decision_is_drawn_in_the_policys_order() -> None:
    reasons = (
        Reason("capacity", "capacity", {"capacity_cpu_cores": 2, "need_cpu_cores": 3, "room_cpu_cores": 2}),
        Reason("windows", "window", {"expected_cpu_cores": 3}, "w-1"),
        Reason("live_use", "live_use", {"need_cpu_cores": 0.5, "use_cpu_cores": 0.4}),
    )
    page = explained(TargetChange(Resource.CPU, 1.0, 2.0, reasons), {"w-1": "Load test"}, 8.0)
    assert [(step.name, step.before, step.value) for step in page.steps] == [
        ("Use", 0.0, 0.5),
        ("Profile window", 0.5, 3.0),
        ("Capacity", 3.0, 2.0),
        ("Target", 0.0, 2.0),
    ]
    assert page.heading == "How it became 2"
    assert page.most == 8.0


@pytest.fixture
def history() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    for script in MIGRATIONS:
        connection.executescript(script)
    return connection


def test_the_ledger_says_by_which_permission_and_when_it_was_given_and_taken(history: sqlite3.Connection) -> None:
    at = NOW.timestamp()
    ledger.put(history, [ledger.Entry(at, "Use", 84, {"cpu_cores": 2.1}), ledger.Entry(at, "Kind of code", 20, {})])
    choices.put(history, choices.Choice(0, at - 900, 1, analysis=True, share_features=True, automatic_scaling=True))
    choices.put(history, choices.Choice(0, at - 60, 1, analysis=True, automatic_scaling=True))
    page = ledger_page(history, "env", NOW, "", 10, Confirmations(True, False, (at - 30, 1204)))
    assert [(row.kind, row.allowedBy, row.bytes) for row in page.rows] == [
        ("Kind of code", "kind of code", 20),
        ("Use", "automatic scaling", 84),
    ]
    assert [(choice.words, choice.confirmed) for choice in page.choices] == [
        ("Everything deleted at the broker", "broker confirmed: 1,204 rows deleted"),
        ("“Kind of code” taken back", "broker confirmed"),
        ("“Read open code”, “Kind of code” and “Automatic scaling” allowed, text 1", ""),
    ]
    assert page.hours[-1].bytes == 104
    scaling = ledger_page(history, "env", NOW, "automaticScaling", 10, Confirmations(True, False, None))
    assert [row.kind for row in scaling.rows] == ["Use"]
    assert (scaling.shown, scaling.total) == (1, 2)


def test_the_ledger_as_csv_is_what_a_spreadsheet_reads(history: sqlite3.Connection) -> None:
    ledger.put(history, [ledger.Entry(NOW.timestamp(), "Use", 84, {"text": 'a "b", c', "cpu_cores": 2.1})])
    (row,) = csv.DictReader(io.StringIO(csv_text(history)))
    assert row["time"] == "2026-11-24T14:16:00Z"
    assert row["fields"] == '{"cpu_cores": 2.1, "text": "a \\"b\\", c"}'


def test_after_a_memory_kill_the_page_says_what_would_have_held_and_offers_it() -> None:
    situation = Situation(
        now=NOW,
        used=Amounts(1.0, GIB),
        limit=Amounts(4.0, 4 * GIB),
        measured_at=NOW,
        given=True,
        allowed=Effective(analysis=True, automatic_scaling=True),
        link=LinkState(Connection.CONNECTED),
        has_broker=True,
        killed=Killed("The system ended train.py (python) at 14:10 for want of memory.", NOW, 5 * GIB),
    )
    strip = words.strip(situation)
    assert strip is not None
    assert strip.title.startswith("The system ended train.py")
    assert strip.actions == [("raiseMemory", "Raise to 5 GiB"), ("showHolders", "Show what uses it")]
    later = replace(situation, now=NOW + timedelta(hours=2), measured_at=NOW + timedelta(hours=2))
    assert words.strip(later) != strip


def test_a_forecast_that_is_better_says_by_how_much_and_on_how_many_days() -> None:
    forecast = Forecast(Resource.CPU, NOW, 300.0, {0.9: (1.0,)}, "pooled", 0.31)
    from foreload_daemon.forecasts import Outlook

    situation = Situation(
        now=NOW, allowed=Effective(analysis=True), outlook=Outlook(by_resource={Resource.CPU: forecast})
    )
    assert "31 % closer" in words.skill_text(situation, [DayLoss(NOW, 1.0, 2.0)])
    assert words.skill_text(situation, [DayLoss(NOW, 1.0, 2.0)]).endswith("better on 1 day of 1.")
