"""`recommend` at ten seconds: what the events taught is given before the demand is there, with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from foreload_core.density import read_weights
from foreload_core.package_data import weights
from foreload_core.recommend import Session
from foreload_core.runs import run_weights

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
RESET = {
    "type": "reset",
    "ctx": {
        "id": "e1",
        "dt_s": 10,
        "delay": 1,
        "resources": ["cpu", "memory"],
        "capacity": {"cpu": 8, "memory": 16_000_000_000},
        "knob": 1.0,
    },
}
ROUND, ROUNDS = 30, 10
"""Intervals of a round: a save in the third, a build from the sixth to the twelfth, then quiet."""


def events_of(turn: int, silent: bool) -> list[dict[str, object]]:
    place, name = turn % ROUND, f"r{turn // ROUND}"
    at = (BEGIN + timedelta(seconds=10 * turn + 5)).isoformat()
    features = {"files_changed": 2, "clean": False, "test_scope": "file"}
    told: dict[int, dict[str, object]] = {
        2: {"type": "save", "ts": at, "features": features},
        5: {"type": "run_start", "ts": at, "run": name, "kind": "build", "trigger": "edit", "features": features},
        12: {"type": "run_end", "ts": at, "run": name, "kind": "build", "seconds": 70},
    }
    return [] if silent or place not in told else [told[place]]


@cache
def replay(turns: int, later_cores: float = 0.0, cut: int = 10**9, silent: bool = False) -> list[dict[str, Any]]:
    """The answers; from the interval `cut` on, the demand is another one."""
    session = Session()
    session.answer(RESET)
    held = {"cpu": 8.0, "memory": 16e9}
    answers: list[dict[str, Any]] = []
    for turn in range(turns):
        busy = 6 <= turn % ROUND < 12
        noise = 0.01 * (turn * 37 % 11)
        cores = 0.1 + noise + 4.0 * busy + (later_cores if turn >= cut else 0.0)
        if len(answers) > 1:
            held = answers[-2]["alloc"]
        answers.append(
            session.answer(
                {
                    "type": "step",
                    "t": turn,
                    "ts": (BEGIN + timedelta(seconds=10 * (turn + 1))).isoformat(),
                    "usage": {"cpu": cores, "memory": 1e9 + 2e9 * busy},
                    "alloc": held,
                    "events": events_of(turn, silent),
                }
            )
        )
    return answers


def cores_in_force(answers: list[dict[str, Any]], turn: int) -> float:
    return answers[turn - 2]["alloc"]["cpu"]


def test_cores_are_there_when_the_run_begins_and_are_taken_back_after_it() -> None:
    answers = replay(ROUNDS * ROUND)
    last = (ROUNDS - 1) * ROUND
    for turn in range(last + 7, last + 12):
        assert cores_in_force(answers, turn) > 4.0, turn
    assert cores_in_force(answers, last + 29) < 1.0
    memory = [answers[turn - 2]["alloc"]["memory"] for turn in range(last + 7, last + 12)]
    assert min(memory) > 3e9


def test_the_reason_names_the_kind_and_what_it_rests_on() -> None:
    answers = replay(ROUNDS * ROUND)
    reason = answers[(ROUNDS - 1) * ROUND + 7]["reasons"]["cpu"]
    assert "Running: build r9 (9 earlier runs of the kind)" in reason
    told = " ".join(answers[(ROUNDS - 1) * ROUND + place]["reasons"]["cpu"] for place in (2, 3, 4))
    assert "Likely to begin: build." in told


def test_events_are_used_to_give_less_where_nothing_runs() -> None:
    with_events, without = (replay(ROUNDS * ROUND, silent=silent) for silent in (False, True))
    quiet = [(ROUNDS - 1) * ROUND + place for place in range(20, 30)]
    given = [sum(cores_in_force(answers, turn) for turn in quiet) for answers in (with_events, without)]
    assert given[0] < 0.7 * given[1]


def test_the_future_is_not_seen() -> None:
    cut = 6 * ROUND + 9
    whole = replay(8 * ROUND)
    assert whole[:cut] == replay(cut)
    assert whole[:cut] == replay(8 * ROUND, later_cores=3.0, cut=cut)[:cut]
    assert whole != replay(8 * ROUND, later_cores=3.0, cut=cut)


GOLDEN_CORES = {0: 0.292, 2: 0.292, 4: 5.96, 7: 5.96, 11: 5.96, 29: 0.291}


@pytest.mark.parametrize("place", GOLDEN_CORES)
def test_decisions_of_the_tenth_round_are_the_golden_ones(place: int) -> None:
    answer = replay(ROUNDS * ROUND)[(ROUNDS - 1) * ROUND + place]
    assert answer["alloc"]["cpu"] == pytest.approx(GOLDEN_CORES[place], rel=0.03)


def test_what_was_fitted_is_read_and_knows_kinds_before_any_was_seen() -> None:
    fitted = run_weights(read_weights(weights("runs")))
    assert {"build", "test"} <= set(fitted.priors)
    answers = [Session(run_weights=each) for each in (None, fitted)]
    told: list[float] = []
    for session in answers:
        answer = session.answer(RESET)
        for turn in range(40):
            usage = {"cpu": 0.1, "memory": 1e9}
            ended = (BEGIN + timedelta(seconds=10 * (turn + 1))).isoformat()
            message = {"type": "step", "t": turn, "ts": ended, "usage": usage, "alloc": {}, "events": []}
            if turn == 39:
                message["events"] = [{**events_of(5, silent=False)[0], "ts": ended}]
            answer = session.answer(message)
        told.append(answer["alloc"]["cpu"])
    assert all(0.1 < cores <= 8 for cores in told)
    assert told[0] != told[1]
