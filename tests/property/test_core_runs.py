"""Whatever samples and events arrive, amounts are finite and within bounds, and memory stays above its use."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from foreload_core.recommend import Session
from hypothesis import given, settings
from hypothesis import strategies as st

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = st.sampled_from(["build", "test", "serve", "train", "", "never-seen"])
FEATURES = st.dictionaries(
    st.sampled_from(["clean", "files_changed", "epochs", "test_scope", "unknown"]),
    st.one_of(st.booleans(), st.floats(-1e9, 1e9), st.sampled_from(["all", "file", "x"]), st.none()),
    max_size=4,
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["session_start", "session_end", "save", "run_start", "run_end", "deploy", "coffee_break"]
            ),
            "run": st.sampled_from(["a", "b", "c"]),
            "kind": KINDS,
            "features": FEATURES,
            "second": st.integers(0, 9),
        }
    ),
    max_size=5,
)
STEPS = st.lists(
    st.tuples(st.floats(0, 16), st.floats(0, 3e10), EVENTS, st.booleans()),
    min_size=14,
    max_size=40,
)


def told(event: dict[str, object], begun: datetime) -> dict[str, object]:
    return {**event, "ts": (begun + timedelta(seconds=int(str(event["second"])))).isoformat()}


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, knob=st.sampled_from([0.5, 1.0, 2.0]), known=st.booleans())
def test_amounts_are_finite_and_within_bounds_in_any_order_of_events(
    steps: list[tuple[float, float, list[dict[str, object]], bool]], knob: float, known: bool
) -> None:
    session = Session()
    capacity = {"cpu": 8, "memory": 2e10} if known else {}
    ctx = {"id": "e", "dt_s": 10, "delay": 1, "resources": ["cpu", "memory"], "capacity": capacity, "knob": knob}
    session.answer({"type": "reset", "ctx": ctx})
    for turn, (cores, memory, events, held) in enumerate(steps):
        begun = BEGIN + timedelta(seconds=10 * turn)
        answer = session.answer(
            {
                "type": "step",
                "t": turn,
                "ts": (begun + timedelta(seconds=10)).isoformat(),
                "usage": {"cpu": cores, "memory": memory},
                "alloc": {"cpu": 8, "memory": 2e10},
                "throttled": {"cpu": held},
                "events": [told(event, begun) for event in events],
            }
        )
        for name, most in (("cpu", 8.0), ("memory", 2e10)):
            amount = answer["alloc"][name]
            assert math.isfinite(amount)
            assert amount >= 0
            assert not known or amount <= most * (1 + 1e-6)
        least = min(memory, 2e10) if known else memory
        assert answer["alloc"]["memory"] >= least * (1 - 1e-6) - 1
