"""How many recursive calls one run of a function makes, and whether they get a fraction of its problem."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from foreload_analyzers.expressions import Expr, names_in
from foreload_analyzers.facts import CallFact
from foreload_analyzers.judge import Judgement
from foreload_analyzers.languages import BINARY, CALL, CHOICE, INDEX, NAME

MAX_DEPTH = 40  # of an expression that is looked through


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
            inside[place] = max(1, _calls_at_once(returns[place].value, {site.callee.text for site in sites}))
    lone = sum(1 for site in sites if site.weight < 1.0)
    if free == lone and free > 1 and not inside and _exclusive(judgement, sites):
        free = 1
    return free + max(inside.values(), default=0)


def _alternatives(value: Expr) -> bool:
    return value.kind == CHOICE or (value.kind == BINARY and value.name in ("or", "and"))


def _calls_at_once(value: Expr, callees: AbstractSet[str], deep: int = 0) -> int:
    """The recursive calls of the dearest of an expression's alternatives: of `c ? n : f(n - 1) + f(n - 2)` two."""
    if deep > MAX_DEPTH:
        return 0
    inside = [_calls_at_once(part, callees, deep + 1) for part in value.parts]
    if _alternatives(value):
        return max(inside, default=0)
    return sum(inside) + (value.kind == CALL and value.name in callees)


def _exclusive(judgement: Judgement, sites: Sequence[CallFact]) -> bool:
    """Whether calls in branches are followed by nothing that uses more than one: a binary search without `return`."""
    targets = [fact for fact in judgement.unit.assigns if any(fact.value.text == site.callee.text for site in sites)]
    return (
        not targets
        and not any(site.loop >= 0 for site in sites)
        and all(is_cut(site.arguments, judgement) for site in sites)
    )


def is_cut(arguments: Sequence[Expr], judgement: Judgement) -> bool:
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
