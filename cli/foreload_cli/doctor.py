"""`foreload doctor`: what is wrong with this set-up, and what to do."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_daemon.checks import Surroundings
    from foreload_daemon.history.choices import Choice
    from foreload_daemon.protocol import Check

MARKS = {"good": "[green]✓[/]", "warning": "[yellow]▲[/]", "bad": "[red]✗[/]"}


class Format(StrEnum):
    """How the checks are printed."""

    TABLE = "table"
    JSON = "json"


def command(
    environment: Annotated[str, typer.Option(help="Name of the environment [FORELOAD_ENVIRONMENT, else local]")] = "",
    broker: Annotated[str, typer.Option(help="HOST:PORT of the broker [FORELOAD_BROKER]")] = "",
    certificates: Annotated[Path | None, typer.Option(help="Folder of the certificate [FORELOAD_CERTS]")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print")] = Format.TABLE,
) -> int:
    """Check this set-up: Python, container, limits, history, certificate, broker, permission, clock.

    Where an editor is open, its daemon is asked, which also knows the link. Exit code 1 when something is bad.
    """
    from foreload_daemon.checks import all_checks

    surroundings = _surroundings(environment, broker, str(certificates or ""))
    checks = asyncio.run(_ask_daemon(surroundings.folder)) or all_checks(surroundings)
    if form is Format.JSON:
        print(json.dumps([dataclasses.asdict(check) for check in checks]))
    else:
        _print(checks)
    return 1 if any(check.state == "bad" for check in checks) else 0


def _surroundings(environment: str, broker: str, certificates: str) -> Surroundings:
    from foreload_daemon import settings
    from foreload_daemon.checks import Surroundings
    from foreload_system.paths import daemon_directory

    given = {"environment": environment, "broker.address": broker, "broker.certificates": certificates}
    read, problems = settings.read_settings({name: value for name, value in given.items() if value})
    problems += settings.variable_problems(read)
    if problems:
        raise CommandFailed(f"doctor: {problems[0]}", 2)
    name = settings.environment_id(read)
    folder = daemon_directory(name)
    address, bundle = settings.broker_address(read), settings.certificates_folder(read)
    return Surroundings(
        environment=name,
        folder=folder,
        address=address,
        certificates=bundle,
        now=datetime.now(UTC),
        choice=_choice(folder),
    )


def _choice(folder: Path) -> Choice | None:
    """What was allowed, read from the history as it lies there; None where there is none."""
    import sqlite3

    from foreload_daemon.consent import TEXT_VERSION
    from foreload_daemon.history import choices
    from foreload_daemon.history.database import FILE_NAME

    path = folder / FILE_NAME
    if not path.is_file():
        return None
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        connection.row_factory = sqlite3.Row
        choice = choices.latest(connection)
    except sqlite3.Error:
        # The check of the history says what is wrong with it.
        return None
    finally:
        connection.close()
    return choice if choice.revision > 0 and choice.text_version == TEXT_VERSION else None


async def _ask_daemon(folder: Path) -> list[Check] | None:
    """The checks of the daemon that runs in this environment, which knows more; None where none answers."""
    from foreload_daemon.protocol import RUN_DOCTOR, Doctor
    from foreload_daemon.windows.election import socket_path
    from foreload_daemon.windows.follower import Follower, LeaderGone
    from foreload_daemon.wire import BadMessage, read

    follower = Follower(lambda _method, _params: None)
    try:
        await follower.connect(socket_path(folder))
    except OSError:
        return None
    reading = asyncio.create_task(follower.run())
    try:
        return read(Doctor, await follower.ask(RUN_DOCTOR, {})).checks
    except (LeaderGone, BadMessage):
        return None
    finally:
        follower.close()
        await reading


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for check in checks:
        text = escape(check.text) + (f"\n[dim]→ {escape(check.fix)}[/]" if check.fix else "")
        table.add_row(MARKS[check.state], f"[bold]{escape(check.name)}[/]", text)
    Console().print(table)
