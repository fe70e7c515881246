"""Declarations of variables, taken apart: name, type, value, and the call that a constructor or a shape stands for."""

from __future__ import annotations

from typing import NamedTuple

from tree_sitter import Node

from foreload_analyzers.declared import SEQUENCE, head_of
from foreload_analyzers.expressions import Expr, Reader, array_of, first_named, path_expr

_MAX_NESTING = 8
_ELEMENTS = frozenset({"int", "char", "double", "float", "long", "short", "size_t", "uint8_t", "uint32_t", "uint64_t"})


class Declared(NamedTuple):
    """A declared variable: its name, its full type, and its value where it has one."""

    name: Expr
    declared: str
    value: Expr | None


def read_declarator(node: Node, declared: str, reader: Reader, *, makes: bool) -> Declared | None:
    """What one declarator says; None where it declares no variable.

    Args:
        node: the declarator.
        declared: the type before it.
        reader: of its text.
        makes: a variable of a class is made by its declaration alone, as in C++.
    """
    value: Node | None = None
    arguments: Node | None = None
    shape: list[Node] = []
    for _ in range(_MAX_NESTING):
        given, size = node.child_by_field_name("value"), node.child_by_field_name("size")
        if given is not None:
            value = given
        if size is not None:
            shape.insert(0, size)
        if size is not None or node.type == "array_declarator" or node.child_by_field_name("dimensions") is not None:
            declared = declared if declared.endswith("[]") else f"{declared}[]"
        if node.type == "pointer_declarator" and head_of(declared) in _ELEMENTS:
            declared = f"{declared}[]"  # a pointer to numbers points to the first of many
        if node.type == "function_declarator":
            arguments = node.child_by_field_name("parameters")
        inner = (
            node.child_by_field_name("declarator")
            or node.child_by_field_name("name")
            or node.child_by_field_name("pattern")
            or node.child_by_field_name("property")
        )
        if inner is None and node.type == "reference_declarator":
            inner = first_named(node)
        if inner is None:
            break
        node = inner
    name = reader.read(node)
    if not name.name and not name.parts:
        return None
    if arguments is not None:
        return _made_by(name, declared, arguments, reader) if makes else None
    if shape:
        element = declared.removesuffix("[]").strip()
        return Declared(name, declared, array_of(tuple([reader.read(size) for size in shape]), name.text, element))
    if value is None:
        made = Expr("call", head_of(declared), declared, (path_expr(head_of(declared), declared),)) if makes else None
        return Declared(name, declared, made)
    if value.type == "argument_list":
        return Declared(name, declared, _constructed(declared, reader.arguments(value), reader))
    return Declared(name, declared, reader.read(value))


def _constructed(declared: str, arguments: tuple[Expr, ...], reader: Reader) -> Expr:
    """The call of a constructor that `T name(arguments)` is."""
    head = head_of(declared)
    element = declared.split("<", 1)[1].rstrip("> ") if "<" in declared else ""
    return reader.made(path_expr(head, head), arguments, declared, element)


def _made_by(name: Expr, declared: str, arguments: Node, reader: Reader) -> Declared | None:
    """`vector<int> v(n);` reads like a function; as a variable its parameters without names are arguments."""
    given: list[Expr] = []
    for parameter in arguments.named_children:
        of = parameter.child_by_field_name("type")
        if of is None or parameter.child_by_field_name("declarator") is not None or head_of(declared) == SEQUENCE:
            return None
        given.append(reader.read(of))
    return Declared(name, declared, _constructed(declared, tuple(given), reader))
