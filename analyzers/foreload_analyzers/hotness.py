"""Where the program's own CPU time is expected to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from foreload_analyzers.call_flow import Flow, Flows
from foreload_analyzers.callgraph import CALLBACK_TURNS, Edge
from foreload_analyzers.facts import Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.hot_loops import LoopSigns, loop_signs, loop_table, settled
from foreload_analyzers.hot_model import Floats, hotness_models
from foreload_analyzers.hot_signs import all_flags, flowing_signs, own_flags, own_signs
from foreload_analyzers.judge import Judgement
from foreload_analyzers.likely_calls import LikelyCalls, Row

RECURSION_TURNS = {"exponential": 2000.0, "linear": 30.0, "log": 6.0}
UNREACHED = 0.1  # of a run, for functions that a program with a start does not call by name
INNER = 0.3  # calls from outside to a function of a library that the library itself calls too
MAX_RUNS = 1e15
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
    """What a unit shows by itself."""

    judgement: Judgement
    ranked: tuple[float, ...]
    flags: tuple[float, ...]
    loops: LoopSigns


class Hotness:
    """The shares of one document, worked out again and again.

    Args:
        language: a name of the language table.
    """

    def __init__(self, language: str) -> None:
        self._likely = LikelyCalls(language)
        self._flows = Flows()
        self._own: dict[int, _Signs] = {}

    def share_out(
        self,
        judgements: Sequence[Judgement],
        fellows: Sequence[Sequence[int]],
        edges: Sequence[Sequence[Edge]],
        groups: Sequence[Sequence[int]],
        growths: Sequence[Growth],
    ) -> Shares:
        """Expected shares of CPU time.

        Args:
            judgements: of all units, the code outside functions first.
            fellows: for each unit those of its chunk.
            edges: sure calls, for each unit.
            groups: units that call each other, callees first.
            growths: one a unit.
        """
        run = run_of(judgements, edges, groups, growths)
        units = [judgement.unit for judgement in judgements]
        rows = self._likely.between(units, judgements, fellows)
        flow = self._flows.follow(units, judgements, rows, run.starts)
        outside = share_outside(run, units)
        shares = [outside]
        if len(units) > 1:
            model = hotness_models()["functions"]
            found = model.scores(*self.function_table(judgements, edges, growths, rows, flow, run.starts))
            shares.extend([float(share) * (1.0 - outside) for share in model.shares(found)])
        loops = self._share_loops(judgements, shares)
        short = [_short(share) for share in shares]
        return Shares(short, loops, run.runs, run.total, run.work, run.waiting, run.reached, run.starts)

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
        own = self._signs_of(judgements)
        sure = [len(row) for row in edges]
        ranked = np.hstack(
            [np.array([found.ranked for found in own[1:]]), flowing_signs(judgements, growths, rows, sure, flow)]
        )
        return ranked, all_flags([found.flags for found in own[1:]], growths, flow, starts)

    def _signs_of(self, judgements: Sequence[Judgement]) -> list[_Signs]:
        """What each unit shows by itself; that of an unchanged one is kept."""
        kept: dict[int, _Signs] = {}
        found: list[_Signs] = []
        for judgement in judgements:
            signs = self._own.get(id(judgement))
            if signs is None:
                signs = _Signs(judgement, own_signs(judgement), own_flags(judgement), loop_signs(judgement))
            kept[id(judgement)] = signs
            found.append(signs)
        self._own = kept
        return found

    def loop_table(self, judgements: Sequence[Judgement], shares: Sequence[float]) -> Floats:
        """The signs of all loops of the file, unit by unit."""
        return loop_table([signs.loops for signs in self._signs_of(judgements)], shares)

    def _share_loops(self, judgements: Sequence[Judgement], shares: Sequence[float]) -> list[tuple[float, ...]]:
        signs = self.loop_table(judgements, shares)
        if not len(signs):
            return [() for _ in judgements]
        model = hotness_models()["loops"]
        scores = model.scores(np.empty((len(signs), 0)), signs)
        found = told_shares(judgements, shares, scores / model.temperature)
        owners = np.repeat(np.arange(len(judgements)), [len(one.unit.loops) for one in judgements])
        ends = np.searchsorted(owners, np.arange(len(judgements)), "right")
        return [tuple(map(_short, row.tolist())) for row in np.split(found, ends[:-1])]


def told_shares(judgements: Sequence[Judgement], shares: Sequence[float], scores: Floats) -> Floats:
    """The shares of all loops: what the functions do within loops, all together, is shared among the loops.

    Args:
        judgements, shares: of each unit.
        scores: of each loop, unit by unit.
    """
    looped = sum([share * _looped_ratio(found) for share, found in zip(shares, judgements, strict=True)])
    owners = np.repeat(np.arange(len(judgements)), [len(found.unit.loops) for found in judgements])
    raised = np.exp(scores - scores.max())
    return settled(raised / raised.sum() * looped, owners, shares)


def _looped_ratio(judgement: Judgement) -> float:
    return min(1.0, sum(judgement.loop_work) / judgement.work) if judgement.work else 0.0


def _short(share: float) -> float:
    """A share with no more digits than keep the order: small edits do not change every share of the file."""
    return float(f"{share:.3g}")


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
) -> Run:
    """How often each unit runs, and what that comes to."""
    count = len(judgements)
    called = {edge.callee for row in edges for edge in row}
    starts = {0} | {index for index in range(1, count) if is_entry(judgements[index].unit)}
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
