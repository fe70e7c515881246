"""What a loop shows that tells how much of the file's time its own turns take, the loops inside left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from foreload_analyzers.call_flow import Flow
from foreload_analyzers.hot_model import Floats
from foreload_analyzers.hot_signs import PLAIN_TURNS, log_of
from foreload_analyzers.judge import Judgement

RANKED = (
    "function_score", "function_share", "share_by_work", "work_from_all", "plain_work_plain_runs", "work_ratio",
    "turns", "from_all", "plain_runs", "own_size", "depth", "lines", "calls", "stores", "inner_loops", "growth",
    "rarity",
)  # fmt: skip
LED = ("function_score", "share_by_work", "work_from_all", "plain_work_plain_runs")
FLAGS = (
    "conditional", "comprehension", "ends_early", "outermost", "innermost", "amortised", "stated", "outside",
    "recursive",
)  # fmt: skip
_MAX_DEPTH = 9
_LEAST = 1e-6


class LoopSigns(NamedTuple):
    """What the loops of one function show by themselves.

    Attributes:
        counts: for each loop its ratio of the function's work, turns, own size, depth, lines, calls, stores, loops
            inside, growth and rarity; then its work and its plain work.
        flags: the values of FLAGS but for `outside` and `recursive`.
    """

    counts: list[tuple[float, ...]]
    flags: list[tuple[float, ...]]


def loop_signs(judgement: Judgement) -> LoopSigns:
    """The signs of the loops of one function."""
    unit = judgement.unit
    found = LoopSigns([], [])
    calls, stores, inner = [0] * len(unit.loops), [0] * len(unit.loops), [0] * len(unit.loops)
    for site in judgement.calls:
        if site.fact.loop >= 0:
            calls[site.fact.loop] += 1
    for fact in unit.assigns:
        if fact.loop >= 0:
            stores[fact.loop] += 1
    for loop in unit.loops:
        if loop.parent >= 0:
            inner[loop.parent] += 1
    for place, loop in enumerate(unit.loops):
        work, bound = judgement.loop_work[place], judgement.bounds[place]
        found.counts.append(
            (
                min(1.0, work / judgement.work) if judgement.work else 0.0,
                log_of(judgement.runs[place]),
                loop.own_size,
                loop.depth,
                loop.end_line - loop.line,
                calls[place],
                stores[place],
                inner[place],
                bound.factor.n + 5.0 * bound.factor.exp + 0.3 * bound.factor.log,
                loop.weight,
                work,
                loop.own_size * PLAIN_TURNS ** min(loop.depth, _MAX_DEPTH),
            )
        )
        found.flags.append(
            (
                float(loop.kind == "while"),
                float(loop.kind == "comprehension"),
                float(loop.has_break),
                float(loop.parent < 0),
                float(inner[place] == 0),
                float(bound.amortised),
                float(bound.stated),
            )
        )
    return found


def loop_table(
    signs: Sequence[LoopSigns], flow: Flow, scores: Sequence[float], shares: Sequence[float]
) -> tuple[Floats, Floats]:
    """The values of RANKED and of FLAGS for all loops of a file, unit by unit.

    Args:
        signs: of each unit.
        flow: of the file.
        scores, shares: of each unit, as the model of functions gives them.
    """
    owner = np.repeat(np.arange(len(signs)), [len(row.counts) for row in signs])
    if not len(owner):
        return np.empty((0, len(RANKED))), np.empty((0, len(FLAGS)))
    counts = np.array([row for found in signs for row in found.counts])
    share, every, plain = np.array(shares)[owner], np.array(flow.from_all)[owner], np.array(flow.plain)[owner]
    ratio, work, plain_work = counts[:, 0], counts[:, -2], counts[:, -1]
    first = (
        np.array(scores)[owner],
        np.log10(_LEAST + share),
        np.log10(_LEAST + share * ratio),
        np.log10(1.0 + every * work),
        np.log10(1.0 + plain * plain_work),
        ratio,
        counts[:, 1],
        np.log10(1.0 + every),
        np.log10(1.0 + plain),
    )
    ranked = np.column_stack([*first, counts[:, 2:-2]])
    marks = np.array([row for found in signs for row in found.flags])
    return ranked, np.column_stack([marks, owner == 0, np.array(flow.recursive)[owner]])


def capped(shares: Sequence[float], owner_share: float) -> list[float]:
    """The shares of a function's loops, made smaller where together they are more than the function's own."""
    total = sum(shares)
    return [share * owner_share / total for share in shares] if total > owner_share else list(shares)
