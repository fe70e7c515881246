"""How large a value or a container can get, as a growth with a name for what grows."""

from __future__ import annotations

from types import ModuleType

from foreload_analyzers.costs import CONSTANT, EXPONENTIAL, LINEAR, LOG, Cost, product
from foreload_analyzers.expressions import Expr, names_in
from foreload_analyzers.facts import CallFact, LoopFact
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
    SPREAD,
    TEXT,
    UNARY,
)
from foreload_analyzers.scope import SMALL_LITERAL, Scope, listed
from foreload_analyzers.size import ONE, Size, call_name, larger, literal

_EXAMPLES = frozenset({"arr", "array", "a", "nums", "numbers", "data", "values", "input", "mat", "matrix", "list"})
MAX_STEPS = 48  # look-ups along one chain of values


class Sizes:
    """Sizes of the expressions of one function. `loop_costs` are the factors of its loops that are known so far."""

    def __init__(self, scope: Scope, knowledge: ModuleType) -> None:
        self._scope = scope
        self._known = knowledge
        self.loop_costs: list[Cost] = []
        self._steps = 0
        self._busy: set[str] = set()

    def magnitude(self, expr: Expr) -> Size:
        """How large a number can get."""
        self._steps = 0
        return self._magnitude(expr)

    def length(self, expr: Expr) -> Size:
        """How many items there are to walk."""
        self._steps = 0
        return self._length(expr)

    def items(self, expr: Expr) -> Cost | None:
        """How long each item of a container is; None where that is not known."""
        self._steps = 0
        found = self._items(expr)
        return None if found is None else found.cost

    def _spent(self) -> bool:
        self._steps += 1
        return self._steps > MAX_STEPS

    # --- numbers ---

    def _magnitude(self, expr: Expr) -> Size:
        if self._spent():
            return Size(LINEAR, expr.text)
        constant = self._scope.constant(expr)
        if constant is not None:
            return literal(max(constant, 0.0))
        kind, parts = expr.kind, expr.parts
        if kind in (NAME, MEMBER):
            return self._named_number(expr)
        if kind == CALL:
            return self._called_number(expr)
        if kind == BINARY and len(parts) == 2:
            return self._computed(expr)
        if kind == UNARY and parts:
            return self._magnitude(parts[0])
        if kind == CHOICE and parts:
            return larger([self._magnitude(part) for part in parts[::2]])
        if kind == INDEX and parts and parts[0].kind == NAME:
            values = self._scope.values(parts[0].name)
            if len(values) == 1 and values[0].kind == ITEMS and values[0].parts:
                return larger([self._magnitude(part) for part in values[0].parts])._replace(exact=None)
        return Size(LINEAR, expr.text)

    def _named_number(self, expr: Expr) -> Size:
        name = expr.text
        scope = self._scope
        loop = scope.loop_of_target(name)
        if loop >= 0 and loop < len(self.loop_costs):
            over = scope.unit.loops[loop].over
            if over.kind == CALL and scope.path(over.name) in self._known.RANGES:
                return Size(self.loop_costs[loop], self._range(over).symbol or name)
            return Size(LINEAR if self._items_unbounded(over) else CONSTANT, name)
        if name in self._busy:
            return Size(LINEAR, name)
        values = scope.values(name)
        given = scope.given(name)
        base: list[Size] = []
        if given is not None and given.magnitude is not None and not scope.is_changed(name):
            base.append(Size(given.magnitude, name if given.magnitude != CONSTANT else ""))
        elif not values or scope.is_parameter(name):
            return Size(LINEAR, name)
        self._busy.add(name)
        try:
            return larger([*base, *(self._magnitude(value) for value in values)])._replace(exact=None)
        finally:
            self._busy.discard(name)

    def _items_unbounded(self, over: Expr) -> bool:
        """Whether the numbers in what a loop walks can be large: not where they are written out."""
        return not (over.kind == ITEMS and all(part.kind == NUMBER for part in over.parts))

    def _called_number(self, expr: Expr) -> Size:
        known, path = self._known, self._scope.path(expr.name)
        method = "." + path.rsplit(".", 1)[-1]
        arguments = expr.parts[1:]
        first = arguments[0] if arguments else None
        if path in known.LENGTHS and first is not None:
            return self._length(first)
        if path in known.ROOTS:
            inner = self._magnitude(first) if first is not None else Size(LINEAR)
            return Size(inner.cost.power(0.5) if inner.cost != CONSTANT else CONSTANT, inner.symbol)
        if path in known.LOGARITHMS or method in known.LOGARITHMS:
            return Size(LOG, expr.text)
        if path in known.SMALLEST and len(arguments) > 1:
            return min((self._magnitude(part) for part in arguments), key=lambda size: size.cost)
        if path in known.LARGEST and len(arguments) > 1:
            return larger([self._magnitude(part) for part in arguments])
        if path in known.KEEPS_SIZE and first is not None:
            return self._magnitude(first)
        if listed(path, known.INPUTS):
            return Size(LINEAR, "the input", None, "input")
        return Size(LINEAR, call_name(expr))

    def _computed(self, expr: Expr) -> Size:
        operator = expr.name
        left, right = expr.parts[0], expr.parts[1]
        if operator == "**":
            return self._powered(left, right)
        if operator == "<<":
            shift = self._magnitude(right)
            return Size(EXPONENTIAL, shift.symbol) if shift.cost.n >= 0.5 else Size(CONSTANT)
        if operator in (">>", "%"):
            return self._magnitude(left if operator == ">>" else right)
        if operator in ("/", "//"):
            above, below = self._magnitude(left), right
            if below.kind in (NAME, MEMBER) and self._scope.constant(below) is None:
                # Over all turns of an outer loop that counts the divisor up, n/1 + n/2 + ... is n log n.
                counted = self._scope.loop_of_target(below.text) >= 0
                return Size(LOG if counted and above.cost == LINEAR else above.cost, above.symbol)
            return above._replace(exact=None)
        sizes = [self._magnitude(left), self._magnitude(right)]
        if operator == "*":
            return Size(product(size.cost for size in sizes), larger(sizes).symbol)
        if operator == "&":
            return min(sizes, key=lambda size: size.cost)
        return larger(sizes)._replace(exact=None)

    def _powered(self, base: Expr, exponent: Expr) -> Size:
        low = self._magnitude(base)
        power = self._scope.constant(exponent)
        if power is not None:
            return Size(low.cost.power(power) if low.cost != CONSTANT else CONSTANT, low.symbol)
        high = self._magnitude(exponent)
        return Size(EXPONENTIAL, high.symbol) if high.cost.n >= 0.5 else Size(CONSTANT)

    def _range(self, expr: Expr) -> Size:
        arguments = [part for part in expr.parts[1:] if part.kind != SPREAD]
        if not arguments:
            return Size(LINEAR, expr.text)
        if len(arguments) == 1:
            return self._magnitude(arguments[0])
        start, stop = arguments[0], arguments[1]
        step = self._scope.constant(arguments[2]) if len(arguments) > 2 else 1.0
        if step is not None and step < 0:
            start, stop = stop, start
        low, high = self._scope.constant(start), self._scope.constant(stop)
        if low is not None and high is not None:
            return literal(max(0.0, (high - low) / max(abs(step or 1.0), 1.0)))
        if self._apart(start, stop):
            return Size(CONSTANT)
        size = self._magnitude(stop)
        if step is None and self._scope.loop_of_target(arguments[2].text) >= 0 and size.cost == LINEAR:
            return Size(LOG, size.symbol)  # a step that an outer loop counts up: harmonic
        if size.cost == CONSTANT and (step is None or stop.text in ("0", "-1")):
            size = larger([size, self._magnitude(start)])
        return size._replace(exact=None)

    def _apart(self, start: Expr, stop: Expr) -> bool:
        """Whether two bounds are a fixed distance apart: `i` and `i + 3`."""
        if stop.kind == BINARY and stop.name == "+" and len(stop.parts) == 2:
            for one, other in (stop.parts, stop.parts[::-1]):
                if one.text == start.text and self._magnitude(other).cost == CONSTANT:
                    return True
        if start.kind == BINARY and start.name == "-" and len(start.parts) == 2:
            one, other = start.parts
            if stop.kind == BINARY and stop.parts:
                stop = stop.parts[0]
            return one.text == stop.text and self._magnitude(other).cost == CONSTANT
        return False

    # --- containers ---

    def _length(self, expr: Expr) -> Size:
        if self._spent():
            return Size(LINEAR, expr.text)
        kind, parts = expr.kind, expr.parts
        if kind == TEXT:
            return literal(float(len(expr.text)))
        if kind == ITEMS:
            if any(part.kind == SPREAD for part in parts):
                return Size(LINEAR, expr.text)
            return literal(float(expr.size))
        if kind == COMPREHENSION:
            sizes = [self._length(part) for part in parts[1:]]
            counts = [size.exact for size in sizes]
            total = 1.0
            for count in counts:
                total *= count or 1.0
            return Size(product(size.cost for size in sizes), larger(sizes).symbol, total if all(counts) else None)
        if kind in (NAME, MEMBER):
            return self._named(expr)
        if kind == CALL:
            return self._called(expr)
        if kind == INDEX and parts:
            return self._indexed(expr)
        if kind == BINARY and len(parts) == 2:
            if expr.name == "*":
                return self._repeated(parts[0], parts[1])
            return larger([self._length(parts[0]), self._length(parts[1])])._replace(exact=None)
        if kind == CHOICE and parts:
            return larger([self._length(part) for part in parts[::2]])
        if kind == SPREAD and parts:
            return self._length(parts[0])
        return Size(LINEAR, expr.text)

    def _repeated(self, one: Expr, other: Expr) -> Size:
        container, times = (one, other) if one.kind in (ITEMS, TEXT) or self._scope.container(one) else (other, one)
        inner, count = self._length(container), self._magnitude(times)
        counted = None if inner.exact is None or count.exact is None else inner.exact * count.exact
        return Size(inner.cost.times(count.cost), count.symbol or inner.symbol, counted)

    def _named(self, expr: Expr) -> Size:
        name = expr.text
        scope = self._scope
        loop = scope.loop_of_target(name)
        if 0 <= loop < len(self.loop_costs):
            return self._item_of(scope.unit.loops[loop], name)
        if name in self._busy:
            return Size(CONSTANT, name)
        values = scope.values(name)
        sites = scope.growth_sites(name)
        given = scope.given(name)
        known = given is not None and given.length is not None
        if not values and not sites and not known:
            return Size(LINEAR, name)
        self._busy.add(name)
        try:
            sizes = [self._length(value) for value in values]
            if given is not None and given.length is not None:
                sizes.append(Size(given.length, name if given.length != CONSTANT else ""))
            grown = [self._grown_by(site, name) for site in sites]
        finally:
            self._busy.discard(name)
        if _is_example(name, values) and not scope.assigned(name) and not sites:
            return Size(LINEAR, name)
        largest = larger([*sizes, *grown])
        if largest.nature == "unknown":
            largest = Size(largest.cost, name)
        if largest.cost == CONSTANT and ((scope.is_parameter(name) and not known) or scope.is_changed(name)):
            return Size(LINEAR, name)
        filled_elsewhere = not sites and not scope.assigned(name) and name.startswith(("self.", "this."))
        if largest.cost == CONSTANT and filled_elsewhere and not (largest.exact or 0) > 1:
            return Size(LINEAR, name)
        if largest.cost == CONSTANT and self._filled_by_keys(name, values):
            return Size(LINEAR, name)
        return largest if not grown else largest._replace(exact=None, symbol=largest.symbol or name)

    def _filled_by_keys(self, name: str, values: list[Expr]) -> bool:
        """Whether a dictionary that starts small is filled by element assignments in a loop."""
        if not any(self._scope.container(value) == "dict" for value in values):
            return False
        if self._scope.holds_lists(name):
            return True
        return any(
            fact.loop >= 0 and fact.target.kind == INDEX and fact.target.parts and fact.target.parts[0].text == name
            for fact in self._scope.unit.assigns
        )

    def _grown_by(self, site: CallFact, name: str) -> Size:
        cost, loops = CONSTANT, self._scope.unit.loops
        index, fresh = site.loop, self._made_in(name)
        while index >= 0 and index != fresh:
            if name in names_in(loops[index].over):
                return Size(LINEAR, name)  # a worklist: what it walks or empties is what it adds to
            known = self.loop_costs[index] if index < len(self.loop_costs) else LINEAR
            cost = cost.times(known)
            index = loops[index].parent
        return Size(cost, name)

    def _made_in(self, name: str) -> int:
        """The loop in which a container is made anew on each turn; -1: outside all loops."""
        return max((fact.loop for fact in self._scope.assigned(name) if fact.operator == "="), default=-1)

    def _item_of(self, loop: LoopFact, name: str) -> Size:
        """The length of one of the things that a loop walks."""
        over, single = loop.over, len(loop.target) == 1
        last = over.name.rsplit(".", 1)[-1] if over.kind == CALL else ""
        if not single and last in ("enumerate", "zip", "izip"):
            place = 1 if last == "enumerate" else loop.target.index(name) + 1
            if len(over.parts) > place or last == "enumerate":
                over, single = over.parts[min(place, len(over.parts) - 1)], True
        if over.kind == ITEMS and all(part.kind in (ITEMS, TEXT) for part in over.parts):
            return Size(CONSTANT)
        items = self._items(over) if single else None
        if items is not None and items.cost == CONSTANT:
            return Size(CONSTANT)
        if self._holds_lists(over.text):
            return Size(LINEAR, name, None, "group")
        if self._is_split(over):
            return Size(LINEAR, name, None, "group")
        if over.kind == CALL and over.name.rsplit(".", 1)[-1] in (
            "items",
            "values",
            "itervalues",
            "iteritems",
            "groupby",
        ):
            owner = next(iter(over.parts[0].parts), over)
            built_here = bool(self._scope.assigned(owner.text)) and not self._scope.is_parameter(owner.text)
            if built_here or over.name.endswith("groupby"):
                return Size(LINEAR, name, None, "group")
        return Size(LINEAR, name)

    def _is_split(self, over: Expr) -> bool:
        """Whether a loop walks the words of one text: together they are as long as the text."""
        values = self._scope.values(over.text) if over.kind == NAME else [over]
        return bool(values) and all(
            value.kind == CALL and value.name.rsplit(".", 1)[-1] == "split" and not self._is_input(value)
            for value in values
        )

    def _is_input(self, expr: Expr) -> bool:
        return self._length(expr).nature == "input"

    def _indexed(self, expr: Expr) -> Size:
        value, subscript = expr.parts[0], expr.parts[-1]
        if subscript.kind == SLICE:
            return self._sliced(value, subscript)
        items = self._items(value)
        if items is not None and items.cost == CONSTANT:
            return Size(CONSTANT)
        if value.kind == NAME:
            values = self._scope.values(value.name)
            if values and all(_is_fixed(given) for given in values) and not self._scope.growth_sites(value.name):
                return Size(CONSTANT)
            if self._holds_lists(value.name) and self._scope.loop_of_target(subscript.text) >= 0:
                return Size(LINEAR, expr.text, None, "group")
            if self._scope.constant(subscript) is not None:
                return Size(LINEAR, expr.text)
        return Size(LINEAR, expr.text, None, "neighbours")

    def _holds_lists(self, name: str) -> bool:
        """Whether a container made here holds lists that are filled one item at a time: together they are one whole."""
        return not self._scope.is_parameter(name) and self._scope.holds_lists(name)

    def _sliced(self, value: Expr, bounds: Expr) -> Size:
        start, stop = bounds.parts[0], bounds.parts[1]
        width = self._scope.constant(stop)
        if width is not None and 0 <= width <= SMALL_LITERAL:
            return Size(CONSTANT, "", width)
        if start.text and stop.text and self._apart(start, stop):
            return Size(CONSTANT)
        below = self._scope.constant(start)
        if not stop.text and below is not None and below < 0:
            return Size(CONSTANT, "", -below)
        return self._length(value)._replace(exact=None)

    def _items(self, expr: Expr) -> Size | None:
        """The length of the items of a container, where the code says something of it."""
        if self._spent():
            return None
        kind, parts = expr.kind, expr.parts
        if kind == ITEMS:
            if not parts or expr.name == "dict":
                return None
            return larger([self._length(part) if _may_hold(part) else ONE for part in parts])
        if kind == COMPREHENSION:
            return self._length(parts[0]) if parts and _may_hold(parts[0]) else None
        if kind == BINARY and len(parts) == 2:
            if expr.name == "*":
                return self._items(parts[0] if parts[0].kind == ITEMS else parts[1])
            both = [self._items(part) for part in parts]
            return None if None in both else larger([size for size in both if size is not None])
        if kind in (NAME, MEMBER):
            return self._named_items(expr.text)
        if kind == CALL:
            path = self._scope.path(expr.name)
            last = path.rsplit(".", 1)[-1]
            if last in ("enumerate", "items", "iteritems", "zip_longest", "pairwise"):
                return ONE
            if path in self._known.SMALLEST_OF:
                return self._length(parts[1].parts[0]) if len(parts) == 2 and parts[1].kind == SPREAD else ONE
            if path in self._known.ARRAY_SIZES and len(parts) > 1 and parts[1].kind == ITEMS:
                shape = parts[1].parts
                if len(shape) == 1:
                    return self._items(shape[0]) if self._scope.container(shape[0]) not in ("", "number") else None
                return self._magnitude(shape[1]) if len(shape) == 2 else None
            if self._known.SAME_SIZE.get(path) == 0 and len(parts) > 1:
                return self._items(parts[1])
            if self._is_own_call(expr):
                return self._largest_items(parts[1:])
        return None

    def _named_items(self, name: str) -> Size | None:
        scope, key = self._scope, "items of " + name
        if key in self._busy:
            return ONE
        given = scope.given(name)
        found: list[Expr] = list(scope.values(name))
        known: list[Size] = []
        if given is not None and given.items is not None:
            known.append(Size(given.items, name))
        elif scope.is_parameter(name) or not found:
            return None
        self._busy.add(key)
        try:
            for value in found:
                if value.kind == ITEMS and value.size == 0:
                    continue
                size = self._items(value)
                if size is None:
                    return None
                known.append(size)
            for site in scope.growth_sites(name):
                argument = site.arguments[0] if site.arguments else None
                if argument is None or site.name not in ("append", "push_back", "add", "appendleft"):
                    return None
                known.append(self._length(argument) if _may_hold(argument) else ONE)
        finally:
            self._busy.discard(key)
        return larger(known) if known else None

    def _largest_items(self, arguments: tuple[Expr, ...]) -> Size | None:
        sizes = [self._items(argument) for argument in arguments if argument.kind in (NAME, ITEMS)]
        known = [size for size in sizes if size is not None]
        return larger(known) if known and len(known) == len(sizes) else None

    def _is_own_call(self, expr: Expr) -> bool:
        """Whether a call is to a function that no library is known to have."""
        return expr.parts[0].kind == NAME and self._scope.outside.imported(expr.name) is None

    def _called(self, expr: Expr) -> Size:
        known, path = self._known, self._scope.path(expr.name)
        method = "." + path.rsplit(".", 1)[-1]
        arguments = [part for part in expr.parts[1:] if part.kind != "keyword"]
        if path in known.RANGES:
            return self._range(expr)
        place = known.SAME_SIZE.get(path, known.SAME_SIZE.get(method if "." in path else path))
        if place is not None:
            if place < 0:
                owner = expr.parts[0]
                return self._length(owner.parts[0]) if owner.kind == MEMBER else Size(LINEAR, expr.text)
            walked = next(iter(arguments[place:]), None)
            return Size(CONSTANT, "", 0.0) if walked is None else self._length(walked)
        if path in known.SMALLEST_OF and arguments:
            if len(arguments) == 1 and arguments[0].kind == SPREAD:
                turned = self._items(arguments[0].parts[0])  # rows become columns
                return self._length(arguments[0]) if turned is None else turned
            return min((self._length(part) for part in arguments), key=lambda size: size.cost)
        if path in known.DIGITS:
            return (
                Size(LOG, expr.text)
                if self._scope.container(arguments[0] if arguments else expr) != "str"
                else Size(LINEAR, expr.text)
            )
        if path in known.ARRAY_SIZES:
            return self._array(arguments)
        if path in known.COMBINATIONS and arguments:
            chosen = self._scope.constant(arguments[1]) if len(arguments) > 1 else None
            inner = self._length(arguments[0])
            return Size(inner.cost.power(chosen) if chosen is not None else EXPONENTIAL, inner.symbol)
        if path in known.PERMUTATIONS and arguments:
            inner = self._length(arguments[0])
            return Size(EXPONENTIAL if inner.cost != CONSTANT else CONSTANT, inner.symbol)
        if path in known.PRODUCTS and arguments:
            sizes = [self._length(part) for part in arguments]
            repeat = next(
                (part.parts[0] for part in expr.parts[1:] if part.kind == "keyword" and part.name == "repeat"), None
            )
            if repeat is not None and self._scope.constant(repeat) is None:
                return Size(EXPONENTIAL, repeat.text)
            times = self._scope.constant(repeat) if repeat is not None else 1.0
            return Size(product(size.cost for size in sizes).power(times or 1.0), larger(sizes).symbol)
        if method in known.NEIGHBOURS or method in (".get", ".at"):
            return Size(LINEAR, expr.text, None, "neighbours")
        if listed(path, known.INPUTS):
            return Size(LINEAR, "the input", None, "input")
        if path in ("dict", "list", "set") or (path in ("defaultdict", "collections.defaultdict")):
            return Size(CONSTANT, "", 0.0)
        if self._is_own_call(expr) and self._is_about_small_tables(arguments):
            return Size(CONSTANT)
        return Size(LINEAR, call_name(expr), None, "unknown")

    def _is_about_small_tables(self, arguments: list[Expr]) -> bool:
        """Whether a call gets tables of fixed size, and beside them only numbers."""
        tables = [part for part in arguments if self._is_small_table(part)]
        others = [part for part in arguments if part not in tables]
        return bool(tables) and all(
            part.kind in (BINARY, UNARY, NUMBER) or self._scope.container(part) == "number" for part in others
        )

    def _is_small_table(self, expr: Expr) -> bool:
        """Whether an argument is a container of fixed size: what comes of it has one too."""
        if expr.kind not in (NAME, ITEMS, CALL) or self._scope.container(expr) in ("str", "number"):
            return False
        return self._length(expr).cost == CONSTANT

    def _array(self, arguments: list[Expr]) -> Size:
        """The number of elements of an array made with its shape."""
        if not arguments:
            return Size(CONSTANT, "", 0.0)
        shape = arguments[0].parts if arguments[0].kind == ITEMS else tuple(arguments[:1])
        if len(shape) == 1 and self._scope.container(shape[0]) not in ("", "number"):
            return self._length(shape[0])  # made as a copy
        sizes = [self._magnitude(part) for part in shape]
        total: float | None = 1.0
        for size in sizes:
            total = None if total is None or size.exact is None else total * size.exact
        if total is not None:
            return literal(total)
        return Size(product(size.cost for size in sizes), larger(sizes).symbol)


def _is_example(name: str, values: list[Expr]) -> bool:
    """Whether a list that lies ready outside a function is an input to try it on: `arr = [3, 1, 2]`."""
    return name.lower() in _EXAMPLES and bool(values) and all(value.kind == ITEMS for value in values)


def _may_hold(expr: Expr) -> bool:
    """Whether an expression may be a container."""
    return expr.kind not in (NUMBER, BINARY, UNARY, OTHER) or (expr.kind == BINARY and expr.name == "*")


def _is_fixed(value: Expr) -> bool:
    """Whether a literal holds only literals: all its items have a fixed size."""
    return value.kind == ITEMS and value.size > 0 and all(part.kind in (ITEMS, TEXT, NUMBER) for part in value.parts)
