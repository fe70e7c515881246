"""Where the program's own CPU time is expected to go."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.call_flow import Flow, Flows
from foreload_analyzers.callgraph import CALLBACK_TURNS, Edge
from foreload_analyzers.facts import Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.hot_loops import FLAGS as LOOP_FLAGS
from foreload_analyzers.hot_loops import LoopSigns, loop_signs, loop_table, settled
from foreload_analyzers.hot_model import Floats, hotness_models
from foreload_analyzers.hot_signs import (
    OWN,
    all_flags,
    flowing_signs,
    own_amounts,
    own_flags,
    own_signs,
)
from foreload_analyzers.judge import Judgement
from foreload_analyzers.likely_calls import LikelyCalls, Row

UNREACHED_SHARE = 0.3  # of a function that no open file reaches, where one is known to call others of its file
RECURSION_TURNS = {"exponential": 2000.0, "linear": 30.0, "log": 6.0}
UNREACHED = 0.1  # of a run, for functions that a program with a start does not call by name
INNER = 0.3  # calls from outside to a function of a library that the library itself calls too
MAX_RUNS = 1e15
AMOUNTS = 4  # values of `own_amounts`
_LEAST_SHARE = 1e-200
_NONE: Floats = np.empty((0, 0))
_TURNED_OVER = frozenset(
    {"map", "filter", "sorted", "sort", "starmap", "imap", "imap_unordered", "reduce", "map_async", "apply"}
)
_PLAIN_DECORATORS = (
    "property",
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "cache",
    "lru_cache",
    "dataclass",
    "override",
    "wraps",
    "setter",
)


class Shares(NamedTuple):
    """Expected shares.

    Attributes:
        hotness: expected share of each unit in the program's own CPU time.
        loops: the same of each of its loops, without the loops inside.
        runs: how often each unit runs in one run of the program.
        total: work of all units together, to three digits.
        work, waiting: of the whole program, in nodes.
        reached: the units that a run of the file as a program reaches.
        starts: the units that it starts from: the code outside functions, tests, routes, commands.
    """

    hotness: list[float]
    loops: list[tuple[float, ...]]
    runs: list[float]
    total: float
    work: float
    waiting: float
    reached: frozenset[int]
    starts: frozenset[int]


def is_entry(unit: Unit) -> bool:
    """Whether something outside the file calls it: a test, a route, a command."""
    if unit.is_entry or unit.name.startswith("test_"):
        return True
    return any(
        not decorator.split("(", 1)[0].rsplit(".", 1)[-1].startswith(_PLAIN_DECORATORS) for decorator in unit.decorators
    )


class _Signs(NamedTuple):
    """What a unit shows by itself: the values of OWN, its own flags and amounts in one row; the same of its loops."""

    judgement: Judgement
    row: tuple[float, ...]
    loops: LoopSigns


class _Own(NamedTuple):
    """What all units of a file show by themselves, a row each; that of the code outside functions is the first.

    `loops` holds a row for each loop, `owners` its unit.
    """

    ranked: Floats
    flags: Floats
    amounts: Floats
    loops: Floats
    owners: NDArray[np.intp]


class Hotness:
    """The shares of one document, worked out again and again.

    Args:
        language: a name of the language table.
    """

    def __init__(self, language: str) -> None:
        self._likely = LikelyCalls(language)
        self._flows = Flows()
        self._signs: list[_Signs] = []
        self._by_judgement: dict[int, _Signs] = {}
        self._rows: Floats = _NONE  # what `_tables` shows parts of
        self._tables = _Own(_NONE, _NONE, _NONE, _NONE, np.empty(0, np.intp))
        self._ends: list[int] = []  # of the loops of each unit

    def share_out(
        self,
        judgements: Sequence[Judgement],
        fellows: Sequence[Sequence[int]],
        edges: Sequence[Sequence[Edge]],
        groups: Sequence[Sequence[int]],
        growths: Sequence[Growth],
        called: AbstractSet[int] = frozenset(),
    ) -> Shares:
        """Expected shares of CPU time.

        Args:
            judgements: of all units, the code outside functions first.
            fellows: for each unit those of its chunk.
            edges: sure calls, for each unit.
            groups: units that call each other, callees first.
            growths: one a unit.
            called: units that other files call.
        """
        run = run_of(judgements, edges, groups, growths, called)
        units = [judgement.unit for judgement in judgements]
        rows = self._likely.between(units, judgements, fellows)
        flow = self._flows.follow(units, judgements, rows, run.starts)
        outside = share_outside(run, units)
        shares = np.array([outside])
        if len(units) > 1:
            model = hotness_models()["functions"]
            found = model.scores(*self.function_table(judgements, edges, growths, rows, flow, run.starts))
            shares = np.append(shares, _reached_first(model.shares(found), run, called) * (1.0 - outside))
        loops = self._share_loops(judgements, shares)
        return Shares(short(shares), loops, run.runs, run.total, run.work, run.waiting, run.reached, run.starts)

    def function_table(
        self,
        judgements: Sequence[Judgement],
        edges: Sequence[Sequence[Edge]],
        growths: Sequence[Growth],
        rows: Sequence[Row],
        flow: Flow,
        starts: frozenset[int],
    ) -> tuple[Floats, Floats]:
        """The signs of all functions, the ranked ones and the flags, a row each; the code outside has none."""
        own = self._own(judgements)
        sure = [len(row) for row in edges]
        flowing = flowing_signs(judgements, growths, rows, sure, flow, own.amounts)
        return np.hstack([own.ranked[1:], flowing]), all_flags(own.flags[1:], growths, flow, starts)

    def loop_table(self, judgements: Sequence[Judgement], shares: Sequence[float] | Floats) -> Floats:
        """The signs of all loops of the file, unit by unit."""
        own = self._own(judgements)
        return loop_table(own.loops, own.owners, shares)

    def _own(self, judgements: Sequence[Judgement]) -> _Own:
        """What all units show by themselves; only what changed is worked out anew."""
        if [signs.judgement for signs in self._signs] != judgements:
            self._take(judgements)
        return self._tables

    def _take(self, judgements: Sequence[Judgement]) -> None:
        known, before = self._by_judgement, self._signs
        signs = [known.get(id(judgement)) or _signs_of(judgement) for judgement in judgements]
        changed = [place for place, (new, old) in enumerate(zip(signs, before, strict=False)) if new is not old]
        counts = [len(found.loops) for found in signs]
        if len(signs) == len(before) and all(counts[place] == len(before[place].loops) for place in changed):
            for place in changed:
                self._rows[place] = signs[place].row
                if counts[place]:
                    end = self._ends[place]
                    self._tables.loops[end - counts[place] : end] = signs[place].loops
        else:
            self._rows = rows = np.array([found.row for found in signs])
            loops = [row for found in signs for row in found.loops]
            self._ends = list(accumulate(counts))
            flags, amounts = len(OWN), rows.shape[1] - AMOUNTS
            self._tables = _Own(
                rows[:, :flags],
                rows[:, flags:amounts],
                rows[:, amounts:],
                np.array(loops) if loops else np.empty((0, len(LOOP_FLAGS) - 1)),
                np.repeat(np.arange(len(signs)), counts),
            )
        self._signs = signs
        self._by_judgement = {id(found.judgement): found for found in signs}

    def _share_loops(self, judgements: Sequence[Judgement], shares: Floats) -> list[tuple[float, ...]]:
        own = self._own(judgements)
        if not len(own.loops):
            return [()] * len(judgements)
        model = hotness_models()["loops"]
        signs = loop_table(own.loops, own.owners, shares)
        scores = model.scores(np.empty((len(signs), 0)), signs)
        found = short(self.told_shares(judgements, shares, scores / model.temperature))
        ends = self._ends
        return [tuple(found[start:end]) for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def told_shares(self, judgements: Sequence[Judgement], shares: Floats, scores: Floats) -> Floats:
        """The shares of all loops: what the functions do within loops, all together, is shared among the loops.

        Args:
            judgements, shares: of each unit.
            scores: of each loop, unit by unit.
        """
        own = self._own(judgements)
        raised = np.exp(scores - scores.max())
        return settled(raised / raised.sum() * float(shares @ own.amounts[:, -1]), own.owners, shares)


def _reached_first(shares: Floats, run: Run, called: AbstractSet[int]) -> Floats:
    """The shares where other open files say what runs: what they do not reach counts less."""
    if not called:
        return shares
    found = shares * np.array([1.0 if index in run.reached else UNREACHED_SHARE for index in range(1, len(run.runs))])
    return found / found.sum()


def _signs_of(judgement: Judgement) -> _Signs:
    row = (*own_signs(judgement), *own_flags(judgement), *own_amounts(judgement))
    return _Signs(judgement, row, loop_signs(judgement))


def short(shares: Floats) -> list[float]:
    """Shares with no more digits than keep the order: small edits do not change every share of the file."""
    steps = 10.0 ** (2.0 - np.floor(np.log10(np.maximum(shares, _LEAST_SHARE))))
    rounded: list[float] = (np.rint(shares * steps) / steps).tolist()
    return rounded


class Run(NamedTuple):
    """A run of the file as a program, by the sure calls alone."""

    runs: list[float]
    spent: list[float]
    total: float
    work: float
    waiting: float
    reached: frozenset[int]
    starts: frozenset[int]


def share_outside(run: Run, units: Sequence[Unit]) -> float:
    """The share of the code outside functions: it runs once, and without a loop of its own it is over at once."""
    return min(run.spent[0] / run.total, 1.0) if units[0].loops or len(units) == 1 else 0.0


def run_of(
    judgements: Sequence[Judgement],
    edges: Sequence[Sequence[Edge]],
    groups: Sequence[Sequence[int]],
    growths: Sequence[Growth],
    called_outside: AbstractSet[int] = frozenset(),
) -> Run:
    """How often each unit runs, and what that comes to."""
    count = len(judgements)
    called = {edge.callee for row in edges for edge in row}
    starts = {0} | called_outside | {index for index in range(1, count) if is_entry(judgements[index].unit)}
    reached = _reach(edges, starts)
    is_program = any(edges[0]) or len(starts) > 1
    runs = [0.0] * count
    runs[0] = 1.0
    for index in range(1, count):
        if index in starts:
            runs[index] = 1.0
        elif is_program:
            runs[index] = 0.0 if index in reached else UNREACHED
        else:
            runs[index] = INNER if index in called else 1.0
    for group in reversed(groups):
        if len(group) > 1 or any(edge.callee == group[0] and not edge.handed_over for edge in edges[group[0]]):
            entered = sum(runs[index] for index in group)
            for index in group:
                runs[index] = min(entered * _recursion_turns(growths[index]), MAX_RUNS)
        for index in group:
            for edge in edges[index]:
                if edge.callee in group:
                    continue
                turns = CALLBACK_TURNS if edge.handed_over and edge.site.fact.name in _TURNED_OVER else 1.0
                runs[edge.callee] = min(runs[edge.callee] + runs[index] * edge.site.runs * turns, MAX_RUNS)
    spent = [times * judgement.work for times, judgement in zip(runs, judgements, strict=True)]
    whole = float(f"{sum(spent) or 1.0:.3g}")
    waiting = sum([runs[index] * sum(judgements[index].waiting.values()) for index in sorted(reached)])
    work = sum([spent[index] for index in sorted(reached)])
    return Run(runs, spent, whole, work, waiting, frozenset(reached), frozenset(starts))


def _recursion_turns(growth: Growth) -> float:
    if growth.recursion is None:
        return RECURSION_TURNS["linear"]
    factor = growth.recursion.factor
    if factor.exp > 0:
        return RECURSION_TURNS["exponential"]
    return RECURSION_TURNS["linear"] ** max(1.0, min(factor.n, 2.0)) if factor.n > 0 else RECURSION_TURNS["log"]


def _reach(edges: Sequence[Sequence[Edge]], starts: set[int]) -> set[int]:
    reached = set(starts)
    pending = list(starts)
    while pending:
        for edge in edges[pending.pop()]:
            if edge.callee not in reached:
                reached.add(edge.callee)
                pending.append(edge.callee)
    return reached
