"""The functions and loops of a text whose syntax is read and nothing more, for files too large to be judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from foreload_analyzers.declared import head_of
from foreload_analyzers.grammar import Syntax
from foreload_analyzers.report import Function, Loop

MAX_FUNCTIONS = 5_000
_BYTES_AT_ONCE = 64 * 1024


class _Scope(NamedTuple):
    end: int
    fact: str
    name: str
    line: int
    end_line: int
    depth: int


def outline(root: Node, source: bytes, syntax: Syntax) -> tuple[Function, ...]:
    """The functions with their loops, in the order of their lines; nothing is said of what they cost.

    Their complexity has the confidence 0, their share of the time is 0.
    """
    found: list[tuple[_Scope, str, list[Loop]]] = []
    open_scopes: list[_Scope] = []
    owners: list[int] = []  # places in `found` of the functions that are open
    for nodes, fact in _findings(root, len(source), syntax):
        whole = nodes["whole"][0]
        start = whole.start_byte
        while open_scopes and open_scopes[-1].end <= start:
            if open_scopes.pop().fact == "function":
                owners.pop()
        line, end_line = whole.start_point.row + 1, whole.end_point.row + 1
        name = _text(nodes["name"][0], source) if "name" in nodes else ""
        above = open_scopes[-1] if open_scopes else None
        depth = (above.depth if above is not None and above.fact != "function" else 0) + (fact in ("loop", "count"))
        scope = _Scope(whole.end_byte, fact, name, line, end_line, depth)
        if fact == "function":
            if len(found) >= MAX_FUNCTIONS:
                break
            owner = head_of(above.name) if above is not None and above.fact == "class" else ""
            if "owner" in nodes:
                owner = head_of(_text(nodes["owner"][0], source))
            owners.append(len(found))
            found.append((scope, f"{owner}.{name}" if owner else name.replace("::", "."), []))
        elif fact != "class" and owners:
            found[owners[-1]][2].append(Loop(line, end_line, max(depth, 1), 0.0))
        open_scopes.append(scope)
    return tuple([_function(scope, name, loops) for scope, name, loops in found])


def _findings(root: Node, size: int, syntax: Syntax) -> Iterator[tuple[dict[str, list[Node]], str]]:
    """The findings in the order of the text, outer ones first; read in parts, so that one may stop early."""
    for first in range(0, size, _BYTES_AT_ONCE):
        part = [
            (match.nodes, match.fact)
            for match in syntax.outline(root, first, first + _BYTES_AT_ONCE)
            if first <= match.nodes["whole"][0].start_byte < first + _BYTES_AT_ONCE
        ]
        part.sort(key=lambda item: (item[0]["whole"][0].start_byte, -item[0]["whole"][0].end_byte))
        yield from part


def _function(scope: _Scope, name: str, loops: list[Loop]) -> Function:
    return Function(
        name=name,
        line=scope.line,
        end_line=scope.end_line,
        complexity="constant",
        complexity_confidence=0.0,
        space_complexity="constant",
        space_complexity_confidence=0.0,
        grows_with="",
        algorithm_class=None,
        hotness=0.0,
        cyclomatic=0,
        loops=tuple(loops),
    )


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : min(node.end_byte, node.start_byte + 200)].decode("utf-8", "replace")
