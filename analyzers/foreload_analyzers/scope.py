"""What the names in a function stand for: its own values, those of functions around it, of its class and its module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from foreload_analyzers.costs import Cost
from foreload_analyzers.declared import head_of
from foreload_analyzers.expressions import Expr
from foreload_analyzers.extract import root_names
from foreload_analyzers.facts import AssignFact, CallFact, ImportFact, Unit
from foreload_analyzers.languages import (
    BINARY,
    CALL,
    CHOICE,
    COMPREHENSION,
    INDEX,
    ITEMS,
    MEMBER,
    NAME,
    NUMBER,
    OTHER,
    SLICE,
    TEXT,
    UNARY,
)
from foreload_analyzers.shapes import Shape, Shapes

SMALL_LITERAL = 1000  # up to here a written number is a constant, above it is a size
MAX_VALUES = 60  # of one name that are looked at; only what a machine wrote gives it more
_SELF = ("self.", "this.", "cls.")
_INFERRED = frozenset({"auto", "var", "val", "let"})  # in the place of a type: that of the value


class Given(NamedTuple):
    """What all calls of a function in the file give one of its parameters.

    Attributes:
        length: growth of the number of its items; None where nothing is known.
        items: growth of the length of each of its items; None where nothing is known.
        magnitude: growth of the number that it is; None where nothing is known.
        kind: of container, empty where they differ.
    """

    length: Cost | None
    items: Cost | None
    magnitude: Cost | None
    kind: str


class Outside:
    """What lies around a function: constants of the module, attributes of its class, imported names.

    Every look-up is written down in `asked`, so that a judgement can be kept for as long as all answers stay the same.
    """

    def __init__(
        self,
        constants: Mapping[str, Expr],
        attributes: Mapping[str, Expr],
        imports: Mapping[str, str],
        given: Mapping[str, Given] | None = None,
        talks: Mapping[str, str] | None = None,
        declared: Mapping[str, str] | None = None,
        defined: Mapping[str, bool] | None = None,
    ) -> None:
        self._tables: Mapping[str, Mapping[str, object]] = {
            "constant": constants,
            "attribute": attributes,
            "import": imports,
            "given": given or {},
            "talk": talks or {},
            "declared": declared or {},
            "defined": defined or {},
        }
        self.has_declared = bool(declared)
        self.asked: dict[tuple[str, str], object] = {}

    def constant(self, name: str) -> Expr | None:
        """The value that the module gives a name once and never changes."""
        return self._ask("constant", name)  # type: ignore[return-value]

    def attribute(self, name: str) -> Expr | None:
        """The first value of an attribute, `self.x`, in the methods of the class."""
        return self._ask("attribute", name)  # type: ignore[return-value]

    def imported(self, name: str) -> str | None:
        """The full path of an imported name."""
        return self._ask("import", name)  # type: ignore[return-value]

    def declared(self, name: str) -> str:
        """The type that the file declares for a name outside functions; empty: none."""
        return str(self._ask("declared", name) or "") if self.has_declared else ""

    def defines(self, name: str) -> bool:
        """Whether the file has a function of that name that a bare call reaches."""
        return bool(self._ask("defined", name))

    def reads(self, name: str) -> bool:
        """Whether a function of the file reads the input."""
        return "reads" in str(self._ask("talk", name) or "")

    def prints(self, name: str) -> bool:
        """Whether a function of the file prints."""
        return "prints" in str(self._ask("talk", name) or "")

    def given(self, name: str) -> Given | None:
        """What all calls in the file give a parameter, of the function or of one around it."""
        return self._ask("given", name)  # type: ignore[return-value]

    def still_holds(self, asked: Mapping[tuple[str, str], object]) -> bool:
        """Whether the answers given earlier would be the same now."""
        return all(self._tables[table].get(name) == answer for (table, name), answer in asked.items())

    def _ask(self, table: str, name: str) -> object:
        answer = self._tables[table].get(name)
        self.asked[(table, name)] = answer
        return answer


def import_table(imports: Sequence[ImportFact]) -> dict[str, str]:
    """From the name that the code uses to the full path: `np` -> `numpy`, `Pool` -> `multiprocessing.Pool`."""
    table: dict[str, str] = {}
    for fact in imports:
        if fact.name:
            table[fact.alias] = f"{fact.module}.{fact.name}"
        elif fact.alias == fact.module:
            table[fact.module.split(".", 1)[0]] = fact.module.split(".", 1)[0]
        else:
            table[fact.alias] = fact.module
    return table


class Scope:
    """The names of one function.

    Args:
        unit: the function.
        around: the functions around it, innermost first.
        outside: module and class.
        container_kinds: path of a constructor or declared type -> `list`, `dict`, `set`, `str`, `deque`, `number`.
        shapes: reads declared types.
    """

    def __init__(
        self,
        unit: Unit,
        around: Sequence[Unit],
        outside: Outside,
        container_kinds: Mapping[str, str],
        shapes: Shapes,
    ) -> None:
        self.unit = unit
        self.outside = outside
        self._around = around
        self._kinds = container_kinds
        self._shapes = shapes
        self._assigned = _by_name(unit)
        self._outer = [_by_name(outer) for outer in around]
        self._parameters = {parameter.name: parameter for parameter in unit.parameters}
        self._targets: dict[str, list[int]] = {}
        for index, loop in enumerate(unit.loops):
            for name in loop.target:
                self._targets.setdefault(name, []).append(index)
        self.at = -1  # the loop in which expressions are worked out; a name can be the target of several
        self._grown = _grown(unit)
        self._filled: set[str] | None = None
        self._unpacked: set[int] | None = None
        self._busy: set[str] = set()
        self._values: dict[str, list[Expr]] = {}
        self._kind_of: dict[str, str] = {}
        self._shape_of: dict[str, Shape | None] = {}

    def assigned(self, name: str) -> Sequence[AssignFact]:
        """All values given to a name in the function itself, updates too."""
        return self._assigned.get(name, ())

    def is_parameter(self, name: str) -> bool:
        """Whether the function takes it."""
        return name in self._parameters

    def loop_of_target(self, name: str) -> int:
        """The loop that gives a name its values, the nearest where there are several; -1: none."""
        found = self._targets.get(name)
        if found is None:
            return -1
        if len(found) == 1:
            return found[0]
        index = self.at
        while index >= 0:
            if index in found:
                return index
            index = self.unit.loops[index].parent
        return max((one for one in found if one <= self.at), default=found[-1])

    def growth_sites(self, name: str) -> Sequence[CallFact]:
        """Calls that add to a container of that name."""
        return self._grown.get(name, ())

    def holds_lists(self, name: str) -> bool:
        """Whether a container holds lists that are filled one item at a time, here or in a function around."""
        if self._filled is None:
            self._filled = {name for unit in (self.unit, *self._around) for name in _filled(unit)}
        return name in self._filled

    def unpacked_lines(self) -> set[int]:
        """The lines on which a value is taken apart into plain names: `a, b = read()`."""
        if self._unpacked is None:
            self._unpacked = {
                fact.line
                for fact in self.unit.assigns
                if fact.target.kind == ITEMS
                and fact.value.kind != ITEMS
                and all(part.kind in (NAME, MEMBER, INDEX) for part in fact.target.parts)
            }
        return self._unpacked

    def reads_input(self, path: str) -> bool:
        """Whether a function of the file, or a name for one, reads the input."""
        return self.outside.reads(path.rsplit(".", 1)[-1]) or any(
            value.kind in (OTHER, MEMBER) and ("input" in value.text or "readline" in value.text)
            for value in self.values(path)
        )

    def values(self, name: str) -> list[Expr]:
        """The values plainly given to a name, innermost scope first that knows it; empty when it is not known."""
        if name not in self._values:
            self._values[name] = self._find_values(name)
        return self._values[name]

    def _find_values(self, name: str) -> list[Expr]:
        facts: Sequence[AssignFact] = self._assigned.get(name, ())
        if not facts and name not in self._parameters and name not in self._targets:
            facts = next((table[name] for table in self._outer if name in table), ())
        given = [value_for(fact, name) for fact in facts[:MAX_VALUES] if fact.operator == "="]
        found = [value for value in given if value is not None]
        if found or facts or name in self._parameters or name in self._targets:
            return found
        value = self.outside.attribute(name) if name.startswith(_SELF) else self.outside.constant(name)
        if value is None and self.unit.implicit_self:
            value = self.outside.attribute(f"this.{name}")
        return [] if value is None else [value]

    def is_changed(self, name: str) -> bool:
        """Whether the function (or one around it) updates a name, `+=`."""
        tables = [self._assigned, *self._outer]
        return any(fact.operator != "=" for table in tables for fact in table.get(name, ()))

    def declared(self, name: str) -> str:
        """The type that the code declares for a name, in languages where it must; empty where it says none."""
        found = next(filter(None, [unit.declared.get(name) for unit in (self.unit, *self._around)]), None)
        if found is None:
            return self.outside.declared(name)
        return "" if head_of(found) in _INFERRED else found

    def path(self, path: str) -> str:
        """A path with its import or its receiver's type in place of its name: `np.zeros` -> `numpy.zeros`."""
        first, dot, rest = path.partition(".")
        full = self.outside.imported(first)
        if full is not None:
            return f"{full}{dot}{rest}"
        if dot and "." not in rest and (self.unit.declared or self.outside.has_declared):
            head = head_of(self.declared(first))
            return f"{head}.{rest}" if head else path
        return path

    def constant(self, expr: Expr) -> float | None:
        """The number that an expression is, where it can be read off."""
        if expr.kind == NUMBER:
            return number(expr.text)
        if expr.kind in (NAME, MEMBER):
            name = expr.text
            values = self.values(name)
            if len(values) != 1 or name in self._busy or name in self._parameters or self.is_changed(name):
                return None
            self._busy.add(name)
            try:
                return self.constant(values[0])
            finally:
                self._busy.discard(name)
        if expr.kind == UNARY and expr.name == "-":
            inner = self.constant(expr.parts[0])
            return None if inner is None else -inner
        if expr.kind == BINARY and len(expr.parts) == 2:
            return _compute(expr.name, self.constant(expr.parts[0]), self.constant(expr.parts[1]))
        if expr.kind == CALL and len(expr.parts) == 2 and expr.name in ("int", "float", "abs"):
            return self.constant(expr.parts[1])
        return None

    def container(self, expr: Expr) -> str:
        """What kind of container an expression is: `list`, `dict`, `set`, `str`, `deque`, `number`; empty: unknown."""
        if expr.kind == TEXT:
            return "str"
        if expr.kind == NUMBER:
            return "number"
        if expr.kind == ITEMS:
            return "set" if expr.name == "dict_or_set" else expr.name
        if expr.kind == COMPREHENSION:
            return expr.name
        if expr.kind == CALL:
            return self._kinds.get(self.path(expr.name), self._kinds.get("." + expr.name.rsplit(".", 1)[-1], ""))
        if expr.kind == BINARY:
            sides = [self.container(part) for part in expr.parts[:2]]
            return next((side for side in sides if side in ("list", "str", "tuple")), sides[0] if sides else "")
        if expr.kind == INDEX and len(expr.parts) == 2:
            if expr.parts[1].kind == SLICE:
                return self.container(expr.parts[0])
            shape = self.shape(expr)
            return "" if shape is None else shape.kind
        if expr.kind in (NAME, MEMBER):
            return self._container_of_name(expr.text)
        return ""

    def _container_of_name(self, name: str) -> str:
        known = self._kind_of.get(name)
        if known is None and name not in self._busy:
            known = self._find_container(name)
            if not self._busy:  # inside a circle of names the answer is only half of one
                self._kind_of[name] = known
        return known or ""

    def _find_container(self, name: str) -> str:
        self._busy.add(name)
        try:
            kinds = {self.container(value) for value in self.values(name)} - {""}
        finally:
            self._busy.discard(name)
        if len(kinds) == 1:
            return kinds.pop()
        if kinds:
            return ""
        shape = self._name_shape(name)
        if shape is not None and shape.kind:
            return shape.kind
        given = self.given(name)
        return "" if given is None else given.kind

    def given(self, name: str) -> Given | None:
        """What all calls in the file give a parameter, also one of a function around this one."""
        if name in self._parameters:
            return self.outside.given(name)
        if name in self._assigned or name in self._targets:
            return None
        return self.outside.given(name) if any(_has_parameter(outer, name) for outer in self._around) else None

    def shape(self, expr: Expr) -> Shape | None:
        """The type of an expression, from what is declared; None where nothing is."""
        if expr.kind in (NAME, MEMBER):
            return self._name_shape(expr.text)
        if expr.kind == INDEX and expr.parts:
            value = self.shape(expr.parts[0])
            if value is None or (len(expr.parts) > 1 and expr.parts[1].kind == SLICE):
                return value
            return value.element if value.kind != "str" else None
        return None

    def shape_of(self, declared: str) -> Shape | None:
        """A declared type."""
        return self._shapes.read(declared)

    def _name_shape(self, name: str) -> Shape | None:
        if name in self._shape_of:
            return self._shape_of[name]
        self._shape_of[name] = None  # the answer within a circle of names
        found = self._shape_of[name] = self._find_shape(name)
        return found

    def _find_shape(self, name: str) -> Shape | None:
        parameter = self._parameters.get(name)
        if parameter is not None:
            return self._shapes.read(parameter.declared)
        declared = self.declared(name.removeprefix("this."))
        if declared:
            shape = self._shapes.read(declared)
            if shape is not None and (shape.kind or shape.element is not None):
                return shape
        if name in self._targets:
            return self._item_shape(self.loop_of_target(name), name)
        values = self.values(name)
        if not values:
            for outer in self._around:
                declared = next((one.declared for one in outer.parameters if one.name == name), "")
                if declared:
                    return self._shapes.read(declared)
            return None
        return self.shape(values[0]) if len(values) == 1 else None

    def _item_shape(self, index: int, name: str) -> Shape | None:
        """The type of what a loop gives to a name."""
        loop = self.unit.loops[index]
        over, place = loop.over, loop.target.index(name)
        if over.kind == CALL and len(over.parts) > 1:
            last = over.name.rsplit(".", 1)[-1]
            if last in ("enumerate", "zip", "izip"):
                walked = over.parts[1] if last == "enumerate" else next(iter(over.parts[1 + place :]), None)
                if walked is None or (last == "enumerate" and place != 1):
                    return None
                over, place = walked, 0
            elif last in ("reversed", "sorted", "set", "list"):
                over = over.parts[1]
        walked = self.shape(over)
        if walked is None or (len(loop.target) > 1 and loop.over is over):
            return None
        return walked.element


def _has_parameter(unit: Unit, name: str) -> bool:
    return any(parameter.name == name for parameter in unit.parameters)


def listed(path: str, names: AbstractSet[str]) -> bool:
    """Whether a path is among the names, or its last part is there as `.method`."""
    return path in names or ("." in path and "." + path.rsplit(".", 1)[-1] in names)


def number(text: str) -> float | None:
    """The value of a number as it is written."""
    plain = text.replace("_", "").rstrip("lLjJ")
    try:
        return float(int(plain, 0))
    except ValueError:
        pass
    except OverflowError:
        return float("inf")
    try:
        return float(plain)
    except ValueError:
        return None


def value_for(fact: AssignFact, name: str) -> Expr | None:
    """What an assignment gives to one of its names; None where it comes out of something unpacked."""
    target, value = fact.target, fact.value
    if target.kind in (NAME, MEMBER):
        return value
    if target.kind == ITEMS and value.kind == ITEMS and target.size == value.size:
        for part, given in zip(target.parts, value.parts, strict=False):
            if part.kind in (NAME, MEMBER) and part.text == name:
                return given
    return None


def _compute(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        match operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "//":
                return left // right
            case "%":
                return left % right
            case "**":
                return float(left**right) if abs(right) <= 400 and abs(left) <= 1e6 else float("inf")
            case "<<":
                return left * 2.0**right if right < 400 else float("inf")
            case ">>":
                return left // 2.0**right if right < 400 else 0.0
            case _:
                return None
    except (ArithmeticError, ValueError, TypeError):
        return None


def _by_name(unit: Unit) -> dict[str, list[AssignFact]]:
    table: dict[str, list[AssignFact]] = {}
    for fact in unit.assigns:
        for name in root_names(fact.target):
            if fact.target.kind != INDEX:
                table.setdefault(name, []).append(fact)
    return table


def _filled(unit: Unit) -> set[str]:
    """Containers whose items are lists that calls in a function add to: `groups[key].append(item)`."""
    found: set[str] = set()
    for call in unit.calls:
        if call.name in _GROWING and call.callee.kind == MEMBER:
            owner = call.callee.parts[0]
            if owner.kind == INDEX and owner.parts[0].kind in (NAME, MEMBER):
                found.add(owner.parts[0].text)
            elif owner.kind == CALL and owner.parts[0].kind == MEMBER and owner.name.rsplit(".", 1)[-1] in _REACHES:
                found.add(owner.parts[0].parts[0].text)
    return found


# Methods that give one of the lists that a container holds.
_REACHES = frozenset({"get", "at", "back", "front", "setdefault", "computeIfAbsent", "getOrDefault", "last", "peek"})
_GROWING = frozenset(
    {"append", "add", "appendleft", "extend", "insert", "push", "push_back", "put", "update", "setdefault"}
    | {"emplace_back", "emplace", "emplace_front", "push_front", "offer", "addLast", "addFirst", "offerLast", "enqueue"}
    | {"offerFirst", "addAll", "putIfAbsent", "merge", "computeIfAbsent", "unshift", "push_str"}
)


def _grown(unit: Unit) -> dict[str, list[CallFact]]:
    table: dict[str, list[CallFact]] = {}
    for call in unit.calls:
        name = call.name
        if name in _GROWING and call.callee.kind == MEMBER:
            owner = call.callee.parts[0]
            table.setdefault(owner.text, []).append(call)
            if owner.kind == CHOICE:
                for part in owner.parts:
                    if part.kind in (NAME, MEMBER):
                        table.setdefault(part.text, []).append(call)
        elif name == "heappush" and call.arguments:
            table.setdefault(call.arguments[0].text, []).append(call)
    return table
