"""Loops that count through arrays element by element, where work on whole arrays would do the same."""

from __future__ import annotations

from types import ModuleType

from foreload_analyzers.costs import LINEAR
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.facts import AssignFact
from foreload_analyzers.judge import Judgement
from foreload_analyzers.languages import BINARY, CALL, INDEX, ITEMS, MEMBER, NAME, NUMBER, UNARY
from foreload_analyzers.report import Bottleneck

MAX_PARTS = 60  # of an expression that is looked through
_ELEMENT_CALLS = frozenset(
    {"abs", "float", "int"}
    | {
        f"{module}.{name}"
        for module in ("numpy", "math")
        for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "abs")
    }
    | {"numpy.maximum", "numpy.minimum", "numpy.square", "numpy.power", "math.pow"}
)


def elementwise(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    """Loops that count through arrays element by element."""
    items: list[Bottleneck] = []
    if any("jit" in decorator or "njit" in decorator for decorator in found.unit.decorators):
        return items
    if found.scope.outside.imported("numba") is not None or found.scope.outside.imported("njit") is not None:
        return items
    for fact in found.unit.assigns:
        if fact.target.kind != INDEX or fact.loop < 0 or not fact.target.parts:
            continue
        base = fact.target.parts[0]
        while base.kind == INDEX and base.parts:
            base = base.parts[0]
        loop = found.unit.loops[fact.loop]
        counted = loop.kind == "for" and found.bounds[fact.loop].factor.n >= LINEAR.n
        places = [place for part in fact.target.parts[1:] for place in (part.parts if part.kind == ITEMS else (part,))]
        uses_target = bool(set(loop.target) & {place.text for place in places}) and all(
            place.kind == NAME and found.scope.loop_of_target(place.text) >= 0 for place in places
        )
        whole = _could_be_whole(found, fact, base)
        whole = whole and _does_nothing_else(found, fact.loop)
        if counted and uses_target and whole and found.scope.container(base) == "array":
            message = f"fills {quoted(base.text)} element by element; work on whole arrays does this in compiled code"
            items.append(Bottleneck(loop.line, "elementwise_array", message))
    return items


def _does_nothing_else(found: Judgement, loop: int) -> bool:
    """Whether a loop only fills arrays, each place on its own."""
    inside = found.unit.loops[loop]
    held = [fact for fact in found.unit.assigns if inside.body_start <= fact.start < inside.body_end]
    calls = [call for call in found.unit.calls if inside.body_start <= call.start < inside.body_end]
    return all(fact.target.kind == INDEX for fact in held) and all(
        found.scope.path(call.path) in _ELEMENT_CALLS for call in calls
    )


def _could_be_whole(found: Judgement, fact: AssignFact, base: Expr) -> bool:
    """Whether an element is made of elements at the same places, of numbers, and of what all turns share."""
    inside = found.unit.loops[fact.loop]
    counted = names_in(fact.target) - {base.text}
    pending, steps, elements = [fact.value], 0, 0
    while pending and steps < MAX_PARTS:
        steps += 1
        current = pending.pop()
        if current.kind == INDEX:
            if not current.parts or current.parts[0].text == base.text:
                return False
            places = [place for part in current.parts[1:] for place in (part.parts if part.kind == ITEMS else (part,))]
            if not all(place.kind == NAME and found.scope.loop_of_target(place.text) >= 0 for place in places):
                return False
            elements += found.scope.container(current.parts[0]) == "array"
        elif current.kind == CALL:
            path = found.scope.path(current.name)
            if path not in _ELEMENT_CALLS:
                return False
            pending.extend(current.parts[1:])
        elif current.kind == NAME and current.name not in counted:
            if current.name in inside.target or any(
                inside.body_start <= given.start < inside.body_end for given in found.scope.assigned(current.name)
            ):
                return False
        elif current.kind in (BINARY, UNARY):
            pending.extend(current.parts)
        elif current.kind not in (NUMBER, MEMBER, NAME):
            return False
    return not pending and (elements > 0 or fact.value.kind in (BINARY, UNARY))
