"""How variables move within a loop: by steps, by factors, or along links."""

from __future__ import annotations

from collections.abc import Sequence

from foreload_analyzers.expressions import Expr, names_in
from foreload_analyzers.extract import root_names
from foreload_analyzers.facts import AssignFact
from foreload_analyzers.languages import BINARY, CALL, INDEX, ITEMS, MEMBER, NAME, NUMBER
from foreload_analyzers.scope import Scope, value_for


def step_of(name: str, inside: Sequence[AssignFact], scope: Scope) -> str:
    """How a name moves within a loop: `halve`, `step`, `link`, or empty where it does not or in no known way."""
    found = ""
    for fact in inside:
        if fact.target.kind == INDEX or name not in root_names(fact.target):
            continue
        step = _one_step(name, fact, inside, scope)
        if step == "halve":
            return step
        found = found or step
    return found


def _one_step(name: str, fact: AssignFact, inside: Sequence[AssignFact], scope: Scope) -> str:
    value = value_for(fact, name)
    if fact.operator in ("//=", "/=", ">>=", "*=", "<<=", "&=", "%="):
        return "halve"
    if fact.operator in ("+=", "-="):
        # x += x & -x climbs a Fenwick tree, x += x doubles.
        return "halve" if name in names_in(fact.value) else "step"
    if value is None:
        given = fact.value
        if given.kind == CALL and given.name.endswith("divmod") and len(given.parts) > 1:
            return "halve" if name in names_in(given.parts[1]) else ""
        return "step"
    if value.kind == BINARY and len(value.parts) == 2:
        left, right = value.parts
        about_itself = name in names_in(value)
        if value.name in ("//", ">>", "/", "*", "<<") and about_itself and _is_factor(right, scope):
            return "halve"
        if (value.name == "&" and about_itself) or value.name == "%":
            return "halve"
        if value.name in ("+", "-"):
            middle = left if right.kind == NUMBER else right if left.kind == NUMBER else None
            if middle is not None and middle.text != name and _is_middle(middle.text, inside):
                return "halve"
            return "step" if about_itself else ""
    if value.kind == NAME and _is_middle(value.text, inside):
        return "halve"
    if fact.target.kind == ITEMS and any(part.kind == BINARY and part.name == "%" for part in fact.value.parts):
        return "halve"  # a, b = b, a % b
    if value.kind == MEMBER and name in names_in(value):
        return "link" if value.name in ("parent", "fail", "link", "suffix_link") else "step"
    if value.kind == INDEX and name in names_in(value) and len(value.parts) > 1 and name in names_in(value.parts[1]):
        return "link"
    if value.kind == CALL and name in names_in(value):
        return "step"
    return ""


def _is_factor(expr: Expr, scope: Scope) -> bool:
    value = scope.constant(expr)
    return value is None or value >= 1


def _is_middle(name: str, inside: Sequence[AssignFact]) -> bool:
    """Whether a name is the middle of two others, or a half of itself."""
    for fact in inside:
        if fact.operator == "=" and name in root_names(fact.target):
            value = value_for(fact, name)
            if value is not None and _halves(value):
                return True
    return False


def _halves(expr: Expr) -> bool:
    pending = [expr]
    while pending:
        current = pending.pop()
        if current.kind == BINARY and current.name in ("//", ">>", "/"):
            return True
        pending.extend(current.parts)
    return False


def sets_bits(scope: Scope, expr: Expr) -> bool:
    """Whether an expression is a set of bits with one more of them set: `mask | (1 << i)`."""
    values = scope.values(expr.name) if expr.kind == NAME else [expr]
    return any(
        value.kind == BINARY
        and value.name in ("|", "+", "^", "-", "&")
        and any(_is_bit(scope, part) for part in parts_of(value))
        for value in values
    )


def _is_bit(scope: Scope, expr: Expr) -> bool:
    """`1 << i`, or a variable that goes from bit to bit."""
    if expr.kind == BINARY:
        return expr.name == "<<"
    return expr.kind == NAME and any(fact.operator == "<<=" for fact in scope.assigned(expr.name))


def parts_of(expr: Expr) -> list[Expr]:
    """An expression and all that is in it."""
    found: list[Expr] = []
    pending = [expr]
    while pending:
        current = pending.pop()
        found.append(current)
        pending.extend(current.parts)
    return found
