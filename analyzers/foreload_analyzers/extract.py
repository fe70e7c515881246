"""From the findings of the queries to the facts of each function, in one sweep over a chunk."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tree_sitter import Node

from foreload_analyzers.expressions import Expr, Reader, dotted
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
from foreload_analyzers.languages import INDEX, KEYWORD, MEMBER, NAME, NodeKinds

BRANCH_WEIGHT = 0.3  # most branches are the exception
RARE_WEIGHT = 0.05  # error handling
_TYPE_LINE = re.compile(r":type[ \t]+(\w+):[ \t]*([^\n]+)")
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
        kinds: node kinds of its language.
        start_byte, start_row: where the chunk begins.
        class_name: the class around the chunk, empty for none.
    """

    def __init__(self, source: bytes, kinds: NodeKinds, start_byte: int, start_row: int, class_name: str) -> None:
        self._source = source
        self._reader = Reader(source, kinds)
        self._byte = start_byte
        self._row = start_row
        self._units = [Unit(class_name=class_name)]
        self._imports: list[ImportFact] = []
        self._main_guard = False
        self._unit = 0
        self._loop = -1
        self._weight = 1.0
        self._class = class_name
        self._waits: set[int] = set()
        self._decorators: dict[int, list[str]] = {}
        self._async: set[int] = set()
        self._worded: tuple[tuple[int, int] | None, Mapping[str, int]] = (None, {})
        self._takers: Mapping[str, Callable[[Match, int, int], None]] = {
            "assign": self._take_assign,
            "branch": self._take_branch,
            "break": self._take_break,
            "call": self._take_call,
            "class": self._take_class,
            "docstring": self._take_docstring,
            "function": self._take_function,
            "import": self._take_import,
            "loop": self._take_loop,
            "main": self._take_main,
            "membership": self._take_membership,
            "parameter": self._take_parameter,
            "rare": self._take_rare,
            "return": self._take_return,
            "slice": self._take_slice,
            "update": self._take_update,
            "yield": self._take_yield,
        }
        # What to go back to where a scope ends: (end, unit, loop, weight, class).
        self._stack: list[tuple[int, int, int, float, str]] = []

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
            self._takers[match.fact](match, start, -negative_end)
        return ChunkFacts(self._units, tuple(self._imports), self._main_guard)

    def _words(self, start: int, end: int) -> Mapping[str, int]:
        """The words of a range; a function that is the whole chunk shares them with it."""
        if self._worded[0] == (start, end):
            return self._worded[1]
        words = words_of(self._source[start:end].decode("utf-8", "replace"))
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
        unit = Unit(
            name=self._reader.text(match.nodes["name"][0]),
            class_name=self._class,
            line=whole.start_point.row - self._row,
            end_line=whole.end_point.row - self._row,
            parent=parent,
            is_async=start in self._async,
            own_size=float(size),
            decorators=self._decorators.get(start, []),
            words=self._words(start, end),
        )
        self._units.append(unit)
        self._unit, self._loop, self._weight, self._class = len(self._units) - 1, -1, 1.0, ""

    def _take_class(self, match: Match, start: int, end: int) -> None:
        self._enter(end)
        self._class = self._reader.text(match.nodes["name"][0])

    def _take_parameter(self, match: Match, start: int, end: int) -> None:
        declared = match.nodes.get("type")
        unit = self._units[self._unit]
        parameter = Parameter(
            self._reader.text(match.nodes["name"][0]), "" if declared is None else self._reader.text(declared[0])
        )
        unit.parameters = (*unit.parameters, parameter)

    def _take_docstring(self, match: Match, start: int, end: int) -> None:
        """Types that the text at the top of a function declares, for parameters that have none of their own."""
        text = self._source[start:end]
        if b":type" not in text:
            return
        types = dict(_TYPE_LINE.findall(text.decode("utf-8", "replace")))
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
        over_node = (nodes.get("over") or nodes["condition"])[0]
        parent = self._loop_at(start)
        # Clauses of one comprehension share its body; the body is counted with the last of them.
        body = (nodes.get("body") or nodes["whole"])[0]
        size = float(body.descendant_count)
        if match.kind == "comprehension":
            body_start, body_end = whole.start_byte, whole.end_byte
        elif match.kind == "while":
            body_start, body_end = over_node.start_byte, body.end_byte
        else:
            body_start, body_end = body.start_byte, body.end_byte
        unit = self._units[self._unit]
        self._lighten(size * self._weight)
        self._enter(body_end)
        target = nodes.get("target")
        unit.loops.append(
            LoopFact(
                kind=match.kind,
                line=over_node.start_point.row - self._row
                if match.kind == "comprehension"
                else whole.start_point.row - self._row,
                end_line=whole.end_point.row - self._row,
                parent=parent,
                depth=1 if parent < 0 else unit.loops[parent].depth + 1,
                target=() if target is None else root_names(self._reader.read(target[0])),
                over=self._reader.read(over_node),
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

    def _take_call(self, match: Match, start: int, end: int) -> None:
        whole, node = match.nodes["whole"][0], match.nodes["arguments"][0]
        callee = self._reader.read(match.nodes["callee"][0])
        arguments: list[Expr] = []
        keywords: dict[str, Expr] = {}
        for argument in self._reader.arguments(node):
            if argument.kind == KEYWORD:
                keywords[argument.name] = argument.parts[0]
            else:
                arguments.append(argument)
        self._units[self._unit].calls.append(
            CallFact(
                path=dotted(callee),
                callee=callee,
                arguments=tuple(arguments),
                keywords=keywords,
                line=whole.start_point.row - self._row,
                start=start - self._byte,
                end=end - self._byte,
                loop=self._loop_at(start),
                weight=self._weight,
                awaited=start in self._waits,
            )
        )

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

    def _add_assign(self, match: Match, operator: str, start: int) -> None:
        target = self._reader.read(match.nodes["left"][0])
        value = self._reader.read(match.nodes["right"][0])
        line = match.nodes["whole"][0].start_point.row - self._row
        fact = AssignFact(target, operator, value, line, start - self._byte, self._loop_at(start))
        unit = self._units[self._unit]
        unit.assigns.append(fact)
        if target.kind == MEMBER and operator == "=":
            unit.attributes.append((target.text, value))

    def _take_membership(self, match: Match, start: int, end: int) -> None:
        nodes = match.nodes
        item, container = self._reader.read(nodes["item"][0]), self._reader.read(nodes["container"][0])
        line = nodes["whole"][0].start_point.row - self._row
        fact = MembershipFact(item, container, line, start - self._byte, self._loop_at(start))
        self._units[self._unit].memberships.append(fact)

    def _take_slice(self, match: Match, start: int, end: int) -> None:
        nodes = match.nodes
        line = nodes["whole"][0].start_point.row - self._row
        value, bounds = self._reader.read(nodes["value"][0]), self._reader.read(nodes["range"][0])
        self._units[self._unit].slices.append(SliceFact(value, bounds, line, start - self._byte, self._loop_at(start)))

    def _take_import(self, match: Match, start: int, end: int) -> None:
        module = self._reader.text(match.nodes["module"][0])
        name = self._optional(match, "name") or ("*" if "wildcard" in match.nodes else "")
        alias = self._optional(match, "alias") or name or module
        self._imports.append(ImportFact(module, name, alias))

    def _optional(self, match: Match, capture: str) -> str:
        nodes = match.nodes.get(capture)
        return "" if nodes is None else self._reader.text(nodes[0])
