"""Where things lie: the repository, its virtual environment, and the cache that outlives the clone."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
NODE_MODULES = ROOT / "node_modules"
DIST = ROOT / "dist"
OUT = ROOT / "out"
RESULTS = ROOT / "results"
PACKAGE_FOLDERS = ("agent", "analyzers", "broker", "cli", "core", "daemon", "proto", "system")


def is_root() -> bool:
    """Whether this process may do everything on this machine."""
    return os.geteuid() == 0


def cache_directory() -> Path:
    """What is downloaded once a machine: $FORELOAD_CACHE_DIR, else /var/cache/foreload as root, else the user's."""
    named = os.environ.get("FORELOAD_CACHE_DIR")
    if named:
        return Path(named)
    if is_root():
        return Path("/var/cache/foreload")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foreload"


def tool(name: str) -> str:
    """The path of a program that npm installed into the repository."""
    return str(NODE_MODULES / ".bin" / name)


def find_npm() -> str:
    """The npm on PATH; the scripts cannot go on without it."""
    found = shutil.which("npm")
    if found is None:
        raise SystemExit("npm was not found on PATH. Install Node.js 20 or newer, with npm.")
    return found


def files_below(places: Iterable[Path], suffixes: tuple[str, ...] = ()) -> list[Path]:
    """All files in these files and folders, sorted; caches and what Python compiled are left out.

    Args:
        places: files or folders; what does not exist is passed over.
        suffixes: endings that a file may have; empty for all.
    """
    found: set[Path] = set()
    for place in places:
        inside = place.rglob("*") if place.is_dir() else [place]
        found.update(
            p for p in inside if p.is_file() and "__pycache__" not in p.parts and (not suffixes or p.suffix in suffixes)
        )
    return sorted(found)


def fingerprint(files: Iterable[Path], *texts: str) -> str:
    """A short hash of names and contents, the same wherever the repository lies."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    for path in files:
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
