"""How often the body of a loop runs for each time that the loop is reached."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from foreload_analyzers.costs import CONSTANT, EXPONENTIAL, LINEAR, LOG, ROOT, SQUARE, Cost, product
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.extract import root_names
from foreload_analyzers.facts import AssignFact, LoopFact, Unit
from foreload_analyzers.languages import BINARY, CALL, INDEX, ITEMS, MEMBER, NAME, NUMBER, UNARY
from foreload_analyzers.movement import sets_bits, step_of
from foreload_analyzers.scope import Scope, listed, value_for
from foreload_analyzers.size import Size
from foreload_analyzers.sizes import Sizes

# Turns that are expected of a loop whose number is not written down, for shares of CPU time.
EXPECTED_TURNS = {"constant": 4.0, "log": 6.0, "root": 15.0, "linear": 20.0, "more": 150.0, "amortised": 3.0}
MAX_TURNS = 1e9
_READERS = frozenset(
    {"ni", "nl", "nd", "ns", "nt", "nc", "in", "inp", "getInt", "getLong", "getString", "snext", "pread"}
)
_READS = frozenset(
    {
        "read",
        "readLine",
        "readByte",
        "nextToken",
        "hasMoreTokens",
        "hasMoreElements",
        "getchar",
        "getc",
        "snext",
        "pread",
    }
)


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
        self._is_reader = reads_tokens(scope.unit)
        self.found: list[Bound] = []

    def work_out(self) -> list[Bound]:
        """A bound for each loop, in the order of the loops."""
        self._sizes.loop_costs = []
        for index, loop in enumerate(self._unit.loops):
            self._scope.at = loop.parent
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

    def _chain(self, loops: Sequence[LoopFact]) -> list[int]:
        """The places of loops in the function."""
        return [index for index, loop in enumerate(self._unit.loops) if any(loop is one for one in loops)]

    # --- counted loops ---

    def _for(self, index: int, loop: LoopFact) -> Bound:
        over = loop.over
        if self._reads_cases(loop):
            words = "goes through the test cases of the input"
            return Bound(CONSTANT, "", _turns(LINEAR), words, kind="cases")
        size = self._sizes.length(over)
        outer = self.outer(index)
        if self._grows_itself(loop):
            factor = SQUARE if self._is_grid({over.text}) else LINEAR
            words = f"walks {quoted(over.text)}, to which it adds what is still to do"
            return Bound(factor, over.text, _turns(LINEAR), words, kind="consumes")
        if size.nature == "input" and self._is_unpacked(loop):
            return Bound(CONSTANT, "", EXPECTED_TURNS["constant"], "takes a line of the input apart")
        if self._shared_with_outer(over, size, outer) or self._goes_on(loop, outer):
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
        if size.cost == LINEAR and outer and outer[0].kind == "while":
            self._halve_outer(loop)
        return Bound(size.cost, symbol, turns, words, stated=size.exact is not None)

    def _halve_outer(self, loop: LoopFact) -> None:
        """Where the outer loop halves what this one counts up to, all turns together are those of the first twice."""
        found = self.found[loop.parent]
        if found.factor == LOG and found.symbol in names_in(loop.over) and not self._scope.is_parameter(found.symbol):
            words = f"cuts {quoted(found.symbol)} down by a factor, and with it the work of each turn"
            self.found[loop.parent] = Bound(CONSTANT, found.symbol, found.turns, words, amortised=True)
            self._sizes.loop_costs[loop.parent] = CONSTANT

    def _grows_itself(self, loop: LoopFact) -> bool:
        """Whether the body adds to the list that the loop walks: a worklist."""
        if loop.over.kind not in (NAME, MEMBER):
            return False
        return any(loop.body_start <= site.start < loop.body_end for site in self._scope.growth_sites(loop.over.text))

    def _is_unpacked(self, loop: LoopFact) -> bool:
        """Whether what a comprehension builds is taken apart into a few names at once: `a, b = [int(x) for ...]`."""
        if loop.kind != "comprehension":
            return False
        return loop.line in self._scope.unpacked_lines()

    def _has_no_start(self, loop: LoopFact) -> bool:
        """`for (; i < n; i++)`: a header with a condition and a step that leaves the variable where it was."""
        # Only such headers are worked out on every turn; `for i in 0..n` gives its variable a start itself.
        if loop.over.name != "range" or loop.body_start != loop.over_start or not loop.target:
            return False
        started = [fact for fact in self._unit.assigns if fact.operator == "=" and fact.loop == loop.parent]
        return not any(
            loop.line <= fact.line and fact.start < loop.over_start and set(root_names(fact.target)) & set(loop.target)
            for fact in started
        )

    def _goes_on(self, loop: LoopFact, outer: list[LoopFact]) -> bool:
        """Whether a counted loop goes on where an earlier one stopped, or steps by what the outer loop counts up to."""
        over = loop.over
        while over.kind == CALL and len(over.parts) == 2 and over.name.rsplit(".", 1)[-1] in ("reversed", "list"):
            over = over.parts[1]
        if not outer or over.kind != CALL or self._scope.path(over.name) not in self._known.RANGES:
            return False
        if self._has_no_start(loop) and not self._reset(set(loop.target), loop, outer[0], own_loops=True):
            return True
        arguments = over.parts[1:]
        if len(arguments) < 2:
            return False
        if len(arguments) == 3:
            around = outer[0].over
            step = arguments[2].text
            if around.kind == CALL and self._scope.path(around.name) in self._known.RANGES:
                limit = around.parts[1:][min(len(around.parts) - 2, 1)] if len(around.parts) > 1 else None
                if limit is not None and limit.text == step and limit.kind in (NAME, MEMBER):
                    return True
        start = names_in(arguments[0])
        fellows = {
            name
            for other in self._unit.loops
            if other.kind == "for" and other.has_break and other.parent == loop.parent
            for name in other.target
        }
        started = start & fellows
        return bool(started) and loop.has_break and not self._reset(started, loop, outer[0], own_loops=True)

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
        if loop.parent >= 0:
            return False
        if loop.kind == "while":
            if not self._counts_down(loop):
                return False
        elif loop.over.kind != CALL or self._scope.path(loop.over.name) not in self._known.RANGES:
            return False
        else:
            given = loop.over.parts[1:]
            if not given or (self._sizes.magnitude(given[-1]).nature != "input" and not self._from_input(given[-1])):
                return False
        inside = [call for call in self._unit.calls if loop.body_start <= call.start < loop.body_end]
        paths = {self._scope.path(call.path) for call in inside}
        outside = self._scope.outside
        reads = any(listed(path, self._known.INPUTS) for path in paths) or any(
            self._scope.reads_input(path) for path in paths
        )
        prints = any(listed(path, self._known.PRINTS) for path in paths) or any(
            outside.prints(path.rsplit(".", 1)[-1]) for path in paths
        )
        return reads and prints

    def _from_input(self, expr: Expr) -> bool:
        """Whether a number comes from a function that reads the input."""
        values = self._scope.values(expr.name) if expr.kind == NAME else [expr]
        return bool(values) and all(
            part.kind == CALL
            and (listed(self._scope.path(part.name), self._known.INPUTS) or self._scope.reads_input(part.name))
            for value in values
            for part in (_innermost_call(value),)
        )

    def _counts_down(self, loop: LoopFact) -> bool:
        """`while cases: cases -= 1` with a number from the input."""
        names = names_in(loop.over)
        if len(names) != 1:
            return False
        name = next(iter(names))
        moves = [fact for fact in self._assigns_in(loop) if name in root_names(fact.target)]
        if any(fact.operator != "-=" for fact in moves) or not (moves or "--" in loop.over.text):
            return False
        size = self._sizes.magnitude(Expr(NAME, name, name))
        return size.nature == "input" or self._from_input(Expr(NAME, name, name))

    def _shared_with_outer(self, over: Expr, size: Size, outer: list[LoopFact]) -> bool:
        if not outer:
            return False
        if size.nature == "group":
            # Pairs within groups are more than the whole: only the first loop over a group is free.
            return not any(
                self.found[loop_index].amortised and self.found[loop_index].symbol == size.symbol
                for loop_index in self._chain(outer)
            )
        queues: set[str] = set()
        for loop in outer:
            if loop.kind == "while":
                queues |= self._consumed(loop)
            elif self._grows_itself(loop):
                queues.add(loop.over.text)
        if not queues:
            return False
        if size.nature == "neighbours" and not (names_in(over) & queues and over.kind != INDEX):
            return True
        if over.kind == MEMBER and over.parts[0].kind == NAME and over.parts[0].name not in ("self", "this"):
            return True  # the children of a node that was taken out
        return any(_walks_whole(over, name) for name in queues)

    # --- conditional loops ---

    def _while(self, index: int, loop: LoopFact) -> Bound:
        condition = loop.over
        names = names_in(condition) | {part.text for part in _members(condition)}
        if self._is_reader:
            return Bound(CONSTANT, "", EXPECTED_TURNS["constant"], "takes a word of the input apart")
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
        if condition.kind == CALL and self._scope.path(condition.name) in self._known.PERMUTES:
            return Bound(EXPONENTIAL, _short(condition.text), _turns(EXPONENTIAL), "goes through every arrangement")
        if "halve" in kinds and outer and self._slides(index, inside, outer[0]):
            words = "moves a bound of the window on, never back, over the whole of the outer loop"
            return Bound(CONSTANT, "", EXPECTED_TURNS["amortised"], words, amortised=True)
        if "halve" in kinds:
            moved = next(name for name, step in steps.items() if step == "halve")
            return Bound(LOG, moved, _turns(LOG), f"cuts {quoted(moved)} down by a factor each turn")
        if "link" in kinds:
            moved = next(name for name, step in steps.items() if step == "link")
            words = f"follows the links of {quoted(moved)}, short when seen over all turns"
            return Bound(CONSTANT, moved, EXPECTED_TURNS["amortised"], words, amortised=True)
        if self._narrows(inside):
            words = "narrows the range around a pivot: each turn has about half of the turn before"
            return Bound(CONSTANT, "", _turns(LOG), words, amortised=True)
        if loop.parent < 0 and self._reads_cases(loop):
            words = "goes through the test cases of the input"
            return Bound(CONSTANT, "", _turns(LINEAR), words, kind="cases")
        filled = self._fills(loop)
        if filled:
            words = f"adds to {quoted(filled)} until it is long enough, and keeps it for later calls"
            return Bound(LINEAR, filled, _turns(LINEAR), words, kind="fills")
        if outer and self._moves_elements(loop, outer):
            words = "moves elements on that nothing puts back, few for all turns of the outer loops"
            return Bound(CONSTANT, "", EXPECTED_TURNS["amortised"], words, amortised=True)
        if outer and (self._extends_window(loop, outer[0]) or self._adds_to_result(loop, outer[0])):
            words = "goes on where the turn before has stopped, over the whole of the outer loop"
            return Bound(CONSTANT, "", EXPECTED_TURNS["amortised"], words, amortised=True)
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
            factor = SQUARE if self._is_grid(consumed) else EXPONENTIAL if self._is_of_sets(consumed) else LINEAR
            refilled = any(loop.body_start <= site.start < loop.body_end for site in self._scope.growth_sites(name))
            if not refilled and len(consumed) == 1:
                factor = min(factor, self._sizes.length(Expr(NAME, name, name)).cost)
            thing = "cell" if factor == SQUARE else "item"
            words = f"takes every {thing} out of {quoted(name)} once"
            return Bound(factor, name, _turns(LINEAR), words, kind="consumes" if refilled else "")
        down = {name for fact in inside if fact.operator == "-=" for name in root_names(fact.target)}
        limit = self._limit(condition, moved_names, down)
        symbol = _short(limit.symbol or next(iter(sorted(moved_names)), condition.text))
        if limit.cost == CONSTANT and moved_names and limit.exact is not None:
            turns = max(1.0, min(limit.exact, MAX_TURNS))
            return Bound(CONSTANT, "", turns, f"turns at most {turns:.0f} times", stated=True)
        turns = min(limit.exact, MAX_TURNS) if limit.exact is not None else _turns(LINEAR)
        factor = limit.cost if limit.cost.n > 0 or limit.cost.exp > 0 else LINEAR
        words = f"turns while {quoted(condition.text)}"
        return Bound(factor, symbol, turns, words, stated=limit.exact is not None)

    def _narrows(self, inside: Sequence[AssignFact]) -> bool:
        """Whether the bounds of a search go to what a partition by a pivot gives."""
        names = {name for fact in inside for name in root_names(fact.target)}
        pivots = {name for name in names if "pivot" in name.lower()}
        return bool(pivots) and any(
            fact.target.kind == NAME and fact.target.name not in pivots and names_in(fact.value) & pivots
            for fact in inside
        )

    def _fills(self, loop: LoopFact) -> str:
        """What lies outside the function and is filled up to the length that is asked for; empty: nothing."""
        for part in _comparisons(loop.over):
            for side in part.parts[:2]:
                if side.kind == CALL and self._scope.path(side.name) in self._known.LENGTHS and len(side.parts) > 1:
                    name = side.parts[1].text
                    sites = self._scope.growth_sites(name)
                    inside = any(loop.body_start <= site.start < loop.body_end for site in sites)
                    if inside and not self._scope.assigned(name) and not self._scope.is_parameter(name):
                        return name
        return ""

    def _moves_elements(self, loop: LoopFact, outer: list[LoopFact]) -> bool:
        """Whether it moves elements on that are never put back: all their steps together are their number times n."""
        for fact in self._assigns_in(loop):
            if fact.operator not in ("+=", "-=") or fact.target.kind != INDEX or fact.target.text not in loop.over.text:
                continue
            owner = fact.target.parts[0]
            if owner.kind not in (NAME, MEMBER):
                continue
            put_back = any(
                other.operator == "=" and owner.text in root_names(other.target)
                for other in self._assigns_in(outer[-1])
            )
            around = product(self._sizes.loop_costs[index] for index in self._chain(outer))
            if not put_back and self._sizes.length(owner).cost.times(LINEAR) <= around:
                return True
        return False

    def _extends_window(self, loop: LoopFact, outer: LoopFact) -> bool:
        """`z[i]` that starts from an earlier result and moves the right end of the window that it was taken from."""
        names = names_in(loop.over)
        for fact in self._assigns_in(loop):
            if fact.operator != "+=" or fact.target.kind != INDEX or fact.target.text not in loop.over.text:
                continue
            text = fact.target.text
            seeds: set[str] = set()
            ends: set[str] = set()
            for other in self._assigns_in(outer):
                if other.operator != "=" or loop.start <= other.start < loop.body_end:
                    continue
                if other.target.text == text and other.value.kind != NUMBER:
                    seeds |= names_in(other.value) - names
                    seeds |= names_in(other.value) & set(root_names(other.target)) ^ names_in(other.value)
                elif text in other.value.text:
                    ends |= set(root_names(other.target))
            if seeds & ends:
                return True
        return False

    def _adds_to_result(self, loop: LoopFact, outer: LoopFact) -> bool:
        """Whether each turn adds to what the outer loop only fills up to a length."""
        if outer.kind != "while":
            return False
        for part in _comparisons(outer.over):
            for side in part.parts[:2]:
                if side.kind == CALL and self._scope.path(side.name) in self._known.LENGTHS and len(side.parts) > 1:
                    sites = self._scope.growth_sites(side.parts[1].text)
                    if any(loop.body_start <= site.start < loop.body_end and site.weight == 1.0 for site in sites):
                        return True
        return False

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
            walked = any(_walks_whole(inner.over, name) for inner in self._inside(loop) if inner.kind == "for")
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

    def _reset(self, names: set[str], loop: LoopFact, outer: LoopFact, *, own_loops: bool = False) -> bool:
        """Whether the outer loop puts any of the names back each turn, outside the inner loop.

        `own_loops`: the names are targets of loops, which is how they move.
        """
        if names & set(outer.target):
            return True
        if not own_loops:
            for other in self._inside(outer):
                if (
                    other is not loop
                    and other.kind != "while"
                    and other.parent == loop.parent
                    and names & set(other.target)
                ):
                    return True
        for fact in self._assigns_in(outer):
            if loop.over_start <= fact.start < loop.body_end or fact.operator != "=" or fact.target.kind == INDEX:
                continue
            touched = names & set(root_names(fact.target))
            for name in touched:
                value = value_for(fact, name)
                if value is None or name not in names_in(value):
                    if value is not None and self._follows(value, names, outer):
                        continue
                    if value is not None and value.kind == NAME and value.name in outer.target and _counts(outer):
                        continue  # it jumps to where the outer loop is, which is further on
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

    def _is_grid(self, consumed: set[str]) -> bool:
        """Whether what is put back are places in a table: at least two coordinates, each a step from another."""
        for name in sorted(consumed):
            fed = {name} | {value.name for value in self._scope.values(name) if value.kind == NAME}
            stepped: set[int] = set()
            for source in fed:
                for call in self._scope.growth_sites(source):
                    if call.name.startswith("emplace") or len(call.arguments) > 1:
                        stepped |= self._steps_of(Expr(ITEMS, "tuple", "", call.arguments, len(call.arguments)))
                    for argument in call.arguments:
                        stepped |= self._steps_of(argument)
            if len(stepped) >= 2:
                return True
        return False

    def _is_of_sets(self, consumed: set[str]) -> bool:
        """Whether what is put back holds a set of bits with one more set: every set comes up."""
        for name in sorted(consumed):
            fed = {name} | {value.name for value in self._scope.values(name) if value.kind == NAME}
            for call in (site for source in fed for site in self._scope.growth_sites(source)):
                parts = [part for argument in call.arguments for part in (argument, *argument.parts)]
                if any(sets_bits(self._scope, part) for part in parts):
                    return True
        return False

    def _steps_of(self, pushed: Expr, depth: int = 0) -> set[int]:
        """Which coordinates of a pushed item are stepped."""
        values = self._scope.values(pushed.name) if pushed.kind == NAME else [pushed]
        found: set[int] = set()
        for value in values:
            if value.kind != ITEMS and not _makes(value):
                continue
            for place, part in enumerate(value.parts if value.kind == ITEMS else value.parts[1:]):
                given = self._scope.values(part.name) if part.kind == NAME else [part]
                if any(one.kind == BINARY and one.name in ("+", "-") for one in given):
                    found.add(place)
                elif depth < 2 and any(one.kind == ITEMS or _makes(one) for one in given):
                    inner = self._steps_of(part, depth + 1)
                    if len(inner) >= 2:
                        return inner
        return found

    def _limit(self, condition: Expr, moved: set[str], down: set[str]) -> Size:
        """What a compared variable runs up to, or down from."""
        for part in _comparisons(condition):
            sides = part.parts[:2]
            if len(sides) == 2:
                for one, other in (sides, sides[::-1]):
                    if names_in(one) & moved:
                        fixed = self._scope.constant(other)
                        if fixed == 0 or (fixed is not None and names_in(one) & down):
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


def reads_tokens(unit: Unit) -> bool:
    """Whether a function is one of those that every program of its kind brings along to read words and numbers."""
    name = unit.name
    named = name.startswith(("next", "read", "scan")) or name in _READERS
    return named and any(call.name in _READS for call in unit.calls)


def _walks_whole(over: Expr, name: str) -> bool:
    """Whether a loop walks the whole of a container, by its items or by their places."""
    if over.kind in (NAME, MEMBER):
        return over.text == name
    return over.kind == CALL and any(_walks_whole(part, name) for part in over.parts[1:])


def _makes(value: Expr) -> bool:
    """Whether a call makes a pair or an object: `make_pair(x, y)`, `new Point(x, y)`."""
    return value.kind == CALL and (
        value.name[:1].isupper() or value.name in ("make_pair", "pair", "make_tuple", "tuple")
    )


def _counts(loop: LoopFact) -> bool:
    """Whether the variable of a loop only goes up."""
    over = loop.over
    return (
        over.kind == CALL and len(over.parts) <= 3 and over.name.rsplit(".", 1)[-1] in ("range", "xrange", "enumerate")
    )


def _innermost_call(expr: Expr) -> Expr:
    """`input()` of `int(input().strip())`."""
    while expr.kind in (CALL, MEMBER) and expr.parts:
        inner = expr.parts[1] if expr.kind == CALL and len(expr.parts) == 2 else expr.parts[0]
        if inner.kind == MEMBER:
            inner = inner.parts[0]
        if inner.kind != CALL:
            break
        expr = inner
    return expr


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
