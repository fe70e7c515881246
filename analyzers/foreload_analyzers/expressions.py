"""Expressions in one neutral form, so that no rule of the analysis knows a grammar."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from tree_sitter import Node

from foreload_analyzers.declared import SEQUENCE, head_of
from foreload_analyzers.kinds import (
    BINARY,
    CALL,
    CHARACTER,
    CHOICE,
    COMPREHENSION,
    CREATE,
    FIXED,
    INDEX,
    ITEMS,
    KEYWORD,
    LITERAL,
    MACRO,
    MEMBER,
    NAME,
    NUMBER,
    OTHER,
    PART,
    PATH,
    RANGE,
    SEVERAL,
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
RANGE_CALL = "range"
_BYTES = frozenset({"malloc", "calloc", "alloca"})
_TOKENS = "token_tree"
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
    # Modules before a type say nothing that the type does not: `collections::HashMap::new`.
    steps = steps[next((place for place, step in enumerate(steps) if step[:1].isupper()), 0) :]
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


def _plain(text: str) -> Expr:
    """A number of turns whose tokens have no syntax: by what it adds and names."""
    for operator in ("+", "-", "*"):
        one, found, other = text.partition(operator)
        if found and one.strip() and other.strip():
            return Expr(BINARY, operator, text, (_plain(one.strip()), _plain(other.strip())))
    word = text.removesuffix("as usize").strip("() ")
    if word.endswith(".len()"):
        owner = word.removesuffix(".len()")
        return Expr(CALL, LENGTH, word, (Expr(NAME, LENGTH, LENGTH), Expr(NAME, owner, owner)))
    if word.isidentifier():
        return Expr(NAME, word, word)
    return Expr(NUMBER, "", number_text(word)) if word[:1].isdigit() else Expr(OTHER, "", text)


def _go_make(name: Expr, arguments: tuple[Expr, ...], text: str) -> Expr:
    """What `make(T, n)` of Go makes."""
    head = head_of(arguments[0].text)
    if head == SEQUENCE and len(arguments) > 1:
        return array_of((arguments[1],), text, arguments[0].text.removeprefix("[]"))
    return Expr(CALL, head, text, (Expr(NAME, head, head), *arguments[1:]))


def _without_size(count: Expr) -> Expr:
    """The number of elements in `n * sizeof(T)`."""
    if count.kind == BINARY and count.name == "*" and len(count.parts) == 2:
        one, other = count.parts
        return one if other.kind == NUMBER else other if one.kind == NUMBER else count
    return count


def first_named(node: Node) -> Node | None:
    """The first named child of a node; None for a leaf."""
    return node.named_child(0) if node.named_child_count else None


class Reader:
    """Turns syntax nodes into expressions; each node is read once."""

    def __init__(self, source: Source, kinds: NodeKinds) -> None:
        self._cut = source.cut
        self._table = kinds.expressions
        self._lengths = kinds.lengths
        self._sized = kinds.sized
        self._pairwise = kinds.pairwise
        self._read: dict[int, Expr] = {}

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
        expr = self._ways[kind](self, node, row, self.text(node), depth + 1)
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
            if name.name == "make":
                return _go_make(name, arguments, text)
            if name.name in _BYTES:
                return array_of((_without_size(first),), text, element)
            if first.kind == CALL and first.name.endswith(("begin", "rbegin")) and first.parts[0].kind == MEMBER:
                return Expr(CALL, name.name, text, (name, first.parts[0].parts[0]))
            if first.kind not in (ITEMS, TEXT, SPREAD):
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
        child = node.child_by_field_name(row[1]) if len(row) > 1 else first_named(node)
        return NOTHING if child is None else self.read(child, depth)

    def _parts(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return Expr(row[0], "", text, self._first(node, depth))

    def _index(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        parts = self._first(node, depth)
        if len(parts) == 2 and parts[1].kind == CALL and parts[1].name == RANGE_CALL:
            bounds = parts[1].parts[1:]
            start, stop = bounds if len(bounds) == 2 else (NOTHING, bounds[0])
            parts = (parts[0], Expr(SLICE, "", parts[1].text, (start, stop, NOTHING)))
        return Expr(INDEX, "", text, parts)

    def _part(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        value, start, stop = [self._field(node, name, depth) for name in row[1:]]
        bounds = Expr(SLICE, "", f"{start.text}:{stop.text}", (start, stop, NOTHING))
        return Expr(INDEX, "", text, (value, bounds))

    def _range(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        callee = Expr(NAME, RANGE_CALL, RANGE_CALL)
        start = stop = NOTHING
        passed = False
        for child in node.children:
            if not child.is_named:
                passed = True
            elif passed:
                stop = self.read(child, depth)
            else:
                start = self.read(child, depth)
        if start.text in ("", "0"):
            return Expr(CALL, RANGE_CALL, text, (callee, stop))
        return Expr(CALL, RANGE_CALL, text, (callee, start, stop))

    def _literal(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        of = node.child_by_field_name(row[1])
        body = node.child_by_field_name(row[2])
        head = "" if of is None else head_of(self.text(of))
        items = () if body is None else self._first(body, depth)
        if head in (SEQUENCE, "map"):
            size = 0 if body is None else body.named_child_count
            return Expr(ITEMS, "list" if head == SEQUENCE else "dict", text, items, size)
        name = path_expr(head, head)
        return Expr(CALL, head, text, (name, *items))

    def _several(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        count = node.named_child_count
        parts = self._first(node, depth)
        return parts[0] if count == 1 and parts else Expr(ITEMS, row[1], text, parts, count)

    def _fixed(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        return Expr(NUMBER, "", row[1])

    def _macro(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        title = node.child_by_field_name(row[1])
        name = "" if title is None else self.text(title).rsplit("::", 1)[-1]
        tree = next((child for child in node.named_children if child.type == _TOKENS), None)
        if tree is None:
            return Expr(OTHER, "", text)
        if name == "vec":
            return self._sequence(tree, text, depth)
        callee = Expr(NAME, f"{name}!", f"{name}!")
        arguments = tuple(
            [self.read(child, depth) for child in tree.named_children[:MAX_PARTS] if child.type in self._table]
        )
        return Expr(CALL, callee.name, text, (callee, *arguments))

    def _sequence(self, tree: Node, text: str, depth: int) -> Expr:
        """`vec![item; count]` makes a sequence of a shape, `vec![a, b]` is written out; its tokens have no syntax."""
        stop = next((child for child in tree.children if child.type == ";"), None)
        if stop is None:
            items = tuple(
                [self.read(child, depth) for child in tree.named_children[:MAX_PARTS] if child.type in self._table]
            )
            return Expr(ITEMS, "list", text, items, tree.named_child_count)
        before = [child for child in tree.named_children if child.end_byte <= stop.start_byte]
        inner = next((child for child in before if child.type == _TOKENS), None)
        nested = () if inner is None or depth > MAX_DEPTH else self._sequence(inner, text, depth + 1)
        shape = nested.parts[1].parts if isinstance(nested, Expr) and is_array(nested) else ()
        count = self._cut(stop.end_byte, tree.end_byte - 1).strip()
        after = [child for child in tree.named_children if child.start_byte >= stop.end_byte]
        size = self.read(after[0], depth) if len(after) == 1 else _plain(count)
        return array_of((size, *shape), text)

    def _items(self, node: Node, row: tuple[str, ...], text: str, depth: int) -> Expr:
        length = node.child_by_field_name("length")
        if length is not None:  # `[0; n]`
            return array_of((self.read(length, depth),), text)
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
        if callee.kind == MEMBER and len(arguments) == 1 and callee.name in self._pairwise:
            name = callee.name
            return Expr(CALL, name, text, (Expr(NAME, name, name), callee.parts[0], arguments[0]))
        return Expr(CALL, dotted(callee), text, (callee, *arguments))

    def _callee(self, node: Node, row: tuple[str, ...], depth: int) -> Expr:
        name = self._field(node, row[1], depth)
        if len(row) < 4:
            return name
        owner = node.child_by_field_name(row[-1])
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
        first = node.children[0] if node.child_count else None
        operand = node.child_by_field_name(row[1]) if len(row) > 1 else first_named(node)
        value = NOTHING if operand is None else self.read(operand, depth)
        return Expr(UNARY, "" if first is None else self.text(first), text, (value,))

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

    # Not kept in each reader, which would hold itself and wait for the collector.
    _ways: ClassVar[Mapping[str, Callable[[Any, Node, tuple[str, ...], str, int], Expr]]] = {
        BINARY: _binary,
        CALL: _call,
        CHARACTER: _character,
        CHOICE: _choice,
        COMPREHENSION: _comprehension,
        CREATE: _create,
        FIXED: _fixed,
        INDEX: _index,
        ITEMS: _items,
        KEYWORD: _keyword,
        LITERAL: _literal,
        MACRO: _macro,
        MEMBER: _member,
        NUMBER: _number,
        PART: _part,
        PATH: _path,
        RANGE: _range,
        SEVERAL: _several,
        SHAPE: _shape,
        SLICE: _slice,
        SPREAD: _parts,
        UNARY: _unary,
    }
