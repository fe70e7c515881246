"""Writes contributes.configuration of package.json from the daemon's own definitions.

python scripts/generate_settings.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, cast

from foreload_daemon.settings import vscode_configuration

MANIFEST = Path(__file__).resolve().parent.parent / "package.json"


def _as_npm_writes(value: Any) -> Any:
    """The same values with whole numbers as integers, which is how npm writes them back."""
    if isinstance(value, dict):
        return {key: _as_npm_writes(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_as_npm_writes(inner) for inner in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def generated(text: str) -> str:
    """The manifest's text with the settings as the daemon defines them; all else stays."""
    manifest = json.loads(text)
    manifest["contributes"]["configuration"] = _as_npm_writes(vscode_configuration())
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Exit code 1 if `--check` finds the manifest out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    arguments = parser.parse_args()
    before = MANIFEST.read_text(encoding="utf-8")
    after = generated(before)
    if before == after:
        return 0
    if arguments.check:
        print("package.json: its settings differ from the daemon's own; run scripts/generate_settings.py")
        return 1
    MANIFEST.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
