"""Runs one of the repository's scripts that needs its Python packages; sets those up first where they are missing."""

from __future__ import annotations

import subprocess
import sys

import prepare
from steps.places import ROOT, VENV_PYTHON
from steps.running import StepError


def main() -> int:
    """Exit code of the script; 1 when the set-up failed, 2 without a script."""
    if len(sys.argv) < 2:
        print("usage: with_packages.py SCRIPT [ARGUMENT...]", file=sys.stderr)
        return 2
    try:
        prepare.prepare("check")
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    return subprocess.run([str(VENV_PYTHON), *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
