"""Expressions in one neutral form, so that no rule of the analysis knows a grammar."""

from __future__ import annotations

from typing import NamedTuple

from tree_sitter import Node

from foreload_analyzers.languages import (
    BINARY,
    CALL,
    CHOICE,
    COMPREHENSION,
    INDEX,
    ITEMS,
    KEYWORD,
    MEMBER,
    NAME,
    OTHER,
    SLICE,
    SPREAD,
    TEXT,
    THROUGH,
    UNARY,
    NodeKinds,
)

MAX_DEPTH = 10  # of an expression that is looked into; what lies deeper counts as unknown
MAX_PARTS = 12  # items of a literal that are kept; `size` still counts all
MAX_TEXT_BYTES = 160


class Expr(NamedTuple):
    """An expression.

    Attributes:
        kind: one of the kinds in languages.py.
        name: identifier, member, keyword, operator, kind of container, or the dotted path of what is called.
        text: its source, cut off where it is long.
        parts: operands. Of a call: what is called, then the arguments. Of a comprehension: the element, then what
            it walks. Of an index: the value, then the subscripts. Of a slice: start and stop, `NOTHING` where left out.
        size: items of a literal container.
    """

    kind: str
    name: str
    text: str
    parts: tuple[Expr, ...] = ()
    size: int = 0


NOTHING = Expr(OTHER, "", "")


def dotted(expr: Expr) -> str:
    """The path of a name or member, `np.random.rand`; `?` stands for anything that is not a name."""
    if expr.kind == NAME:
        return expr.name
    if expr.kind == MEMBER:
        return f"{dotted(expr.parts[0])}.{expr.name}"
    return "?"


def quoted(text: str) -> str:
    """A piece of source for a sentence: on one line, short, in backticks that it cannot leave."""
    flat = " ".join(text.replace("`", "'").split())
    return f"`{flat if len(flat) <= 40 else flat[:37] + '...'}`"


def names_in(expr: Expr) -> set[str]:
    """All plain names in an expression."""
    found: set[str] = set()
    pending = [expr]
    while pending:
        current = pending.pop()
        if current.kind == NAME:
            found.add(current.name)
        pending.extend(current.parts)
    return found


class Reader:
    """Turns syntax nodes into expressions."""

    def __init__(self, source: bytes, kinds: NodeKinds) -> None:
        self._source = source
        self._table = kinds.expressions

    def text(self, node: Node) -> str:
        """The source of a node, cut off where it is long."""
        start = node.start_byte
        return self._source[start : min(node.end_byte, start + MAX_TEXT_BYTES)].decode("utf-8", "replace")

    def read(self, node: Node, depth: int = 0) -> Expr:
        """The expression at a node."""
        row = self._table.get(node.type)
        if row is None or depth > MAX_DEPTH:
            return Expr(OTHER, "", self.text(node))
        kind = row[0]
        if kind == THROUGH:
            return self.read(node.named_children[0], depth + 1) if node.named_child_count else NOTHING
        text = self.text(node)
        if kind == NAME:
            return Expr(NAME, text, text)
        below = depth + 1
        if kind == CALL:
            return self._call(node, row, text, below)
        if kind == MEMBER:
            value = self._field(node, row[1], below)
            name = node.child_by_field_name(row[2])
            return Expr(MEMBER, "" if name is None else self.text(name), text, (value,))
        if kind == BINARY:
            return self._binary(node, row, text, below)
        if kind == ITEMS:
            count = node.named_child_count
            return Expr(ITEMS, row[1], text, self._first(node, min(count, MAX_PARTS), below), count)
        if kind == COMPREHENSION:
            return self._comprehension(node, row, text, below)
        if kind == SLICE:
            return self._slice(node, text, below)
        if kind in (INDEX, SPREAD, CHOICE):
            return Expr(kind, "", text, self._first(node, min(node.named_child_count, MAX_PARTS), below))
        if kind == UNARY:
            return Expr(UNARY, self.text(node.children[0]), text, (self._field(node, row[1], below),))
        if kind == KEYWORD:
            name = node.child_by_field_name(row[1])
            return Expr(KEYWORD, "" if name is None else self.text(name), text, (self._field(node, row[2], below),))
        return Expr(kind, text if kind != TEXT else "", text)

    def arguments(self, node: Node, depth: int = 0) -> tuple[Expr, ...]:
        """The arguments of a call from the node that holds them; a bare generator counts as one."""
        row = self._table.get(node.type)
        if row is not None and row[0] == COMPREHENSION:
            return (self.read(node, depth),)
        return self._first(node, min(node.named_child_count, MAX_PARTS), depth)

    def _first(self, node: Node, count: int, depth: int) -> tuple[Expr, ...]:
        """The first parts of a node."""
        return tuple([self.read(node.named_child(place), depth) for place in range(count)])

    def _field(self, node: Node, name: str, depth: int) -> Expr:
        child = node.child_by_field_name(name)
        return NOTHING if child is None else self.read(child, depth)

    def _call(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        callee = self._field(node, row[1], depth)
        arguments = node.child_by_field_name(row[2])
        parts = () if arguments is None else self.arguments(arguments, depth)
        return Expr(CALL, dotted(callee), text, (callee, *parts))

    def _binary(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        if len(row) == 4:
            operator = node.child_by_field_name(row[2])
            name = "" if operator is None else self.text(operator)
            return Expr(BINARY, name, text, (self._field(node, row[1], depth), self._field(node, row[3], depth)))
        children = node.children
        operands = tuple(self.read(child, depth) for child in children[:MAX_PARTS] if child.is_named)
        name = next((self.text(child) for child in children if not child.is_named), "")
        return Expr(BINARY, name, text, operands)

    def _comprehension(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        element = node.child_by_field_name("body")
        parts = [NOTHING if element is None else self.read(element, depth)]
        for child in node.named_children:
            walked = child.child_by_field_name("right")
            if walked is not None and child != element:
                parts.append(self.read(walked, depth))
        return Expr(COMPREHENSION, row[1], text, tuple(parts))

    def _slice(self, node: Node, text: str, depth: int) -> Expr:
        bounds = [NOTHING, NOTHING, NOTHING]
        place = 0
        for child in node.children:
            if not child.is_named:
                place += 1
            elif place < len(bounds):
                bounds[place] = self.read(child, depth)
        return Expr(SLICE, "", text, tuple(bounds))
