"""The languages that can be analysed, one row each.

A language is a folder of queries (`queries/<name>/*.scm`, the same capture names everywhere), the node kinds of its
expressions (kinds.py), and what is known of its libraries (`knowledge/<name>.py`). Nothing else in the analysis knows
one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from foreload_analyzers import kinds
from foreload_analyzers.kinds import (
    BINARY,
    CALL,
    CHOICE,
    COMPREHENSION,
    INDEX,
    ITEMS,
    KEYWORD,
    MEMBER,
    NAME,
    NUMBER,
    OTHER,
    SLICE,
    SPREAD,
    TEXT,
    UNARY,
    NodeKinds,
)

# The kinds of expressions are spoken of by everyone who reads facts.
__all__ = [
    "BINARY",
    "BY_NAME",
    "BY_SUFFIX",
    "CALL",
    "CHOICE",
    "COMPREHENSION",
    "INDEX",
    "ITEMS",
    "KEYWORD",
    "LANGUAGES",
    "MEMBER",
    "NAME",
    "NUMBER",
    "OTHER",
    "SLICE",
    "SPREAD",
    "TEXT",
    "UNARY",
    "Language",
    "NodeKinds",
    "language_of",
]


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
        queries: folders of queries, where they are not one of the language's own name: languages share what is alike.
        ids: other names that editors know it by.
    """

    name: str
    grammar_module: str
    grammar_function: str
    suffixes: tuple[str, ...]
    interpreters: tuple[str, ...]
    knowledge: str
    kinds: NodeKinds
    splits: bool = False
    queries: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        grammar_module="tree_sitter_python",
        grammar_function="language",
        suffixes=(".py", ".pyi", ".pyw"),
        interpreters=("python", "python3", "python2", "pypy", "pypy3"),
        knowledge="python",
        kinds=kinds.PYTHON,
        splits=True,
    ),
    Language(
        name="java",
        grammar_module="tree_sitter_java",
        grammar_function="language",
        suffixes=(".java",),
        interpreters=("java",),
        knowledge="java",
        kinds=kinds.JAVA,
    ),
    Language(
        name="cpp",
        grammar_module="tree_sitter_cpp",
        grammar_function="language",
        # A `.h` may be C's as well, which C++'s grammar reads too.
        suffixes=(
            *(".cpp", ".cc", ".cxx", ".c++", ".h", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".inl"),
            *(".cu", ".cuh", ".ixx", ".cppm"),
        ),
        interpreters=(),
        knowledge="cpp",
        kinds=kinds.CPP,
        queries=("c_family", "cpp"),
        ids=("cuda-cpp", "cuda"),
    ),
    Language(
        name="c",
        grammar_module="tree_sitter_c",
        grammar_function="language",
        suffixes=(".c",),
        interpreters=(),
        knowledge="cpp",
        kinds=kinds.C,
        queries=("c_family", "c"),
    ),
    Language(
        name="javascript",
        grammar_module="tree_sitter_javascript",
        grammar_function="language",
        suffixes=(".js", ".mjs", ".cjs", ".jsx", ".es6"),
        interpreters=("node", "nodejs", "bun"),
        knowledge="javascript",
        kinds=kinds.ECMASCRIPT,
        queries=("ecmascript", "javascript"),
        ids=("javascriptreact",),
    ),
    Language(
        name="typescript",
        grammar_module="tree_sitter_typescript",
        grammar_function="language_typescript",
        suffixes=(".ts", ".mts", ".cts"),
        interpreters=("deno", "ts-node", "tsx"),
        knowledge="javascript",
        kinds=kinds.ECMASCRIPT,
        queries=("ecmascript", "typescript"),
    ),
    Language(
        name="tsx",
        grammar_module="tree_sitter_typescript",
        grammar_function="language_tsx",
        suffixes=(".tsx",),
        interpreters=(),
        knowledge="javascript",
        kinds=kinds.ECMASCRIPT,
        queries=("ecmascript", "typescript"),
        ids=("typescriptreact",),
    ),
    Language(
        name="go",
        grammar_module="tree_sitter_go",
        grammar_function="language",
        suffixes=(".go",),
        interpreters=(),
        knowledge="go",
        kinds=kinds.GO,
    ),
    Language(
        name="rust",
        grammar_module="tree_sitter_rust",
        grammar_function="language",
        suffixes=(".rs",),
        interpreters=("rust-script",),
        knowledge="rust",
        kinds=kinds.RUST,
    ),
)

BY_NAME: Mapping[str, Language] = {language.name: language for language in LANGUAGES}
BY_ID: Mapping[str, Language] = {**{one: language for language in LANGUAGES for one in language.ids}, **BY_NAME}
"""Languages by all names that editors know them by."""
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
