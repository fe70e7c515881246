"""`foreload agent`: run the agent of an instance, put a command into an environment, take groups away."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foreload_cli.failure import CommandFailed

app = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True)

DEFAULT_GROUP = "foreload"
_GROUP = typer.Option("--group", envvar="FORELOAD_AGENT_GROUP", help="Name of the cgroup that holds the environments'")
_STATE = typer.Option("--state", help="Folder of certificates and of what was applied [FORELOAD_STATE_DIR]")


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    JSON = "json"


@app.callback()
def run(
    context: typer.Context,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [127.0.0.1:7443]")] = None,
    instance: Annotated[str | None, typer.Option(help="Id of this instance [local]")] = None,
    environments: Annotated[
        Path | None, typer.Option(help="File that lists the environments [STATE/agent/environments.json]")
    ] = None,
    state: Annotated[Path | None, _STATE] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder with ca.pem, cert.pem and key.pem [STATE/certs/agent-INSTANCE]")
    ] = None,
    group: Annotated[str | None, _GROUP] = None,
    remove_on_exit: Annotated[
        bool | None, typer.Option("--remove-on-exit", help="Take the environments' cgroups away on a clean exit")
    ] = None,
) -> None:
    """Run the agent of an instance: it measures the environments and applies the limits that the broker decides.

    Every option can be given as a variable FORELOAD_AGENT_NAME too.
    """
    if context.invoked_subcommand is not None:
        return
    _enter_scope(group or DEFAULT_GROUP)
    from foreload_agent.app.agent import AgentRunningError, run_agent
    from foreload_agent.app.log import configure_logging
    from foreload_agent.config import ConfigurationError, make_settings

    options = {
        "broker": broker,
        "instance": instance,
        "environments": environments,
        "state": state,
        "certificates": certificates,
        "group": group,
        "remove_on_exit": remove_on_exit,
    }
    configure_logging()
    try:
        settings = make_settings(options)
    except ConfigurationError as error:
        raise CommandFailed(f"agent: {error}", exit_code=2) from error
    try:
        run_agent(settings)
    except (ConfigurationError, AgentRunningError) as error:
        raise CommandFailed(f"agent: {error}") from error
    except OSError as error:
        where = error.filename or settings.state
        raise CommandFailed(
            f"agent: {where} cannot be written ({error.strerror}); make room, or choose another folder with --state"
        ) from error


@app.command(
    "exec",
    short_help="Become a command inside an environment",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
def exec_command(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments, after --")],
    environment: Annotated[str, typer.Option(help="Id of the environment")],
    user: Annotated[str | None, typer.Option(help="Run as this user, with its groups and home folder")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the environment's cgroup", min=0, max=600)] = 0.0,
    group: Annotated[str, _GROUP] = DEFAULT_GROUP,
) -> None:
    """Become COMMAND inside an environment: same process, same terminal, the environment's limits."""
    _enter_scope(group)
    from foreload_agent.app.joining import JoinError, become, find_user, wait_for_group
    from foreload_agent.ports import PlatformUnavailableError

    _require_name(environment)
    try:
        found = find_user(user) if user is not None else None
        become(wait_for_group(environment, group, wait), command, found, os.environ)
    except (JoinError, PlatformUnavailableError) as error:
        raise CommandFailed(f"agent exec: {error}") from error


@app.command("clean", short_help="Take the environments' cgroups away")
def clean_command(
    environment: Annotated[str | None, typer.Option(help="Only this environment")] = None,
    kill: Annotated[bool, typer.Option("--kill", help="Kill what runs in them; otherwise it goes on")] = False,
    group: Annotated[str, _GROUP] = DEFAULT_GROUP,
    state: Annotated[Path | None, _STATE] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print")] = Format.TABLE,
) -> None:
    """Take the environments' cgroups away. What runs in them goes on without limits, unless --kill."""
    from foreload_agent.app.cleaning import agent_is_running, clean
    from foreload_agent.ports import PlatformUnavailableError
    from foreload_system.paths import state_directory

    if environment is not None:
        _require_name(environment)
    folder = state or state_directory()
    if group == DEFAULT_GROUP and agent_is_running(folder):
        raise CommandFailed(
            f"agent clean: an agent works on {folder} and would make them again; stop it: foreload down"
        )
    try:
        cleaned = clean(group, environment, kill)
    except PlatformUnavailableError as error:
        raise CommandFailed(f"agent clean: {error}") from error
    if form is Format.JSON:
        keys = ("environment_id", "process_count", "removed", "detail")
        print(json.dumps([{key: getattr(one, key) for key in keys} for one in cleaned], indent=2))
    elif not cleaned:
        print("No environment has a cgroup here.")
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table("Environment", "Processes", "Removed", "Detail", box=None)
        for one in cleaned:
            table.add_row(one.environment_id, str(one.process_count), "yes" if one.removed else "no", one.detail)
        Console().print(table)
    if not all(one.removed for one in cleaned):
        raise typer.Exit(1)


def _require_name(environment: str) -> None:
    from foreload_system.identity import NAME_RULE, is_name

    if not is_name(environment):
        raise CommandFailed(f"agent: --environment is {environment!r}; allowed are {NAME_RULE}", exit_code=2)


def _enter_scope(group: str) -> None:
    """Starts this command again in a scope of the user's own systemd, where only that makes groups possible."""
    if os.geteuid() == 0:
        return
    from foreload_agent.platforms.cgroup.find import scope_command

    command = scope_command([sys.executable, "-m", "foreload_cli.main", *sys.argv[1:]], group)
    if command is not None:
        os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted
