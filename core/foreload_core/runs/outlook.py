"""What the run signals say of the interval ahead: scenarios with their chances, and what each would need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from foreload_core.runs.habits import MOST_LOG, Expected
from foreload_core.runs.timing import still_on
from foreload_core.runs.tracker import OLDEST_SECONDS, Run, RunTracker

RUN_ANCHORS: Final = (
    "all_on", "all_on_high", "plateau", "one_less", "announced", "announced_high", "announced_other",
    "chained", "chained_high", "kind_peak", "full", "waking",
)  # fmt: skip
SCENARIOS: Final = ("as_now", "all_on", "one_less", "announced", "announced_other", "chained", "waking")
STATES: Final = ("idle", "session", "waking", "pending", "young", "on", "ending", "ended")
FEATURE_NAMES: Final = (
    *(f"chance_{name}" for name in SCENARIOS[1:]), "session", "session_age", "save_age", "run_age", "ended_age",
    "runs", "elapsed", "length_spread", "level_spread", "onset", "deploy_age", "known_runs", "follows", "sessions",
    *(f"state_{name}" for name in STATES),
)  # fmt: skip
WAKING_SECONDS, WAKING_CHANCE = 180.0, 0.5
JUST_ENDED_SAMPLES = 2.5
HIGH_SPREADS, MOST_SPREAD = 1.6, 0.6
"""The high anchors lie so many mean absolute errors above, each of which counts as no more than this."""
PENDING_CHANCE, ENDING_CHANCE = 0.03, 0.4
MOST_CHANCE = 0.995


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the signals say of the interval ahead.

    Attributes:
        state: index into `STATES`.
        anchors: (resources, `RUN_ANCHORS`), in the resources' units.
        chances: of `SCENARIOS`; they add up to 1.
        features: see `FEATURE_NAMES`.
        expected: what is used with the runs whose demand is there, of each resource.
        on: name and kind of each run that is on.
        coming: the kinds that are likely to begin.
        known_runs: earlier runs of the youngest kind of these.
    """

    state: int
    anchors: list[list[float]]
    chances: list[float]
    features: list[float]
    expected: list[float]
    on: tuple[tuple[str, str], ...] = ()
    coming: tuple[str, ...] = ()
    known_runs: int = 0


@dataclass(slots=True)
class _Course:
    """How the runs that are on will go on."""

    begins: float = 0.0
    onset: float = 1.0
    ending: float = 0.0
    soonest: Run | None = None
    youngest: Run | None = None


def look_ahead(tracker: RunTracker, horizon: int) -> Outlook:
    """What the signals say of the interval that is `horizon` after the newest one."""
    course = _course(tracker, horizon)
    first, second = _announced(tracker, horizon)
    third = _chained(tracker, course.soonest, horizon)
    expected, anchors = _anchors(tracker, course, (first, second, third), _waking_sample(tracker, horizon))
    rest = 1.0
    chances = [0.0] * len(SCENARIOS)
    wakes = _waking_sample(tracker, horizon)
    ordered = (
        (1, course.begins),
        (5, third.chance),
        (3, first.chance),
        (4, second.chance),
        (2, course.ending),
        (6, 0.0 if wakes is None else WAKING_CHANCE),
    )
    for place, chance in ordered:
        chances[place] = rest * min(chance, MOST_CHANCE)
        rest -= chances[place]
    chances[0] = rest
    state = _state(tracker, course.ending, first.chance + second.chance + third.chance)
    coming = tuple(each.kind for each in (first, third) if each.chance > PENDING_CHANCE)
    return Outlook(
        state,
        anchors,
        chances,
        _features(tracker, course, first, chances, state),
        expected,
        tuple((name, run.kind) for name, run in tracker.runs.items()),
        coming,
        0 if course.youngest is None else course.youngest.model.count,
    )


def _course(tracker: RunTracker, horizon: int) -> _Course:
    ahead = (horizon - 0.5) * tracker.step_seconds
    course, off = _Course(), 1.0
    for run in tracker.runs.values():
        lasts = still_on(tracker.now - run.begun, ahead, run.log_seconds, run.model.spread[-1])
        if not run.onset:
            course.onset = tracker.habits.onsets.within(run.samples, run.samples - 1 + horizon)
            off *= 1 - course.onset * lasts
        elif 1 - lasts >= course.ending:
            course.ending, course.soonest = 1 - lasts, run
        if course.youngest is None or run.begun >= course.youngest.begun:
            course.youngest = run
    course.begins = 1 - off
    return course


def _announced(tracker: RunTracker, horizon: int) -> tuple[Expected, Expected]:
    """The run that the last save is likely to bring, by the two kinds that follow such saves most often."""
    nothing = tracker.habits.nothing
    if tracker.save is None:
        return nothing, nothing
    habit = tracker.habits.after_save(tracker.save.signature)
    gone = tracker.samples_between(tracker.save.at, tracker.now)
    chance = tracker.habits.onset_chance(habit.delays, gone, horizon)
    found = [
        tracker.habits.expected(kind, chance * share, tracker.save.explaining) for kind, share in habit.likely()[:2]
    ]
    found += [nothing, nothing]
    return found[0], found[1]


def _chained(tracker: RunTracker, soonest: Run | None, horizon: int) -> Expected:
    """The run that usually follows the one that has just ended, or that is about to end."""
    habits = tracker.habits
    if tracker.ended is not None:
        habit, explaining = habits.after_run(tracker.ended.kind), tracker.ended.explaining
        gone = tracker.samples_between(tracker.ended.at, tracker.now)
        chance = habits.onset_chance(habit.delays, gone, horizon)
    elif soonest is not None:
        habit, explaining = habits.after_run(soonest.kind), soonest.explaining
        lasted = tracker.now - soonest.begun
        ends = 1 - still_on(lasted, tracker.step_seconds, soonest.log_seconds, soonest.model.spread[-1])
        chance = ends * habit.delays.within(0, 0) * habits.onsets.within(0, horizon - 1)
    else:
        return habits.nothing
    likely = habit.likely()
    return habits.expected(likely[0][0], chance * likely[0][1], explaining) if likely else habits.nothing


def _waking_sample(tracker: RunTracker, horizon: int) -> int | None:
    """Which of a session's first samples the interval ahead is; None: none of them, or no session was seen yet."""
    if tracker.session_at is None or not tracker.habits.sessions:
        return None
    sample = tracker.samples_between(tracker.session_at, tracker.now) + horizon
    return sample if sample < len(tracker.habits.waking) else None


def _anchors(
    tracker: RunTracker, course: _Course, coming: tuple[Expected, Expected, Expected], wakes: int | None
) -> tuple[list[float], list[list[float]]]:
    first, second, third = coming
    runs = tracker.runs.values()
    expected: list[float] = []
    anchors: list[list[float]] = []
    youngest = course.youngest
    spread = first.spread if youngest is None else youngest.model.spread
    peaks = first.log_peak if youngest is None else youngest.model.highest
    known = youngest is not None or first.chance > 0
    for place, quiet in enumerate(tracker.quiet):
        base = quiet + sum(run.level(place) for run in runs if run.onset)
        new = sum(run.level(place) for run in runs if not run.onset)
        less = base - (0.0 if course.soonest is None else course.soonest.level(place))
        after = base if tracker.ended is not None else less
        row = (
            base + new,
            base + new * _high(spread[place]),
            base,
            less,
            base + first.need[place],
            base + first.need[place] * _high(first.spread[place]),
            base + second.need[place],
            after + third.need[place],
            after + third.need[place] * _high(third.spread[place]),
            quiet + math.exp(min(peaks[place], MOST_LOG)) if known else base,
            quiet + sum(max(run.level(place), run.need(place)) for run in runs),
            base if wakes is None else tracker.session_quiet[place] + tracker.habits.waking[wakes][place],
        )
        low, most = tracker.habits.least[place], tracker.most[place]
        expected.append(base)
        anchors.append([min(max(value, low), most) for value in row])
    return expected, anchors


def _high(spread: float) -> float:
    return math.exp(HIGH_SPREADS * min(spread, MOST_SPREAD))


def _state(tracker: RunTracker, ending: float, pending: float) -> int:
    if tracker.runs:
        if any(not run.onset for run in tracker.runs.values()):
            return STATES.index("young")
        return STATES.index("ending" if ending > ENDING_CHANCE else "on")
    if pending > PENDING_CHANCE:
        return STATES.index("pending")
    if tracker.now - tracker.ended_at <= JUST_ENDED_SAMPLES * tracker.step_seconds:
        return STATES.index("ended")
    if tracker.session_at is None:
        return STATES.index("idle")
    return STATES.index("waking" if tracker.now - tracker.session_at < WAKING_SECONDS else "session")


def _features(tracker: RunTracker, course: _Course, first: Expected, chances: list[float], state: int) -> list[float]:
    now, save, soonest, youngest = tracker.now, tracker.save, course.soonest, course.youngest
    elapsed = 0.0 if soonest is None else math.log(max(now - soonest.begun, 1.0)) - soonest.log_seconds
    level_spread = first.spread[tracker.primary] if first.chance > 0 else 0.0
    if youngest is not None:
        level_spread = youngest.model.spread[tracker.primary]
    return [
        *chances[1:],
        float(tracker.session_at is not None),
        _aged(OLDEST_SECONDS if tracker.session_at is None else now - tracker.session_at),
        _aged(OLDEST_SECONDS if save is None else now - save.at),
        _aged(now - tracker.run_at),
        _aged(now - tracker.ended_at),
        float(len(tracker.runs)),
        min(max(elapsed, -3.0), 3.0),
        0.0 if soonest is None else soonest.model.spread[-1],
        level_spread,
        course.onset,
        _aged(now - tracker.deploy_at),
        0.0 if youngest is None else math.log1p(youngest.model.count),
        0.0 if save is None else tracker.habits.after_save(save.signature).delays.follows,
        math.log1p(tracker.habits.sessions),
        *(float(number == state) for number in range(len(STATES))),
    ]


def _aged(seconds: float) -> float:
    return math.log1p(min(max(seconds, 0.0), OLDEST_SECONDS)) / 4
