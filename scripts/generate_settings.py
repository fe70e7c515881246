"""Writes the settings in package.json and their texts in package.nls.json, as the daemon defines them.

python scripts/generate_settings.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, cast

from foreload_daemon.settings import vscode_configuration

ROOT = Path(__file__).resolve().parent.parent
MANIFEST, TEXTS = ROOT / "package.json", ROOT / "package.nls.json"
OWN = "setting."
"""What the names of the settings' texts begin with."""


def _as_npm_writes(value: Any) -> Any:
    """The same values with whole numbers as integers, which is how npm writes them back."""
    if isinstance(value, dict):
        return {key: _as_npm_writes(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_as_npm_writes(inner) for inner in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def generated(manifest_text: str, nls_text: str) -> tuple[str, str]:
    """Both files with the settings as the daemon defines them; all else stays."""
    manifest, nls = json.loads(manifest_text), json.loads(nls_text)
    configuration = _as_npm_writes(vscode_configuration())
    texts: dict[str, str] = {}
    for name, entry in configuration["properties"].items():
        for part in ("markdownDescription", "patternErrorMessage"):
            if part in entry:
                key = f"{OWN}{name.removeprefix('foreload.')}.{part}"
                texts[key], entry[part] = entry[part], f"%{key}%"
    manifest["contributes"]["configuration"] = configuration
    kept = {name: text for name, text in nls.items() if not name.startswith(OWN)}
    return _written(manifest), _written(kept | texts)


def _written(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Exit code 1 if `--check` finds a file out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    arguments = parser.parse_args()
    before = MANIFEST.read_text(encoding="utf-8"), TEXTS.read_text(encoding="utf-8")
    after = generated(*before)
    if before == after:
        return 0
    if arguments.check:
        print("package.json: its settings differ from the daemon's own; run scripts/generate_settings.py")
        return 1
    MANIFEST.write_text(after[0], encoding="utf-8")
    TEXTS.write_text(after[1], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
