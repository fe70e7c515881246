"""Which functions of the file a function may call, for how often each of them runs.

Growth follows only calls that are sure (callgraph.py). Where the time goes, an unsure call counts too: one that several
classes answer is shared among them, an operator or a property calls its method, and an attribute that was given a
function calls that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from foreload_analyzers.callgraph import is_type_name
from foreload_analyzers.expressions import Expr
from foreload_analyzers.facts import Unit
from foreload_analyzers.judge import CallSite, Judgement
from foreload_analyzers.knowledge.implicit_calls import IMPLICIT_CALLS, Implicit
from foreload_analyzers.languages import BINARY, CALL, CHOICE, INDEX, ITEMS, MEMBER, NAME

HANDED_TURNS = 10.0  # how often a function that is handed over is expected to be called
OPERATOR_CHANCE = 0.3  # that the operands of an operator are objects of the file's own classes
USUAL_CHANCE = 0.15  # that a method with the name of one of the library's containers is the file's own
OVERRIDDEN_CHANCE = 0.5  # that a method called on the own object is one of another class
LEAST_HANDED = 0.3
MAX_CANDIDATES = 40
MAX_PARTS = 400  # of the expressions of one function that are looked through
_OWN = ("self", "cls", "this")


class Likely(NamedTuple):
    """All calls of one function to another of the file, taken together.

    Attributes:
        callee: its index.
        times: expected calls in one run of the caller.
        plain_times: the same with ten turns for every loop.
        sites, looped_sites: places that call it, unsure ones less; those within loops.
        depth: the deepest nesting of loops around such a place.
        is_called: it is called here, not only handed over.
    """

    callee: int
    times: float
    plain_times: float
    sites: float
    looped_sites: float
    depth: int
    is_called: bool


class Row(NamedTuple):
    """The likely calls of one function, and the functions that it keeps or gives away as values."""

    calls: tuple[Likely, ...]
    taken: tuple[int, ...]


class NameIndex:
    """The functions of a file by their names. The first unit is the code outside all functions."""

    def __init__(self, units: Sequence[Unit], aliases: Sequence[tuple[str, str]], language: str) -> None:
        self.units = units
        self.implicit = IMPLICIT_CALLS.get(language, Implicit())
        self.free: dict[str, list[int]] = {}
        self.methods: dict[str, list[int]] = {}
        self.members: dict[tuple[str, str], int] = {}
        self.classes: set[str] = set()
        self.properties: set[str] = set()
        for index, unit in enumerate(units):
            if not unit.name:
                continue
            if not unit.class_name:
                self.free.setdefault(unit.name, []).append(index)
                continue
            self.methods.setdefault(unit.name, []).append(index)
            self.members.setdefault((unit.class_name, unit.name), index)
            self.classes.add(unit.class_name)
            if any("property" in decorator for decorator in unit.decorators):
                self.properties.add(unit.name)
        self.has_operators = any(name in self.methods for name in self.implicit.names)
        self.aliases: dict[str, list[int]] = {}
        for name, of in aliases:
            if name != of:
                self.aliases.setdefault(name, []).extend(self.methods.get(of) or self.free.get(of, ()))


class RowBuilder:
    """Collects the likely calls of one function.

    Args:
        names: of the whole file.
        index: of the function.
        judgement: of the function.
        siblings: the functions of its own chunk.
    """

    def __init__(self, names: NameIndex, index: int, judgement: Judgement, siblings: Sequence[int]) -> None:
        self._names = names
        self._index = index
        self._judgement = judgement
        self._unit = judgement.unit
        self._siblings = siblings
        self._found: dict[int, list[float]] = {}
        self._taken: list[int] = []

    def build(self) -> Row:
        """The row of the function."""
        names, unit = self._names, self._unit
        for site in self._judgement.calls:
            self._call(site)
        for fact in unit.assigns:
            for value in fact.value.parts if fact.value.kind == ITEMS else (fact.value,):
                self._hand_over(value, -1, 0.0)
        for fact in unit.returns:
            self._hand_over(fact.value, -1, 1.0)
        if names.properties or names.has_operators:
            self._operators()
        calls = [
            Likely(callee, row[0], row[1], row[2], row[3], int(row[4]), row[5] > 0)
            for callee, row in self._found.items()
        ]
        return Row(tuple(calls), tuple(self._taken))

    def _add(self, callee: int, weight: float, loop: int, times: float, *, is_called: bool = True) -> None:
        depth = self._unit.loops[loop].depth if loop >= 0 else 0
        row = self._found.setdefault(callee, [0.0] * 6)
        turns = 1.0 if is_called else HANDED_TURNS
        row[0] += weight * times * turns
        row[1] += weight * 10.0 ** min(depth, 9) * turns
        row[2] += 1.0
        row[3] += loop >= 0
        row[4] = max(row[4], depth)
        row[5] += is_called

    def _call(self, site: CallSite) -> None:
        fact, names = site.fact, self._names
        for callee, weight in self._candidates(site.path, fact.callee):
            self._add(callee, weight, fact.loop, site.runs)
        for argument in (*fact.arguments, *fact.keywords.values()):
            self._hand_over(argument, fact.loop, site.runs)
        self._implicit(names.implicit.functions.get(site.path), fact.loop, site.runs)

    def _hand_over(self, value: Expr, loop: int, times: float) -> None:
        if value.kind not in (NAME, MEMBER) or (value.kind == MEMBER and value.name in self._names.properties):
            return
        for callee, weight in self._candidates(value.text, value, handed_over=True):
            if weight > LEAST_HANDED:
                self._taken.append(callee)
                if times > 0:
                    self._add(callee, weight, loop, times, is_called=False)

    def _implicit(self, method: str | None, loop: int, times: float) -> None:
        """Books a call to whatever class of the file has the method behind an operator."""
        found = self._names.methods.get(method) if method is not None else None
        if found and len(found) <= MAX_CANDIDATES:
            for callee in found:
                self._add(callee, OPERATOR_CHANCE / len(found), loop, times)

    def _candidates(self, path: str, named: Expr, *, handed_over: bool = False) -> list[tuple[int, float]]:
        """The functions that a path may stand for, each with its chance."""
        names, unit = self._names, self._unit
        owner, dot, name = path.rpartition(".")
        if not dot:
            return self._free(name, handed_over)
        if owner in _OWN:
            return self._on_self(name)
        if owner in names.classes:
            own = names.members.get((owner, name))
            if own is not None:
                return [(own, 1.0)]
        scope = self._judgement.scope
        if owner == "Self":
            return self._on_self(name)
        if scope.outside.imported(owner.split(".", 1)[0]) is not None:
            return []
        if is_type_name(owner) and not scope.assigned(owner) and not scope.is_parameter(owner):
            return []  # a type of a library
        value = named.parts[0] if named.kind == MEMBER and named.parts else None
        found = names.methods.get(name) or names.aliases.get(name, [])
        if not found or len(found) > MAX_CANDIDATES or (value is not None and scope.container(value)):
            return []
        if value is not None and value.kind == NAME:
            made = {given.name for given in scope.values(value.name) if given.kind == CALL} & names.classes
            own = names.members.get((next(iter(made)), name)) if len(made) == 1 else None
            if own is not None:
                return [(own, 1.0)]
        on_own = owner.rsplit(".", 1)[-1] in _OWN or (unit.implicit_self and owner == "?")
        chance = USUAL_CHANCE if name in names.implicit.usual and not on_own else 1.0
        return [(callee, chance / len(found)) for callee in found]

    def _free(self, name: str, handed_over: bool) -> list[tuple[int, float]]:
        names, scope = self._names, self._judgement.scope
        if self._unit.implicit_self and not handed_over:
            own = self._on_self(name) if (self._unit.class_name, name) in names.members else []
            if own:
                return own
        found = names.free.get(name)
        if found:
            if handed_over and scope.is_parameter(name):
                return []
            near = [callee for callee in found if callee in self._siblings]
            return [((near or found)[-1], 1.0)] if len(found) > 1 else [(found[0], 1.0)]
        if name in names.classes and not handed_over:
            makers = [names.members.get((name, maker)) for maker in (*names.implicit.makers, name)]
            return [(maker, 1.0) for maker in makers if maker is not None]
        alias = names.aliases.get(name)
        if alias and not scope.is_parameter(name):
            return [(callee, 1.0 / len(alias)) for callee in alias]
        return self._on_self(name) if self._unit.implicit_self and self._unit.class_name and not handed_over else []

    def _on_self(self, name: str) -> list[tuple[int, float]]:
        names = self._names
        found = names.methods.get(name) or names.aliases.get(name, [])
        if len(found) > MAX_CANDIDATES:
            found = []
        own = names.members.get((self._unit.class_name, name)) if self._unit.class_name else None
        if own is None:
            return [(callee, 1.0 / len(found)) for callee in found]
        others = [callee for callee in found if callee != own] if name not in names.implicit.names else []
        return [(own, 1.0), *((other, OVERRIDDEN_CHANCE / len(others)) for other in others)]

    def _operators(self) -> None:
        """Calls of operators, of subscripts and of properties."""
        names, implicit = self._names, self._names.implicit
        seen: set[tuple[str, int]] = set()
        for top, loop, is_target in _expressions(self._unit):
            pending, steps = [(top, is_target)], 0
            while pending and steps < MAX_PARTS:
                steps += 1
                expr, stored = pending.pop()
                pending.extend([(part, False) for part in expr.parts])
                if expr.kind not in (MEMBER, BINARY, INDEX) or (expr.text, loop) in seen:
                    continue
                seen.add((expr.text, loop))
                times = self._judgement.runs[loop] if loop >= 0 else 1.0
                if expr.kind == MEMBER and expr.name in names.properties:
                    self._property(expr, loop, times)
                elif expr.kind == BINARY:
                    methods = implicit.operators.get(expr.name, ())
                    self._implicit(next((one for one in methods if one in names.methods), None), loop, times)
                elif expr.kind == INDEX:
                    self._implicit(implicit.stored if stored else implicit.subscript, loop, times)
        for fact in self._unit.memberships:
            times = self._judgement.runs[fact.loop] if fact.loop >= 0 else 1.0
            self._implicit(implicit.membership, fact.loop, times)
        for loop in self._unit.loops:
            if loop.kind != "while" and loop.over.kind in (NAME, MEMBER):
                times = self._judgement.runs[loop.parent] if loop.parent >= 0 else 1.0
                self._implicit(implicit.walk, loop.parent, times)
                self._implicit(implicit.turn, loop.parent, times * 10.0)

    def _property(self, expr: Expr, loop: int, times: float) -> None:
        names = self._names
        owner = expr.parts[0].text if expr.parts else ""
        own = names.members.get((self._unit.class_name, expr.name)) if owner in _OWN else None
        found = [own] if own is not None else names.methods[expr.name]
        for callee in found if len(found) <= MAX_CANDIDATES else ():
            if callee != self._index:
                self._add(callee, 1.0 / len(found), loop, times)


class LikelyCalls:
    """The likely calls of one document; those of an unchanged function stay while all names of the file do.

    Args:
        language: a name of the language table.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._key: object = None
        self._names: NameIndex | None = None
        self._rows: dict[int, tuple[Judgement, Row]] = {}
        self._aliases: dict[int, tuple[Unit, list[tuple[str, str]]]] = {}

    def between(
        self, units: Sequence[Unit], judgements: Sequence[Judgement], fellows: Sequence[Sequence[int]]
    ) -> list[Row]:
        """A row for each unit."""
        named = [(unit.class_name, unit.name, tuple(unit.decorators)) for unit in units]
        key = (named, self._aliases_of(units))
        if self._names is None or key != self._key:
            self._key, self._rows = key, {}
            self._names = NameIndex(units, key[1], self._language)
        found: list[Row] = []
        for index, judgement in enumerate(judgements):
            kept = self._rows.get(index)
            if kept is None or kept[0] is not judgement:
                row = RowBuilder(self._names, index, judgement, fellows[index]).build()
                kept = self._rows[index] = (judgement, row)
            found.append(kept[1])
        return found

    def _aliases_of(self, units: Sequence[Unit]) -> list[tuple[str, str]]:
        """Names that stand for functions under another name: `parse = _parse_fast`, `self.next = self.step`."""
        kept: dict[int, tuple[Unit, list[tuple[str, str]]]] = {}
        known = {unit.name for unit in units if unit.name}
        found: list[tuple[str, str]] = []
        for place, unit in enumerate(units):
            row = self._aliases.get(id(unit)) or (unit, list(_aliases(unit, outside=place == 0)))
            kept[id(unit)] = row
            found.extend([pair for pair in row[1] if pair[1] in known])
        self._aliases = kept
        return found


def _aliases(unit: Unit, *, outside: bool) -> Iterator[tuple[str, str]]:
    for fact in unit.assigns:
        if fact.operator == "=" and (fact.target.kind == MEMBER or (outside and fact.target.kind == NAME)):
            for value in fact.value.parts if fact.value.kind == CHOICE else (fact.value,):
                if value.kind in (NAME, MEMBER):
                    yield fact.target.name, value.name


def _expressions(unit: Unit) -> Iterator[tuple[Expr, int, bool]]:
    """Expressions of a function with the loop around each; whether it is given a value."""
    for fact in unit.assigns:
        yield fact.target, fact.loop, True
        yield fact.value, fact.loop, False
    for fact in unit.calls:
        yield fact.callee, fact.loop, False
        for argument in (*fact.arguments, *fact.keywords.values()):
            yield argument, fact.loop, False
    for fact in unit.returns:
        yield fact.value, -1, False
    for loop in unit.loops:
        yield loop.over, loop.parent, False
    for fact in unit.memberships:
        yield fact.item, fact.loop, False
        yield fact.container, fact.loop, False
    for fact in unit.slices:
        yield fact.value, fact.loop, False
