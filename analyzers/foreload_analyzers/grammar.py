"""Parsers and compiled queries, each made once, when first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tree_sitter import Node, Parser, Query, QueryCursor

from foreload_analyzers.languages import BY_NAME, Language
from foreload_analyzers.package_data import grammar_of, query_text


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
        self._query = Query(self._grammar, query_text(language.name))
        settings = [self._query.pattern_settings(index) for index in range(self._query.pattern_count)]
        self._facts = [(str(setting["fact"]), str(setting.get("kind") or "")) for setting in settings]

    def parser(self) -> Parser:
        """A new parser; parsers keep state, so each document has its own."""
        return Parser(self._grammar)

    def matches(self, node: Node, start_byte: int, end_byte: int) -> list[Match]:
        """All findings below `node` that touch the given bytes."""
        cursor = QueryCursor(self._query)
        cursor.set_byte_range(start_byte, end_byte)
        facts = self._facts
        return [Match(*facts[pattern], nodes) for pattern, nodes in cursor.matches(node)]


@cache
def syntax(language: str) -> Syntax:
    """The grammar and queries of a language by its name.

    Raises:
        KeyError: not a language of the table.
    """
    return Syntax(BY_NAME[language])
