"""What memory a function holds at once, as a growth."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from foreload_analyzers.costs import CONSTANT, LINEAR, Cost
from foreload_analyzers.expressions import Expr, quoted
from foreload_analyzers.judge import Judgement
from foreload_analyzers.languages import BINARY, CALL, COMPREHENSION, INDEX, ITEMS, KEYWORD, MEMBER, NAME, TEXT

# Lists that only collect what is given back are not counted: every way to solve it must hold them.
_RESULT_NAMES = frozenset({"result", "results", "res", "ans", "answer", "ret", "out", "output"})
_KEPT = frozenset({"list", "set", "dict", "deque", "str", "array", "tuple", "frame"})


class Allocation(NamedTuple):
    """Something that takes memory: its growth, its line in the chunk, and what it is.

    `elements` is their number where it is written down, `element_bytes` what one takes. `why` is `built` at once,
    `grown` item by item, or `keyed`: filled by keys.
    """

    cost: Cost
    line: int
    words: str
    kind: str
    elements: float | None
    element_bytes: int = 0
    why: str = "built"


def allocations(judgement: Judgement, knowledge: ModuleType) -> list[Allocation]:
    """Everything that a function builds and keeps while it runs."""
    unit, scope = judgement.unit, judgement.scope
    returned = {fact.value.text for fact in unit.returns if fact.value.kind == NAME}
    found: list[Allocation] = []
    for fact in unit.assigns:
        if fact.operator != "=" or (
            fact.target.kind == INDEX and fact.target.parts[1:] and fact.target.parts[1].kind == "slice"
        ):
            continue
        for name, value in _pairs(fact.target, fact.value):
            if name in _RESULT_NAMES and name in returned:
                continue
            found.extend(_built(judgement, value, fact.line, f"{quoted(name)}", knowledge))
    for name in {call.callee.parts[0].text for call in unit.calls if call.callee.kind == MEMBER}:
        if (name in _RESULT_NAMES and name in returned) or scope.is_parameter(name):
            continue
        sites = scope.growth_sites(name)
        if not sites or not scope.values(name):
            continue
        size = judgement.sizes.length(Expr(NAME, name, name))
        pops = any(
            call.name == "pop" and call.callee.kind == MEMBER and call.callee.parts[0].text == name
            for call in unit.calls
        )
        cost = Cost(size.cost.exp, min(size.cost.n, 1.0) if pops else size.cost.n, size.cost.log)
        kind = scope.container(Expr(NAME, name, name)) or "list"
        count = _stated_turns(judgement, sites[0].loop)
        if cost != CONSTANT or count is not None:
            words = f"{quoted(name)} grows" + (f" with {quoted(size.symbol)}" if size.symbol not in ("", name) else "")
            found.append(
                Allocation(cost, sites[0].line, words, kind, count, knowledge.ELEMENT_BYTES.get(kind, 40), "grown")
            )
    filled = {
        fact.target.parts[0].text: fact
        for fact in unit.assigns
        if fact.target.kind == INDEX and fact.loop >= 0 and fact.target.parts and fact.target.parts[0].kind == NAME
    }
    for name, fact in filled.items():
        values = scope.values(name)
        small = not (fact.target.parts[1:] and scope.constant(fact.target.parts[1]) is not None)
        if any(scope.container(value) == "dict" for value in values) and small and name not in returned:
            factor = judgement.bounds[fact.loop].factor
            cost = factor if factor != CONSTANT and factor.n <= 1 else LINEAR if factor != CONSTANT else CONSTANT
            if cost != CONSTANT:
                found.append(
                    Allocation(cost, fact.line, f"{quoted(name)} is filled in a loop", "dict", None, why="keyed")
                )
    for call in judgement.calls:
        for argument in call.fact.arguments:
            if argument.kind == COMPREHENSION and argument.name != "generator":
                found.extend(
                    _built(
                        judgement,
                        argument,
                        call.fact.line,
                        f"the {argument.name} for {quoted(call.fact.shown)}",
                        knowledge,
                    )
                )
        if call.path == "sorted":
            found.extend(
                _built(
                    judgement,
                    Expr(CALL, "sorted", "", (call.fact.callee, *call.fact.arguments)),
                    call.fact.line,
                    "a sorted copy",
                    knowledge,
                )
            )
    return [item for item in found if item.cost != CONSTANT or (item.elements or 0.0) > 1]


def _pairs(target: Expr, value: Expr) -> list[tuple[str, Expr]]:
    if target.kind == ITEMS and value.kind == ITEMS and target.size == value.size:
        return [(part.text, given) for part, given in zip(target.parts, value.parts, strict=False)]
    return [(target.text, value)]


def _built(judgement: Judgement, value: Expr, line: int, what: str, knowledge: ModuleType) -> list[Allocation]:
    kind = judgement.scope.container(value)
    if kind not in _KEPT or value.kind in (NAME, MEMBER, TEXT):
        return []
    if value.kind == ITEMS:
        inner = [item for part in value.parts for item in _built(judgement, part, line, what, knowledge)]
        return [max(inner, key=lambda item: item.cost)] if inner else []
    if value.kind == CALL and not _copies(judgement, value, knowledge):
        return []
    if value.kind == BINARY and value.name not in ("*", "+"):
        return []
    size = judgement.sizes.length(value)
    cost, count = size.cost, size.exact
    element = value.parts[0] if value.kind == COMPREHENSION else _repeated(value)
    if (
        element is not None
        and judgement.scope.container(element) in _KEPT
        and element.kind in (COMPREHENSION, BINARY, INDEX)
    ):
        inner = judgement.sizes.length(element)
        cost = cost.times(inner.cost)
        count = None if count is None or inner.exact is None else count * inner.exact
    text = f"{what} holds one element for each of {quoted(size.symbol)}" if size.symbol else f"{what} is built"
    return [Allocation(cost, line, text, kind, count, _element_bytes(kind, value, knowledge))]


def _element_bytes(kind: str, value: Expr, knowledge: ModuleType) -> int:
    if kind == "array":
        for name, size in knowledge.DTYPE_BYTES.items():
            if any(part.kind == KEYWORD and part.name == "dtype" and name in part.text for part in value.parts):
                return int(size)
    if value.kind == CALL and value.name in ("bytearray", "bytes"):
        return 1
    return int(knowledge.ELEMENT_BYTES.get(kind, 40))


def _stated_turns(judgement: Judgement, loop: int) -> float | None:
    """How often a place in loops is passed, where all the numbers are written down."""
    if loop < 0:
        return None
    total = 1.0
    while loop >= 0:
        if not judgement.bounds[loop].stated:
            return None
        total *= judgement.bounds[loop].turns
        loop = judgement.unit.loops[loop].parent
    return total


def _repeated(value: Expr) -> Expr | None:
    if value.kind == BINARY and value.name == "*" and len(value.parts) == 2:
        for part in value.parts:
            if part.kind == ITEMS and part.size == 1:
                return part.parts[0]
    return None


def _copies(judgement: Judgement, value: Expr, knowledge: ModuleType) -> bool:
    path = judgement.scope.path(value.name)
    if path in knowledge.ARRAY_SIZES:
        return True
    return (len(value.parts) > 1 and knowledge.SAME_SIZE.get(path, 1) == 0) or value.name.endswith((".split", ".copy"))
