"""`foreload analyze`: tags of files and trees."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from foreload_cli.analysis.files import LeftOut
    from foreload_cli.analysis.profiles import Measured
    from foreload_cli.analysis.work import Outcome, Task

STANDARD_INPUT = "-"


class Format(StrEnum):
    """How the tags are printed."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"


def command(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders; - reads standard input")],
    form: Annotated[Format, typer.Option("--format", help="How to print")] = Format.TABLE,
    language: Annotated[
        str | None, typer.Option(help="Language of standard input and of files without a known suffix")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="Worker processes [one for each core]")] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PROFILE", help="Compare with a profile of cProfile, py-spy (raw, speedscope) or `perf script`"
        ),
    ] = None,
) -> None:
    """Tags of files or trees: growth of time and memory, hot loops, kinds of algorithm and program, bottlenecks.

    Folders are searched for files of known languages, without what .gitignore leaves out. JSON is one object a line,
    a file each. With --against, the ranking of the functions is compared with where a profile saw the time go.
    """
    from foreload_cli.analysis.files import LeftOut
    from foreload_cli.analysis.work import analyze_all

    _check_language(language, paths)
    measured = None if against is None else _read_profile(against, form)
    left_out = LeftOut()
    tasks, failures = _tasks(paths, language, left_out, with_columns=form is Format.SARIF)
    has_folder = any(Path(path).is_dir() for path in paths)
    outcomes = _with_progress(analyze_all(tasks, jobs), len(tasks))
    outcomes = _counted(outcomes, left_out)
    if measured is not None:
        from foreload_cli.analysis.against import compare

        printed = compare(outcomes, measured, as_json=form is Format.JSON)
    elif form is Format.JSON:
        from foreload_cli.analysis.as_json import print_json

        printed = print_json(outcomes)
    elif form is Format.SARIF:
        from foreload_cli.analysis.as_sarif import print_sarif

        printed = print_sarif(outcomes)
    else:
        from foreload_cli.analysis.as_table import print_tables

        printed = print_tables(outcomes)
    for message in printed:
        failures += 1
        _say(message)
    if has_folder:
        analysed = len(tasks) - sum(left_out.unfit.values())
        words = left_out.words()
        _say(f"{analysed} file{'' if analysed == 1 else 's'} analysed" + (f"; left out: {words}" if words else ""))
    if failures:
        raise typer.Exit(1)


def _read_profile(path: Path, form: Format) -> Measured:
    from foreload_cli.analysis.profiles import BadProfile, read_profile

    if form is Format.SARIF:
        raise CommandFailed("analyze: --against prints a table or JSON, no SARIF", 2)
    try:
        return read_profile(path)
    except BadProfile as problem:
        raise CommandFailed(f"analyze: --against {path}: {problem}", 2) from problem


def _check_language(language: str | None, paths: list[str]) -> None:
    from foreload_analyzers.languages import BY_NAME

    allowed = ", ".join(sorted(BY_NAME))
    if language is not None and language not in BY_NAME:
        raise CommandFailed(f"analyze: --language {language} is not known; allowed are {allowed}", 2)
    if STANDARD_INPUT in paths and language is None:
        raise CommandFailed(f"analyze: - needs --language; allowed are {allowed}", 2)
    if paths.count(STANDARD_INPUT) > 1:
        raise CommandFailed("analyze: - can be read only once", 2)


def _tasks(paths: list[str], language: str | None, left_out: LeftOut, *, with_columns: bool) -> tuple[list[Task], int]:
    """What to analyse, each file once, and how many paths were of no use; those are told at once."""
    from foreload_cli.analysis.files import find_files
    from foreload_cli.analysis.work import Task

    tasks: dict[str, Task] = {}
    failures = 0
    for path in paths:
        if path == STANDARD_INPUT:
            tasks[path] = Task(path, language, sys.stdin.buffer.read(), with_columns=with_columns)
            continue
        place = Path(path)
        if place.is_dir():
            found = list(find_files(place, left_out))
            if not found:
                _say(f"{path}: no file of a known language in this folder")
            for file in found:
                task = Task(str(file), None, None, is_named=False, with_columns=with_columns)
                tasks.setdefault(str(file), task)
        elif place.exists():
            tasks[path] = Task(path, language, None, with_columns=with_columns)
        else:
            failures += 1
            _say(f"{path}: there is no such file or folder")
    for problem in left_out.unreadable:
        failures += 1
        _say(problem)
    return list(tasks.values()), failures


def _counted(outcomes: Iterator[Outcome], left_out: LeftOut) -> Iterator[Outcome]:
    """The same outcomes; files of folders that cannot be analysed are counted by their reason."""
    for outcome in outcomes:
        if outcome.unfit:
            left_out.unfit[_reason(outcome.unfit)] += 1
        yield outcome


def _reason(unfit: str) -> str:
    """A reason without the numbers of the one file."""
    return "binary" if "binary" in unfit else unfit.rsplit("; ", 1)[-1]


def _with_progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """The same outcomes, with a bar on standard error while a person waits for many."""
    if total < 2 or not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(outcomes, total=total, description="Analysing", console=Console(stderr=True), transient=True)


def _say(message: str) -> None:
    print(f"foreload analyze: {message}", file=sys.stderr)
