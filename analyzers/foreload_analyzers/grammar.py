"""Parsers and compiled queries, each made once, when first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node, Parser, Point, Query, QueryCursor, Tree

from foreload_analyzers.languages import BY_NAME, Language
from foreload_analyzers.package_data import grammar_of, query_text

Checkpoint = Callable[[], None]
"""Called now and then during long work; may raise to end it."""

_PART_BYTES = 128 * 1024  # a text that is longer is handed to the parser in parts
_NODE_BYTES = 64  # and in such ones later, when the conditions of the queries read their nodes through it
# The parser's own steps. Sound code takes up to 22 a KiB, and an endless search takes about half a millisecond for one.
_FREE_STEPS = 600
_STEPS_A_KIB = 60


def no_checkpoint() -> None:
    """Does nothing: the work goes on to its end."""


class UnreadableError(ValueError):
    """A text that the parser finds no end with: damaged in a way that leaves it too many readings."""


def parse(parser: Parser, text: bytes, old: Tree | None = None, checkpoint: Checkpoint = no_checkpoint) -> Tree:
    """The tree of a text. A long text is parsed in parts, so that other threads have their turns.

    Args:
        parser: of its language.
        text: in UTF-8.
        old: the tree of the text before, edited; what did not change is taken from it.
        checkpoint: called between the parts; what it raises ends the work.

    Raises:
        UnreadableError: the parser takes many times the steps that sound or damaged code of this length takes.
    """
    stopped: list[Exception] = []
    steps = 0
    is_parsed = False
    most_steps = _FREE_STEPS + len(text) * _STEPS_A_KIB // 1024

    def read(offset: int, _point: Point) -> bytes:
        if is_parsed:
            return text[offset : offset + _NODE_BYTES]
        if offset and not stopped:
            try:
                checkpoint()
            except Exception as reason:  # noqa: BLE001 - it may not pass through the parser; it is raised behind it
                stopped.append(reason)
        return b"" if stopped else text[offset : offset + _PART_BYTES]

    def is_too_long(_offset: int, _has_error: bool) -> bool:
        nonlocal steps
        steps += 1
        return steps > most_steps

    try:
        if old is None:
            tree = parser.parse(read, progress_callback=is_too_long)
        else:
            tree = parser.parse(read, old, progress_callback=is_too_long)
    except ValueError as reason:
        parser.reset()  # else it would go on with this text
        if stopped:
            raise stopped[0] from reason
        raise UnreadableError("the syntax is broken in a way that has too many readings") from reason
    if stopped:
        raise stopped[0]
    is_parsed = True
    return tree


OUTLINED = frozenset({"function", "class", "loop", "count"})


@dataclass(frozen=True, slots=True)
class Match:
    """One finding of a query: its fact, the value of the pattern's `kind` setting, and its captured nodes."""

    fact: str
    kind: str
    nodes: dict[str, list[Node]]


class Syntax:
    """A language's grammar with its queries.

    Attributes:
        language: the row of the language table.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._grammar = grammar_of(language.grammar_module, language.grammar_function)
        self._text = query_text(language.queries or (language.name,))
        self._query = Query(self._grammar, self._text)
        self._outline: Query | None = None
        settings = [self._query.pattern_settings(index) for index in range(self._query.pattern_count)]
        self._facts = [(str(setting["fact"]), str(setting.get("kind") or "")) for setting in settings]

    def parser(self) -> Parser:
        """A new parser; parsers keep state, so each document has its own."""
        return Parser(self._grammar)

    def matches(self, node: Node, start_byte: int, end_byte: int) -> list[Match]:
        """All findings below `node` that touch the given bytes."""
        return self._run(self._query, node, start_byte, end_byte)

    def _run(self, query: Query, node: Node, start_byte: int, end_byte: int) -> list[Match]:
        cursor = QueryCursor(query)
        cursor.set_byte_range(start_byte, end_byte)
        facts = self._facts
        return [Match(*facts[pattern], nodes) for pattern, nodes in cursor.matches(node)]

    def outline(self, node: Node, start_byte: int, end_byte: int) -> list[Match]:
        """The functions, classes and loops below `node` that touch the given bytes, and nothing else."""
        if self._outline is None:
            # Kept for good: tree-sitter 0.26 gives memory free twice where a query with settings is dropped.
            self._outline = Query(self._grammar, self._text)
            for pattern, (fact, _kind) in enumerate(self._facts):
                if fact not in OUTLINED:
                    self._outline.disable_pattern(pattern)
        return self._run(self._outline, node, start_byte, end_byte)


@cache
def syntax(language: str) -> Syntax:
    """The grammar and queries of a language by its name.

    Raises:
        KeyError: not a language of the table.
    """
    return Syntax(BY_NAME[language])
