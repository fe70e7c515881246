"""Run signals: what is on, what is announced, and what it needs is learned from the environment's own runs."""

from __future__ import annotations

import math
import random

import pytest
from foreload_core.runs import STATES, EventType, Outlook, RunEvent, RunTracker, event_of, look_ahead
from foreload_core.runs.events import numbers
from foreload_core.runs.outlook import SCENARIOS
from foreload_core.runs.timing import Delays, still_on
from foreload_core.types import Resource

STEP = 10.0
QUIET_CORES, RUN_CORES, RUN_SECONDS = 0.1, 4.0, 60.0
QUIET_BYTES, RUN_BYTES = 1e9, 2e9


def editing(tracker: RunTracker, rounds: int, begin: float = 0.0, cores: float = RUN_CORES) -> float:
    """So many rounds of: a save, a build half a minute later that takes a minute, and some quiet. Returns the time."""
    now = begin
    for number in range(rounds):
        name = f"run-{begin:g}-{number}"
        events = {
            2: RunEvent(now + 15, EventType.SAVE, features={"files_changed": 1, "clean": 0}),
            5: RunEvent(now + 45, EventType.RUN_START, name, "build", {"files_changed": 1, "clean": 0}),
            11: RunEvent(now + 105, EventType.RUN_END, name, "build"),
        }
        for turn in range(1, 31):
            busy = 6 <= turn < 11
            amounts = [
                QUIET_CORES + cores * busy,
                QUIET_BYTES + RUN_BYTES * busy,
            ]
            tracker.observe(now + turn * STEP, amounts, [False, False], [events[turn]] if turn in events else [])
        now += 300
    return now


def made() -> RunTracker:
    return RunTracker([Resource.CPU, Resource.MEMORY], STEP, {Resource.CPU: 8.0, Resource.MEMORY: 16e9})


def after(tracker: RunTracker, now: float, events: list[RunEvent], cores: float = QUIET_CORES) -> Outlook:
    tracker.observe(now + STEP, [cores, QUIET_BYTES], [False, False], events)
    return look_ahead(tracker, 2)


def chance(outlook: Outlook, scenario: str) -> float:
    return outlook.chances[SCENARIOS.index(scenario)]


def test_a_save_announces_the_run_that_followed_such_saves_so_far() -> None:
    tracker = made()
    now = editing(tracker, 12)
    assert chance(look_ahead(tracker, 2), "announced") == 0.0
    save = RunEvent(now + 5, EventType.SAVE, features={"files_changed": 1, "clean": 0})
    seen = [after(tracker, now, [save])] + [after(tracker, now + 10 * turn, []) for turn in range(1, 4)]
    assert max(chance(outlook, "announced") for outlook in seen) > 0.5
    assert seen[2].coming == ("build",)
    announced = seen[2].anchors[0][4]
    assert announced == pytest.approx(QUIET_CORES + RUN_CORES, rel=0.15)


def test_a_save_of_another_tool_announces_nothing() -> None:
    tracker = made()
    now = editing(tracker, 12)
    save = RunEvent(now + 5, EventType.SAVE, features={"files_changed": 1})
    outlooks = [after(tracker, now, [save])] + [after(tracker, now + 10 * turn, []) for turn in range(1, 4)]
    assert max(chance(outlook, "announced") for outlook in outlooks) < 0.2


def test_a_run_that_began_is_expected_at_the_level_of_its_kind_and_ends_about_when_the_others_did() -> None:
    tracker = made()
    now = editing(tracker, 12)
    begun = RunEvent(now + 5, EventType.RUN_START, "x", "build", {"files_changed": 1, "clean": 0})
    young = after(tracker, now, [begun])
    assert STATES[young.state] == "young"
    assert chance(young, "all_on") > 0.6
    assert young.anchors[0][0] == pytest.approx(QUIET_CORES + RUN_CORES, rel=0.15)
    assert young.on == (("x", "build"),)
    on = [after(tracker, now + 10 * turn, [], QUIET_CORES + RUN_CORES) for turn in range(1, 7)]
    assert STATES[on[0].state] == "on"
    assert chance(on[-1], "one_less") > chance(on[0], "one_less")
    assert STATES[on[-1].state] == "ending"


def test_features_tell_large_runs_from_small_ones() -> None:
    tracker = made()
    now = 0.0
    for number in range(16):
        clean = float(number % 4 == 0)
        cores = 6.0 if clean else 1.5
        features = {"clean": clean}
        start = RunEvent(now + 5, EventType.RUN_START, f"r{number}", "build", features)
        end = RunEvent(now + 55, EventType.RUN_END, f"r{number}", "build")
        for turn in range(1, 21):
            busy = 2 <= turn <= 5
            events = [start] if turn == 1 else [end] if turn == 6 else []
            tracker.observe(now + turn * STEP, [QUIET_CORES + cores * busy, QUIET_BYTES], [False, False], events)
        now += 200
    model = tracker.habits.model("build", {})
    large, small = (model.expect([1.0, 0, 0, 0, 0, clean, 0, 0, 0, 0, 0, 0, 0])[0] for clean in (1.0, 0.0))
    assert math.exp(large) == pytest.approx(6.0, rel=0.2)
    assert math.exp(small) == pytest.approx(1.5, rel=0.2)


def test_a_kind_that_was_never_seen_is_expected_as_its_code_says() -> None:
    tracker = made()
    tracker.observe(STEP, [QUIET_CORES, QUIET_BYTES], [False, False], [])
    begun = RunEvent(15.0, EventType.RUN_START, "x", "crunch", {"parallel_workers": 6.0, "cpu_bound_ratio": 1.0})
    outlook = after(tracker, STEP, [begun])
    assert outlook.anchors[0][0] == pytest.approx(QUIET_CORES + 6.0, rel=0.05)
    assert outlook.known_runs == 0


def test_a_run_that_was_held_back_teaches_no_less_than_was_expected() -> None:
    free, held = made(), made()
    editing(free, 6)
    editing(held, 6)
    for tracker, bound in ((free, False), (held, True)):
        now = 1800.0
        start = RunEvent(now + 5, EventType.RUN_START, "x", "build", {"files_changed": 1, "clean": 0})
        end = RunEvent(now + 75, EventType.RUN_END, "x", "build")
        for turn in range(1, 9):
            events = [start] if turn == 1 else [end] if turn == 8 else []
            tracker.observe(now + turn * STEP, [2.0, QUIET_BYTES], [bound, False], events)
    explaining = [1.0, *[0.0] * 12]
    assert held.habits.model("build", {}).expect(explaining)[0] > free.habits.model("build", {}).expect(explaining)[0]


def test_the_order_of_events_in_an_interval_does_not_matter_and_the_future_is_not_seen() -> None:
    def replay(shuffled: bool, rounds: int) -> list[Outlook]:
        tracker, found = made(), list[Outlook]()
        order = random.Random(3)
        for turn in range(rounds):
            events = [
                RunEvent(turn * STEP + 1, EventType.SAVE, features={"clean": 1.0}),
                RunEvent(turn * STEP + 2, EventType.RUN_START, f"r{turn}", "test"),
                RunEvent(turn * STEP + 9, EventType.RUN_END, f"r{turn - 1}", "test"),
            ]
            if shuffled:
                order.shuffle(events)
            tracker.observe((turn + 1) * STEP, [1.0 + turn % 3, QUIET_BYTES], [False, False], events)
            found.append(look_ahead(tracker, 2))
        return found

    assert replay(shuffled=False, rounds=30) == replay(shuffled=True, rounds=30)
    assert replay(shuffled=False, rounds=30)[:20] == replay(shuffled=False, rounds=20)


def test_memory_of_signals_stays_small_whatever_arrives() -> None:
    tracker = made()
    for turn in range(400):
        events = [
            RunEvent(turn * STEP + 1, EventType.SAVE, features={f"feature_{turn}": 1.0}),
            RunEvent(turn * STEP + 2, EventType.RUN_START, f"r{turn}", f"kind-{turn}"),
        ]
        if turn % 2:
            events.append(RunEvent(turn * STEP + 5, EventType.RUN_END, f"r{turn - 1}"))
        tracker.observe((turn + 1) * STEP, [1.0, QUIET_BYTES], [False, False], events)
    assert tracker.byte_count < 14_000


def test_events_of_a_trace_are_read_as_numbers() -> None:
    event = event_of({"type": "run_start", "run": "r1", "kind": "test", "features": {"test_scope": "all"}}, 5.0)
    assert event == RunEvent(5.0, EventType.RUN_START, "r1", "test", {"test_scope": 2.0})
    assert event_of({"type": "coffee_break"}, 5.0) is None
    assert numbers({"clean": True, "name": "x", "data_mb": math.inf, "test_scope": "odd"}) == {"clean": 1.0}


def test_delays_and_lengths_tell_how_soon() -> None:
    delays = Delays([0.0] * 4, 0.0)
    for _ in range(9):
        delays.saw(2)
    delays.saw_nothing()
    assert delays.within(1, 1) == 0.0
    assert delays.within(1, 2) > 0.85
    assert delays.within(3, 3) == 0.0
    assert still_on(10.0, 10.0, math.log(100.0), 0.2) > 0.99
    assert still_on(100.0, 20.0, math.log(100.0), 0.2) < 0.6
    assert still_on(1e5, 10.0, math.log(10.0), 0.05) > 0.0
