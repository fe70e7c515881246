"""Changes of Python code that take a bottleneck away and are mechanical: nothing else of the program changes.

All other bottlenecks need a person's judgement; for those there is no fix here.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

COMPILE, MEMBERSHIP = "compile_in_loop", "list_membership"
FIXABLE = frozenset({COMPILE, MEMBERSHIP})
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Change:
    """Text that takes the place of a range; lines from 0, columns in characters from 0."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What it does, in a few words, and its changes."""

    title: str
    changes: tuple[Change, ...]


def fix_for(source: str, kind: str, line: int) -> Fix | None:
    """The fix of a bottleneck; None where there is none that is sure to change nothing else.

    Args:
        source: the whole file, in Python.
        kind: of the bottleneck.
        line: of the bottleneck, from 1.
    """
    if kind not in FIXABLE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    around = _way_to(tree, line)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    lines = source.split("\n")
    if kind == COMPILE:
        return _hoist_pattern(source, lines, around, line, names)
    return _hoist_set(lines, around, line, names)


def _way_to(tree: ast.Module, line: int) -> list[ast.AST]:
    """The nodes around a line, outermost first, within the innermost function."""
    way: list[ast.AST] = [tree]
    while True:
        inner = next((child for child in _children(way[-1]) if _holds(child, line)), None)
        if inner is None:
            break
        way.append(inner)
    scope = max((place for place, node in enumerate(way) if isinstance(node, _SCOPES)), default=0)
    return way[scope:]


def _children(node: ast.AST) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _holds(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _outermost_loop(around: list[ast.AST], lines: list[str]) -> ast.stmt | None:
    """The outermost loop around, if it begins its own line."""
    for node in around:
        if isinstance(node, _LOOPS):
            before = lines[node.lineno - 1].encode()[: node.col_offset]
            return node if not before.strip() else None
    return None


def _hoist_pattern(source: str, lines: list[str], around: list[ast.AST], line: int, names: set[str]) -> Fix | None:
    loop = _outermost_loop(around, lines)
    if loop is None:
        return None
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and node.lineno == line and _is_fixed_pattern(node):
            written = ast.get_source_segment(source, node)
            if written is None or "\n" in written:
                return None
            name = _free_name("pattern", names)
            return Fix(
                f"Compile the pattern once, before the loop, as {name}", _changes(loop, node, name, written, lines)
            )
    return None


def _is_fixed_pattern(node: ast.Call) -> bool:
    """`re.compile` of a text that is written down, with flags of `re` only."""
    if ast.unparse(node.func) != "re.compile" or not node.args or node.keywords:
        return False
    first, *flags = node.args
    fixed = isinstance(first, ast.Constant) and isinstance(first.value, str | bytes)
    return fixed and all(_is_flag(flag) for flag in flags)


def _is_flag(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and _is_flag(node.left) and _is_flag(node.right)
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re"


def _hoist_set(lines: list[str], around: list[ast.AST], line: int, names: set[str]) -> Fix | None:
    loop = _outermost_loop(around, lines)
    if loop is None:
        return None
    for node in ast.walk(loop):
        if not (isinstance(node, ast.Compare) and node.lineno == line and len(node.ops) == 1):
            continue
        held = node.comparators[0]
        if isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(held, ast.Name):
            if not _stays_a_list_of_texts_or_numbers(held.id, around[0], loop):
                return None
            name = _free_name(f"{held.id}_set", names)
            changes = _changes(loop, held, name, f"set({held.id})", lines)
            return Fix(f"Look it up in a set made once, before the loop, as {name} (for hashable values)", changes)
    return None


def _stays_a_list_of_texts_or_numbers(name: str, scope: ast.AST, loop: ast.stmt) -> bool:
    """Whether a name is given one list of plain values before the loop, and is only read afterwards."""
    given = [
        node
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == name for each in node.targets)
    ]
    stored = sum(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        for node in ast.walk(scope)
    )
    if len(given) != 1 or stored != 1 or given[0].lineno >= loop.lineno or not _holds_plain_values(given[0].value):
        return False
    read = sum(isinstance(node, ast.Name) and node.id == name for node in ast.walk(scope)) - 1
    return read == sum(_only_reads(node, name) for node in ast.walk(scope))


def _holds_plain_values(value: ast.expr) -> bool:
    if isinstance(value, ast.List):
        return bool(value.elts) and all(isinstance(each, ast.Constant) for each in value.elts)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr in ("split", "splitlines", "rsplit")
    return (
        isinstance(value, ast.Call)
        and ast.unparse(value.func) == "list"
        and len(value.args) == 1
        and ast.unparse(value.args[0]).startswith("range(")
    )


def _only_reads(node: ast.AST, name: str) -> bool:
    """Whether a node is one use of the name that cannot change the list: searching, walking, measuring it."""
    if isinstance(node, ast.Compare):
        return any(isinstance(each, ast.Name) and each.id == name for each in node.comparators)
    if isinstance(node, ast.For | ast.comprehension):
        return isinstance(node.iter, ast.Name) and node.iter.id == name
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("len", "sum", "min", "max", "sorted"):
        return len(node.args) == 1 and isinstance(node.args[0], ast.Name) and node.args[0].id == name
    return False


def _free_name(wanted: str, names: set[str]) -> str:
    number, name = 2, wanted
    while name in names:
        name = f"{wanted}_{number}"
        number += 1
    return name


def _changes(loop: ast.stmt, node: ast.expr, name: str, value: str, lines: list[str]) -> tuple[Change, ...]:
    indent = lines[loop.lineno - 1][: len(lines[loop.lineno - 1]) - len(lines[loop.lineno - 1].lstrip())]
    row, end_row = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    return (
        Change(loop.lineno - 1, 0, loop.lineno - 1, 0, f"{indent}{name} = {value}\n"),
        Change(
            row, _column(lines[row], node.col_offset), end_row, _column(lines[end_row], node.end_col_offset or 0), name
        ),
    )


def _column(line: str, offset: int) -> int:
    """The column in characters of an offset in bytes."""
    return len(line.encode()[:offset].decode("utf-8", "replace"))
