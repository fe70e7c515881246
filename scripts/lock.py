"""Locks the Python packages with hashes, for Python 3.11 to 3.13; with --check, says offline if the locks fit."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib

from steps.places import ROOT, VENV

REQUIREMENTS = ROOT / "requirements"
MARK = re.compile(r"^# inputs: ([0-9a-f]{16})$", re.MULTILINE)
TARGETS: dict[str, list[str]] = {"runtime.txt": [], "dev.txt": ["--group", "dev"], "rivals.txt": []}
OWN_INPUTS = {"rivals.txt": "rivals.in"}
"""Locks that are made from a list of their own: tools that only the bench compares with, and installs on demand."""


def inputs(name: str) -> str:
    """Hash of what a lock is made from: the dependencies named in pyproject.toml or in its own list, in any order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if name in OWN_INPUTS:
        named = (REQUIREMENTS / OWN_INPUTS[name]).read_text().splitlines()
        text = json.dumps([project["project"]["requires-python"], sorted(line for line in named if line[:1].isalpha())])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    wanted = sorted(project["project"]["dependencies"])
    if "--group" in TARGETS[name]:
        wanted += sorted(project["dependency-groups"]["dev"])
    text = json.dumps([project["project"]["requires-python"], wanted])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_of(name: str) -> str:
    """The file that names what a lock holds."""
    return f"requirements/{OWN_INPUTS[name]}" if name in OWN_INPUTS else "pyproject.toml"


def python_problems() -> list[str]:
    """Locks that do not belong to today's pyproject.toml, or that lack a hash."""
    problems: list[str] = []
    for name in TARGETS:
        text = (REQUIREMENTS / name).read_text()
        mark = MARK.search(text)
        if mark is None or mark.group(1) != inputs(name):
            problems.append(
                f"requirements/{name} was made from other dependencies than {source_of(name)} names: npm run lock"
            )
        packages = re.findall(r"^[a-zA-Z0-9][^\n]*==[^\n]*(?:\n {4}[^\n]*)*", text, re.MULTILINE)
        problems += [
            f"requirements/{name}: no hash for {line.split()[0]}" for line in packages if "--hash=" not in line
        ]
    return problems


def node_problems() -> list[str]:
    """Whether package-lock.json was made from the dependencies that package.json names, with a hash each."""
    problems: list[str] = []
    for folder in (ROOT, ROOT / "scripts" / "ide"):
        manifest = json.loads((folder / "package.json").read_text())
        packages = json.loads((folder / "package-lock.json").read_text())["packages"]
        where = (folder / "package-lock.json").relative_to(ROOT)
        for kind in ("dependencies", "devDependencies", "optionalDependencies"):
            same = manifest.get(kind, {}) == packages[""].get(kind, {})
            problems += [] if same else [f"{where} was made from other {kind} than package.json names: npm install"]
        problems += [
            f"{where}: no hash for {name}" for name, entry in packages.items() if name and "integrity" not in entry
        ]
    return problems


def write() -> int:
    """Resolves anew with uv; needs the network."""
    uv = shutil.which("uv", path=f"{VENV / 'bin'}:{sys.prefix}/bin") or shutil.which("uv")
    if uv is None:
        print("Locking needs uv: .venv/bin/python -m pip install uv", file=sys.stderr)
        return 1
    for name, group in TARGETS.items():
        target = REQUIREMENTS / name
        command = [
            uv,
            "pip",
            "compile",
            source_of(name),
            *group,
            "--universal",
            "--python-version",
            "3.11",
            "-o",
            str(target),
        ]
        command += [
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--no-header",
            "-q",
            *sys.argv[1:],
        ]
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            return 1
        mark = f"# Made by npm run lock from {source_of(name)}, for Python 3.11 to 3.13.\n# inputs: {inputs(name)}\n"
        target.write_text(mark + target.read_text())
        print(f"requirements/{name}: {target.read_text().count('==')} packages")
    return 0


def main() -> int:
    """Exit code 1 and one line a problem."""
    if "--check" not in sys.argv[1:]:
        return write()
    problems = [*python_problems(), *node_problems()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
