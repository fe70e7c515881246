"""Writes everything that is generated: the contract's Python code, the extension's settings, the profile's schema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent


def main() -> int:
    """Runs every scripts/generate_*.py with the given arguments (--check changes nothing); exit code 1 if one fails."""
    codes = [
        subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=False).returncode
        for script in sorted(SCRIPTS.glob("generate_*.py"))
    ]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
