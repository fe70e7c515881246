"""What recursion makes of a function's cost."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from foreload_analyzers.costs import CONSTANT, EXPONENTIAL, LINEAR, LOG, SQUARE, Cost
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.facts import CallFact
from foreload_analyzers.judge import CallSite, Judgement
from foreload_analyzers.languages import BINARY, INDEX, MEMBER, NAME, SLICE

_VISITED = ("visited", "seen", "visit", "lookup", "used", "explored", "done", "marked")
_MEMO = ("memo", "cache", "dp", "lookup", "table", "known")
_TREE = frozenset({"left", "right", "next", "children", "child", "first", "second", "parent", "rest", "tail"})


class Recursion(NamedTuple):
    """What recursion does.

    Attributes:
        calls: how many calls of the function there are, or of those that call it.
        factor: how many times the body runs, as a growth.
        shared: loops around the recursive calls are part of `factor`: all calls together walk everything once.
        depth: growth of the stack.
        words: for evidence.
        symbol: what it grows with.
    """

    calls: int
    factor: Cost
    shared: bool
    depth: Cost
    words: str
    symbol: str = ""


def branching(judgement: Judgement, sites: Sequence[CallFact]) -> int:
    """How many recursive calls one run makes: those of different `return`s exclude each other."""
    returns = judgement.unit.returns
    inside: dict[int, int] = {}
    free = 0
    for site in sites:
        place = next((index for index, fact in enumerate(returns) if fact.start <= site.start < fact.end), -1)
        if place < 0:
            free += 1
        elif not _alternatives(returns[place].value):
            inside[place] = inside.get(place, 0) + 1
        else:
            inside[place] = 1
    lone = sum(1 for site in sites if site.weight < 1.0)
    if free == lone and free > 1 and not inside and _exclusive(judgement, sites):
        free = 1
    return free + max(inside.values(), default=0)


def _alternatives(value: Expr) -> bool:
    return value.kind == "choice" or (value.kind == BINARY and value.name in ("or", "and"))


def _exclusive(judgement: Judgement, sites: Sequence[CallFact]) -> bool:
    """Whether calls in branches are followed by nothing that uses more than one: a binary search without `return`."""
    targets = [fact for fact in judgement.unit.assigns if any(fact.value.text == site.callee.text for site in sites)]
    return (
        not targets
        and not any(site.loop >= 0 for site in sites)
        and all(_cut(site.arguments, judgement) for site in sites)
    )


def judge_recursion(judgement: Judgement, sites: Sequence[CallSite], knowledge: ModuleType) -> Recursion:
    """How often the body runs, from the recursive calls in it."""
    facts = [site.fact for site in sites]
    count = branching(judgement, facts)
    looped = any(fact.loop >= 0 and judgement.bounds[fact.loop].factor != CONSTANT for fact in facts)
    in_any_loop = any(fact.loop >= 0 for fact in facts)
    varying = _varying(judgement, facts)
    own = {parameter.name for parameter in judgement.unit.parameters}
    if all(fact.arguments and all(part.kind == NAME and part.name in own for part in fact.arguments) for fact in facts):
        return Recursion(count, CONSTANT, False, CONSTANT, "calls itself once with its arguments in another order")
    halving = all(_cut(fact.arguments, judgement) for fact in facts)
    sliced = any(_slices(argument) for fact in facts for argument in fact.arguments)
    symbol = next(iter(varying), "")
    if _memoised(judgement, knowledge):
        if halving and not sliced:
            return Recursion(count, LOG, False, LOG, "remembers results, and each call halves its problem", symbol)
        power = float(min(max(len(varying), 1), 3))
        depth = LINEAR
        keys = " and ".join([quoted(name) for name in varying[:3]]) or "argument"
        words = f"remembers results: at most one run for each {keys}"
        return Recursion(count, Cost(n=power), False, depth, words, symbol)
    if halving and not looped and not _walks_tree(facts, judgement):
        if count <= 1:
            return Recursion(
                count, LOG, False, LOG, f"calls itself once on a part of {quoted(symbol or 'the problem')}", symbol
            )
        words = f"calls itself {count} times on parts of {quoted(symbol or 'the problem')}"
        return Recursion(count, LINEAR, False, LOG, words, symbol)
    if _walks_tree(facts, judgement):
        return Recursion(count, LINEAR, True, LINEAR, "visits every node of a tree once", _tree_symbol(facts))
    if _marks_visited(judgement):
        factor = SQUARE if _floods(judgement, facts) else LINEAR
        thing = "cell of a table" if factor == SQUARE else "node"
        return Recursion(count, factor, True, factor, f"visits every {thing} once and marks it", symbol)
    if count <= 1 and not in_any_loop:
        return Recursion(
            count,
            LINEAR,
            False,
            LINEAR,
            f"calls itself once for each step of {quoted(symbol or 'the problem')}",
            symbol,
        )
    times = "in a loop" if in_any_loop else f"{count} times"
    return Recursion(count, EXPONENTIAL, True, LINEAR, f"calls itself {times} and remembers nothing", symbol)


def _varying(judgement: Judgement, facts: Sequence[CallFact]) -> list[str]:
    """The parameters that recursive calls change."""
    names = [parameter.name for parameter in judgement.unit.parameters if parameter.name not in ("self", "cls")]
    found: list[str] = []
    for index, name in enumerate(names):
        for fact in facts:
            given = fact.arguments[index] if index < len(fact.arguments) else fact.keywords.get(name)
            if given is not None and given.text != name and name not in _MEMO:
                found.append(name)
                break
    return found


def _cut(arguments: Sequence[Expr], judgement: Judgement) -> bool:
    """Whether a call gets a fraction of its problem."""
    for argument in arguments:
        pending = [argument]
        while pending:
            current = pending.pop()
            if current.kind == BINARY and current.name in ("//", ">>", "/", "%"):
                return True
            if current.kind == NAME:
                values = [value for value in judgement.scope.values(current.name) if value.kind in (BINARY, INDEX)]
                for value in values:
                    if _has_cut(value):
                        return True
            pending.extend(current.parts)
    return any(name in ("mid", "middle", "pivot", "half") for argument in arguments for name in names_in(argument))


def _has_cut(expr: Expr) -> bool:
    pending = [expr]
    while pending:
        current = pending.pop()
        if current.kind == BINARY and current.name in ("//", ">>", "/"):
            return True
        if current.kind == NAME and current.name in ("mid", "middle", "half", "pivot"):
            return True
        pending.extend(current.parts)
    return False


def _slices(argument: Expr) -> bool:
    return argument.kind == INDEX and len(argument.parts) > 1 and argument.parts[1].kind == SLICE


def _memoised(judgement: Judgement, knowledge: ModuleType) -> bool:
    unit = judgement.unit
    for decorator in unit.decorators:
        path = judgement.scope.path(decorator.split("(", 1)[0].strip())
        if path in knowledge.MEMO_DECORATORS or path.rsplit(".", 1)[-1] in knowledge.MEMO_DECORATORS:
            return True
    # `if key in memo: return memo[key]` and `memo[key] = ...`
    stored = {fact.target.parts[0].text for fact in unit.assigns if fact.target.kind == INDEX and fact.target.parts}
    tested = {fact.container.text for fact in unit.memberships}
    returned = {fact.value.parts[0].text for fact in unit.returns if fact.value.kind == INDEX and fact.value.parts}
    if stored & tested & returned:
        return True
    return any(name.split(".")[-1].strip("_").startswith(_MEMO) for name in stored & (tested | returned))


def _walks_tree(facts: Sequence[CallFact], judgement: Judgement) -> bool:
    """Whether all calls go to the children of a node."""

    def child(argument: Expr) -> bool:
        if argument.kind == MEMBER and argument.name in _TREE:
            return True
        if argument.kind == NAME:
            loop = judgement.scope.loop_of_target(argument.name)
            if loop >= 0:
                over = judgement.unit.loops[loop].over
                return any(part.kind == MEMBER and part.name.strip("_") in _TREE for part in _all(over))
            return any(value.kind == MEMBER and value.name in _TREE for value in judgement.scope.values(argument.name))
        return False

    return all(any(child(argument) for argument in fact.arguments) for fact in facts if fact.arguments) and any(
        fact.arguments for fact in facts
    )


def _all(expr: Expr) -> list[Expr]:
    found: list[Expr] = []
    pending = [expr]
    while pending:
        current = pending.pop()
        found.append(current)
        pending.extend(current.parts)
    return found


def _tree_symbol(facts: Sequence[CallFact]) -> str:
    for fact in facts:
        for argument in fact.arguments:
            if argument.kind == MEMBER:
                return argument.parts[0].text
    return ""


def _marks_visited(judgement: Judgement) -> bool:
    unit = judgement.unit
    for fact in unit.memberships:
        name = fact.container.text.split(".")[-1].split("[")[0].lower()
        if any(word in name for word in _VISITED):
            return True
    for fact in unit.assigns:
        if fact.target.kind == INDEX and fact.operator == "=" and fact.target.parts:
            name = fact.target.parts[0].text.split(".")[-1].split("[")[0].lower()
            if any(word in name for word in _VISITED):
                # Marks that are taken back are the mark of backtracking, not of a visit.
                marks = [other for other in unit.assigns if other.target.text == fact.target.text]
                return len(marks) == 1
            if fact.target.parts[0].kind == INDEX and fact.value.kind in ("text", "number", "name"):
                marks = [other for other in unit.assigns if other.target.text == fact.target.text]
                return len(marks) == 1
    parent = any(parameter.name in ("parent", "prev", "par", "p", "father") for parameter in unit.parameters)
    neighbours = any(
        bound.words.startswith("walks") and loop.over.kind == INDEX
        for loop, bound in zip(unit.loops, judgement.bounds, strict=True)
    )
    return parent and neighbours


def _floods(judgement: Judgement, facts: Sequence[CallFact]) -> bool:
    """Whether the calls go to the neighbours of a cell: two arguments that are stepped."""
    stepped: set[int] = set()
    for fact in facts:
        for index, argument in enumerate(fact.arguments):
            if argument.kind == BINARY and argument.name in ("+", "-"):
                stepped.add(index)
            elif argument.kind == NAME:
                values = judgement.scope.values(argument.name)
                if any(value.kind == BINARY and value.name in ("+", "-") for value in values):
                    stepped.add(index)
    return len(stepped) >= 2
