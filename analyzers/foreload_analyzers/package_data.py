"""The one place that reads the package's own data files."""

from __future__ import annotations

from importlib import resources


def query_text(language: str) -> str:
    """All queries of a language, its files in the order of their names.

    Raises:
        FileNotFoundError: the package holds no queries for the language.
    """
    folder = resources.files(__package__).joinpath("queries", language)
    if not folder.is_dir():
        raise FileNotFoundError(f"no queries for {language!r} in the package")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".scm")), key=lambda entry: entry.name)
    return "\n".join(entry.read_text(encoding="utf-8") for entry in files)
