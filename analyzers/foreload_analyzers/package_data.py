"""The one place that reads the package's own data and loads what belongs to a language only when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import cast

from tree_sitter import Language as Grammar

_PACKAGE = "foreload_analyzers"


def query_text(folders: Sequence[str]) -> str:
    """All queries of a language, folder by folder, files in the order of their names.

    Raises:
        FileNotFoundError: the package holds no such folder.
    """
    from importlib import resources

    texts: list[str] = []
    for name in folders:
        folder = resources.files(_PACKAGE).joinpath("queries", name)
        if not folder.is_dir():
            raise FileNotFoundError(f"no queries for {name!r} in the package")
        entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".scm")), key=lambda one: one.name)
        texts += [entry.read_text(encoding="utf-8") for entry in entries]
    return "\n".join(texts)


def grammar_of(module: str, function: str) -> Grammar:
    """The grammar that a package of its own brings."""
    return Grammar(getattr(import_module(module), function)())  # pyright: ignore[reportDeprecated]


@cache
def knowledge_of(name: str) -> ModuleType:
    """What is known of a language's libraries. A table that its module leaves out is empty; Python's has them all."""
    found, model = import_module(f"{_PACKAGE}.knowledge.{name}"), import_module(f"{_PACKAGE}.knowledge.python")
    for key, table in vars(model).items():
        if key.isupper() and not hasattr(found, key):
            empty = isinstance(table, (dict, frozenset, tuple, bool))
            setattr(found, key, type(cast("object", table))() if empty else table)
    return found


def model_data(name: str) -> bytes:
    """The bytes of a fitted model.

    Raises:
        FileNotFoundError: the package holds no model of that name.
    """
    from importlib import resources

    entry = resources.files(_PACKAGE).joinpath("models", f"{name}.bin")
    if not entry.is_file():
        raise FileNotFoundError(f"no model {name!r} in the package")
    return entry.read_bytes()
