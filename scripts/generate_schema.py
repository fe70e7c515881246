"""Writes the profile's JSON Schema, as the core defines it, to where the extension ships it.

python scripts/generate_schema.py [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from foreload_core.profile import PROFILE_SCHEMA

TARGET = Path(__file__).resolve().parent.parent / "extension" / "schemas" / "profile.schema.json"


def main() -> int:
    """Exit code 1 if `--check` finds the file out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if something would change")
    arguments = parser.parse_args()
    text = json.dumps(PROFILE_SCHEMA, indent=2, ensure_ascii=False) + "\n"
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    name = TARGET.relative_to(TARGET.parents[2])
    if arguments.check:
        print(f"{name} is not what the core defines: run npm run generate", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
