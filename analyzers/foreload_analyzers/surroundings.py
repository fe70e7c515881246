"""The code outside functions as one unit, and what functions see of the file around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from types import ModuleType
from typing import NamedTuple, TypeVar

from foreload_analyzers.expressions import Expr
from foreload_analyzers.extract import root_names
from foreload_analyzers.facts import (
    AssignFact,
    CallFact,
    ChunkFacts,
    ImportFact,
    LoopFact,
    MembershipFact,
    SliceFact,
    Unit,
)
from foreload_analyzers.languages import INDEX, NAME
from foreload_analyzers.scope import Given, Outside, import_table, listed, value_for

# Bytes count from the start of a chunk; chunks are set apart by more than any chunk is long, which keeps them in order.
_CHUNK_SHIFT = 1 << 26


class Placed(NamedTuple):
    """A chunk's facts and where the chunk begins (row from 0)."""

    facts: ChunkFacts
    row: int


class Surroundings:
    """What the functions of a file see around them."""

    def __init__(
        self,
        module: Unit,
        units: Sequence[Unit],
        imports: Sequence[ImportFact],
        talks: Mapping[str, str],
        defined: Mapping[str, bool],
    ) -> None:
        self._imports = import_table(imports)
        self._talks = talks
        self._defined = defined
        self._declared = module.declared
        self._constants = constants_of(module)
        self._attributes: dict[str, dict[str, Expr]] = {}
        for unit in units:
            if unit.class_name and unit.attributes:
                table = self._attributes.setdefault(unit.class_name, {})
                for name, value in unit.attributes:
                    table.setdefault(name, value)

    def of(self, unit: Unit, around: Sequence[Unit], given: Mapping[str, Given] | None = None) -> Outside:
        """What one function sees; inner functions see the attributes of the method around them.

        Args:
            unit: the function.
            around: the functions around it, innermost first.
            given: what is known of its parameters and of those around it.
        """
        name = unit.class_name or next((outer.class_name for outer in around if outer.class_name), "")
        return Outside(
            self._constants,
            self._attributes.get(name, {}),
            self._imports,
            given,
            self._talks,
            self._declared,
            self._defined,
        )


def defined_by(units: Sequence[Unit]) -> dict[str, bool]:
    """The functions that a bare name reaches: free ones, and methods where the object needs no naming."""
    return {unit.name: True for unit in units[1:] if unit.name and (not unit.class_name or unit.implicit_self)}


def talk_of(unit: Unit, knowledge: ModuleType) -> str:
    """Whether a function reads the input or prints, in words; empty where it does neither."""
    paths = {call.path for call in unit.calls}
    words = "reads " if any(listed(path, knowledge.INPUTS) for path in paths) else ""
    return words + ("prints" if any(listed(path, knowledge.PRINTS) for path in paths) else "")


def constants_of(module: Unit) -> Mapping[str, Expr]:
    """Names that the module gives exactly one value."""
    values: dict[str, Expr] = {}
    spoiled: set[str] = set()
    for fact in module.assigns:
        for name in root_names(fact.target):
            value = value_for(fact, name)
            if fact.operator != "=" or fact.target.kind == INDEX or name in values or value is None or fact.loop >= 0:
                spoiled.add(name)
            else:
                values[name] = value
    return {name: value for name, value in values.items() if name not in spoiled or value.kind == NAME}


def merged(pieces: Sequence[tuple[ChunkFacts, int]]) -> Unit:
    """The code outside functions of several chunks, each with its first row, as one unit with lines in the file."""
    whole = Unit()
    for place, (facts, rows) in enumerate(pieces):
        piece, shift = facts.units[0], place * _CHUNK_SHIFT
        first = len(whole.loops)
        whole.own_size += piece.own_size
        whole.declared.update(piece.declared)
        for loop in piece.loops:
            whole.loops.append(_moved_loop(loop, rows, shift, first))
        for call in piece.calls:
            moved = _moved(call, rows, shift, first)
            moved.end += shift
            whole.calls.append(moved)
        whole.assigns.extend(_moved(fact, rows, shift, first) for fact in piece.assigns)
        whole.memberships.extend(_moved(fact, rows, shift, first) for fact in piece.memberships)
        whole.slices.extend(_moved(fact, rows, shift, first) for fact in piece.slices)
    return whole


def _moved_loop(loop: LoopFact, rows: int, shift: int, first: int) -> LoopFact:
    moved = copy(loop)
    moved.line += rows
    moved.end_line += rows
    moved.parent = loop.parent + first if loop.parent >= 0 else -1
    moved.start += shift
    moved.body_start += shift
    moved.body_end += shift
    moved.over_start += shift
    moved.over_end += shift
    return moved


Fact = TypeVar("Fact", CallFact, AssignFact, MembershipFact, SliceFact)


def _moved(fact: Fact, rows: int, shift: int, first: int) -> Fact:
    moved = copy(fact)
    moved.line += rows
    moved.start += shift
    moved.loop = fact.loop + first if fact.loop >= 0 else -1
    return moved
