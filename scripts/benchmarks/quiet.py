"""How seldom real libraries get a line above a function: a lens should mean something."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import NamedTuple

from foreload_analyzers import analyze, heavy
from foreload_analyzers.generated import HEAD_BYTES, is_generated

LIBRARIES = (
    "alembic", "cryptography", "grpc", "hypothesis", "jinja2", "kubernetes", "matplotlib", "numpy", "pandas", "pip",
    "prophet", "psutil", "pydantic", "pygls", "radon", "requests", "rich", "sqlalchemy", "typer", "urllib3",
)  # fmt: skip
FILES = 15  # of each library, evenly over its names
SMALLEST_BYTES, LARGEST_BYTES = 1_000, 150_000
ALLOWED_LINES = 60  # fewer lines a lens than this would be noise


class Quiet(NamedTuple):
    """What a library's files got: lines of code read, lenses, and findings that cost more than they need to."""

    library: str
    lines: int
    lenses: int
    bottlenecks: int


def quiet_libraries() -> list[Quiet]:
    """The libraries of this environment that are in the list, in its order; generated files are left out."""
    packages = Path(sysconfig.get_paths()["purelib"])
    found: list[Quiet] = []
    for library in LIBRARIES:
        paths = sorted((packages / library).rglob("*.py"))
        paths = [path for path in paths if SMALLEST_BYTES <= path.stat().st_size <= LARGEST_BYTES]
        lines = lenses = bottlenecks = 0
        for path in paths[:: max(1, len(paths) // FILES)][:FILES]:
            source = path.read_bytes()
            inside = str(path.relative_to(packages))
            if is_generated(inside, source[:HEAD_BYTES]):
                continue
            report = analyze(source, "python", inside)
            lines += source.count(b"\n")
            lenses += len(heavy(report))
            bottlenecks += sum(len(function.bottlenecks) for function in report.functions)
        if lines:
            found.append(Quiet(library, lines, lenses, bottlenecks))
    return found


def quiet_row() -> str:
    """One line for the benchmark: lenses over all lines, and the library with most of them."""
    found = quiet_libraries()
    lines, lenses = sum(row.lines for row in found), sum(row.lenses for row in found)
    loudest = min(found, key=lambda row: row.lines / max(row.lenses, 1))
    return (
        f"lenses: 1 in {lines / max(lenses, 1):.0f} lines of {len(found)} libraries ({lines} lines); most in "
        f"{loudest.library}, 1 in {loudest.lines / max(loudest.lenses, 1):.0f}; allowed is 1 in {ALLOWED_LINES}"
    )


if __name__ == "__main__":
    for row in quiet_libraries():
        print(f"{row.library:14s} {row.lines:6d} lines, {row.lenses:3d} lenses, {row.bottlenecks:3d} bottlenecks")
    print(quiet_row())
