"""Every command, setting and call of the contract is documented, and the version is the same everywhere."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path


def documentation(root: Path) -> str:
    pages = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    return "\n".join(page.read_text() for page in sorted(pages))


def commands(root: Path) -> list[str]:
    tree = ast.parse((root / "cli" / "foreload_cli" / "main.py").read_text())
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and ast.unparse(node.target) == "COMMANDS"
            and isinstance(node.value, ast.Dict)
        ):
            return [str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)]
    raise AssertionError("cli/foreload_cli/main.py has no table COMMANDS")


def contributed(root: Path) -> dict[str, object]:
    """What the manifest contributes, with its texts put in."""
    texts = json.loads((root / "package.nls.json").read_text())
    manifest = re.sub(r'"%([\w.-]+)%"', lambda named: json.dumps(texts[named[1]]), (root / "package.json").read_text())
    return json.loads(manifest)["contributes"]


def test_every_command_of_the_terminal(root: Path) -> None:
    text = documentation(root)
    missing = [name for name in commands(root) if not re.search(rf"foreload {name}\b|`{name}`", text)]
    assert not missing, f"in no page: foreload {missing}"


def test_every_command_of_the_repository(root: Path) -> None:
    text = documentation(root)
    scripts = json.loads((root / "package.json").read_text())["scripts"]
    forms = {name: (f"npm {name}", f"npm run {name}") for name in scripts}
    missing = [name for name, written in forms.items() if not any(form in text for form in written)]
    assert not missing, f"in no page: npm run {missing}"


def test_every_setting(root: Path) -> None:
    configuration = contributed(root).get("configuration", [])
    sections = configuration if isinstance(configuration, list) else [configuration]
    names = [name for section in sections for name in section["properties"]]
    text = documentation(root)
    assert names, "package.json contributes no settings"
    assert not [name for name in names if name not in text], "settings in no page"
    assert not [
        name for section in sections for name, entry in section["properties"].items()
        if not (entry.get("description") or entry.get("markdownDescription")) or "default" not in entry
    ], "settings without a default and a sentence"  # fmt: skip


def test_every_command_of_the_palette(root: Path) -> None:
    text = documentation(root)
    listed = contributed(root).get("commands", [])
    assert isinstance(listed, list)
    missing = [entry["title"] for entry in listed if entry["title"] not in text]
    assert not missing, f"in no page: {missing}"


def test_every_call_of_the_contract(root: Path) -> None:
    text = documentation(root)
    calls = [
        call for proto in sorted((root / "proto" / "foreload").rglob("*.proto"))
        for call in re.findall(r"^\s*rpc (\w+)\(", proto.read_text(), re.MULTILINE)
    ]  # fmt: skip
    assert calls
    assert not [call for call in calls if call not in text], "calls of the contract in no page"


def test_one_version(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    manifest = json.loads((root / "package.json").read_text())["version"]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert project == manifest == newest.group(1)
