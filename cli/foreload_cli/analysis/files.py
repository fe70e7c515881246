"""Finds the files of a tree that can be analysed, as git would see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# Not the project's own code, also where no .gitignore says so.
NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache"})
ENVIRONMENT_MARK = "pyvenv.cfg"  # a folder with this file is a virtual environment


def find_files(top: Path) -> Iterator[Path]:
    """All files of known languages below a folder, in the order of their names; links to folders are not followed."""
    yield from _walk(top, _specs_above(top))


def _walk(folder: Path, specs: list[tuple[Path, GitIgnoreSpec]]) -> Iterator[Path]:
    from foreload_analyzers.languages import language_of

    own = _spec(folder)
    specs = [*specs, (folder, own)] if own is not None else specs
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError:
        return  # a folder that may not be read holds nothing for us
    for entry in entries:
        if entry.is_dir():
            skip = entry.name in NEVER or entry.is_symlink() or (entry / ENVIRONMENT_MARK).exists()
            if not skip and not _ignored(entry, specs, is_folder=True):
                yield from _walk(entry, specs)
        elif entry.is_file() and language_of(entry.name) is not None and not _ignored(entry, specs, is_folder=False):
            yield entry


def _specs_above(top: Path) -> list[tuple[Path, GitIgnoreSpec]]:
    """The ignore files of the folders around, up to the root of the repository."""
    found: list[tuple[Path, GitIgnoreSpec]] = []
    folder = top.resolve()
    while not (folder / ".git").exists():
        if folder.parent == folder:
            return []  # no repository: what lies above is not about these files
        folder = folder.parent
        spec = _spec(folder)
        if spec is not None:
            found.insert(0, (folder, spec))
    return found


def _spec(folder: Path) -> GitIgnoreSpec | None:
    from pathspec import GitIgnoreSpec

    try:
        lines = (folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(lines)


def _ignored(entry: Path, specs: list[tuple[Path, GitIgnoreSpec]], *, is_folder: bool) -> bool:
    """Whether the ignore files leave an entry out; the one nearest to it that says anything decides."""
    place = entry.resolve() if specs and specs[0][0].is_absolute() else entry
    for folder, spec in reversed(specs):
        base = folder.resolve() if place.is_absolute() else folder
        try:
            relative = place.relative_to(base).as_posix()
        except ValueError:
            continue
        result = spec.check_file(relative + "/" if is_folder else relative)
        if result.include is not None:
            return result.include
    return False
