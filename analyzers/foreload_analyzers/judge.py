"""The judgement of one function by itself: bounds of its loops, where its time goes, what it calls.

Nothing here looks at other functions, so it is kept while the text and what it asked of its surroundings stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from foreload_analyzers.bounds import Bound, Bounds
from foreload_analyzers.costs import CONSTANT, LINEAR, LOG, SORT, Cost
from foreload_analyzers.declared import head_of
from foreload_analyzers.expressions import Expr, quoted
from foreload_analyzers.facts import CallFact, Unit
from foreload_analyzers.languages import COMPREHENSION, INDEX, MEMBER, NAME, SLICE
from foreload_analyzers.report import Bottleneck
from foreload_analyzers.scope import Outside, Scope
from foreload_analyzers.shapes import shapes_of
from foreload_analyzers.size import Size
from foreload_analyzers.sizes import Sizes

# Work is counted in syntax nodes run once; a node takes about 30 ns.
WORK_PER_MICROSECOND = 33.0
LIBRARY_WORK = {CONSTANT: 2.0, LOG: 4.0, LINEAR: 12.0, SORT: 60.0}
HARD_WORK = 1_000_000.0  # fitting a model, a step of training
MAX_RUNS = 1e12


@dataclass(slots=True)
class Site:
    """Something in the function that costs.

    Attributes:
        cost: with all loops around it.
        loop: the innermost loop around it, -1 for none.
        own: its cost without the loops; constant for a loop's body itself.
        line: where it stands, within the chunk.
        words: what it does, for evidence; empty for a loop's body.
        symbol: what `own` grows with.
    """

    cost: Cost
    loop: int
    own: Cost
    line: int
    words: str = ""
    symbol: str = ""


@dataclass(slots=True)
class CallSite:
    """A call with its path made full and how often it is expected to run in one run of the function."""

    fact: CallFact
    path: str
    around: Cost
    runs: float


@dataclass(slots=True, eq=False)
class Judgement:
    """What is known of one function without looking at others.

    Attributes:
        unit: its facts.
        scope, sizes: kept for those who judge further (space, needs, bottlenecks).
        bounds: one a loop.
        around: growth of all loops from the outermost to each one.
        runs: expected number of times that the body of each loop runs in one run of the function.
        sites: what costs.
        calls: all calls.
        work: own expected work of one run; `loop_work` the part directly in each loop.
        waiting: expected waiting of one run, in the same unit, by kind.
        bottlenecks: lines within the chunk.
        asked: what it depends on outside.
    """

    unit: Unit
    scope: Scope
    sizes: Sizes
    bounds: list[Bound]
    around: list[Cost]
    runs: list[float]
    sites: list[Site]
    calls: list[CallSite]
    work: float
    loop_work: list[float]
    waiting: dict[str, float]
    bottlenecks: tuple[Bottleneck, ...] = ()
    asked: Mapping[tuple[str, str], object] = field(default_factory=dict[tuple[str, str], object])


def judge(unit: Unit, around_units: Sequence[Unit], outside: Outside, knowledge: ModuleType) -> Judgement:
    """The judgement of one function.

    Args:
        unit: its facts.
        around_units: the functions around it, innermost first.
        outside: its module and class.
        knowledge: what is known of the language's libraries.
    """
    outside.asked = {}
    scope = Scope(unit, around_units, outside, knowledge.CONTAINER_KINDS, shapes_of(knowledge))
    sizes = Sizes(scope, knowledge)
    bounds = Bounds(scope, sizes, knowledge).work_out()
    around: list[Cost] = []
    runs: list[float] = []
    for loop, bound in zip(unit.loops, bounds, strict=True):
        above = around[loop.parent] if loop.parent >= 0 else CONSTANT
        times = runs[loop.parent] if loop.parent >= 0 else 1.0
        around.append(above.times(bound.factor))
        runs.append(min(times * bound.turns * loop.weight, MAX_RUNS))
    loop_work = [loop.own_size * count for loop, count in zip(unit.loops, runs, strict=True)]
    found = Judgement(
        unit=unit,
        scope=scope,
        sizes=sizes,
        bounds=bounds,
        around=around,
        runs=runs,
        sites=[Site(cost, index, CONSTANT, unit.loops[index].line) for index, cost in enumerate(around)],
        calls=[],
        work=0.0,
        loop_work=loop_work,
        waiting={},
    )
    extra = _calls(found, knowledge) + _memberships(found) + _slices(found)
    _sorted_keys(found, knowledge)
    found.work = min(unit.own_size + sum(loop_work) + extra, MAX_RUNS)
    found.asked = dict(outside.asked)
    return found


def _spend(found: Judgement, loop: int, work: float, weight: float = 1.0) -> float:
    """Books work that is done at a place; what lies in a loop goes to that loop and is returned as well."""
    times = found.runs[loop] if loop >= 0 else 1.0
    total = work * times * weight
    if loop >= 0:
        found.loop_work[loop] += total
    return total


def _add(found: Judgement, loop: int, own: Cost, line: int, words: str, symbol: str) -> None:
    around = found.around[loop] if loop >= 0 else CONSTANT
    found.sites.append(Site(around.times(own), loop, own, line, words, symbol))


def _calls(found: Judgement, knowledge: ModuleType) -> float:
    extra = 0.0
    for fact in found.unit.calls:
        found.scope.at = fact.loop
        path = found.scope.path(fact.path)
        times = found.runs[fact.loop] if fact.loop >= 0 else 1.0
        around = found.around[fact.loop] if fact.loop >= 0 else CONSTANT
        found.calls.append(CallSite(fact, path, around, min(times * fact.weight, MAX_RUNS)))
        method = "." + path.rsplit(".", 1)[-1]
        waits = knowledge.WAITS.get(path) or (knowledge.WAITS.get(method) if "." in path else None)
        if waits is not None:
            kind, microseconds = waits
            found.waiting[kind] = (
                found.waiting.get(kind, 0.0) + microseconds * WORK_PER_MICROSECOND * times * fact.weight
            )
        if method in knowledge.HARD_WORK and "." in path and not path.startswith(("re.", "self.")):
            extra += _spend(found, fact.loop, HARD_WORK, fact.weight)
        own, operand = library_cost(found, fact, path, knowledge)
        if own is None:
            continue
        size = found.sizes.length(operand) if operand is not None else None
        if size is not None and size.nature == "input" and method in knowledge.PARSING:
            continue  # taking a line of input apart is part of reading it
        if size is not None and size.nature == "input" and fact.line in found.scope.unpacked_lines():
            continue
        if own != CONSTANT and size is not None and size.cost != LINEAR:
            own = _scaled(own, size.cost)
        work = LIBRARY_WORK.get(own, 300.0 if own.n > 1 else 30.0)
        extra += _spend(found, fact.loop, work, fact.weight)
        if own != CONSTANT:
            symbol = "" if size is None else size.symbol
            _add(
                found,
                _whole_loop(found, fact.loop, size),
                own,
                fact.line,
                f"calls {quoted(fact.shown)}{f' on {quoted(symbol)}' if symbol else ''}",
                symbol,
            )
    return extra


def _whole_loop(found: Judgement, loop: int, size: Size | None) -> int:
    """The loop that work on a group belongs to: all groups together are one whole, so the loop over them is free."""
    if size is None or size.nature != "group" or loop < 0:
        return loop
    return found.unit.loops[loop].parent


def library_cost(found: Judgement, fact: CallFact, path: str, knowledge: ModuleType) -> tuple[Cost | None, Expr | None]:
    """The growth of a call to a library with its operand; None: not known."""
    method = "." + path.rsplit(".", 1)[-1]
    owner = fact.callee.parts[0] if fact.callee.kind == MEMBER else None
    if path in getattr(knowledge, "MODULAR_POWERS", ()) and len(fact.arguments) == 3:
        fixed = found.sizes.magnitude(fact.arguments[1]).cost == CONSTANT
        return (CONSTANT if fixed else LOG), None
    if owner is None and found.scope.outside.defines(path):
        return None, None  # the file's own function of that name
    row = knowledge.CALL_COSTS.get(path)
    if row is None and owner is not None:
        kind = found.scope.container(owner)
        if kind == "sorted" and method in knowledge.SORTED_METHODS:
            return LOG, owner
        if method in knowledge.LIST_ONLY:
            if kind not in ("list", "str") or (method == ".pop" and not _pops_front(found, fact)):
                return None, None
            if method == ".insert" and fact.arguments and found.scope.constant(fact.arguments[0]) is None:
                return LINEAR, owner
            return knowledge.LIST_ONLY[method], owner
        row = knowledge.CALL_COSTS.get(method)
        if kind == "number" or (
            row is not None and owner.kind == NAME and found.scope.outside.imported(owner.name) is not None
        ):
            row = None
    if row is None:
        return None, None
    cost, place = row
    if place < 0:
        return cost, owner
    operand = next(iter(fact.arguments[place:]), None)
    if operand is None or (len(fact.arguments) > 1 and path in ("max", "min")):
        return CONSTANT, None
    if operand.kind == COMPREHENSION and cost == LINEAR:
        return CONSTANT, None  # the comprehension is a loop of its own
    return cost, operand


def _pops_front(found: Judgement, fact: CallFact) -> bool:
    return bool(fact.arguments) and found.scope.constant(fact.arguments[0]) == 0


def _scaled(own: Cost, size: Cost) -> Cost:
    """A cost in the size of an operand that itself grows as `size`."""
    if size == CONSTANT:
        return CONSTANT
    if size.n == 0 and size.exp == 0:
        return LOG if own.n else CONSTANT
    return Cost(size.exp, size.n * own.n if own.n else 0.0, own.log + size.log)


def _sorted_keys(found: Judgement, knowledge: ModuleType) -> None:
    """Elements set in maps that keep their keys in order, where the language says so of the declared type."""
    for fact in found.unit.assigns:
        if fact.target.kind != INDEX or not fact.target.parts or not found.unit.declared:
            continue
        owner = fact.target.parts[0]
        head = head_of(found.scope.declared(owner.text)) if owner.kind in (NAME, MEMBER) else ""
        row = knowledge.CALL_COSTS.get(f"{head}.[]") if head else None
        if row is not None:
            _add(found, fact.loop, row[0], fact.line, f"looks up a key in {quoted(owner.text)}", owner.text)


def _memberships(found: Judgement) -> float:
    extra = 0.0
    for fact in found.unit.memberships:
        found.scope.at = fact.loop
        kind = found.scope.container(fact.container)
        if kind not in ("list", "tuple", "deque", "str"):
            continue
        size = found.sizes.length(fact.container)
        if size.cost == CONSTANT:
            continue
        extra += _spend(found, fact.loop, LIBRARY_WORK[LINEAR])
        if kind != "str" or fact.item.kind != "text":
            words = f"looks through {quoted(fact.container.text)} item by item"
            _add(found, fact.loop, size.cost, fact.line, words, size.symbol)
    return extra


def _slices(found: Judgement) -> float:
    extra = 0.0
    for fact in found.unit.slices:
        if fact.bounds.kind != SLICE:
            continue
        found.scope.at = fact.loop
        copied = Expr(INDEX, "", fact.value.text, (fact.value, fact.bounds))
        size = found.sizes.length(copied)
        if size.cost == CONSTANT or found.scope.container(fact.value) in ("array", "frame"):
            continue
        extra += _spend(found, fact.loop, LIBRARY_WORK[LINEAR])
        _add(found, fact.loop, size.cost, fact.line, f"copies a part of {quoted(fact.value.text)}", size.symbol)
    return extra
