"""What the calls of a function share, so that all of them together cost little more than one: marks and results."""

from __future__ import annotations

from foreload_analyzers.costs import CONSTANT
from foreload_analyzers.expressions import Expr
from foreload_analyzers.judge import Judgement
from foreload_analyzers.languages import INDEX, MEMBER, NAME
from foreload_analyzers.recursion import Recursion

_ADDS = frozenset({"add", "insert", "emplace"})
_TAKES_BACK = frozenset({"remove", "discard", "erase", "pop"})
DECORATED = "<decorator>"


def shared_between_calls(judgement: Judgement, recursion: Recursion | None) -> tuple[str, ...]:
    """The names of what lies outside a function and makes a later call skip what an earlier one did; empty: nothing.

    A visit marks what it has seen (`seen.add(cell)`, `grid[i][j] = 0`) and never takes the mark back; a memory keeps
    results; a table that grows to the size asked for (`while len(table) <= n`) keeps its items.
    """
    if recursion is not None:
        if recursion.kind == "memory":
            return recursion.marks or (DECORATED,)
        if recursion.kind == "visit":
            return marks(judgement)
        return ()
    if any(bound.kind == "consumes" for bound in judgement.bounds):
        return marks(judgement)
    if any(bound.kind == "fills" for bound in judgement.bounds):
        return tuple(sorted({bound.symbol for bound in judgement.bounds if bound.kind == "fills"}))
    return ()


def marks(judgement: Judgement) -> tuple[str, ...]:
    """The containers from outside a function in which it marks things for good."""
    unit, scope = judgement.unit, judgement.scope
    found: set[str] = set()
    taken_back: set[str] = set()
    seen: dict[str, int] = {}
    for fact in unit.assigns:
        if fact.target.kind != INDEX:
            continue
        owner = _owner(fact.target)
        if not owner or scope.assigned(owner):
            continue
        seen[fact.target.text] = seen.get(fact.target.text, 0) + 1
        if fact.operator == "=" and seen[fact.target.text] > 1 and fact.loop < 0:
            taken_back.add(owner)
        found.add(owner)
    for call in unit.calls:
        if call.callee.kind != MEMBER:
            continue
        owner = call.callee.parts[0]
        name = owner.text
        if owner.kind not in (NAME, MEMBER) or scope.assigned(name):
            continue
        if call.name in _ADDS:
            found.add(name)
        elif call.name in _TAKES_BACK and len(call.arguments) == 1:
            taken_back.add(name)
    return tuple(sorted(found - taken_back))


def _owner(target: Expr) -> str:
    """The name of the container whose element an assignment sets."""
    while target.kind == INDEX and target.parts:
        target = target.parts[0]
    return target.text if target.kind in (NAME, MEMBER) else ""


__all__ = ["CONSTANT", "marks", "shared_between_calls"]
