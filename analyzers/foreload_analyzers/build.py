"""The functions of a report, from judgements with lines in their chunk to lines in the file."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from foreload_analyzers.algorithms import choose_surely
from foreload_analyzers.bottlenecks import POOL_WORTH, SINGLE_CORE
from foreload_analyzers.costs import CONSTANT, label
from foreload_analyzers.growth import Fact, Growth
from foreload_analyzers.hotness import Shares
from foreload_analyzers.judge import Judgement
from foreload_analyzers.judging import Judged
from foreload_analyzers.needs import Demand, Use
from foreload_analyzers.report import Bottleneck, Evidence, Function, Loop, Needs

MODULE_NAME = "<module>"  # the code outside functions, where it does work of its own


class Inputs(NamedTuple):
    """All that a function of the report is made of beside its judgement; while it is equal, the function is the same.

    Attributes:
        row: where the chunk begins, from 0.
        growth: of time and memory.
        hotness: expected share of the program's time; `loops` those of its loops.
        runs: how often it runs in one run of the program.
        use, pool: what it takes.
        is_entry: a run may begin with it.
    """

    row: int
    growth: Growth
    hotness: float
    loops: tuple[float, ...]
    runs: float
    use: Use
    pool: Use | None
    is_entry: bool


class Builder:
    """Builds the functions of one document's reports, and keeps those that stay the same."""

    def __init__(self) -> None:
        self._built: dict[int, tuple[Judged, Inputs, int, Function]] = {}

    def build(
        self,
        judged: Sequence[Judged],
        rows: Sequence[int],
        growths: Sequence[Growth],
        shares: Shares,
        demand: Demand,
        entries: AbstractSet[int],
    ) -> tuple[Function, ...]:
        """The functions in the order of their lines; code outside functions is among them where it loops."""
        built: dict[int, tuple[Judged, Inputs, int, Function]] = {}
        functions: list[Function] = []
        for index, item in enumerate(judged):
            if index == 0 and not item.unit.loops:
                continue
            inputs = Inputs(
                rows[index],
                growths[index],
                shares.hotness[index],
                shares.loops[index],
                shares.runs[index],
                demand.whole[index],
                demand.pools.get(index),
                index in entries,
            )
            kept = self._built.get(index)
            if kept is None or kept[0] is not item or kept[2] != demand.base_bytes or kept[1] != inputs:
                needs = demand.of_function(index, item.judgement.work, sum(item.judgement.waiting.values()))
                kept = (item, inputs, demand.base_bytes, _function(item, inputs, needs, is_module=index == 0))
            built[index] = kept
            functions.append(kept[3])
        self._built = built
        functions.sort(key=lambda function: (function.line, function.name))
        return tuple(functions)


def _function(item: Judged, inputs: Inputs, needs: Needs, *, is_module: bool) -> Function:
    unit, first, growth = item.unit, inputs.row + 1, inputs.growth
    line = unit.loops[0].line if is_module else unit.line
    end_line = max(loop.end_line for loop in unit.loops) if is_module else unit.end_line
    loops = [
        Loop(loop.line + first, loop.end_line + first, loop.depth, _ratio(share))
        for loop, share in zip(unit.loops, inputs.loops, strict=True)
    ]
    bottlenecks = [Bottleneck(found.line + first, found.kind, found.message) for found in item.bottlenecks]
    parallel = needs.parallel_workers is not None or needs.parallel_all_cores
    longest = _longest_stated(item.judgement)
    if longest >= 0 and not parallel:
        hottest = loops[longest]
        message = (
            "computes for long on one core; if its turns do not depend on each other, a process pool would split them"
        )
        bottlenecks.append(Bottleneck(hottest.line, SINGLE_CORE, message))
    return Function(
        name=MODULE_NAME if is_module else unit.full_name,
        line=line + first,
        end_line=end_line + first,
        complexity=label(growth.cost),
        complexity_confidence=round(growth.confidence, 3),
        space_complexity=label(growth.space),
        space_complexity_confidence=round(growth.space_confidence, 3),
        grows_with=growth.symbol if growth.cost != CONSTANT else "",
        algorithm_class=choose_surely(item.scores),
        hotness=_ratio(inputs.hotness),
        cyclomatic=0,
        loops=tuple(loops),
        bottlenecks=tuple(bottlenecks),
        evidence=tuple(_evidence(fact, first) for fact in growth.facts),
        needs=needs,
        is_entry=inputs.is_entry,
    )


def _longest_stated(judgement: Judgement) -> int:
    """The outermost loop whose turns are all written down and come to long work; -1: none."""
    loops, bounds = judgement.unit.loops, judgement.bounds
    for index, work in enumerate(judgement.loop_work):
        place, outermost, stated = index, index, True
        while place >= 0:
            stated = stated and bounds[place].stated
            outermost, place = place, loops[place].parent
        if stated and work > POOL_WORTH:
            return outermost
    return -1


def _ratio(share: float) -> float:
    return round(min(share, 1.0), 6)


def _evidence(fact: Fact, first: int) -> Evidence:
    text = f"line {fact.line + first} {fact.words}"
    if fact.inside >= 0:
        text += f", inside line {fact.inside + first}"
        if fact.same:
            text += ", which walks it too" if fact.words.startswith("walks") else ", which does so too"
    return Evidence(fact.line + first, text)
