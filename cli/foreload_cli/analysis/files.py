"""Finds the files of a tree that can be analysed, as git would see it, and counts what is left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# Not the project's own code, also where no .gitignore says so.
NEVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache"})
ENVIRONMENT_MARK = "pyvenv.cfg"  # a folder with this file is a virtual environment


@dataclass(slots=True)
class LeftOut:
    """What a search passed over.

    Attributes:
        ignored_files, ignored_folders: by a .gitignore.
        package_folders: installed packages, caches and version control.
        links: to folders.
        other_files: in no language of the table.
        unreadable: folders that may not be read, by name.
        unfit: files that were looked at and cannot be analysed, by reason.
    """

    ignored_files: int = 0
    ignored_folders: int = 0
    package_folders: int = 0
    links: int = 0
    other_files: int = 0
    unreadable: list[str] = field(default_factory=list[str])
    unfit: Counter[str] = field(default_factory=Counter[str])

    def words(self) -> str:
        """What was left out, in one phrase; empty where nothing was."""
        parts = [
            _count(self.ignored_files, "file", " by .gitignore"),
            _count(self.ignored_folders, "folder", " by .gitignore"),
            _count(self.package_folders, "folder", " of packages, caches or version control"),
            _count(self.links, "link", " to folders"),
            _count(self.other_files, "file", " in no known language"),
            *(_count(number, "file", f": {reason}") for reason, number in sorted(self.unfit.items())),
        ]
        return ", ".join(part for part in parts if part)


def _count(number: int, word: str, rest: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}{rest}" if number else ""


def find_files(top: Path, left_out: LeftOut) -> Iterator[Path]:
    """All files of known languages below a folder, in the order of their names; links to folders are not followed.

    Args:
        top: the folder.
        left_out: what is passed over is counted in it.
    """
    yield from _walk(top, _specs_above(top), left_out)


def _walk(folder: Path, specs: list[tuple[Path, GitIgnoreSpec]], left_out: LeftOut) -> Iterator[Path]:
    from foreload_analyzers.languages import language_of

    own = _spec(folder)
    specs = [*specs, (folder, own)] if own is not None else specs
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        left_out.unreadable.append(f"{folder}: {error.strerror or error}")
        return
    for entry in entries:
        place = folder / entry.name
        if entry.is_dir():
            if entry.is_symlink():
                left_out.links += 1
            elif entry.name in NEVER or (place / ENVIRONMENT_MARK).exists():
                left_out.package_folders += 1
            elif _ignored(place, specs, is_folder=True):
                left_out.ignored_folders += 1
            else:
                yield from _walk(place, specs, left_out)
        elif entry.is_file():
            if language_of(entry.name) is None:
                left_out.other_files += 1
            elif _ignored(place, specs, is_folder=False):
                left_out.ignored_files += 1
            else:
                yield place


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
    if not specs:
        return False
    place = entry.resolve() if specs[0][0].is_absolute() else entry
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
