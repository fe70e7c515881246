"""From the findings of the queries to the facts of each function, in one sweep over a chunk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tree_sitter import Node

from foreload_analyzers.declarators import read_declarator
from foreload_analyzers.declared import head_of
from foreload_analyzers.expressions import LENGTH, NOTHING, RANGE_CALL, Expr, Reader, Source, number_text
from foreload_analyzers.facts import (
    AssignFact,
    CallFact,
    ChunkFacts,
    ImportFact,
    LoopFact,
    MembershipFact,
    Parameter,
    ReturnFact,
    SliceFact,
    Unit,
)
from foreload_analyzers.grammar import Match
from foreload_analyzers.headers import ENDLESS, Header, read_header
from foreload_analyzers.kinds import BINARY, CALL, INDEX, KEYWORD, MEMBER, NAME, NUMBER, OTHER, SLICE, NodeKinds

BRANCH_WEIGHT = 0.3  # most branches are the exception
RARE_WEIGHT = 0.05  # error handling
_TYPE_LINE = re.compile(r":type[ \t]+(\w+):[ \t]*([^\n]+)")
_STREAMS = frozenset({"istream", "ifstream", "fstream", "istringstream", "stringstream"})
_THREADS = re.compile(r"num_threads\((\w+)\)")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def words_of(text: str) -> Mapping[str, int]:
    """How often each word occurs, camelCase and snake_case taken apart, in lower case."""
    return Counter(map(str.lower, _WORD.findall(text)))


def root_names(expr: Expr) -> tuple[str, ...]:
    """The plain names that a target binds or changes: `x`, `a, b`, `x` of `x[i]`; `self.x` as a whole."""
    if expr.kind == NAME:
        return (expr.name,)
    if expr.kind == MEMBER:
        return (expr.text,)
    if expr.kind == INDEX:
        return root_names(expr.parts[0]) if expr.parts else ()
    return tuple(name for part in expr.parts for name in root_names(part))


class ChunkReader:
    """Reads the facts of one chunk.

    Args:
        source: the whole document.
        reader: of its expressions.
        kinds: node kinds of its language.
        start_byte, start_row: where the chunk begins.
        class_name: the class around the chunk, empty for none.
    """

    def __init__(
        self, source: Source, reader: Reader, kinds: NodeKinds, start_byte: int, start_row: int, class_name: str
    ) -> None:
        self._source = source
        self._kinds = kinds
        self._reader = reader
        self._byte = start_byte
        self._row = start_row
        self._units = [Unit(class_name=class_name)]
        self._imports: list[ImportFact] = []
        self._main_guard = False
        self._unit = 0
        self._loop = -1
        self._weight = 1.0
        self._class = class_name
        self._body_start = 0
        self._waits: set[int] = set()
        self._decorators: dict[int, list[str]] = {}
        self._async: set[int] = set()
        self._worded: tuple[tuple[int, int] | None, Mapping[str, int]] = (None, {})
        # What to go back to where a scope ends: (end, unit, loop, weight, class).
        self._stack: list[tuple[int, int, int, float, str]] = []
        # Counted loops with the header that each had, until it is known whether their bodies move the variable too.
        self._counted: list[tuple[Unit, LoopFact, Header]] = []

    def read(self, node_start: int, node_end: int, size: int, matches: Sequence[Match]) -> ChunkFacts:
        """The facts of the chunk, from the findings that lie in it. `size` is its number of syntax nodes."""
        self._units[0].own_size = float(size)
        self._units[0].words = self._words(node_start, node_end)
        items: list[tuple[int, int, int, int, Match]] = []
        for order, match in enumerate(matches):
            node, end = self._anchor(match)
            if match.fact == "wait":
                self._waits.update(child.start_byte for child in node.named_children)
            elif match.fact == "decorator":
                self._decorators.setdefault(node.start_byte, []).append(self._reader.text(match.nodes["value"][0]))
            elif match.fact == "async":
                self._async.add(node.start_byte)
            else:
                tie = match.nodes["over"][0].start_byte if "over" in match.nodes else 0
                items.append((node.start_byte, -end, tie, order, match))
        items.sort()
        for start, negative_end, _tie, _order, match in items:
            self._leave(start)
            self._takers[match.fact](self, match, start, -negative_end)
        for unit, loop, header in self._counted:
            _settle(unit, loop, header)
        return ChunkFacts(self._units, tuple(self._imports), self._main_guard)

    def _words(self, start: int, end: int) -> Mapping[str, int]:
        """The words of a range; a function that is the whole chunk shares them with it."""
        if self._worded[0] == (start, end):
            return self._worded[1]
        words = words_of(self._source.cut(start, end))
        if self._worded[0] is None:
            self._worded = ((start, end), words)
        return words

    def _anchor(self, match: Match) -> tuple[Node, int]:
        nodes = match.nodes
        node = (nodes.get("whole") or nodes.get("module") or nodes["name"])[0]
        return node, node.end_byte

    def _leave(self, start: int) -> None:
        while self._stack and self._stack[-1][0] <= start:
            _end, self._unit, self._loop, self._weight, self._class = self._stack.pop()

    def _enter(self, end: int) -> None:
        self._stack.append((end, self._unit, self._loop, self._weight, self._class))

    def _lighten(self, size: float) -> None:
        """Takes the weight of something inside away from what is around it."""
        unit = self._units[self._unit]
        if self._loop >= 0:
            unit.loops[self._loop].own_size = max(0.0, unit.loops[self._loop].own_size - size)
        else:
            unit.own_size = max(0.0, unit.own_size - size)

    def _take_function(self, match: Match, start: int, end: int) -> None:
        whole = match.nodes["whole"][0]
        size = whole.descendant_count
        self._lighten(size * self._weight)
        self._enter(end)
        parent = self._unit if self._unit > 0 else -1
        owner, _, name = self._reader.text(match.nodes["name"][0]).rpartition("::")
        if "owner" in match.nodes:
            owner = head_of(self._reader.text(match.nodes["owner"][0]))
        unit = Unit(
            name=name,
            class_name=owner.rsplit("::", 1)[-1] or self._class,
            line=whole.start_point.row - self._row,
            end_line=whole.end_point.row - self._row,
            parent=parent,
            is_async=start in self._async,
            own_size=float(size),
            decorators=self._decorators.get(start, []),
            words=self._words(start, end),
            is_entry=name in self._kinds.entries or bool(match.kind),
            implicit_self=self._kinds.implicit_self,
        )
        self._units.append(unit)
        self._unit, self._loop, self._weight, self._class = len(self._units) - 1, -1, 1.0, ""
        self._body_start = _body_of(whole)

    def _take_class(self, match: Match, start: int, end: int) -> None:
        self._enter(end)
        self._class = self._reader.text(match.nodes["name"][0])

    def _take_parameter(self, match: Match, start: int, end: int) -> None:
        if self._unit == 0 or start >= self._body_start:
            return  # of a function that goes by no name
        node, declared = match.nodes["name"][0], match.nodes.get("type")
        unit = self._units[self._unit]
        text = "" if declared is None else self._reader.text(declared[0]).lstrip(": ")
        if not self._kinds.is_typed:
            unit.parameters = (*unit.parameters, Parameter(self._reader.text(node), text))
            return
        found = read_declarator(node, text, self._reader, makes=False)
        if found is not None:
            unit.parameters = (*unit.parameters, Parameter(found.name.text, found.declared))
            unit.declared[found.name.text] = found.declared

    def _take_docstring(self, match: Match, start: int, end: int) -> None:
        """Types that the text at the top of a function declares, for parameters that have none of their own."""
        text = self._source.cut(start, end)
        if ":type" not in text:
            return
        types = dict(_TYPE_LINE.findall(text))
        unit = self._units[self._unit]
        unit.parameters = tuple(
            [
                Parameter(parameter.name, parameter.declared or types.get(parameter.name, "").strip())
                for parameter in unit.parameters
            ]
        )

    def _take_branch(self, match: Match, start: int, end: int) -> None:
        self._dim(match, end, BRANCH_WEIGHT)

    def _take_rare(self, match: Match, start: int, end: int) -> None:
        self._dim(match, end, RARE_WEIGHT)

    def _dim(self, match: Match, end: int, weight: float) -> None:
        self._lighten(match.nodes["whole"][0].descendant_count * self._weight * (1.0 - weight))
        self._enter(end)
        self._weight *= weight

    def _take_main(self, match: Match, start: int, end: int) -> None:
        self._main_guard = True

    def _take_loop(self, match: Match, start: int, end: int) -> None:
        nodes = match.nodes
        whole = nodes["whole"][0]
        over_node = (nodes.get("over") or nodes.get("condition") or nodes["body"])[0]
        over = self._reader.read(over_node) if "over" in nodes or "condition" in nodes else ENDLESS
        if match.kind == "places":
            over = _places_of(over)
        parent = self._loop_at(start)
        # Clauses of one comprehension share its body; the body is counted with the last of them.
        body = (nodes.get("body") or nodes["whole"])[0]
        size = float(body.descendant_count)
        if match.kind == "comprehension":
            body_start, body_end = whole.start_byte, whole.end_byte
        elif match.kind == "while":
            # `do` works its condition out after its body.
            body_start, body_end = min(over_node.start_byte, body.start_byte), whole.end_byte
        else:
            body_start, body_end = body.start_byte, body.end_byte
        unit = self._units[self._unit]
        self._lighten(size * self._weight)
        self._enter(body_end)
        target = nodes.get("target")
        unit.loops.append(
            LoopFact(
                kind="for" if match.kind == "places" else match.kind,
                line=over_node.start_point.row - self._row
                if match.kind == "comprehension"
                else whole.start_point.row - self._row,
                end_line=whole.end_point.row - self._row,
                parent=parent,
                depth=1 if parent < 0 else unit.loops[parent].depth + 1,
                target=() if target is None else root_names(self._reader.read(target[0])),
                over=over,
                start=start - self._byte,
                body_start=body_start - self._byte,
                body_end=body_end - self._byte,
                over_start=over_node.start_byte - self._byte,
                over_end=over_node.end_byte - self._byte,
                own_size=size,
                weight=self._weight,
            )
        )
        self._loop, self._weight = len(unit.loops) - 1, 1.0

    def _loop_at(self, start: int) -> int:
        """The innermost loop whose body holds a byte; what a loop walks is worked out outside it."""
        unit = self._units[self._unit]
        place = start - self._byte
        index = self._loop
        while index >= 0:
            loop = unit.loops[index]
            outside = place < loop.body_start or (loop.kind != "while" and loop.over_start <= place < loop.over_end)
            if not outside:
                break
            index = loop.parent
        return index

    def _take_break(self, match: Match, start: int, end: int) -> None:
        if self._loop >= 0:
            self._units[self._unit].loops[self._loop].has_break = True

    def _take_count(self, match: Match, start: int, end: int) -> None:
        """A loop with a start, a condition and a step; it counts until its body turns out to move the variable."""
        nodes = match.nodes
        whole = nodes["whole"][0]
        body = whole.child_by_field_name("body") or whole
        header = read_header((nodes.get("head") or nodes["whole"])[0], body.start_byte, self._reader)
        is_count = header.over is not NOTHING
        parent = self._loop_at(start)
        unit = self._units[self._unit]
        size = float(body.descendant_count)
        self._lighten(size * self._weight)
        self._enter(end)
        turns_at = header.turns_at - self._byte
        loop = LoopFact(
            kind="for" if is_count else "while",
            line=whole.start_point.row - self._row,
            end_line=whole.end_point.row - self._row,
            parent=parent,
            depth=1 if parent < 0 else unit.loops[parent].depth + 1,
            target=(header.variable,) if is_count else (),
            over=header.over if is_count else header.condition,
            start=turns_at,
            body_start=turns_at,
            body_end=end - self._byte,
            over_start=turns_at,
            over_end=turns_at,
            own_size=size,
            weight=self._weight,
        )
        unit.loops.append(loop)
        if is_count:
            self._counted.append((unit, loop, header))
        self._loop, self._weight = len(unit.loops) - 1, 1.0

    def _take_call(self, match: Match, start: int, end: int) -> None:
        whole = match.nodes["whole"][0]
        call = self._reader.read(whole)
        if call.kind != CALL:
            return
        arguments: list[Expr] = []
        keywords: dict[str, Expr] = {}
        for argument in call.parts[1:]:
            if argument.kind == KEYWORD:
                keywords[argument.name] = argument.parts[0]
            else:
                arguments.append(argument)
        self._add_call(call.name, call.parts[0], tuple(arguments), whole, start, keywords)

    def _add_call(
        self,
        path: str,
        callee: Expr,
        arguments: tuple[Expr, ...],
        whole: Node,
        start: int,
        keywords: Mapping[str, Expr] | None = None,
    ) -> None:
        self._units[self._unit].calls.append(
            CallFact(
                path=path,
                callee=callee,
                arguments=arguments,
                keywords=keywords or {},
                line=whole.start_point.row - self._row,
                start=start - self._byte,
                end=whole.end_byte - self._byte,
                loop=self._loop_at(start),
                weight=self._weight,
                awaited=start in self._waits,
            )
        )

    def _take_spawn(self, match: Match, start: int, end: int) -> None:
        """A call that runs beside what goes on: a call of what starts it, handed the function."""
        call = self._reader.read(match.nodes["value"][0])
        if call.kind == CALL:
            self._add_call(match.kind, Expr(NAME, match.kind, match.kind), call.parts, match.nodes["whole"][0], start)

    def _take_pragma(self, match: Match, start: int, end: int) -> None:
        """`#pragma omp parallel for num_threads(4)` starts workers, as a call does."""
        text = self._reader.text(match.nodes["value"][0])
        if not text.lstrip().startswith("omp") or ("parallel" not in text and "teams" not in text):
            return
        given = _THREADS.search(text)
        arguments = () if given is None else (_plain_number(given[1]),)
        name = "#pragma omp parallel"
        self._add_call(name, Expr(NAME, name, name), arguments, match.nodes["whole"][0], start)

    def _take_yield(self, match: Match, start: int, end: int) -> None:
        self._units[self._unit].has_yield = True

    def _take_return(self, match: Match, start: int, end: int) -> None:
        node = match.nodes["value"][0]
        line = node.start_point.row - self._row
        self._units[self._unit].returns.append(
            ReturnFact(self._reader.read(node), line, start - self._byte, end - self._byte)
        )

    def _take_assign(self, match: Match, start: int, end: int) -> None:
        self._add_assign(match, "=", start)

    def _take_update(self, match: Match, start: int, end: int) -> None:
        self._add_assign(match, self._reader.text(match.nodes["operator"][0]), start)

    def _take_step(self, match: Match, start: int, end: int) -> None:
        whole = match.nodes["whole"][0]
        operator = "-=" if "--" in self._reader.text(whole) else "+="
        target = self._reader.read(match.nodes["left"][0])
        self._put(target, operator, Expr(NUMBER, "", "1"), whole, start)

    def _take_declare(self, match: Match, start: int, end: int) -> None:
        nodes = match.nodes
        left, declared = nodes["left"][0], nodes.get("type")
        kind = left.child_by_field_name("type") if declared is None else declared[0]
        text = "" if kind is None else self._reader.text(kind).lstrip(": ")
        found = read_declarator(left, text, self._reader, makes=match.kind == "makes" and self._unit > 0)
        if found is None:
            return
        if found.declared:
            for name in root_names(found.name):
                self._units[self._unit].declared[name] = found.declared
        if found.value is not None:
            self._put(found.name, "=", found.value, left, start)

    def _take_define(self, match: Match, start: int, end: int) -> None:
        """`#define N 1000` gives a name a number, or nothing that is known."""
        text = number_text(self._reader.text(match.nodes["right"][0]).strip(" ()"))
        value = Expr(NUMBER, "", text) if text[:1].isdigit() else Expr(OTHER, "", text)
        self._put(self._reader.read(match.nodes["left"][0]), "=", value, match.nodes["whole"][0], start)

    def _take_read(self, match: Match, start: int, end: int) -> None:
        """`cin >> a >> b` and `scanf("%d", &a)` give values to what they read."""
        whole = match.nodes["whole"][0]
        expr = self._reader.read(whole)
        if expr.kind == BINARY and len(expr.parts) == 2:
            source, targets = expr, (expr.parts[1],)
            while source.kind == BINARY and source.parts:
                source = source.parts[0]
        elif expr.kind == CALL:
            source, targets = expr.parts[0], expr.parts[2:]
        else:
            return
        if source.kind != NAME:
            return
        given = Expr(CALL, source.name, source.name, (source,))
        if expr.kind == BINARY:
            if source.name != "cin" and head_of(self._units[self._unit].declared.get(source.name, "")) not in _STREAMS:
                return
            self._add_call(source.name, source, (), whole, start)
        for target in targets:
            self._put(target, "=", given, whole, start)

    def _take_write(self, match: Match, start: int, end: int) -> None:
        """`cout << a` writes, as a call does."""
        name = self._reader.read(match.nodes["name"][0])
        self._add_call(name.name, name, (), match.nodes["whole"][0], start)

    def _add_assign(self, match: Match, operator: str, start: int) -> None:
        target = self._reader.read(match.nodes["left"][0])
        value = self._reader.read(match.nodes["right"][0])
        self._put(target, operator, value, match.nodes["whole"][0], start)

    def _put(self, target: Expr, operator: str, value: Expr, node: Node, start: int) -> None:
        """Books a value that goes to a target; what is reached by its key in a tree is a call as well."""
        line = node.start_point.row - self._row
        fact = AssignFact(target, operator, value, line, start - self._byte, self._loop_at(start))
        unit = self._units[self._unit]
        unit.assigns.append(fact)
        if target.kind == MEMBER and operator == "=":
            unit.attributes.append((target.text, value))

    def _take_membership(self, match: Match, start: int, end: int) -> None:
        nodes = match.nodes
        if match.kind == "call":
            call = self._reader.read(nodes["whole"][0])
            if call.kind != CALL or call.parts[0].kind != MEMBER or len(call.parts) < 2:
                return
            item, container = call.parts[1], call.parts[0].parts[0]
        else:
            item, container = self._reader.read(nodes["item"][0]), self._reader.read(nodes["container"][0])
        line = nodes["whole"][0].start_point.row - self._row
        fact = MembershipFact(item, container, line, start - self._byte, self._loop_at(start))
        self._units[self._unit].memberships.append(fact)

    def _take_slice(self, match: Match, start: int, end: int) -> None:
        nodes = match.nodes
        if match.kind:
            call = self._reader.read(nodes["whole"][0])
            if call.kind != CALL or call.parts[0].kind != MEMBER or len(call.parts) < 2:
                return
            value, bounds = call.parts[0].parts[0], _part_of(call.parts[1:], counts=match.kind == "count")
        else:
            value, bounds = self._reader.read(nodes["value"][0]), self._reader.read(nodes["range"][0])
        line = nodes["whole"][0].start_point.row - self._row
        self._units[self._unit].slices.append(SliceFact(value, bounds, line, start - self._byte, self._loop_at(start)))

    def _take_import(self, match: Match, start: int, end: int) -> None:
        module = self._reader.text(match.nodes["module"][0])
        module = module.strip("'\"`").removeprefix("node:")
        if match.kind == "path":  # a package goes by the last step of its path
            last = module.rsplit("/", 1)[-1]
            self._imports.append(ImportFact(module, "", self._optional(match, "alias") or last))
            return
        if match.kind == "use":  # names keep the paths by which the library is known
            path = module.split("::{", 1)[0].split(" as ", 1)[0].replace("::", ".").removesuffix(".*")
            self._imports.append(ImportFact(path, "", f"#{path}"))
            return
        if match.kind == "include":  # the names in a header are not written with its own
            module = module.strip('<>"')
            self._imports.append(ImportFact(module, "", f"#{module}"))
            return
        name = self._optional(match, "name") or ("*" if "wildcard" in match.nodes else "")
        alias = self._optional(match, "alias") or name or module
        self._imports.append(ImportFact(module, name, alias))

    def _optional(self, match: Match, capture: str) -> str:
        nodes = match.nodes.get(capture)
        return "" if nodes is None else self._reader.text(nodes[0])

    # What each finding of the queries is taken by.
    _takers: ClassVar[Mapping[str, Callable[[Any, Match, int, int], None]]] = {
        "assign": _take_assign,
        "branch": _take_branch,
        "break": _take_break,
        "call": _take_call,
        "class": _take_class,
        "count": _take_count,
        "declare": _take_declare,
        "define": _take_define,
        "docstring": _take_docstring,
        "function": _take_function,
        "import": _take_import,
        "loop": _take_loop,
        "main": _take_main,
        "membership": _take_membership,
        "parameter": _take_parameter,
        "pragma": _take_pragma,
        "rare": _take_rare,
        "read": _take_read,
        "return": _take_return,
        "slice": _take_slice,
        "spawn": _take_spawn,
        "step": _take_step,
        "update": _take_update,
        "write": _take_write,
        "yield": _take_yield,
    }


def _settle(unit: Unit, loop: LoopFact, header: Header) -> None:
    """Makes a counted loop one with a condition where its body moves the variable, or what it is compared with."""
    fixed = {header.variable, *(part for part in (header.stop.text,) if header.stop.kind == NAME)}
    first = loop.body_start + header.body_start - header.turns_at  # the step of the header lies before
    for fact in unit.assigns:
        if first <= fact.start < loop.body_end and fact.target.kind == NAME and fact.target.name in fixed:
            loop.kind, loop.target, loop.over = "while", (), header.condition
            return


def _part_of(arguments: tuple[Expr, ...], *, counts: bool) -> Expr:
    """The bounds of a part that a method takes out: from and to, or from and how many."""
    start, stop = arguments[0], arguments[1] if len(arguments) > 1 else NOTHING
    if counts and stop is not NOTHING:
        if stop.kind == NUMBER:
            start = NOTHING
        else:
            stop = Expr(BINARY, "+", f"{start.text} + {stop.text}", (start, stop))
    return Expr(SLICE, "", f"{start.text}:{stop.text}", (start, stop, NOTHING))


def _plain_number(text: str) -> Expr:
    return Expr(NUMBER, "", text) if text.isdigit() else Expr(NAME, text, text)


def _places_of(over: Expr) -> Expr:
    """The places of a sequence that a loop goes through, not its items."""
    if over.kind == NUMBER:
        return Expr(CALL, RANGE_CALL, over.text, (Expr(NAME, RANGE_CALL, RANGE_CALL), over))
    length = Expr(CALL, LENGTH, over.text, (Expr(NAME, LENGTH, LENGTH), over))
    return Expr(CALL, RANGE_CALL, over.text, (Expr(NAME, RANGE_CALL, RANGE_CALL), length))


def _body_of(whole: Node) -> int:
    """Where the body of a function begins, also of one that is the value of a name."""
    body = whole.child_by_field_name("body")
    if body is None:
        value = whole.child_by_field_name("value") or whole.child_by_field_name("right")
        while (
            value is not None
            and value.child_count
            and value.child_by_field_name("body") is None
            and value.named_child_count == 1
        ):
            value = value.named_child(0)
        body = None if value is None else value.child_by_field_name("body")
    return whole.end_byte if body is None else body.start_byte
