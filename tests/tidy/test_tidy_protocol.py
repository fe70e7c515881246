"""extension/src/protocol.ts says the same as daemon/foreload_daemon/protocol.py: constants, messages, fields, types."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

FUTURE = "from __future__ import annotations"
SIMPLE = {"str": "string", "bool": "boolean", "int": "number", "float": "number", "None": "null"}


def typescript(annotation: ast.expr) -> str:
    """The TypeScript type of a Python annotation, with its parts in order."""
    match annotation:
        case ast.Constant(value=None):
            return "null"
        case ast.Constant(value=str() as name):
            return name
        case ast.Name(id=name):
            return SIMPLE.get(name, name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{typescript(left)} | {typescript(right)}"
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            element = typescript(inner)
            return f"({element})[]" if "|" in element else f"{element}[]"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=elements)):
            return f"[{', '.join(typescript(element) for element in elements)}]"
        case _:
            pytest.fail(f"protocol.py uses a type that has no counterpart: {ast.unparse(annotation)}")


def python_side(root: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    folder = root / "daemon" / "foreload_daemon"
    tree = ast.parse("\n".join(path.read_text() for path in sorted(folder.glob("protocol*.py"))).replace(FUTURE, ""))
    constants: dict[str, str] = {}
    messages: dict[str, dict[str, str]] = {}
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.targets[0], ast.Name)
        ):
            constants[node.targets[0].id] = str(node.value.value)
        elif isinstance(node, ast.ClassDef):
            fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
            messages[node.name] = {ast.unparse(item.target): typescript(item.annotation) for item in fields}
    return constants, messages


def typescript_side(root: Path) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    text = "\n".join(path.read_text() for path in sorted((root / "extension" / "src").glob("protocol*.ts")))
    constants = dict(re.findall(r"^export const (\w+) = '([^']*)'", text, re.MULTILINE))
    messages: dict[str, dict[str, str]] = {}
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        messages[name] = {
            field: " ".join(kind.split())
            for field, kind in re.findall(r"^\s*(?:readonly )?(\w+): ([^;]+);", body, re.MULTILINE)
        }
    return constants, messages


def test_methods_are_the_same(root: Path) -> None:
    assert typescript_side(root)[0] == python_side(root)[0]


def test_messages_are_the_same(root: Path) -> None:
    python, script = python_side(root)[1], typescript_side(root)[1]
    assert set(script) == set(python)
    different = {name: (python[name], script[name]) for name in python if python[name] != script[name]}
    assert not different, f"differ (Python, TypeScript): {different}"
