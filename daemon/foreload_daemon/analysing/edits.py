"""Edits as the analysis takes them, and where lines have gone since a report was made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from foreload_analyzers import Document
    from lsprotocol import types


class Move(NamedTuple):
    """One change of a text, in lines.

    Attributes:
        version: of the document after it.
        line: the first line it touched, from 0.
        at_start: it began before the first character of that line.
        removed, added: line breaks.
    """

    version: int
    line: int
    at_start: bool
    removed: int
    added: int


def moved_line(line: int, moves: Iterable[Move]) -> int:
    """Where a line (from 0) of a report stands after some changes; one whose text is gone is at the change."""
    for move in moves:
        last = move.line + move.removed
        # What stands after the change in its last line goes along; so does a line at whose very beginning text came in.
        if line > last or (line == last and (move.removed > 0 or move.at_start)):
            line += move.added - move.removed
        elif line > move.line:
            line = move.line
    return line


def moves_of(changes: Iterable[types.TextDocumentContentChangeEvent]) -> list[Move]:
    """How lines move by the editor's changes; a change of the whole text moves none."""
    found: list[Move] = []
    for change in changes:
        span = getattr(change, "range", None)
        if span is not None:
            removed, added = span.end.line - span.start.line, change.text.count("\n")
            if removed or added:
                found.append(Move(0, span.start.line, span.start.character == 0, removed, added))
    return found


def edit_between(old: bytes, new: bytes) -> tuple[int, int, int]:
    """Where two texts differ, as one edit: its start, its end in the old text, its end in the new one."""
    shorter = min(len(old), len(new))
    start = _equal_length(old, new, shorter)
    back = _equal_length(old, new, shorter - start, from_end=True)
    return start, len(old) - back, len(new) - back


def _equal_length(old: bytes, new: bytes, most: int, *, from_end: bool = False) -> int:
    """How many bytes are the same at the beginning (or end), found by halving: each comparison runs at memory speed."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if from_end:
            same = old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]
        else:
            same = old[low:middle] == new[low:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def update(document: Document, old: bytes, new: bytes) -> None:
    """Brings a document from one text to another by one edit."""
    if old == new:
        return
    start, old_end, new_end = edit_between(old, new)
    document.edit(start, old_end, new_end, _point(old, start), _point(old, old_end), _point(new, new_end), new)


def _point(text: bytes, offset: int) -> tuple[int, int]:
    return text.count(b"\n", 0, offset), offset - (text.rfind(b"\n", 0, offset) + 1)
