"""core and analyzers touch nothing: an allow-list of imports, and no call that reads a clock, a file or chance."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ALLOWED = {
    "__future__", "abc", "array", "ast", "binascii", "bisect", "builtins", "collections", "copy", "dataclasses",
    "datetime", "difflib",
    "enum", "fractions", "functools", "hashlib", "heapq", "importlib", "itertools", "json", "keyword", "math",
    "numbers", "operator", "re", "statistics", "string", "struct", "textwrap", "token", "tokenize", "types", "typing",
    "unicodedata", "warnings", "zlib", "zoneinfo", "dateutil", "numpy", "radon", "tree_sitter", "tree_sitter_python",
    "foreload_core", "foreload_analyzers",
}  # fmt: skip
ONE_LOADER = {"importlib"}  # package data is read by one module
FORBIDDEN_CALLS = {
    "now",
    "utcnow",
    "today",
    "open",
    "input",
    "print",
    "exec",
    "eval",
    "getenv",
    "urandom",
    "default_rng",
    "seed",
}
CLOCKS_AND_CHANCE = {"datetime", "date", "time", "random", "np", "numpy", "os"}
FORBIDDEN_NAMES = {"open", "input", "print", "exec", "eval", "__import__"}


def pure_modules(root: Path) -> list[Path]:
    return sorted(path for folder in ("core", "analyzers") for path in (root / folder).rglob("*.py"))


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


def test_only_allowed_imports(root: Path) -> None:
    foreign = {
        f"{path.relative_to(root)}: {name}"
        for path in pure_modules(root)
        for name in imported(ast.parse(path.read_text())) - ALLOWED
    }
    assert not foreign, f"core and analyzers import what they must not: {sorted(foreign)}"


def test_package_data_has_one_loader(root: Path) -> None:
    loaders = [
        path.relative_to(root) for path in pure_modules(root) if imported(ast.parse(path.read_text())) & ONE_LOADER
    ]
    assert len(loaders) <= 2, f"package data is read in more than one module each: {loaders}"


def test_no_call_that_touches_the_world(root: Path) -> None:
    found: list[str] = []
    for path in pure_modules(root):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            bad = (isinstance(called, ast.Name) and called.id in FORBIDDEN_NAMES) or (
                isinstance(called, ast.Attribute)
                and called.attr in FORBIDDEN_CALLS
                and ast.unparse(called.value).split(".")[0] in CLOCKS_AND_CHANCE
            )
            if bad:
                found.append(f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(called)}")
    assert not found, f"core and analyzers must not read clocks, files or chance: {found}"


@pytest.mark.parametrize("text", ["import datetime\ndatetime.datetime.now()", "open('x')"])
def test_the_rule_sees_what_it_is_for(text: str) -> None:
    calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert any(
        (isinstance(call, ast.Name) and call.id in FORBIDDEN_NAMES)
        or (isinstance(call, ast.Attribute) and call.attr in FORBIDDEN_CALLS)
        for call in calls
    )
