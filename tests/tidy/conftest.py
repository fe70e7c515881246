"""What the tidy tests look at: the files under version control, not what a person leaves lying about."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("proto/foreload_proto/v1/", "package-lock.json", "requirements/", "scripts/ide/package-lock.json")
TEXT_SUFFIXES = {".py", ".ts", ".mjs", ".js", ".json", ".md", ".toml", ".txt", ".scm", ".css", ".proto", ".yaml", ""}


@cache
def committed() -> tuple[Path, ...]:
    """All files of the repository, relative to its root; those not yet committed too, but none that git ignores."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(Path(line) for line in sorted(set(listing.splitlines())) if (ROOT / line).is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> tuple[Path, ...]:
    return committed()


@pytest.fixture(scope="session")
def texts(files: tuple[Path, ...]) -> dict[Path, str]:
    """Content of every text file, by its path below the root."""
    return {
        path: (ROOT / path).read_text(encoding="utf-8", errors="replace")
        for path in files
        if path.suffix in TEXT_SUFFIXES and (ROOT / path).stat().st_size < 2_000_000
    }


@pytest.fixture(scope="session")
def written(texts: dict[Path, str]) -> dict[Path, str]:
    """The text files that a person wrote."""
    return {path: text for path, text in texts.items() if not str(path).startswith(GENERATED)}
