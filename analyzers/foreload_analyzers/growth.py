"""The growth of a function's time and memory, its callees included, with the lines that make it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

from foreload_analyzers.callgraph import Edge
from foreload_analyzers.costs import BIG_O, CONSTANT, LINEAR, LOG, Cost, label
from foreload_analyzers.exported import Abroad
from foreload_analyzers.expressions import names_in, quoted
from foreload_analyzers.facts import Unit
from foreload_analyzers.judge import CallSite, Judgement, Site
from foreload_analyzers.languages import NAME
from foreload_analyzers.recursion import Recursion, judge_recursion
from foreload_analyzers.sharing import shared_between_calls
from foreload_analyzers.space import Allocation

MAX_EVIDENCE = 8
# How often each class was right on programs whose growth is known.
TIME_CONFIDENCE = {
    "constant": 0.8,
    "logn": 0.87,
    "linear": 0.74,
    "nlogn": 0.85,
    "quadratic": 0.68,
    "cubic": 0.53,
    "exponential": 0.6,
}
SPACE_CONFIDENCE = {
    "constant": 0.88,
    "logn": 0.8,
    "linear": 0.84,
    "nlogn": 0.6,
    "quadratic": 0.8,
    "cubic": 0.5,
    "exponential": 0.8,
}


class Fact(NamedTuple):
    """One line of evidence before its place in the file is known.

    Attributes:
        line: in the chunk, from 0.
        words: what follows "line 12 ".
        inside: the line of the loop around, -1 for none.
        same: that loop grows with the same thing.
    """

    line: int
    words: str
    inside: int = -1
    same: bool = False


class Growth(NamedTuple):
    """How a function's cost grows.

    Attributes:
        cost, space: of time and memory.
        confidence, space_confidence: 0..1.
        symbol: what `n` is.
        facts: evidence for both.
        recursion: what recursion there is.
        each: of time, of one call, beside what all calls share.
        pooled: of time, what all calls of one run of the program share: each cell is visited once, each result
            worked out once.
        marks: the names of what the calls share, as the function knows them.
        own_space: of memory, without what callees hold.
        through: functions of other files that the cost is made of.
    """

    cost: Cost
    space: Cost
    confidence: float
    space_confidence: float
    symbol: str
    facts: tuple[Fact, ...]
    recursion: Recursion | None
    each: Cost = CONSTANT
    pooled: Cost = CONSTANT
    marks: tuple[str, ...] = ()
    own_space: Cost = CONSTANT
    through: frozenset[str] = frozenset()


def grow(
    judgement: Judgement,
    edges: Sequence[Edge],
    known: Mapping[int, Growth],
    names: Sequence[Unit],
    group: Sequence[int],
    held: Sequence[Allocation],
    knowledge: ModuleType,
    abroad: Sequence[Abroad] = (),
) -> Growth:
    """The growth of one function.

    Args:
        judgement: of the function.
        edges: its calls to functions of the file.
        known: the growth of those that were judged before.
        names: all units.
        group: the functions that call each other with it, itself included.
        held: what it allocates.
        knowledge: of the language.
        abroad: its calls to functions of other files.
    """
    recursive = [edge.site for edge in edges if edge.callee in group and not edge.handed_over]
    recursion = judge_recursion(judgement, recursive, knowledge) if recursive else None
    sites = [*judgement.sites]
    shared_sites: list[Site] = []
    shared_marks: set[str] = set()
    called_space: list[tuple[Cost, int, str]] = []
    for edge in edges:
        other = known.get(edge.callee)
        if other is None or edge.callee in group:
            continue
        name = names[edge.callee].full_name
        fact = edge.site.fact
        own = other.cost
        if own == LINEAR and other.symbol == "the input" and fact.line in judgement.scope.unpacked_lines():
            continue  # a line of a few numbers is read
        whole = CONSTANT
        if other.pooled != CONSTANT and not edge.handed_over and not _is_fresh(judgement, edge, other, names):
            own, whole = other.each, other.pooled
        if edge.handed_over:
            own = (
                own.times(LINEAR)
                if fact.name in ("map", "filter", "sorted", "sort", "starmap", "imap", "reduce")
                else own
            )
        if own != CONSTANT:
            words = (
                f"{'hands over' if edge.handed_over else 'calls'} {quoted(name)}, which is {BIG_O[label(other.cost)]}"
            )
            sites.append(Site(edge.site.around.times(own), fact.loop, own, fact.line, words, other.symbol))
        if whole != CONSTANT:
            words = f"calls {quoted(name)}, whose calls all together are {BIG_O[label(whole)]}"
            shared_sites.append(Site(whole, -1, whole, fact.line, words, other.symbol))
            shared_marks.update(_names_outside(judgement, edge, other, names))
        if other.space != CONSTANT:
            called_space.append(
                (other.space, fact.line, f"calls {quoted(name)}, which holds {BIG_O[label(other.space)]}")
            )
    through = _go_abroad(abroad, sites, called_space)
    if known:
        through = through.union(*(known[edge.callee].through for edge in edges if edge.callee in known))
    shared = frozenset[int]() if recursion is None else _shared_loops(judgement, recursion, recursive)
    best = _largest(judgement, sites, shared)
    body = _cost_without(judgement, best, shared) if best is not None else CONSTANT
    each = cost = _with_recursion(recursion, body)
    pooled, marks = CONSTANT, ()
    own_marks = shared_between_calls(judgement, recursion)
    if own_marks:
        each, pooled, marks = CONSTANT, cost, own_marks
    dearest = max(shared_sites, key=lambda site: site.cost, default=None)
    if dearest is not None and dearest.cost > cost:
        best, cost = dearest, dearest.cost
    if dearest is not None and recursion is None:
        outside = tuple(sorted(name for name in shared_marks if not judgement.scope.assigned(name)))
        if len(outside) == len(shared_marks):
            pooled, marks = max(pooled, dearest.cost), (*marks, *outside)
        else:
            each = max(each, dearest.cost)
    facts = _evidence(judgement, best, shared)
    if recursion is not None:
        facts = (Fact(recursive[0].fact.line, recursion.words), *facts)
    symbol = _symbol(judgement, best, recursion)
    space, space_facts = _space(held, called_space, recursion)
    confidence = _confidence(judgement, best, recursion, cost)
    return Growth(
        cost,
        space,
        confidence,
        SPACE_CONFIDENCE[label(space)],
        "" if cost == CONSTANT else symbol,
        (*facts, *space_facts)[:MAX_EVIDENCE],
        recursion,
        each,
        pooled,
        marks,
        max((item.cost for item in held), default=CONSTANT),
        through,
    )


def _go_abroad(
    abroad: Sequence[Abroad], sites: list[Site], called_space: list[tuple[Cost, int, str]]
) -> frozenset[str]:
    """Adds what calls to other files cost; returned are those functions, and all that these are made of."""
    through: set[str] = set()
    for site, other in abroad:
        fact, file = site.fact, other.place.rpartition("/")[2]
        symbol = next((argument.text for argument in fact.arguments if argument.kind == NAME), "")
        if other.cost != CONSTANT:
            words = f"calls {quoted(other.name)} of {file}, which is {BIG_O[label(other.cost)]}"
            sites.append(Site(site.around.times(other.cost), fact.loop, other.cost, fact.line, words, symbol))
        if other.space != CONSTANT:
            words = f"calls {quoted(other.name)} of {file}, which holds {BIG_O[label(other.space)]}"
            called_space.append((other.space, fact.line, words))
        through |= {other.key, *other.through}
    return frozenset(through)


def _is_fresh(judgement: Judgement, edge: Edge, other: Growth, names: Sequence[Unit]) -> bool:
    """Whether a loop around a call makes anew what the calls would share."""
    around: set[int] = set()
    index = edge.site.fact.loop
    while index >= 0:
        around.add(index)
        index = judgement.unit.loops[index].parent
    if not around:
        return False
    return any(
        fact.operator == "=" and fact.loop in around
        for name in _names_outside(judgement, edge, other, names)
        for fact in judgement.scope.assigned(name)
    )


def _names_outside(judgement: Judgement, edge: Edge, other: Growth, names: Sequence[Unit]) -> list[str]:
    """What a callee's calls share, as the caller knows it."""
    parameters = [parameter.name for parameter in names[edge.callee].parameters]
    if parameters and parameters[0] in ("self", "cls"):
        parameters = parameters[1:]
    fact = edge.site.fact
    found: list[str] = []
    for mark in other.marks:
        if mark not in parameters:
            found.append(mark)
            continue
        place = parameters.index(mark)
        argument = fact.arguments[place] if place < len(fact.arguments) else fact.keywords.get(mark)
        if argument is not None:
            found.extend(names_in(argument))
    return found


def _shared_loops(judgement: Judgement, recursion: Recursion, recursive: Sequence[CallSite]) -> frozenset[int]:
    """Loops whose turns are counted by the recursion already."""
    if not recursion.shared:
        return frozenset()
    found: set[int] = set()
    for site in recursive:
        index = site.fact.loop
        while index >= 0:
            found.add(index)
            index = judgement.unit.loops[index].parent
    return frozenset(found)


def _cost_without(judgement: Judgement, site: Site, shared: frozenset[int]) -> Cost:
    cost, index = site.own, site.loop
    while index >= 0:
        if index not in shared:
            cost = cost.times(judgement.bounds[index].factor)
        index = judgement.unit.loops[index].parent
    return cost


def _largest(judgement: Judgement, sites: Sequence[Site], shared: frozenset[int]) -> Site | None:
    best: Site | None = None
    best_cost = CONSTANT
    for site in sites:
        cost = _cost_without(judgement, site, shared) if shared else site.cost
        if best is None or cost > best_cost:
            best, best_cost = site, cost
    return best


def _with_recursion(recursion: Recursion | None, body: Cost) -> Cost:
    if recursion is None:
        return body
    factor = recursion.factor
    if factor == LOG and body.n > 0:
        return body  # n + n/2 + n/4 + ... is 2 n
    if factor == LINEAR and recursion.depth == LOG and body.n >= 1:
        return body.times(LOG) if body.n == 1 else body
    return factor.times(body)


def _chain(judgement: Judgement, index: int) -> list[int]:
    found: list[int] = []
    while index >= 0:
        found.append(index)
        index = judgement.unit.loops[index].parent
    return found[::-1]


def _evidence(judgement: Judgement, best: Site | None, shared: frozenset[int]) -> tuple[Fact, ...]:
    if best is None:
        return ()
    loops, bounds = judgement.unit.loops, judgement.bounds
    facts: list[Fact] = []
    previous = -1
    for index in _chain(judgement, best.loop):
        bound = bounds[index]
        if index in shared:
            continue
        around = previous
        same = around >= 0 and bounds[around].symbol == bound.symbol != "" and not bound.amortised
        facts.append(Fact(loops[index].line, bound.words, loops[around].line if around >= 0 else -1, same))
        previous = index
    for index, loop in enumerate(loops):
        inside = loop.parent >= 0 and loop.parent in _chain(judgement, best.loop)
        if bounds[index].amortised and inside and index not in _chain(judgement, best.loop):
            facts.append(Fact(loop.line, bounds[index].words, loops[loop.parent].line))
    if best.words:
        facts.append(Fact(best.line, best.words, loops[previous].line if previous >= 0 else -1))
    return tuple(facts)


def _symbol(judgement: Judgement, best: Site | None, recursion: Recursion | None) -> str:
    if best is not None:
        for index in _chain(judgement, best.loop):
            bound = judgement.bounds[index]
            if bound.symbol and bound.factor != CONSTANT:
                return bound.symbol
        if best.symbol:
            return best.symbol
    return recursion.symbol if recursion is not None else ""


def _space(
    held: Sequence[Allocation], called: Sequence[tuple[Cost, int, str]], recursion: Recursion | None
) -> tuple[Cost, tuple[Fact, ...]]:
    cost, facts = CONSTANT, ()
    for item in held:
        if item.cost > cost:
            cost, facts = item.cost, (Fact(item.line, f"holds memory: {item.words}"),)
    for space, line, words in called:
        if space > cost:
            cost, facts = space, (Fact(line, words),)
    if recursion is not None:
        depth = recursion.depth if recursion.factor.exp == 0 or recursion.depth != CONSTANT else LINEAR
        if depth > cost:
            cost = depth
    return cost, facts


def _confidence(judgement: Judgement, best: Site | None, recursion: Recursion | None, cost: Cost) -> float:
    confidence = TIME_CONFIDENCE[label(cost)]
    if recursion is not None:
        confidence -= 0.05
    if best is not None:
        chain = _chain(judgement, best.loop)
        loops = judgement.unit.loops
        confidence -= 0.04 * sum(loops[index].kind == "while" for index in chain)
        confidence += 0.04 if chain and all(loops[index].kind != "while" for index in chain) else 0.0
    return min(0.95, max(0.35, confidence))
