"""Writes docs/REFERENCE.md from the programs' own definitions: commands, settings, calls of the contract.

python scripts/generate_reference.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from foreload_broker.config import PREFIX, BrokerSettings, allowed
from foreload_cli.main import COMMANDS
from steps.manifest import read_manifest

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "REFERENCE.md"
HEAD = """# Reference

Generated from the programs' own definitions by `npm run generate`; `npm run check` holds it to them.
"""


def _cell(text: object) -> str:
    return " ".join(str(text).replace("|", "\\|").split())


def _table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _terminal() -> str:
    rows: list[tuple[object, ...]] = [(f"`foreload {name}`", entry.summary) for name, entry in COMMANDS.items()]
    text = (
        "Each has `--help`; exit code 0, 1 for a failed job, 2 for bad usage; `--format json` where there is a table."
    )
    return f"## Commands of the terminal\n\n{text}\n\n{_table(('Command', 'Does'), rows)}"


def _editor(manifest: dict[str, object]) -> Iterator[str]:
    contributes = manifest["contributes"]
    assert isinstance(contributes, dict)
    commands: list[tuple[object, ...]] = [
        (f"{entry.get('category', '')}: {entry['title']}", f"`{entry['command']}`") for entry in contributes["commands"]
    ]
    yield f"## Commands of the palette\n\n{_table(('Command', 'Id'), list(commands))}"
    rows = [
        (
            f"`{name}`",
            f"`{json.dumps(entry.get('default'))}`",
            entry.get("markdownDescription") or entry.get("description"),
        )
        for name, entry in contributes["configuration"]["properties"].items()
    ]
    yield f"## Settings of VS Code\n\n{_table(('Setting', 'Default', 'Means'), list(rows))}"


def _broker() -> str:
    rows: list[tuple[object, ...]] = []
    for name, field in BrokerSettings.model_fields.items():
        default = "" if field.default_factory is not None or field.is_required() else f"`{field.default}`"
        rows.append((f"`{PREFIX}{name.upper()}`", default, f"{field.description}; {allowed(field)}"))
    text = "Also options of `foreload broker`: `FORELOAD_BROKER_TICK_SECONDS` is `--tick-seconds`."
    return f"## Settings of the broker\n\n{text}\n\n{_table(('Variable', 'Default', 'Means; allowed'), rows)}"


def _contract() -> Iterator[str]:
    where = "Package `foreload.v1`, in `proto/foreload/v1/`; ARCHITECTURE.md says who may call what."
    yield f"## Calls of the contract\n\n{where}\n"
    for file in sorted((ROOT / "proto" / "foreload" / "v1").glob("*.proto")):
        text = file.read_text(encoding="utf-8")
        for service, body in re.findall(r"^service (\w+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            rows: list[tuple[object, ...]] = []
            pattern = r"((?:^\s*//[^\n]*\n)*)^\s*rpc (\w+)\((stream )?(\w+)\) returns \((stream )?(\w+)\)"
            for comment, call, asks, asked, answers, answer in re.findall(pattern, body, re.MULTILINE):
                words = " ".join(line.strip().removeprefix("//").strip() for line in comment.splitlines())
                rows.append((f"`{call}`", f"{asks}`{asked}`", f"{answers}`{answer}`", words))
            yield f"### {service}\n\n{_table(('Call', 'Takes', 'Gives', 'Does'), rows)}"


def reference() -> str:
    """The whole page."""
    manifest = read_manifest()
    return "\n".join([HEAD, _terminal(), *_editor(manifest), _broker(), *_contract()])


def main() -> int:
    """Exit code 1 if `--check` finds the page out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    arguments = parser.parse_args()
    text = reference()
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    if arguments.check:
        print(f"{TARGET.relative_to(ROOT)} is not what the programs define: run npm run generate", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
