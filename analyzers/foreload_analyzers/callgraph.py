"""Which functions of the file a function calls, and in what order to judge them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from foreload_analyzers.declared import head_of
from foreload_analyzers.expressions import Expr
from foreload_analyzers.facts import Unit
from foreload_analyzers.judge import CallSite, Judgement
from foreload_analyzers.languages import CALL, MEMBER, NAME

_OWN = ("self", "cls", "this")
CONSTRUCTOR = "__init__"
CALLBACK_TURNS = 30.0  # how often a function that is handed over is expected to be called


class Edge(NamedTuple):
    """A call to a function of the file.

    Attributes:
        callee: its index.
        site: the call.
        handed_over: the function is an argument of the call, not what is called.
    """

    callee: int
    site: CallSite
    handed_over: bool


def is_type_name(path: str) -> bool:
    """Whether a path ends as types are written: a capital with small letters after it."""
    last = path.rsplit(".", 1)[-1]
    return last[:1].isupper() and last != "Self" and any(letter.islower() for letter in last)


class Names:
    """Finds the functions of a file by what calls them. The first unit is the code outside all functions."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self._free: dict[str, list[int]] = {}
        self._methods: dict[str, list[int]] = {}
        self._full: dict[str, list[int]] = {}
        self._classes: set[str] = set()
        for index, unit in enumerate(units):
            if not unit.name:
                continue
            self._full.setdefault(unit.full_name, []).append(index)
            if unit.class_name:
                self._methods.setdefault(unit.name, []).append(index)
                self._classes.add(unit.class_name)
            else:
                self._free.setdefault(unit.name, []).append(index)

    def edges(self, index: int, judgement: Judgement, siblings: Sequence[int]) -> list[Edge]:
        """The calls of one function to others of the file. `siblings` are the functions of its own chunk."""
        found: list[Edge] = []
        for site in judgement.calls:
            callee = self._find(site.fact.path, index, judgement, siblings, len(site.fact.arguments))
            if callee is not None:
                found.append(Edge(callee, site, False))
            for argument in (*site.fact.arguments, *site.fact.keywords.values()):
                if argument.kind in (NAME, MEMBER):
                    handed = self._find(argument.text, index, judgement, siblings, 0, handed_over=True)
                    if handed is not None:
                        found.append(Edge(handed, site, True))
        return found

    def _find(
        self,
        path: str,
        index: int,
        judgement: Judgement,
        siblings: Sequence[int],
        count: int,
        *,
        handed_over: bool = False,
    ) -> int | None:
        """The function that a path means; `count` is the number of arguments, which tells namesakes apart."""
        unit = self.units[index]
        owner, dot, name = path.rpartition(".")
        if not dot:
            return self._find_free(name, index, siblings, judgement, count, handed_over)
        if owner in _OWN and unit.class_name:
            own = self._named(f"{unit.class_name}.{name}", count)
            return own if own is not None else self._only_method(name)
        if owner in _OWN:
            return self._only_method(name)
        if owner in self._classes:
            return self._named(path, count)
        if owner == "Self" and unit.class_name:
            return self._named(f"{unit.class_name}.{name}", count)
        if is_type_name(owner) and not judgement.scope.assigned(owner) and not judgement.scope.is_parameter(owner):
            return None  # a type of a library: `BTreeMap::new()` in a `new` of one's own
        first = owner.split(".", 1)[0]
        if judgement.scope.outside.imported(first) is not None:
            return None
        made = self._class_of(owner, judgement)
        if made is not None:
            return self._named(f"{made}.{name}", count)
        if unit.implicit_self:
            declared = head_of(judgement.scope.declared(owner.removeprefix("this.")))
            if declared in self._classes:
                return self._named(f"{declared}.{name}", count)
            if declared or (first[:1].isupper() and first not in self._classes):
                return None  # of a library
        return None if handed_over else self._only_method(name)

    def _named(self, full_name: str, count: int) -> int | None:
        """The function of a name, of namesakes the one that takes as many arguments."""
        candidates = self._full.get(full_name)
        if not candidates:
            return None
        if len(candidates) == 1:
            return candidates[0]
        return min(candidates, key=lambda index: abs(len(self.units[index].parameters) - count))

    def _find_free(
        self, name: str, index: int, siblings: Sequence[int], judgement: Judgement, count: int, handed_over: bool
    ) -> int | None:
        candidates = self._free.get(name)
        if candidates:
            if handed_over and judgement.scope.is_parameter(name):
                return None
            near = [candidate for candidate in candidates if candidate in siblings]
            if len(candidates) == 1:
                return candidates[0]
            if self.units[index].implicit_self:
                return min(near or candidates, key=lambda one: abs(len(self.units[one].parameters) - count))
            return (near or candidates)[-1]
        if name in self._classes and not handed_over:
            made = self._named(f"{name}.{CONSTRUCTOR}", count)
            return self._named(f"{name}.{name}", count) if made is None else made
        if self.units[index].implicit_self and not handed_over:
            return self._on_own_object(name, index, siblings, count)
        return None

    def _on_own_object(self, name: str, index: int, siblings: Sequence[int], count: int) -> int | None:
        """The method of the class around that a bare name calls."""
        owners = [self.units[index].class_name, *(self.units[fellow].class_name for fellow in siblings)]
        owner = next((owner for owner in owners if owner), "")
        own = self._named(f"{owner}.{name}", count) if owner else None
        return own if own is not None else self._only_method(name)

    def _only_method(self, name: str) -> int | None:
        candidates = self._methods.get(name, [])
        return candidates[0] if len(candidates) == 1 else None

    def _class_of(self, owner: str, judgement: Judgement) -> str | None:
        if owner == "?":
            return None
        values: list[Expr] = judgement.scope.values(owner)
        made = {value.name for value in values if value.kind == CALL and value.name in self._classes}
        return made.pop() if len(made) == 1 else None


class Calls:
    """The calls between the units of one document; those of an unchanged unit stay while all names of the file do."""

    def __init__(self) -> None:
        self._names: list[tuple[str, str]] = []
        self._finder: Names | None = None
        self._rows: dict[int, tuple[Judgement, list[Edge], list[int]]] = {}
        self._groups: tuple[list[list[int]], list[list[int]]] = ([], [])

    def between(
        self, units: Sequence[Unit], judgements: Sequence[Judgement], fellows: Sequence[Sequence[int]]
    ) -> tuple[list[list[Edge]], list[list[int]]]:
        """The calls of each unit, and the groups of units that call each other, callees first."""
        names = [(unit.class_name, unit.name) for unit in units]
        if names != self._names or self._finder is None:
            self._names, self._rows, self._finder = names, {}, Names(units)
        finder = self._finder
        finder.units = units
        found: list[list[Edge]] = []
        callees: list[list[int]] = []
        for index, judgement in enumerate(judgements):
            kept = self._rows.get(index)
            if kept is None or kept[0] is not judgement:
                row = finder.edges(index, judgement, fellows[index])
                kept = self._rows[index] = (judgement, row, [edge.callee for edge in row])
            found.append(kept[1])
            callees.append(kept[2])
        if callees != self._groups[0]:
            self._groups = (callees, components(callees))
        return found, self._groups[1]


def components(edges: Sequence[Sequence[int]]) -> list[list[int]]:
    """Groups of functions that call each other, callees before callers (Tarjan, without recursion)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    on_stack: set[int] = set()
    stack: list[int] = []
    found: list[list[int]] = []
    for root in range(len(edges)):
        if root in order:
            continue
        work: list[tuple[int, int]] = [(root, 0)]
        while work:
            node, place = work.pop()
            if place == 0:
                order[node] = low[node] = len(order)
                stack.append(node)
                on_stack.add(node)
            for position in range(place, len(edges[node])):
                child = edges[node][position]
                if child not in order:
                    work.append((node, position + 1))
                    work.append((child, 0))
                    break
                if child in on_stack:
                    low[node] = min(low[node], order[child])
            else:
                if low[node] == order[node]:
                    group: list[int] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.append(member)
                        if member == node:
                            break
                    found.append(sorted(group))
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
    return found
