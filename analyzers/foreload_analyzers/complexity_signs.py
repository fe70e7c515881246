"""What the analysis found of a file's growth, as features of the models that weigh it.

Two blocks beside those of the text: `signs` tell the growth that the rules find and how it would be if one kind of rule
were left out, `paths` tell what every loop and library call stands in. No name of the program's own is among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np

from foreload_analyzers.callgraph import Edge
from foreload_analyzers.costs import CONSTANT, LINEAR, Cost, label
from foreload_analyzers.declared import head_of
from foreload_analyzers.facts import Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.judging import Judged
from foreload_analyzers.knowledge.canonical import CALLS
from foreload_analyzers.linear_model import Bag, Bags

SIGN_BITS, PATH_BITS = 13, 13
_MOST = 4  # larger counts are alike
_MOST_FUNCTIONS = 400  # of a larger file only the first ones are told of one by one
_CANONICAL = {word: name for name, words in CALLS.items() for word in words.split()}


class Composed(NamedTuple):
    """A file as it was judged last: its functions, their calls and growth, and which of them the program reaches."""

    judged: Sequence[Judged]
    edges: Sequence[Sequence[Edge]]
    groups: Sequence[Sequence[int]]
    growths: Sequence[Growth]
    reached: Collection[int]


class Variant(NamedTuple):
    """A reading of the file with one kind of rule left out."""

    name: str
    amortised: bool = True
    library: bool = True
    cases: bool = False
    recursion: bool = True
    pooled: bool = True


VARIANTS = (
    Variant("full"),
    Variant("unamortised", amortised=False),
    Variant("bare", library=False),
    Variant("cases", cases=True),
    Variant("straight", recursion=False),
    Variant("unpooled", pooled=False),
)


def complexity_bags(composed: Composed) -> Bags:
    """The features of a file's time and memory: blocks `signs`, `paths` and `space_signs`."""
    reached = sorted(composed.reached)[:_MOST_FUNCTIONS]
    return {
        "signs": _bag(_time_signs(composed, reached), SIGN_BITS),
        "paths": _bag(_paths(composed, reached), PATH_BITS),
        "space_signs": _bag(_space_signs(composed, reached), SIGN_BITS),
    }


def _bag(found: Counter[str], bits: int) -> Bag:
    places: dict[int, int] = {}
    mask = (1 << bits) - 1
    for name, count in found.items():
        place = _code(name) & mask
        places[place] = places.get(place, 0) + count
    order = sorted(places)
    return Bag(np.array(order, np.intp), np.array([places[place] for place in order], np.float32))


@lru_cache(8192)
def _code(name: str) -> int:
    return crc32(name.encode())


def _time_signs(composed: Composed, reached: Sequence[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    units = [item.unit for item in composed.judged]
    costs = {variant.name: variant_costs(composed, variant) for variant in VARIANTS}
    ranked = sorted((composed.growths[index].cost for index in reached), reverse=True) or [CONSTANT]
    rule = label(ranked[0])
    found[f"rule={rule}"] = 3
    found[f"cost={_told(ranked[0])}"] = 2
    if len(ranked) > 1:
        found[f"second={label(ranked[1])}"] += 1
        found[f"rule={rule} second={label(ranked[1])}"] += 1
    found[f"all={label(max(growth.cost for growth in composed.growths))}"] += 1
    depth = max((units[index].loop_depth for index in reached), default=0)
    found[f"depth={min(depth, 5)}"] += 1
    found[f"rule={rule} depth={min(depth, 5)}"] += 1
    for name, values in costs.items():
        largest = label(max((values[index] for index in reached), default=CONSTANT))
        found[f"{name}={largest}"] += 1
        found[f"rule={rule} {name}={largest}"] += 1
    for index in reached:
        _tell_function(found, composed, index)
    slowest = max(reached, key=lambda index: composed.growths[index].cost, default=0)
    _tell_slowest(found, composed, slowest, rule)
    found[f"functions={min(len(reached), 8)}"] += 1
    return found


def _tell_function(found: Counter[str], composed: Composed, index: int) -> None:
    item, growth = composed.judged[index], composed.growths[index]
    judgement = item.judgement
    if growth.recursion is not None:
        found[f"recursion={growth.recursion.kind}"] += 1
        found[f"recursion={growth.recursion.kind} {_told(growth.recursion.factor)}"] += 1
    if growth.pooled != CONSTANT:
        found[f"pooled={label(growth.pooled)}"] += 1
    for loop, bound in zip(judgement.unit.loops, judgement.bounds, strict=True):
        turns = "amortised" if bound.amortised else bound.kind or label(bound.factor)
        found[f"loop={loop.kind} {turns}"] += 1
        found[f"loop@{min(loop.depth, _MOST)}={turns}"] += 1
        if loop.has_break:
            found[f"ends early {turns}"] += 1
        if loop.parent >= 0 and bound.factor == LINEAR:
            same = judgement.bounds[loop.parent].symbol == bound.symbol
            found[f"inner {'same' if same else 'other'} size"] += 1
    for site in judgement.sites:
        if site.own != CONSTANT:
            found[f"site={label(site.own)}@{_depth(judgement.unit, site.loop)}"] += 1
    for parameter in judgement.unit.parameters:
        shape = judgement.scope.shape_of(parameter.declared)
        if shape is not None:
            inner = "" if shape.element is None else f" of {shape.element.kind or 'other'}"
            found[f"takes {shape.kind or head_of(parameter.declared)[:1].isupper()}{inner}"] += 1


def _tell_slowest(found: Counter[str], composed: Composed, index: int, rule: str) -> None:
    """What the dearest function is made of, since there the answer comes from."""
    item = composed.judged[index]
    judgement = item.judgement
    best = max(judgement.sites, key=lambda site: site.cost, default=None)
    if best is None:
        return
    chain: list[str] = []
    symbols: list[str] = []
    place = best.loop
    while place >= 0:
        bound = judgement.bounds[place]
        chain.append("amortised" if bound.amortised else bound.kind or label(bound.factor))
        if bound.factor != CONSTANT:
            symbols.append(bound.symbol)
        place = judgement.unit.loops[place].parent
    told = ">".join(reversed(chain)) + (f">{label(best.own)}" if best.own != CONSTANT else "")
    found[f"chain={told}"] += 2
    if len(symbols) > 1:
        found[f"rule={rule} sizes={len(set(symbols))}/{len(symbols)}"] += 1
    found[f"rule={rule} has while={any(loop.kind == 'while' for loop in judgement.unit.loops)}"] += 1


def _paths(composed: Composed, reached: Sequence[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for index in reached:
        judgement = composed.judged[index].judgement
        unit = judgement.unit
        stacks: list[str] = []
        for loop, bound in zip(unit.loops, judgement.bounds, strict=True):
            turns = "a" if bound.amortised else bound.kind[:1] or _short(bound.factor)
            above = stacks[loop.parent] if loop.parent >= 0 else ""
            stacks.append(f"{above}>{loop.kind[0]}{turns}"[-24:])
            found[stacks[-1]] += 1
        for call in unit.calls:
            known = _CANONICAL.get(call.name)
            if known is not None:
                depth = _depth(unit, call.loop)
                found[f"{known}@{depth}"] += 1
                if call.loop >= 0:
                    found[f"{stacks[call.loop]}>{known}"] += 1
    return found


def _space_signs(composed: Composed, reached: Sequence[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    ranked = sorted((composed.growths[index].space for index in reached), reverse=True) or [CONSTANT]
    rule = label(ranked[0])
    time = label(max((composed.growths[index].cost for index in reached), default=CONSTANT))
    found[f"rule={rule}"] = 3
    found[f"rule={rule} time={time}"] = 2
    if len(ranked) > 1:
        found[f"second={label(ranked[1])}"] += 1
    for index in reached:
        item, growth = composed.judged[index], composed.growths[index]
        if growth.recursion is not None:
            found[f"recursion={growth.recursion.kind} {_told(growth.recursion.depth)}"] += 1
        found[f"own={label(growth.own_space)} called={label(growth.space)}"] += 1
        for held in item.held:
            found[f"holds {held.kind} {label(held.cost)}"] += 1
            found[f"holds {held.why} {label(held.cost)}"] += 1
            if held.cost != CONSTANT:
                found[f"rule={rule} holds {held.why} {label(held.cost)}"] += 1
        returned = {fact.value.kind for fact in item.unit.returns}
        for kind in returned:
            found[f"returns {kind} rule={rule}"] += 1
        for parameter in item.unit.parameters:
            shape = item.judgement.scope.shape_of(parameter.declared)
            if shape is not None and shape.kind:
                inner = "" if shape.element is None else f" of {shape.element.kind or 'other'}"
                found[f"takes {shape.kind}{inner}"] += 1
    return found


def agrees_always(composed: Composed, rule: str) -> bool:
    """Whether the file is of this class of time under every variant."""
    reached = sorted(composed.reached)
    costs = (variant_costs(composed, variant) for variant in VARIANTS)
    return all(label(max((values[index] for index in reached), default=CONSTANT)) == rule for values in costs)


def variant_costs(composed: Composed, variant: Variant) -> list[Cost]:
    """The growth of each function under a variant, callees before callers."""
    known: list[Cost] = [CONSTANT] * len(composed.judged)
    for group in composed.groups:
        fresh = {index: _variant_cost(composed, index, known, group, variant) for index in group}
        dearest = max(fresh.values())
        for index in group:
            known[index] = dearest
    return known


def _variant_cost(
    composed: Composed, index: int, known: Sequence[Cost], group: Collection[int], variant: Variant
) -> Cost:
    judgement, growth = composed.judged[index].judgement, composed.growths[index]
    around: list[Cost] = []
    for loop, bound in zip(judgement.unit.loops, judgement.bounds, strict=True):
        factor = bound.factor
        if (bound.amortised and not variant.amortised) or (bound.kind == "cases" and variant.cases):
            factor = LINEAR
        around.append(factor if loop.parent < 0 else around[loop.parent].times(factor))
    largest = max(around, default=CONSTANT)
    if variant.library:
        for site in judgement.sites:
            if site.own != CONSTANT:
                outer = around[site.loop] if site.loop >= 0 else CONSTANT
                largest = max(largest, outer.times(site.own))
    for edge in composed.edges[index]:
        if edge.callee in group:
            continue
        outer = around[edge.site.fact.loop] if edge.site.fact.loop >= 0 else CONSTANT
        callee, other = known[edge.callee], composed.growths[edge.callee]
        if other.pooled != CONSTANT and variant.pooled and variant.recursion:
            largest = max(largest, outer.times(other.each), callee)
        else:
            largest = max(largest, outer.times(callee))
    if growth.recursion is not None and variant.recursion:
        return max(growth.cost, largest) if variant == VARIANTS[0] else max(growth.recursion.factor, largest)
    return largest


def _depth(unit: Unit, loop: int) -> int:
    return 0 if loop < 0 else min(unit.loops[loop].depth, _MOST)


@lru_cache(1024)
def _told(cost: Cost) -> str:
    return f"{cost.exp:.1f},{cost.n:.1f},{min(cost.log, 2.0):.0f}"


def _short(cost: Cost) -> str:
    return {"constant": "1", "logn": "l", "linear": "n", "nlogn": "nl", "quadratic": "2", "cubic": "3"}.get(
        label(cost), "e"
    )
