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
) -> None:
    """Tags of files or trees: growth of time and memory, hot loops, kinds of algorithm and program, bottlenecks.

    Folders are searched for files of known languages, without what .gitignore leaves out. JSON is one object a line,
    a file each.
    """
    from foreload_cli.analysis.work import analyze_all

    _check_language(language, paths)
    tasks, failures = _tasks(paths, language)
    outcomes = _with_progress(analyze_all(tasks, jobs), len(tasks))
    if form is Format.JSON:
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
    if failures:
        raise typer.Exit(1)


def _check_language(language: str | None, paths: list[str]) -> None:
    from foreload_analyzers.languages import BY_NAME

    allowed = ", ".join(sorted(BY_NAME))
    if language is not None and language not in BY_NAME:
        raise CommandFailed(f"analyze: --language {language} is not known; allowed are {allowed}", 2)
    if STANDARD_INPUT in paths and language is None:
        raise CommandFailed(f"analyze: - needs --language; allowed are {allowed}", 2)
    if paths.count(STANDARD_INPUT) > 1:
        raise CommandFailed("analyze: - can be read only once", 2)


def _tasks(paths: list[str], language: str | None) -> tuple[list[Task], int]:
    """What to analyse, each file once, and how many paths were of no use; those are told at once."""
    from foreload_cli.analysis.files import find_files
    from foreload_cli.analysis.work import Task

    tasks: dict[str, Task] = {}
    failures = 0
    for path in paths:
        if path == STANDARD_INPUT:
            tasks[path] = Task(path, language, sys.stdin.buffer.read())
            continue
        place = Path(path)
        if place.is_dir():
            found = list(find_files(place))
            if not found:
                _say(f"{path}: no file of a known language in this folder")
            for file in found:
                tasks.setdefault(str(file), Task(str(file), None, None))
        elif place.exists():
            tasks.setdefault(path, Task(path, language, None))
        else:
            failures += 1
            _say(f"{path}: there is no such file or folder")
    return list(tasks.values()), failures


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
