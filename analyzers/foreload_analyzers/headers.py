"""Headers of loops with a start, a condition and a step: `for (int i = 0; i < n; i++)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tree_sitter import Node

from foreload_analyzers.expressions import NOTHING, RANGE_CALL, Expr, Reader, first_named, names_in
from foreload_analyzers.kinds import BINARY, CALL, MEMBER, NAME, NUMBER, UNARY

_COMPARED = frozenset({"<", "<=", ">", ">=", "!="})
_NUMBER_ZERO = Expr(NUMBER, "", "0")
_NUMBER_ONE = Expr(NUMBER, "", "1")
ENDLESS = Expr(NAME, "true", "true")


class Header(NamedTuple):
    """What a loop's header says.

    Attributes:
        condition: how long it goes on; `true` where nothing is said.
        variable: the one that is counted, empty where none is.
        over: a call of `range` with what the variable runs through, or the container that an iterator walks.
        stop: what the variable is compared with.
        turns_at: the byte from which the header is worked out on every turn.
        body_start: the first byte of the loop's body.
    """

    condition: Expr
    variable: str
    over: Expr
    stop: Expr
    turns_at: int
    body_start: int


class _Move(NamedTuple):
    variable: str
    step: Expr
    down: bool


def read_header(head: Node, body_start: int, reader: Reader) -> Header:
    """The header of a loop.

    Args:
        head: the node that has the fields.
        body_start: the first byte of the loop's body.
        reader: of its text.
    """
    condition_node = head.child_by_field_name("condition")
    updates = head.children_by_field_name("update") or head.children_by_field_name("increment")
    first = condition_node or (updates[0] if updates else None)
    turns_at = body_start if first is None else first.start_byte
    if condition_node is None or not condition_node.is_named or condition_node.type == "empty_statement":
        return Header(ENDLESS, "", NOTHING, NOTHING, turns_at, body_start)
    condition = reader.read(condition_node)
    moves = [move for update in updates for move in _moves(update, reader)]
    moved = {move.variable for move in moves}
    starts = head.children_by_field_name("init") or head.children_by_field_name("initializer")
    for move in moves:
        found = _compared(condition, move)
        if found is None:
            continue
        operator, stop = found
        others = names_in(stop) & moved
        if others:
            break
        start = _initial(starts, move.variable, reader)
        over = _over(start, stop, operator, move, condition.text)
        return Header(condition, move.variable, over, stop, turns_at, body_start)
    return Header(condition, "", NOTHING, NOTHING, turns_at, body_start)


def _moves(update: Node, reader: Reader) -> list[_Move]:
    """The steps of the variables that an update moves by adding and taking away."""
    found: list[_Move] = []
    pending = [update]
    while pending:
        node = pending.pop()
        if node.type in ("comma_expression", "sequence_expression", "expression_statement"):
            pending.extend(reversed(node.named_children))
            continue
        move = _move(node, reader)
        if move is not None:
            found.append(move)
    return found


def _move(node: Node, reader: Reader) -> _Move | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        text = reader.text(node).strip()
        target = node.child_by_field_name("argument") or first_named(node)
        if target is None or not (text.endswith(("++", "--")) or text.startswith(("++", "--"))):
            return None
        return _Move(reader.text(target), _NUMBER_ONE, "--" in text)
    variable, value = reader.text(left), reader.read(right)
    operator = node.child_by_field_name("operator")
    sign = "=" if operator is None else reader.text(operator)
    if sign in ("+=", "-="):
        return None if variable in names_in(value) else _Move(variable, value, sign == "-=")
    if sign == "=" and value.kind == BINARY and value.name in ("+", "-") and len(value.parts) == 2:
        one, other = value.parts
        if one.text == variable and variable not in names_in(other):
            return _Move(variable, other, value.name == "-")
    return None


def _compared(condition: Expr, move: _Move) -> tuple[str, Expr] | None:
    """The operator and the other side of the comparison that a variable ends the loop by."""
    pending = [condition]
    while pending:
        current = pending.pop(0)
        if current.kind == NAME and current.name == move.variable and move.down:
            return ">", _NUMBER_ZERO
        if current.kind != BINARY or len(current.parts) != 2:
            continue
        if current.name == "and":
            pending.extend(current.parts)
        elif current.name in _COMPARED:
            one, other = current.parts
            for side, stop in ((one, other), (other, one)):
                if _is_about(side, move.variable) and move.variable not in names_in(stop):
                    return current.name, stop
    return None


def _is_about(side: Expr, variable: str) -> bool:
    """The variable itself, or a fixed distance from it."""
    if side.kind == NAME:
        return side.name == variable
    return side.kind == BINARY and side.name in ("+", "-") and side.parts[0].text == variable


def _initial(starts: Sequence[Node], variable: str, reader: Reader) -> Expr | None:
    """The value that a variable starts with; None where the header does not say."""
    pending = [(node, 0) for node in starts]
    while pending:
        node, depth = pending.pop()
        target = node.child_by_field_name("name") or node.child_by_field_name("left")
        target = target or node.child_by_field_name("declarator")
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if target is not None and value is not None:
            if reader.text(target) == variable:
                return reader.read(value)
            for one, given in zip(target.named_children, value.named_children, strict=False):
                if reader.text(one) == variable:
                    return reader.read(given)
        if depth < 3:
            pending.extend((child, depth + 1) for child in node.named_children)
    return None


def _over(start: Expr | None, stop: Expr, operator: str, move: _Move, text: str) -> Expr:
    if start is not None and start.kind == CALL and start.name.endswith("begin") and stop.kind == CALL:
        owner = start.parts[0]
        if owner.kind == MEMBER:
            return owner.parts[0]
        return start.parts[1] if len(start.parts) > 1 else NOTHING
    if operator in ("<=", ">=") and stop.kind == NUMBER and stop.text.isdigit():
        stop = Expr(NUMBER, "", str(int(stop.text) + (-1 if move.down else 1)))
    callee = Expr(NAME, RANGE_CALL, RANGE_CALL)
    if move.down:
        step = Expr(NUMBER, "", f"-{move.step.text}")
        if move.step.kind != NUMBER:
            step = Expr(UNARY, "-", f"-{move.step.text}", (move.step,))
        begin = start if start is not None else Expr(NAME, move.variable, move.variable)
        return Expr(CALL, RANGE_CALL, text, (callee, begin, stop, step))
    begin = _NUMBER_ZERO if start is None else start
    if move.step != _NUMBER_ONE:
        return Expr(CALL, RANGE_CALL, text, (callee, begin, stop, move.step))
    if begin.text == "0":
        return Expr(CALL, RANGE_CALL, text, (callee, stop))
    return Expr(CALL, RANGE_CALL, text, (callee, begin, stop))
