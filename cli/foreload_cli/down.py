"""`foreload down`: stops the local agent and broker, and takes the environments' cgroups away."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from foreload_system.paths import state_directory

from foreload_cli.failure import CommandFailed
from foreload_cli.programs import stop_all


def command(
    state: Annotated[
        Path | None, typer.Option(help="Folder of certificates, database and logs [FORELOAD_STATE_DIR]")
    ] = None,
    keep_groups: Annotated[
        bool, typer.Option("--keep-groups", help="Leave the environments' cgroups, with the limits they have")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Stop the local broker and agent. What they hold is kept; what runs in an environment goes on without limits."""
    from foreload_cli.output import print_json, print_table, require_format

    require_format(form)
    folder = (state or state_directory()).absolute()
    outcome = stop_all(folder)
    groups = {} if keep_groups else _clean(folder)
    count = _tasks(folder)
    if form == "json":
        print_json({**outcome, "groups": groups, "task_count": count})
    else:
        if count:
            outcome = {**outcome, "tasks": f"{count} go on; foreload up finds them again"}
        rows = [*outcome.items(), *((f"cgroup of {name}", said) for name, said in groups.items())]
        print_table(("what", "outcome"), rows)


def _tasks(state: Path) -> int:
    """How many tasks still run: each has a keeper of its own, and is lost by no end of the agent."""
    from foreload_agent.platforms.tasks import Attempt, tasks_folder

    return sum(attempt.has_keeper() and attempt.ended() is None for attempt in Attempt.all_in(tasks_folder(state)))


def _clean(state: Path) -> dict[str, str]:
    """Takes away the groups of the environments that this state folder's agent managed."""
    from foreload_agent.app.cleaning import clean
    from foreload_agent.ports import PlatformUnavailableError

    path = state / "agent" / "environments.json"
    try:
        names = [entry["environment_id"] for entry in json.loads(path.read_text(encoding="utf-8"))["environments"]]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFailed(
            f"{path} cannot be read ({error}), so no cgroup was taken away: foreload agent clean"
        ) from error
    group = os.environ.get("FORELOAD_AGENT_GROUP", "foreload")
    said: dict[str, str] = {}
    for name in names:
        try:
            said.update((one.environment_id, one.detail) for one in clean(group, name, kill=False))
        except PlatformUnavailableError:
            continue  # no groups on this machine, so none to take away
    return said
