"""Gathers the words that the extension shows into l10n/bundle.l10n.json.

python scripts/generate_words.py [--check]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "extension" / "words.mjs"


def main() -> int:
    """Exit code 1 if `--check` finds the file out of date."""
    return subprocess.run(["node", str(PROGRAM), *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
