"""`foreload run`: a task that may be paused or moved, as if it ran here."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foreload_cli.failure import CommandFailed

app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Level(StrEnum):
    """How much a task matters."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@app.command("run", context_settings={"allow_interspersed_args": False})
def command(
    arguments: Annotated[list[str], typer.Argument(metavar="-- CMD [ARGUMENT]...", help="What is run")],
    criticality: Annotated[Level, typer.Option(help="The least critical tasks make way first")] = Level.NORMAL,
    restartable: Annotated[
        bool,
        typer.Option("--restartable", help="It may be ended with SIGTERM and started again, and loses nothing by it"),
    ] = False,
    checkpoint: Annotated[
        str, typer.Option(metavar="CMD", help="Saves its progress before it is moved; it is restartable then")
    ] = "",
    cpu_cores: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=4096, help="What it needs, before that was measured [1, at most a quarter of the instance]"
        ),
    ] = None,
    environment: Annotated[str | None, typer.Option(help="Which environment it is of [the own one]")] = None,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")] = None,
    certificates: Annotated[Path | None, typer.Option(help="Folder of the environment's certificate")] = None,
    state: Annotated[Path | None, typer.Option(help="Folder of certificates [FORELOAD_STATE_DIR]")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing of pauses and moves")] = False,
) -> int:
    """Run a task that may be paused or moved when a peak is expected.

    Output, input, signals and exit code are as if it ran here. When it makes way you are told first.
    """
    from foreload_core.types import Amounts
    from foreload_core.types.tasks import Criticality
    from foreload_proto.v1 import tasks_pb2
    from foreload_system.codecs import CONTRACT_VERSION, amounts_to_proto
    from foreload_system.codecs.tasks import CRITICALITIES
    from foreload_system.paths import state_directory

    from foreload_cli.calls import find_own_target
    from foreload_cli.following import terminal

    target = find_own_target(broker, certificates, environment, (state or state_directory()).absolute())
    task_id = secrets.token_hex(8)
    terminal_here = terminal.is_terminal()
    task = tasks_pb2.TaskCommand(
        arguments=[_text(argument) for argument in arguments],
        working_directory=str(Path.cwd()),
        variables={name: value for name, value in os.environ.items() if _is_text(name + value)},
        checkpoint=checkpoint,
    )
    if terminal_here:
        rows, columns = terminal.window_size()
        task.terminal.CopyFrom(tasks_pb2.WindowSize(rows=rows, columns=columns))
    submission = tasks_pb2.Submission(
        contract_version=CONTRACT_VERSION,
        task_id=task_id,
        command=task,
        criticality=CRITICALITIES[Criticality(criticality.value)],
        restartable=restartable or bool(checkpoint),
        workspace=_workspace(Path.cwd()),
        asked=amounts_to_proto(Amounts(cpu_cores=cpu_cores)),
    )
    from foreload_cli.following.client import Client

    with terminal.raw_terminal(terminal_here):
        ending = asyncio.run(Client(target, task_id, submission, terminal_here, quiet).run())
    return leave_like(ending.exit_code, ending.signal_number, ending.lost)


def leave_like(exit_code: int | None, signal_number: int | None, lost: str) -> int:
    """Ends this process as the task ended.

    Raises:
        CommandFailed: it was lost.
    """
    if lost:
        raise CommandFailed(f"the task was lost: {lost}")
    if signal_number is None:
        return 1 if exit_code is None else exit_code
    sys.stdout.flush()
    sys.stderr.flush()
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the dump would be this program's, not the task's
    if signal_number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(signal_number, signal.SIG_DFL)
    os.kill(os.getpid(), signal_number)
    return 128 + signal_number


def _workspace(folder: Path) -> str:
    """What names the workspace that a folder is in. Without a marker in it, the task runs on its own instance only."""
    from foreload_system.workspaces import find_workspace, make_marker, workspace_digest

    root = find_workspace(folder)
    try:
        return workspace_digest(make_marker(root), root)
    except OSError:
        return ""


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(argument: str) -> str:
    if not _is_text(argument):
        raise CommandFailed(f"run: argument {argument.encode(errors='surrogateescape')!r} is not UTF-8", 2)
    return argument
