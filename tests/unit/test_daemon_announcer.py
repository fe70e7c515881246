"""Foreload speaks unasked at most once a day, whatever a week brings, and never again after "don't show again"."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

from foreload_daemon.pages.announcer import DAY_SECONDS, Spoken, Verdict, answered, decide
from hypothesis import given
from hypothesis import strategies as st

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def recorded_week(seed: int) -> list[tuple[datetime, str]]:
    """A bad week: memory that fills again and again, kills, each look of five seconds that finds it anew."""
    chance = random.Random(seed)
    looks: list[tuple[datetime, str]] = []
    for day in range(7):
        for _ in range(chance.randint(2, 8)):
            begin = MONDAY + timedelta(days=day, seconds=chance.randint(0, 86_000))
            looks += [(begin + timedelta(seconds=5 * look), "memoryFull") for look in range(chance.randint(1, 60))]
            if chance.random() < 0.5:
                looks.append((begin + timedelta(minutes=6), f"oom:{begin.timestamp():.0f}"))
    return sorted(looks)


def play(looks: list[tuple[datetime, str]], mute: str = "") -> list[tuple[datetime, str]]:
    spoken, shown = Spoken(), []
    for at, key in looks:
        spoken, verdict = decide(spoken, key, at)
        if verdict is Verdict.SHOW:
            shown.append((at, key))
            spoken = answered(spoken, key, "mute" if mute and key.startswith(mute) else "leave")
    return shown


def test_a_bad_week_brings_at_most_one_notice_in_any_day() -> None:
    shown = play(recorded_week(1))
    assert 4 <= len(shown) <= 7
    gaps = [(later[0] - earlier[0]).total_seconds() for earlier, later in itertools.pairwise(shown)]
    assert min(gaps) >= DAY_SECONDS


def test_what_was_muted_is_never_said_again_and_the_rest_still_is() -> None:
    shown = [key.partition(":")[0] for _, key in play(recorded_week(2), mute="memoryFull")]
    assert shown.count("memoryFull") <= 1
    assert "oom" in shown


def test_one_waits_for_its_answer_before_another_comes() -> None:
    spoken, verdict = decide(Spoken(), "memoryFull", MONDAY)
    assert verdict is Verdict.SHOW
    spoken, verdict = decide(spoken, "oom:1", MONDAY + timedelta(hours=1))
    assert verdict is Verdict.ONE_IS_OPEN
    spoken = answered(spoken, "memoryFull", "leave")
    assert decide(spoken, "oom:1", MONDAY + timedelta(hours=1))[1] is Verdict.ENOUGH_TODAY
    assert decide(spoken, "oom:1", MONDAY + timedelta(days=1))[1] is Verdict.SHOW


def test_a_notice_nobody_answered_does_not_silence_the_next_day() -> None:
    spoken, _ = decide(Spoken(), "memoryFull", MONDAY)
    assert decide(spoken, "oom:1", MONDAY + timedelta(days=1))[1] is Verdict.SHOW


@given(st.lists(st.tuples(st.integers(0, 7 * 86_400), st.sampled_from(["a", "b:1", "b:2", "c"])), max_size=80))
def test_no_order_of_events_breaks_the_cap(events: list[tuple[int, str]]) -> None:
    looks = sorted((MONDAY + timedelta(seconds=at), key) for at, key in events)
    times = [at for at, _ in play(looks)]
    assert all((later - at).total_seconds() >= DAY_SECONDS for at, later in itertools.pairwise(times))


def test_a_clock_that_goes_back_lets_nothing_through() -> None:
    spoken, _ = decide(Spoken(), "memoryFull", MONDAY)
    spoken = answered(spoken, "memoryFull", "leave")
    assert decide(spoken, "memoryFull", MONDAY - timedelta(hours=5))[1] is Verdict.ENOUGH_TODAY
