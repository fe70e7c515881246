"""Where the program's own CPU time is expected to go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from foreload_analyzers.callgraph import CALLBACK_TURNS, Edge
from foreload_analyzers.facts import Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.judge import Judgement

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
        runs: how often each unit runs in one run of the program.
        total: work of all units together, to three digits: what shares are of.
        work, waiting: of the whole program, in nodes.
        reached: the units that a run of the file as a program reaches.
        starts: the units that it starts from: the code outside functions, tests, routes, commands.
    """

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


def share_out(
    judgements: Sequence[Judgement],
    edges: Sequence[Sequence[Edge]],
    groups: Sequence[Sequence[int]],
    growths: Sequence[Growth],
) -> Shares:
    """Expected shares of CPU time. `groups` come callees first."""
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
    # Three digits are more than is known, and keep small edits from changing every share of the file.
    whole = float(f"{sum(spent) or 1.0:.3g}")
    waiting = sum([runs[index] * sum(judgements[index].waiting.values()) for index in sorted(reached)])
    work = sum([spent[index] for index in sorted(reached)])
    return Shares(runs, whole, work, waiting, frozenset(reached), frozenset(starts))


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
