"""Which runs are on, and what each uses: from events and samples of one environment.

Nothing here looks ahead: an interval is taken in when it has ended, with the events up to its end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from foreload_core.runs.events import EventType, RunEvent, vector
from foreload_core.runs.habits import (
    MOST_CHAIN_SAMPLES,
    MOST_LOG,
    MOST_ONSET_SAMPLES,
    MOST_SAVE_SAMPLES,
    Habits,
    Signature,
)
from foreload_core.runs.regression import KindModel, KindPrior
from foreload_core.types import Resource

MOST_RUNS = 16
OLDEST_SECONDS: Final = 86_400.0
QUIET_RATE = 0.1
LEAST_PART = 0.05
"""A need below this part of what is used without the run is not told from it."""
ONSET_RATIO = 0.4
"""The demand is there when this part of what is expected is seen."""
SAME_LEVEL, NEW_LEVEL = 0.5, 1.7
"""Samples below the first, relative to the level so far, are pauses; one above the second begins a new level."""


@dataclass(slots=True)
class Run:
    """A run that is on: what is expected of it, and what was seen of it."""

    kind: str
    begun: float
    explaining: list[float]
    log_need: list[float]
    log_seconds: float
    model: KindModel
    quiet: list[float]
    total: list[float]
    count: list[int]
    most: list[float]
    held: list[bool]
    samples: int = 0
    onset: bool = False

    def level(self, place: int) -> float:
        """What it uses or will use of a resource."""
        if self.onset and self.count[place]:
            return self.total[place] / self.count[place]
        return self.need(place)

    def need(self, place: int) -> float:
        """What was expected before it began."""
        return math.exp(min(self.log_need[place], MOST_LOG))


@dataclass(frozen=True, slots=True)
class Cause:
    """What a run may follow: a save, or a run that has ended.

    Attributes:
        at: when, seconds of the epoch.
        signature: names of the save's features; empty for a run.
        kind: the run's kind; empty for a save.
        explaining: features, see `vector`.
    """

    at: float
    signature: Signature
    kind: str
    explaining: list[float]


class RunTracker:
    """Follows the events and samples of one environment.

    Args:
        resources: what is measured, in the order of all vectors.
        step_seconds: length of an interval.
        capacity: most that there can be, where it is known.
        priors: what is assumed of kinds of runs; None: nothing pretrained.

    Attributes:
        habits: what its runs taught.
        runs: those that are on, by their names.
        save, ended: what a run may follow now.
        quiet: what is used without runs, of each resource.
        now: end of the newest interval, seconds of the epoch.
        session_at: since when a session is open; None: none is.
        session_quiet: what was used when it began.
        run_at, ended_at, deploy_at: when a run began, one ended, and a deployment was told of last.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        step_seconds: float,
        capacity: Mapping[Resource, float],
        priors: Mapping[str, KindPrior] | None = None,
    ) -> None:
        self.resources = tuple(resources)
        self.step_seconds = step_seconds
        self.most = [capacity.get(each, math.inf) for each in self.resources]
        self.habits = Habits(self.resources, capacity, priors or {})
        self.primary = self.resources.index(Resource.CPU) if Resource.CPU in self.resources else 0
        self.runs: dict[str, Run] = {}
        self.save: Cause | None = None
        self.ended: Cause | None = None
        self.quiet: list[float] = [0.0] * len(self.resources)
        self.now = 0.0
        self.session_at: float | None = None
        self.session_quiet: list[float] = list(self.quiet)
        self.run_at = self.ended_at = self.deploy_at = -OLDEST_SECONDS
        self._places = range(len(self.resources))
        self._grows = [each is Resource.MEMORY for each in self.resources]
        self._begun = False

    def observe(
        self, ended_seconds: float, amounts: Sequence[float], held: Sequence[bool], events: Sequence[RunEvent]
    ) -> None:
        """Takes in one interval and what was seen up to its end.

        Args:
            ended_seconds: its end, seconds of the epoch.
            amounts: what was used of each resource; NaN where it was not measured.
            held: where the limit held it back.
            events: in any order; ends of runs that never began and second starts change nothing.
        """
        self.now = ended_seconds
        if not self._begun:
            self._begun = True
            self.quiet = [0.0 if math.isnan(value) else value for value in amounts]
        ended: dict[str, float] = {}
        eventful = False
        for event in sorted(events, key=lambda each: each.at_seconds):
            eventful |= event.type is not EventType.SAVE
            if event.type is not EventType.RUN_END:
                self._take(event)
            elif event.run in self.runs and event.run not in ended:
                ended[event.run] = event.at_seconds
                self._chain_begins(self.runs[event.run], event.at_seconds)
        self._wake(amounts)
        if self.runs:
            self._measure(amounts, held, ended)
        elif not eventful:
            self._settle(amounts)
        for name, at in ended.items():
            self._end(name, at)
        self._expire()

    def samples_between(self, cause: float, effect: float) -> int:
        """Intervals between two moments: 0 where both lie in the same one; its end belongs to an interval."""
        step = self.step_seconds
        return math.ceil((effect - self.now) / step - 1e-6) - math.ceil((cause - self.now) / step - 1e-6)

    def _take(self, event: RunEvent) -> None:
        at = event.at_seconds
        if event.type is EventType.SAVE:
            if self.save is not None:
                self.habits.after_save(self.save.signature).delays.saw_nothing()
            self.save = Cause(at, tuple(sorted(event.features)), "", vector(event.features))
        elif event.type is EventType.RUN_START:
            self._begin(event)
        elif event.type is EventType.SESSION_START:
            self.session_at, self.session_quiet = at, list(self.quiet)
        elif event.type is EventType.SESSION_END:
            self.session_at, self.save = None, None
        else:
            self.deploy_at = at

    def _begin(self, event: RunEvent) -> None:
        kind, at = event.kind, event.at_seconds
        if not event.run or event.run in self.runs or len(self.runs) >= MOST_RUNS:
            return
        if self.ended is not None:
            self.habits.after_run(self.ended.kind).followed(self.samples_between(self.ended.at, at), kind)
            self.ended = None
        elif self.save is not None:
            self.habits.after_save(self.save.signature).followed(self.samples_between(self.save.at, at), kind)
        self.save = None
        explaining = vector(event.features)
        model = self.habits.model(kind, event.features)
        told = model.expect(explaining)
        many = len(self.resources)
        self.runs[event.run] = Run(
            kind, at, explaining, told[:-1], told[-1], model, list(self.quiet),
            [0.0] * many, [0] * many, [0.0] * many, [False] * many,
        )  # fmt: skip
        self.run_at = at

    def _measure(self, amounts: Sequence[float], held: Sequence[bool], ended: Mapping[str, float]) -> None:
        """What each run uses beside the others; the interval in which one ends is left to those that go on."""
        none = [0.0 for _ in self._places]
        levels = {
            name: [run.level(place) for place in self._places] if run.onset and name not in ended else none
            for name, run in self.runs.items()
        }
        beside = [self.quiet[place] + sum(level[place] for level in levels.values()) for place in self._places]
        for name, run in self.runs.items():
            own = levels[name]
            rest = [amounts[place] - beside[place] + own[place] for place in self._places]
            run.most = [max(most, value) for most, value in zip(run.most, rest, strict=True)]
            if not run.onset:
                needed = ONSET_RATIO * math.exp(min(run.log_need[self.primary], MOST_LOG))
                if rest[self.primary] > needed or run.samples >= MOST_ONSET_SAMPLES - 2:
                    run.onset = True
                    self.habits.onsets.saw(run.samples)
            run.samples += 1
            if run.onset:
                for place in self._places:
                    self._follow(run, place, rest[place], held[place])

    def _wake(self, amounts: Sequence[float]) -> None:
        """What a session adds in its first samples, while it has no runs yet."""
        if self.session_at is None or self.runs:
            return
        sample = self.samples_between(self.session_at, self.now)
        if sample < len(self.habits.waking):
            added = [amount - quiet for amount, quiet in zip(amounts, self.session_quiet, strict=True)]
            self.habits.woke(sample, added)

    def _follow(self, run: Run, place: int, value: float, held: bool) -> None:
        if math.isnan(value):
            return
        run.held[place] |= held
        mean = run.total[place] / run.count[place] if run.count[place] else 0.0
        if self._grows[place]:
            run.total[place], run.count[place] = run.most[place], 1
        elif run.count[place] == 0 or value > NEW_LEVEL * mean:
            run.total[place], run.count[place] = max(value, 0.0), 1
        elif value > SAME_LEVEL * mean:
            run.total[place] += value
            run.count[place] += 1

    def _settle(self, amounts: Sequence[float]) -> None:
        for place in self._places:
            if not math.isnan(amounts[place]):
                rate = 1.0 if self._grows[place] else QUIET_RATE
                self.quiet[place] += rate * (amounts[place] - self.quiet[place])

    def _end(self, name: str, at: float) -> None:
        run = self.runs.pop(name)
        seen: list[float] = []
        for place in self._places:
            value = run.total[place] / run.count[place] if run.count[place] else run.most[place]
            seen.append(math.log(max(value, LEAST_PART * run.quiet[place], self.habits.least[place])))
        seen.append(math.log(max(at - run.begun, 1.0)))
        run.model.learn(run.explaining, seen, [*run.held, False])
        self.ended_at = at

    def _chain_begins(self, run: Run, at: float) -> None:
        if self.ended is not None:
            self.habits.after_run(self.ended.kind).delays.saw_nothing()
        self.ended = Cause(at, (), run.kind, run.explaining)

    def _expire(self) -> None:
        """What did not follow in time does not follow; runs of which no end came are forgotten after a day."""
        if self.save is not None and self.samples_between(self.save.at, self.now) > MOST_SAVE_SAMPLES:
            self.habits.after_save(self.save.signature).delays.saw_nothing()
            self.save = None
        if self.ended is not None and self.samples_between(self.ended.at, self.now) > MOST_CHAIN_SAMPLES:
            self.habits.after_run(self.ended.kind).delays.saw_nothing()
            self.ended = None
        for name in [name for name, run in self.runs.items() if self.now - run.begun > OLDEST_SECONDS]:
            del self.runs[name]

    @property
    def byte_count(self) -> int:
        """Bytes that are remembered, counting a number as 4 and a name by its length."""
        of_run = 4 * (6 * len(self.resources) + 16)
        return self.habits.byte_count + len(self.runs) * of_run + 4 * len(self.resources) + 160
