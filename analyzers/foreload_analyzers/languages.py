"""The languages that can be analysed, one row each.

A language is a folder of queries (`queries/<name>/*.scm`, the same capture names everywhere), the node kinds of its
expressions below, and what is known of its libraries (`knowledge/<name>.py`). Nothing else in the analysis knows one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# The kinds of neutral expressions (see expressions.py).
NAME = "name"
NUMBER = "number"
TEXT = "text"
CALL = "call"
MEMBER = "member"
INDEX = "index"
SLICE = "slice"
BINARY = "binary"
UNARY = "unary"
ITEMS = "items"
COMPREHENSION = "comprehension"
KEYWORD = "keyword"
SPREAD = "spread"
CHOICE = "choice"
THROUGH = "through"
OTHER = "other"


@dataclass(frozen=True, slots=True)
class NodeKinds:
    """What a grammar calls things, where a query cannot say it.

    Attributes:
        expressions: node kind -> (kind of expression, then the names of the fields that hold its parts, or a word that
            tells containers apart).
        containers: node kind -> field that holds what is inside; their members are analysed and cached one by one.
        class_kinds: those containers that give their name to the functions inside.
    """

    expressions: Mapping[str, tuple[str, ...]]
    containers: Mapping[str, str] = field(default_factory=dict[str, str])
    class_kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        name: as it is written everywhere.
        grammar_module: the package of the grammar, imported when it is first needed.
        grammar_function: the function in it that yields the grammar.
        suffixes: of files, with the dot.
        interpreters: names on a `#!` line.
        knowledge: the module that holds what is known of its libraries.
        kinds: the node kinds of its grammar.
        splits: two texts at the top level that parse well alone mean the same one after the other, so that an edit
            needs only its own part to be parsed.
    """

    name: str
    grammar_module: str
    grammar_function: str
    suffixes: tuple[str, ...]
    interpreters: tuple[str, ...]
    knowledge: str
    kinds: NodeKinds
    splits: bool = False


PYTHON_KINDS = NodeKinds(
    expressions={
        "identifier": (NAME,),
        "true": (NAME,),
        "false": (NAME,),
        "none": (NAME,),
        "integer": (NUMBER,),
        "float": (NUMBER,),
        "string": (TEXT,),
        "concatenated_string": (TEXT,),
        "call": (CALL, "function", "arguments"),
        "attribute": (MEMBER, "object", "attribute"),
        "subscript": (INDEX, "value"),
        "slice": (SLICE,),
        "binary_operator": (BINARY, "left", "operator", "right"),
        "boolean_operator": (BINARY, "left", "operator", "right"),
        "comparison_operator": (BINARY,),
        "unary_operator": (UNARY, "argument"),
        "not_operator": (UNARY, "argument"),
        "list": (ITEMS, "list"),
        "tuple": (ITEMS, "tuple"),
        "set": (ITEMS, "set"),
        "dictionary": (ITEMS, "dict"),
        "expression_list": (ITEMS, "tuple"),
        "pattern_list": (ITEMS, "tuple"),
        "tuple_pattern": (ITEMS, "tuple"),
        "list_pattern": (ITEMS, "list"),
        "list_comprehension": (COMPREHENSION, "list"),
        "set_comprehension": (COMPREHENSION, "set"),
        "dictionary_comprehension": (COMPREHENSION, "dict"),
        "generator_expression": (COMPREHENSION, "generator"),
        "keyword_argument": (KEYWORD, "name", "value"),
        "list_splat": (SPREAD,),
        "dictionary_splat": (SPREAD,),
        "conditional_expression": (CHOICE,),
        "parenthesized_expression": (THROUGH,),
        "await": (THROUGH,),
        "as_pattern_target": (THROUGH,),
        "type": (THROUGH,),
    },
    containers={"class_definition": "body", "decorated_definition": "definition"},
    class_kinds=frozenset({"class_definition"}),
)

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        grammar_module="tree_sitter_python",
        grammar_function="language",
        suffixes=(".py", ".pyi", ".pyw"),
        interpreters=("python", "python3", "python2", "pypy", "pypy3"),
        knowledge="python",
        kinds=PYTHON_KINDS,
        splits=True,
    ),
)

BY_NAME: Mapping[str, Language] = {language.name: language for language in LANGUAGES}
BY_SUFFIX: Mapping[str, Language] = {suffix: language for language in LANGUAGES for suffix in language.suffixes}


def language_of(path_hint: str, first_line: bytes = b"") -> str | None:
    """The name of the language of a file, by its suffix, else by its `#!` line; None: not one of ours."""
    name = path_hint.replace("\\", "/").rsplit("/", 1)[-1]
    dot = name.rfind(".")
    if dot > 0:
        found = BY_SUFFIX.get(name[dot:].lower())
        return None if found is None else found.name
    if first_line.startswith(b"#!"):
        words = first_line[2:200].decode("ascii", "replace").replace("/", " ").split()
        for language in LANGUAGES:
            if any(
                word.rstrip(".0123456789") in language.interpreters or word in language.interpreters for word in words
            ):
                return language.name
    return None
