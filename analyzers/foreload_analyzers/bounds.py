"""How often the body of a loop runs for each time that the loop is reached."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from foreload_analyzers.costs import CONSTANT, LINEAR, LOG, ROOT, SQUARE, Cost
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.extract import root_names
from foreload_analyzers.facts import AssignFact, LoopFact, Unit
from foreload_analyzers.languages import BINARY, CALL, INDEX, ITEMS, MEMBER, NAME, UNARY
from foreload_analyzers.movement import step_of
from foreload_analyzers.scope import Scope, value_for
from foreload_analyzers.size import Size
from foreload_analyzers.sizes import Sizes

# Turns that are expected of a loop whose number is not written down, for shares of CPU time.
EXPECTED_TURNS = {"constant": 4.0, "log": 6.0, "root": 15.0, "linear": 20.0, "more": 150.0, "amortised": 3.0}
MAX_TURNS = 1e9


class Bound(NamedTuple):
    """How often a loop turns.

    Attributes:
        factor: growth of the number of turns.
        symbol: what it grows with; empty when it does not.
        turns: expected number for shares of CPU time: as written, else typical of its kind.
        words: how evidence tells it, after "line 12 ".
        amortised: all turns over the whole of the outer loop together are as many as that loop's own.
        stated: the number of turns is written down.
        kind: `consumes` (takes items out until none is left), `fills` (adds to `symbol` until it is long enough),
            `cases` (one turn for each problem in the input), or empty.
    """

    factor: Cost
    symbol: str
    turns: float
    words: str
    amortised: bool = False
    stated: bool = False
    kind: str = ""


def _turns(factor: Cost) -> float:
    if factor.exp > 0 or factor.n > 1:
        return EXPECTED_TURNS["more"]
    if factor.n == 1:
        return EXPECTED_TURNS["linear"]
    if factor.n > 0:
        return EXPECTED_TURNS["root"]
    return EXPECTED_TURNS["log"] if factor.log else EXPECTED_TURNS["constant"]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 40 else flat[:37] + "..."


class Bounds:
    """The bounds of all loops of one function, outer loops first."""

    def __init__(self, scope: Scope, sizes: Sizes, knowledge: ModuleType) -> None:
        self._scope = scope
        self._sizes = sizes
        self._known = knowledge
        self._unit: Unit = scope.unit
        self.found: list[Bound] = []

    def work_out(self) -> list[Bound]:
        """A bound for each loop, in the order of the loops."""
        self._sizes.loop_costs = []
        for index, loop in enumerate(self._unit.loops):
            bound = self._while(index, loop) if loop.kind == "while" else self._for(index, loop)
            self.found.append(bound)
            self._sizes.loop_costs.append(bound.factor)
        return self.found

    def outer(self, index: int) -> list[LoopFact]:
        """The loops around one, innermost first."""
        found: list[LoopFact] = []
        index = self._unit.loops[index].parent
        while index >= 0:
            found.append(self._unit.loops[index])
            index = self._unit.loops[index].parent
        return found

    # --- counted loops ---

    def _for(self, index: int, loop: LoopFact) -> Bound:
        over = loop.over
        if self._reads_cases(loop):
            return Bound(CONSTANT, "", _turns(LINEAR), "goes through the test cases of the input")
        size = self._sizes.length(over)
        outer = self.outer(index)
        if self._shared_with_outer(over, size, outer):
            words = f"walks {quoted(over.text)}, all of them together once over the outer loop"
            return Bound(CONSTANT, size.symbol, EXPECTED_TURNS["amortised"], words, amortised=True)
        if size.cost == CONSTANT:
            count = size.exact
            words = (
                f"turns {count:.0f} times"
                if count is not None and count > 1
                else f"walks {quoted(over.text)}, whose size is fixed"
            )
            return Bound(
                CONSTANT, "", min(count if count is not None else 4.0, MAX_TURNS), words, stated=count is not None
            )
        turns = min(size.exact, MAX_TURNS) if size.exact is not None else _turns(size.cost)
        symbol = _short(size.symbol or over.text)
        words = self._for_words(over, size, symbol)
        return Bound(size.cost, symbol, turns, words, stated=size.exact is not None)

    def _for_words(self, over: Expr, size: Size, symbol: str) -> str:
        if size.exact is not None and size.exact > 1:
            return f"turns {size.symbol or f'{size.exact:.0f}'} times"
        if size.cost.exp > 0:
            return f"goes through every arrangement of {quoted(symbol)}"
        if size.cost == LOG:
            return f"turns about log n times over {quoted(over.text)}"
        if size.cost == ROOT:
            return f"turns up to the square root of {quoted(symbol)}"
        if over.kind == CALL and self._scope.path(over.name) in self._known.RANGES:
            by_place = any(
                part.kind == CALL and self._scope.path(part.name) in self._known.LENGTHS for part in over.parts
            )
            return f"counts {'through' if by_place else 'up to'} {quoted(symbol)}"
        return f"walks {quoted(over.text)}"

    def _reads_cases(self, loop: LoopFact) -> bool:
        """An outermost loop that reads, solves and prints: its number of turns is not the size of the problem."""
        if loop.parent >= 0 or loop.over.kind != CALL or self._scope.path(loop.over.name) not in self._known.RANGES:
            return False
        size = self._sizes.magnitude(loop.over.parts[-1]) if len(loop.over.parts) > 1 else None
        if size is None or size.nature != "input":
            return False
        inside = [call for call in self._unit.calls if loop.body_start <= call.start < loop.body_end]
        paths = {self._scope.path(call.path) for call in inside}
        return bool(paths & self._known.INPUTS) and bool(paths & self._known.PRINTS)

    def _shared_with_outer(self, over: Expr, size: Size, outer: list[LoopFact]) -> bool:
        if not outer:
            return False
        if size.nature == "group":
            return True
        consuming = [loop for loop in outer if loop.kind == "while" and self._consumed(loop)]
        if not consuming:
            return False
        queues = {name for loop in consuming for name in self._consumed(loop)}
        if size.nature == "neighbours" and not (names_in(over) & queues and over.kind != INDEX):
            return True
        return bool(names_in(over) & queues)

    # --- conditional loops ---

    def _while(self, index: int, loop: LoopFact) -> Bound:
        condition = loop.over
        names = names_in(condition) | {part.text for part in _members(condition)}
        endless = condition.text.strip("()") in ("True", "1", "true")
        inside = [fact for fact in self._unit.assigns if loop.body_start <= fact.start < loop.body_end]
        steps = {name: step_of(name, inside, self._scope) for name in names}
        outer = self.outer(index)
        if endless:
            return self._endless(index, loop, inside)
        if _is_root(condition):
            return Bound(
                ROOT, _short(condition.text), _turns(ROOT), f"turns while {quoted(condition.text)}: a square root"
            )
        powered = sorted(name for name in names if steps[name] == "step" and _is_power(condition, name))
        if powered:
            return Bound(LOG, powered[0], _turns(LOG), f"turns while a power with {quoted(powered[0])} stays small")
        kinds = set(steps.values()) - {""}
        if "halve" in kinds:
            moved = next(name for name, step in steps.items() if step == "halve")
            return Bound(LOG, moved, _turns(LOG), f"cuts {quoted(moved)} down by a factor each turn")
        if "link" in kinds:
            moved = next(name for name, step in steps.items() if step == "link")
            words = f"follows the links of {quoted(moved)}, short when seen over all turns"
            return Bound(CONSTANT, moved, EXPECTED_TURNS["amortised"], words, amortised=True)
        consumed = self._consumed(loop)
        moved_names = {name for name, step in steps.items() if step == "step"} | consumed
        if outer and moved_names and not self._reset(moved_names, loop, outer[0]):
            words = f"moves {_listed(moved_names)} on, never back, over the whole of the outer loop"
            return Bound(CONSTANT, "", EXPECTED_TURNS["amortised"], words, amortised=True)
        if outer and self._slides(index, inside, outer[0]):
            words = "moves a bound of the window on, never back, over the whole of the outer loop"
            return Bound(CONSTANT, "", EXPECTED_TURNS["amortised"], words, amortised=True)
        if consumed:
            name = min(consumed)
            factor = SQUARE if self._is_grid(loop, consumed) else LINEAR
            refilled = any(loop.body_start <= site.start < loop.body_end for site in self._scope.growth_sites(name))
            if not refilled and len(consumed) == 1:
                factor = min(factor, self._sizes.length(Expr(NAME, name, name)).cost)
            thing = "cell" if factor == SQUARE else "item"
            words = f"takes every {thing} out of {quoted(name)} once"
            return Bound(factor, name, _turns(LINEAR), words, kind="consumes" if refilled else "")
        limit = self._limit(condition, moved_names)
        symbol = _short(limit.symbol or next(iter(sorted(moved_names)), condition.text))
        if limit.cost == CONSTANT and moved_names and limit.exact is not None:
            turns = max(1.0, min(limit.exact, MAX_TURNS))
            return Bound(CONSTANT, "", turns, f"turns at most {turns:.0f} times", stated=True)
        turns = min(limit.exact, MAX_TURNS) if limit.exact is not None else _turns(LINEAR)
        factor = limit.cost if limit.cost.n > 0 or limit.cost.exp > 0 else LINEAR
        words = f"turns while {quoted(condition.text)}"
        return Bound(factor, symbol, turns, words, stated=limit.exact is not None)

    def _endless(self, index: int, loop: LoopFact, inside: list[AssignFact]) -> Bound:
        names = {
            name for fact in inside for name in root_names(fact.target) if fact.target.kind in (NAME, MEMBER, ITEMS)
        }
        steps = {name: step_of(name, inside, self._scope) for name in names}
        if "halve" in steps.values() and "step" not in steps.values():
            moved = next(name for name, step in sorted(steps.items()) if step == "halve")
            return Bound(LOG, moved, _turns(LOG), f"cuts {quoted(moved)} down by a factor each turn")
        moved_names = {name for name, step in steps.items() if step == "step"}
        outer = self.outer(index)
        if outer and moved_names and not self._reset(moved_names, loop, outer[0]):
            words = f"moves {_listed(moved_names)} on over the whole of the outer loop"
            return Bound(CONSTANT, "", EXPECTED_TURNS["amortised"], words, amortised=True)
        return Bound(
            LINEAR, next(iter(sorted(moved_names)), ""), _turns(LINEAR), "turns until something inside ends it"
        )

    def _consumed(self, loop: LoopFact) -> set[str]:
        """The containers of a loop's condition from which its body takes things out."""
        names = names_in(loop.over) | {part.text for part in _members(loop.over)}
        if not names:
            return set()
        found: set[str] = set()
        for call in self._unit.calls:
            if not loop.body_start <= call.start < loop.body_end or call.name not in self._known.POPS:
                continue
            owner = call.callee.parts[0].text if call.callee.kind == MEMBER else ""
            if owner in names:
                found.add(owner)
            elif call.arguments and call.arguments[0].text in names:
                found.add(call.arguments[0].text)
        # `while level: ... level = following` takes a whole level at a time.
        for name in names:
            walked = any(name in names_in(inner.over) for inner in self._inside(loop) if inner.kind == "for")
            replaced = any(name in root_names(fact.target) and fact.operator == "=" for fact in self._assigns_in(loop))
            if walked and replaced:
                found.add(name)
        return found

    def _inside(self, loop: LoopFact) -> list[LoopFact]:
        return [
            inner for inner in self._unit.loops if inner is not loop and loop.body_start <= inner.start < loop.body_end
        ]

    def _assigns_in(self, loop: LoopFact) -> list[AssignFact]:
        return [fact for fact in self._unit.assigns if loop.body_start <= fact.start < loop.body_end]

    def _reset(self, names: set[str], loop: LoopFact, outer: LoopFact) -> bool:
        """Whether the outer loop puts any of the names back each turn, outside the inner loop."""
        if names & set(outer.target):
            return True
        for fact in self._assigns_in(outer):
            if loop.start <= fact.start < loop.body_end or fact.operator != "=" or fact.target.kind == INDEX:
                continue
            touched = names & set(root_names(fact.target))
            for name in touched:
                value = value_for(fact, name)
                if value is None or name not in names_in(value):
                    if value is not None and self._follows(value, names, outer):
                        continue
                    return True
        return False

    def _follows(self, value: Expr, names: set[str], outer: LoopFact) -> bool:
        """Whether a reset only goes back to a variable that itself is moved up to a name: `j = i ... i = j`."""
        sources = names_in(value)
        return any(
            fact.operator == "=" and set(root_names(fact.target)) & sources and names_in(fact.value) & names
            for fact in self._assigns_in(outer)
        )

    def _slides(self, index: int, inside: Sequence[AssignFact], outer: LoopFact) -> bool:
        """Whether each turn moves a place in a sequence on by one, and the outer loop never puts it back."""
        loop = self._unit.loops[index]
        used = {name for fact in inside for part in (fact.target, fact.value) for name in _places(part)}
        used |= _places(loop.over)
        moved = {
            fact.target.name
            for fact in inside
            if fact.loop == index
            and fact.operator in ("+=", "-=")
            and fact.target.kind == NAME
            and fact.value.text == "1"
        }
        candidates = moved & used
        return any(not self._reset({name}, loop, outer) for name in sorted(candidates))

    def _is_grid(self, loop: LoopFact, consumed: set[str]) -> bool:
        """Whether what is put back are places in a table: at least two coordinates, each a step from another."""
        for name in sorted(consumed):
            for call in self._scope.growth_sites(name):
                if any(self._steps_of(argument) >= 2 for argument in call.arguments):
                    return True
        return False

    def _steps_of(self, pushed: Expr) -> int:
        """How many coordinates of a pushed item are stepped."""
        values = self._scope.values(pushed.name) if pushed.kind == NAME else [pushed]
        most = 0
        for value in values:
            items = value.parts if value.kind == ITEMS else ()
            flat = [part for item in items for part in (item.parts if item.kind == ITEMS else (item,))]
            stepped = 0
            for part in flat:
                given = self._scope.values(part.name) if part.kind == NAME else [part]
                stepped += any(one.kind == BINARY and one.name in ("+", "-") for one in given)
            most = max(most, stepped)
        return most

    def _limit(self, condition: Expr, moved: set[str]) -> Size:
        """What a compared variable runs up to."""
        for part in _comparisons(condition):
            sides = part.parts[:2]
            if len(sides) == 2:
                for one, other in (sides, sides[::-1]):
                    if names_in(one) & moved:
                        if self._scope.constant(other) == 0:
                            return self._start_of(one, moved)
                        return self._sizes.magnitude(other)
        return Size(LINEAR, "")

    def _start_of(self, expr: Expr, moved: set[str]) -> Size:
        """Where a variable that is counted down to 0 starts."""
        for name in sorted(names_in(expr) & moved):
            values = [value for value in self._scope.values(name) if name not in names_in(value)]
            if values and not self._scope.is_parameter(name):
                return max((self._sizes.magnitude(value) for value in values), key=lambda size: size.cost)
        return Size(LINEAR, expr.text)


def _members(expr: Expr) -> list[Expr]:
    found: list[Expr] = []
    pending = [expr]
    while pending:
        current = pending.pop()
        if current.kind == MEMBER:
            found.append(current)
        pending.extend(current.parts)
    return found


def _comparisons(expr: Expr) -> list[Expr]:
    found: list[Expr] = []
    pending = [expr]
    while pending:
        current = pending.pop(0)
        if current.kind == BINARY and current.name in ("<", "<=", ">", ">=", "!=", "=="):
            found.append(current)
        elif current.kind in (BINARY, UNARY):
            pending.extend(current.parts)
    return found


def _is_root(condition: Expr) -> bool:
    """`i * i <= n` and `i ** 2 <= n`."""
    for part in _comparisons(condition):
        left = part.parts[0]
        if left.kind == BINARY and len(left.parts) == 2 and part.name in ("<", "<="):
            same = left.name == "*" and left.parts[0].text == left.parts[1].text
            if same or (left.name == "**" and left.parts[1].text == "2"):
                return True
    return False


def _is_power(expr: Expr, name: str) -> bool:
    """Whether an expression grows by a factor with each step of a name: `2 ** name`, `1 << name`."""
    pending = [expr]
    while pending:
        current = pending.pop()
        if current.kind == BINARY and current.name in ("**", "<<") and name in names_in(current.parts[-1]):
            return True
        pending.extend(current.parts)
    return False


def _places(expr: Expr) -> set[str]:
    """The names by which sequences are indexed within an expression."""
    found: set[str] = set()
    pending = [expr]
    while pending:
        current = pending.pop()
        if current.kind == INDEX:
            found.update(name for part in current.parts[1:] for name in names_in(part))
        pending.extend(current.parts)
    return found


def _listed(names: set[str]) -> str:
    return ", ".join(f"{quoted(name)}" for name in sorted(names)[:3])
