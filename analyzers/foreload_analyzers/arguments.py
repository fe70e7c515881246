"""What the calls in a file say of the parameters of its functions: a table of two rows makes its walk constant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from foreload_analyzers.callgraph import Edge
from foreload_analyzers.costs import LINEAR, Cost
from foreload_analyzers.expressions import Expr
from foreload_analyzers.facts import Unit
from foreload_analyzers.languages import INDEX, SLICE
from foreload_analyzers.scope import Given

if TYPE_CHECKING:
    from foreload_analyzers.judging import Judged

MAX_SITES = 12  # calls of one function that are looked at; with more it counts as called with anything
MAX_GIVEN = 64  # a table or number that is larger is a size, even where it is written down
_OWNERS = ("self", "cls")


def callers(edges: Sequence[Sequence[Edge]]) -> dict[int, list[tuple[int, Edge]]]:
    """For each function that is called in the file, its calls; those that are also handed over are left out."""
    found: dict[int, list[tuple[int, Edge]]] = {}
    handed: set[int] = set()
    for index, row in enumerate(edges):
        for edge in row:
            if edge.handed_over:
                handed.add(edge.callee)
            else:
                found.setdefault(edge.callee, []).append((index, edge))
    return {callee: sites for callee, sites in found.items() if callee not in handed and len(sites) <= MAX_SITES}


def has_start(units: Sequence[Unit], edges: Sequence[Sequence[Edge]]) -> bool:
    """Whether the file is a program: then only what it calls itself counts."""
    return bool(edges[0]) or any(unit.name == "main" for unit in units)


def is_private(unit: Unit, knowledge: ModuleType) -> bool:
    """Whether nothing outside the file calls a function."""
    if unit.parent >= 0 or (unit.name.startswith("_") and not unit.name.endswith("__")):
        return True
    return not getattr(knowledge, "UNDERSCORE_IS_PRIVATE", False)


def given_to(
    unit: Unit, sites: Sequence[tuple[int, Edge]], group: Collection[int], judged: Sequence[Judged]
) -> Mapping[str, Given]:
    """What is known of the parameters of a function, by name.

    Args:
        unit: the function.
        sites: its calls, each with its caller.
        group: the functions that call each other with it.
        judged: all functions, callers judged with what is known of their own parameters.
    """
    outer = [(index, edge) for index, edge in sites if index not in group]
    inner = [edge for index, edge in sites if index in group]
    if not outer:
        return {}
    names = [parameter.name for parameter in unit.parameters]
    skipped = 1 if names and names[0] in _OWNERS else 0
    table: dict[str, Given] = {}
    for place, name in enumerate(names[skipped:]):
        returned = [_argument(edge, place, name) for edge in inner]
        if any(argument is None for argument in returned):
            continue
        same = all(argument is not None and argument.text == name for argument in returned)
        shorter = same or all(argument is not None and _is_part(argument, name) for argument in returned)
        given = _given(outer, place, name, judged, same=same, shorter=shorter)
        if given is not None:
            table[name] = given
    return table


def _given(
    sites: Sequence[tuple[int, Edge]], place: int, name: str, judged: Sequence[Judged], *, same: bool, shorter: bool
) -> Given | None:
    length: Cost | None = None
    items: list[Cost | None] = []
    magnitude: Cost | None = None
    kinds: set[str] = set()
    for index, edge in sites:
        argument = _argument(edge, place, name)
        if argument is None:
            return None
        judgement = judged[index].judgement
        own_length, own_magnitude = [
            max(size.cost, LINEAR) if (size.exact or 0.0) > MAX_GIVEN else size.cost
            for size in (judgement.sizes.length(argument), judgement.sizes.magnitude(argument))
        ]
        if index == 0 or judgement.unit.name == "main":
            # What a program is started with is an example: `solve([3, 1, 2])` does not make three the size.
            own_length, own_magnitude = max(own_length, LINEAR), max(own_magnitude, LINEAR)
        length = own_length if length is None else max(length, own_length)
        magnitude = own_magnitude if magnitude is None else max(magnitude, own_magnitude)
        items.append(judgement.sizes.items(argument))
        kinds.add(judgement.scope.container(argument))
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind == "number":
        length = None
    elif kind:
        magnitude = None
    length = length if shorter and length is not None and _is_small(length) else None
    magnitude = magnitude if same and magnitude is not None and _is_small(magnitude) else None
    kind = kind if shorter else ""
    if length is None and magnitude is None and not kind:
        return None
    known = [cost for cost in items if cost is not None]
    item = max(known) if shorter and len(known) == len(items) and known and _is_small(max(known)) else None
    return Given(length, item, magnitude, kind)


def _argument(edge: Edge, place: int, name: str) -> Expr | None:
    fact = edge.site.fact
    if place < len(fact.arguments):
        return fact.arguments[place]
    return fact.keywords.get(name)


def _is_part(argument: Expr, name: str) -> bool:
    """Whether an argument is the parameter itself or a part of it: `rows[:middle]`."""
    if argument.text == name:
        return True
    return (
        argument.kind == INDEX
        and argument.parts[0].text == name
        and len(argument.parts) > 1
        and argument.parts[1].kind == SLICE
    )


def _is_small(cost: Cost) -> bool:
    return cost.exp == 0 and cost.n < 1
