"""`recommend`: a step in, amounts out; a bad line changes nothing, and the future is never seen."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.recommend import BadMessageError, Session

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
RESET = {
    "type": "reset",
    "ctx": {"id": "e1", "dt_s": 300, "delay": 1, "resources": ["cpu", "memory"], "capacity": {"cpu": 4}, "knob": 1.0},
}


def step(turn: int, cores: float, held: float = 4.0) -> dict[str, object]:
    ended = (BEGIN + timedelta(minutes=5 * (turn + 1))).isoformat()
    usage = {"cpu": cores, "memory": 2e9 + 1e8 * cores}
    return {"type": "step", "t": turn, "ts": ended, "usage": usage, "alloc": {"cpu": held, "memory": 8e9}, "events": []}


def load(turn: int) -> float:
    return 0.3 + 0.2 * math.sin(turn / 9) + 0.02 * (turn * 37 % 11)


def replay(turns: int, later: float = 0.0) -> list[object]:
    session = Session()
    session.answer(RESET)
    return [session.answer(step(turn, load(turn) + (later if turn >= 60 else 0.0))) for turn in range(turns)]


def test_what_is_not_used_is_taken_back() -> None:
    last = replay(80)[-1]
    assert isinstance(last, dict)
    assert 0.3 < last["alloc"]["cpu"] < 2.0
    assert set(last["reasons"]) == {"cpu", "memory"}


def test_the_same_messages_give_the_same_answers_and_the_future_is_not_seen() -> None:
    whole = replay(80)
    assert whole == replay(80)
    assert whole[:60] == replay(60)
    assert whole[:60] == replay(80, later=2.0)[:60]
    assert whole[60:] != replay(80, later=2.0)[60:]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "stop"}, "allowed are 'reset' and 'step'"),
        ({"ts": "yesterday"}, "ts is 'yesterday'"),
        ({"ts": "2026-01-05T00:00:01Z"}, "later than"),
        ({"usage": {"cpu": -1}}, "usage.cpu is -1"),
        ({"usage": {"disk": 1}}, "usage has 'disk'"),
        ({"usage": {}}, "usage is empty"),
        ({"throttled": {"cpu": 1}}, "throttled.cpu is 1"),
        ({"events": [{"type": "save"}]}, "events[0].ts"),
    ],
)
def test_a_bad_line_is_named_and_changes_nothing(change: dict[str, object], told: str) -> None:
    session, undisturbed = Session(), Session()
    for each in (session, undisturbed):
        each.answer(RESET)
        each.answer(step(0, 0.5))
    with pytest.raises(BadMessageError) as caught:
        session.answer({**step(1, 0.5), **change})
    assert told in str(caught.value)
    assert session.answer(step(1, 0.5)) == undisturbed.answer(step(1, 0.5))


def test_a_step_needs_a_reset() -> None:
    with pytest.raises(BadMessageError, match="before any reset"):
        Session().answer(step(0, 0.5))


def test_a_throttled_sample_is_a_lower_bound() -> None:
    free, held = Session(), Session()
    for each in (free, held):
        each.answer(RESET)
        for turn in range(40):
            each.answer(step(turn, load(turn), held=0.6))
    at_limit = step(40, 0.6, held=0.6)
    asked = held.answer({**at_limit, "throttled": {"cpu": True}})["alloc"]["cpu"]
    assert asked > free.answer(at_limit)["alloc"]["cpu"] * 0.999
    assert asked > 0.6
