"""`foreload history`: brings a trace into an environment's local history, and shows what is there."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    import sqlite3

    from foreload_daemon.history.database import Database

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Bring in and look at an environment's past.",
)

_ENVIRONMENT = typer.Option("--environment", help="Name of the environment [FORELOAD_ENVIRONMENT, else local]")


class Format(StrEnum):
    """How it is printed."""

    TABLE = "table"
    JSON = "json"


_FORMAT = typer.Option("--format", help="How to print")


@app.command("import", short_help="Bring a trace into the history")
def import_command(
    trace: Annotated[Path, typer.Argument(help="CSV, also .gz; events are read from NAME-events.jsonl beside it")],
    environment: Annotated[str, _ENVIRONMENT] = "",
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="Keep the times; else they move by whole weeks to reach to now")
    ] = False,
    form: Annotated[Format, _FORMAT] = Format.TABLE,
) -> None:
    """Bring a trace into the history, so that there is a forecast from the first day. Twice is as once."""
    from foreload_core.units import duration_text, format_time
    from foreload_daemon.traces import import_trace
    from foreload_system.traces import TraceError

    if not trace.is_file():
        raise CommandFailed(f"history import: {trace} is no file; needed is a trace in CSV", 2)
    database = _open(environment)
    try:
        found = database.call(import_trace, trace, datetime.now(UTC), keep_times=keep_times)
    except TraceError as error:
        raise CommandFailed(f"history import: {error}") from error
    finally:
        database.close()
    if form is Format.JSON:
        start, end = (None if moment is None else format_time(moment) for moment in (found.start, found.end))
        print(json.dumps({"points": found.points, "runs": found.runs, "start": start, "end": end}))
        return
    if found.start is None or found.end is None:
        print("Nothing of it lies in the past, so nothing was brought in.")
        return
    span = duration_text((found.end - found.start).total_seconds())
    print(f"Brought in {span} of use ({found.points} lines) and {found.runs} runs, up to {format_time(found.end)}.")


@app.command("show", short_help="Show what the history holds")
def show_command(
    environment: Annotated[str, _ENVIRONMENT] = "", form: Annotated[Format, _FORMAT] = Format.TABLE
) -> None:
    """Show what the history holds: how much of which resolution, runs, and what waits for the broker."""
    database = _open(environment, must_exist=True)
    try:
        rows = database.call(_summary)
    finally:
        database.close()
    if form is Format.JSON:
        print(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("What", "How many", "From", "To", box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["what"], str(row["count"]), row["start"] or "", row["end"] or "")
    Console().print(table)


def _open(environment: str, *, must_exist: bool = False) -> Database:
    from foreload_daemon import settings
    from foreload_daemon.history.database import FILE_NAME, Database
    from foreload_system.paths import daemon_directory

    read, problems = settings.read_settings({"environment": environment} if environment else {})
    problems += settings.variable_problems(read)
    if problems:
        raise CommandFailed(f"history: {problems[0]}", 2)
    # What the daemon logs of a history that cannot be used is said below, once.
    logging.getLogger("foreload_daemon").addHandler(logging.NullHandler())
    folder = daemon_directory(settings.environment_id(read))
    if must_exist and not (folder / FILE_NAME).is_file():
        raise CommandFailed(f"history: there is none in {folder}; open the environment in an editor, or import a trace")
    database = Database(folder)
    if database.problem:
        database.close()
        raise CommandFailed(f"history: {database.problem}")
    return database


def _summary(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    from foreload_core.units import format_time

    def text(seconds: float | None) -> str | None:
        return None if seconds is None else format_time(datetime.fromtimestamp(int(seconds), UTC))

    rows: list[dict[str, Any]] = []
    for seconds, name in ((10, "use, each 10 s"), (60, "use, each minute"), (900, "use, each 15 min")):
        count, start, end = connection.execute(
            "SELECT COUNT(*), MIN(start_seconds), MAX(start_seconds) FROM samples WHERE resolution_seconds = ?",
            (seconds,),
        ).fetchone()
        rows.append({"what": name, "count": count, "start": text(start), "end": text(end)})
    for name, table, column in (
        ("runs", "runs", "started_at_seconds"),
        ("messages that left", "ledger", "at_seconds"),
        ("messages that wait", "outbox", "at_seconds"),
        ("decisions", "decisions", "decided_at_seconds"),
    ):
        count, start, end = connection.execute(f"SELECT COUNT(*), MIN({column}), MAX({column}) FROM {table}").fetchone()  # noqa: S608
        rows.append({"what": name, "count": count, "start": text(start), "end": text(end)})
    return rows
