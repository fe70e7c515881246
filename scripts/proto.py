"""Writes the contract's Python code anew, after linting it and comparing it with the committed image."""

from __future__ import annotations

import subprocess
import sys

import prepare
from steps.places import ROOT, VENV_PYTHON, tool
from steps.running import StepError, say


def main() -> int:
    """Exit code 1 when something is refused; `--accept` makes the definitions the image to compare with."""
    try:
        prepare.prepare("check")
    except StepError as error:
        say(str(error))
        return 1
    proto = ROOT / "proto"
    commands = [
        [tool("buf"), "lint"],
        [tool("buf"), "breaking", "--against", "baseline.binpb"],
        [str(VENV_PYTHON), str(ROOT / "scripts" / "generate_proto.py")],
    ]
    if "--accept" in sys.argv[1:]:
        commands[1] = [tool("buf"), "build", "-o", "baseline.binpb"]
    for command in commands:
        if subprocess.run(command, cwd=proto, check=False).returncode != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
