"""Expressions in one neutral form, so that no rule of the analysis knows a grammar."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tree_sitter import Node

from foreload_analyzers.kinds import (
    BINARY,
    CALL,
    CHARACTER,
    CHOICE,
    COMPREHENSION,
    CREATE,
    INDEX,
    ITEMS,
    KEYWORD,
    MEMBER,
    NAME,
    NUMBER,
    OTHER,
    PATH,
    SHAPE,
    SLICE,
    SPREAD,
    TEXT,
    THROUGH,
    UNARY,
    NodeKinds,
)

MAX_DEPTH = 16  # of an expression that is looked into; what lies deeper counts as unknown
MAX_PARTS = 12  # items of a literal that are kept; `size` still counts all
MAX_TEXT_BYTES = 160
LENGTH = "len"  # the one name for all ways to ask for a length
ARRAY = "array"  # the one name for all ways to make a sequence of a given shape
_OPERATORS = {"&&": "and", "||": "or", "===": "==", "!==": "!=", ">>>": ">>"}
_SUFFIX = re.compile(r"(?<=[0-9.])(?:[uUlLzZ]+|[fFdDnm]|_?[iuf](?:8|16|32|64|128|size))$")
_HEX_SUFFIX = re.compile(r"[uUlLn]+$")
_GENERIC = re.compile(r"<[^<>]*>")
_CASTS = frozenset({"static_cast", "reinterpret_cast", "const_cast", "dynamic_cast"})
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0}


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


class Source:
    """A text that nodes are cut out of, by bytes."""

    def __init__(self, data: bytes) -> None:
        # One character a byte: what is cut out is text already, unless it holds more than ASCII.
        self._text = data.decode("latin-1")

    def cut(self, start: int, end: int) -> str:
        """The text from one byte to another."""
        piece = self._text[start:end]
        return piece if piece.isascii() else piece.encode("latin-1").decode("utf-8", "replace")


def number_text(text: str) -> str:
    """A number as it is written, without what says its type."""
    if text[-1:].isdigit() and "i" not in text and "u" not in text and "'" not in text:
        return text
    plain = text.replace("'", "")
    if plain[:2] in ("0x", "0X"):
        return _HEX_SUFFIX.sub("", plain)
    return _SUFFIX.sub("", plain)


def character_code(text: str) -> str:
    """The number of a character in quotes."""
    inner = text.strip("bLuU8").strip("'")
    if inner.startswith("\\") and len(inner) > 1:
        return str(_ESCAPES.get(inner[1], ord(inner[1])))
    return str(ord(inner[0])) if inner else "0"


def without_generics(text: str) -> str:
    """A path or type without what stands in angle brackets."""
    while "<" in text:
        plain = _GENERIC.sub("", text)
        if plain == text:
            return text.split("<", 1)[0]
        text = plain
    return text


def path_expr(text: str, shown: str) -> Expr:
    """The name or member that a path `a::b` is; C++'s own namespace is left out."""
    steps = [step.strip() for step in without_generics(text).replace("->", ".").replace("::", ".").split(".")]
    steps = [step for step in steps if step]
    if len(steps) > 1 and steps[0] == "std":
        steps = steps[1:]
    if not steps:
        return Expr(OTHER, "", shown)
    expr, path = Expr(NAME, steps[0], steps[0]), steps[0]
    for step in steps[1:]:
        path = f"{path}.{step}"
        expr = Expr(MEMBER, step, path, (expr,))
    return expr


def array_of(shape: tuple[Expr, ...], text: str, element: str = "") -> Expr:
    """A sequence of a given shape, `element` is the declared type of what it holds."""
    kind = (Expr(KEYWORD, "dtype", f"dtype={element}", (Expr(NAME, element, element),)),) if element else ()
    return Expr(CALL, ARRAY, text, (Expr(NAME, ARRAY, ARRAY), Expr(ITEMS, "tuple", text, shape, len(shape)), *kind))


def is_array(expr: Expr) -> bool:
    """Whether an expression is what `array_of` makes."""
    return expr.kind == CALL and expr.name == ARRAY and len(expr.parts) > 1 and expr.parts[1].kind == ITEMS


class Reader:
    """Turns syntax nodes into expressions; each node is read once."""

    def __init__(self, source: Source, kinds: NodeKinds) -> None:
        self._cut = source.cut
        self._table = kinds.expressions
        self._lengths = kinds.lengths
        self._sized = kinds.sized
        self._read: dict[int, Expr] = {}
        self._ways: Mapping[str, Callable[[Node, tuple[str, ...], str, int], Expr]] = {
            BINARY: self._binary,
            CALL: self._call,
            CHARACTER: self._character,
            CHOICE: self._choice,
            COMPREHENSION: self._comprehension,
            CREATE: self._create,
            INDEX: self._parts,
            ITEMS: self._items,
            KEYWORD: self._keyword,
            MEMBER: self._member,
            NUMBER: self._number,
            PATH: self._path,
            SHAPE: self._shape,
            SLICE: self._slice,
            SPREAD: self._parts,
            UNARY: self._unary,
        }

    def text(self, node: Node) -> str:
        """The source of a node, cut off where it is long."""
        start = node.start_byte
        return self._cut(start, min(node.end_byte, start + MAX_TEXT_BYTES))

    def read(self, node: Node, depth: int = 0) -> Expr:
        """The expression at a node."""
        known = self._read.get(node.id)
        if known is not None:
            return known
        row = self._table.get(node.type)
        if row is None or depth > MAX_DEPTH:
            return Expr(OTHER, "", self.text(node))
        kind = row[0]
        if kind == NAME:
            text = self.text(node)
            return Expr(NAME, text, text)
        if kind == THROUGH:
            return self._through(node, row, depth + 1)
        if kind == TEXT:
            return Expr(TEXT, "", self.text(node))
        expr = self._ways[kind](node, row, self.text(node), depth + 1)
        self._read[node.id] = expr
        return expr

    def arguments(self, node: Node, depth: int = 0) -> tuple[Expr, ...]:
        """The arguments of a call from the node that holds them; a bare generator counts as one."""
        row = self._table.get(node.type)
        if row is not None and row[0] == COMPREHENSION:
            return (self.read(node, depth),)
        return self._first(node, depth)

    def made(self, name: Expr, arguments: tuple[Expr, ...], text: str, element: str = "") -> Expr:
        """The call of a type, or the array that it makes."""
        if name.name in self._sized and arguments:
            first = arguments[0]
            if first.kind == CALL and first.name.endswith(("begin", "rbegin")) and first.parts[0].kind == MEMBER:
                return Expr(CALL, name.name, text, (name, first.parts[0].parts[0]))
            if first.kind not in (ITEMS, TEXT):
                inner = arguments[1].parts[1].parts if len(arguments) > 1 and is_array(arguments[1]) else ()
                return array_of((first, *inner), text, element)
        return Expr(CALL, dotted(name), text, (name, *arguments))

    def _first(self, node: Node, depth: int) -> tuple[Expr, ...]:
        """The first parts of a node."""
        read = self.read
        return tuple([read(child, depth) for child in node.named_children[:MAX_PARTS] if not child.is_extra])

    def _field(self, node: Node, name: str, depth: int) -> Expr:
        child = node.child_by_field_name(name)
        return NOTHING if child is None else self.read(child, depth)

    def _through(self, node: Node, row: tuple[str, ...], depth: int) -> Expr:
        child = node.child_by_field_name(row[1]) if len(row) > 1 else node.named_child(0)
        return NOTHING if child is None else self.read(child, depth)

    def _parts(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return Expr(row[0], "", text, self._first(node, depth))

    def _items(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return Expr(ITEMS, row[1], text, self._first(node, depth), node.named_child_count)

    def _number(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return Expr(NUMBER, "", number_text(text))

    def _character(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return Expr(NUMBER, "", character_code(text))

    def _path(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return path_expr(text, text)

    def _member(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        value = self._field(node, row[1], depth)
        name = node.child_by_field_name(row[2])
        title = "" if name is None else self.text(name)
        if "->" in text or "?." in text:
            text = f"{value.text}.{title}"
        if title in self._lengths:
            return Expr(CALL, LENGTH, text, (Expr(NAME, LENGTH, LENGTH), value))
        return Expr(MEMBER, title, text, (value,))

    def _call(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        callee = self._callee(node, row, depth)
        holder = node.child_by_field_name(row[2])
        arguments = () if holder is None else self.arguments(holder, depth)
        if callee.kind == CALL and callee.name == LENGTH and not arguments:
            return callee._replace(text=text)  # `a.size()`
        if callee.kind == NAME and callee.name in _CASTS and len(arguments) == 1:
            return arguments[0]
        if callee.name in self._sized:
            return self.made(callee, arguments, text)
        return Expr(CALL, dotted(callee), text, (callee, *arguments))

    def _callee(self, node: Node, row: tuple[str, ...], depth: int) -> Expr:
        if len(row) < 4:
            return self._field(node, row[1], depth)
        name = self._field(node, row[1], depth)
        owner = node.child_by_field_name(row[3])
        if owner is None:
            return name
        value = self.read(owner, depth)
        if name.name in self._lengths:
            return Expr(CALL, LENGTH, name.text, (Expr(NAME, LENGTH, LENGTH), value))
        return Expr(MEMBER, name.name, f"{value.text}.{name.name}", (value,))

    def _create(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        of = node.child_by_field_name(row[1])
        written = "" if of is None else self.text(of)
        holder = node.child_by_field_name(row[2])
        shape = node.child_by_field_name("declarator")
        if holder is None and shape is not None:
            lengths = [self.read(part, depth) for part in shape.named_children if part.type in self._table]
            return array_of(tuple(lengths), text, written)
        arguments = () if holder is None else self._first(holder, depth)
        name = path_expr(written, written)
        return self.made(path_expr(name.name, name.text), arguments, text)

    def _shape(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        given = node.child_by_field_name(row[1])
        if given is not None:
            return self.read(given, depth)
        of = node.child_by_field_name("type")
        lengths = [
            self.read(part, depth)
            for holder in node.children_by_field_name("dimensions")
            for part in holder.named_children[:1]
        ]
        return array_of(tuple(lengths), text, "" if of is None else self.text(of))

    def _choice(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        if len(row) == 1:
            return self._parts(node, row, text, depth)
        return Expr(CHOICE, "", text, tuple([self._field(node, name, depth) for name in row[1:]]))

    def _unary(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        first = node.child(0)
        return Expr(UNARY, "" if first is None else self.text(first), text, (self._field(node, row[1], depth),))

    def _keyword(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        name = node.child_by_field_name(row[1])
        return Expr(KEYWORD, "" if name is None else self.text(name), text, (self._field(node, row[2], depth),))

    def _binary(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        if len(row) == 4:
            operator = node.child_by_field_name(row[2])
            name = "" if operator is None else operator.type
            sides = (self._field(node, row[1], depth), self._field(node, row[3], depth))
            return Expr(BINARY, _OPERATORS.get(name, name), text, sides)
        children = node.children
        operands = tuple([self.read(child, depth) for child in children[:MAX_PARTS] if child.is_named])
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

    def _slice(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        bounds = [NOTHING, NOTHING, NOTHING]
        place = 0
        for child in node.children:
            if not child.is_named:
                place += 1
            elif place < len(bounds):
                bounds[place] = self.read(child, depth)
        return Expr(SLICE, "", text, tuple(bounds))
