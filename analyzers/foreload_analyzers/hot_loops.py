"""What a loop shows that tells how much of the file's time its own turns take, the loops inside left out."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from foreload_analyzers.call_flow import Flow
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


def loop_signs(
    index: int, judgement: Judgement, flow: Flow, score: float, share: float
) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """The values of RANKED and of FLAGS for each loop of a function with its score and its share of the time."""
    unit = judgement.unit
    ranked: list[tuple[float, ...]] = []
    flagged: list[tuple[float, ...]] = []
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
    every, plain = flow.from_all[index], flow.plain[index]
    for place, loop in enumerate(unit.loops):
        work, bound = judgement.loop_work[place], judgement.bounds[place]
        ratio = min(1.0, work / judgement.work) if judgement.work else 0.0
        plain_body = loop.own_size * PLAIN_TURNS ** min(loop.depth, _MAX_DEPTH)
        ranked.append(
            (
                score,
                log10(_LEAST + share),
                log10(_LEAST + share * ratio),
                log_of(every * work),
                log_of(plain * plain_body),
                ratio,
                log_of(judgement.runs[place]),
                log_of(every),
                log_of(plain),
                loop.own_size,
                loop.depth,
                loop.end_line - loop.line,
                calls[place],
                stores[place],
                inner[place],
                bound.factor.n + 5.0 * bound.factor.exp + 0.3 * bound.factor.log,
                loop.weight,
            )
        )
        flagged.append(
            (
                float(loop.kind == "while"),
                float(loop.kind == "comprehension"),
                float(loop.has_break),
                float(loop.parent < 0),
                float(inner[place] == 0),
                float(bound.amortised),
                float(bound.stated),
                float(index == 0),
                float(flow.recursive[index]),
            )
        )
    return ranked, flagged


def capped(shares: Sequence[float], owner_share: float) -> list[float]:
    """The shares of a function's loops, made smaller where together they are more than the function's own."""
    total = sum(shares)
    return [share * owner_share / total for share in shares] if total > owner_share else list(shares)
