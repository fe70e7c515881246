"""`foreload tasks`: where tasks run and why, and what a person may do about it."""

from __future__ import annotations

import asyncio
import signal as signals
from pathlib import Path
from typing import Annotated, Any

import typer
from foreload_core.units import duration_text, format_time

from foreload_cli.failure import CommandFailed

app = typer.Typer(add_completion=False, rich_markup_mode=None)
State = Annotated[Path | None, typer.Option(help="Folder of certificates [FORELOAD_STATE_DIR]")]
Broker = Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")]
Certificates = Annotated[Path | None, typer.Option(help="Folder of the certificate")]
Environment = Annotated[str | None, typer.Option(help="Which environment's [the own one]")]


@app.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended too, with what became of them")] = False,
    operator: Annotated[bool, typer.Option("--operator", help="As an operator: those of all environments")] = False,
    environment: Environment = None,
    broker: Broker = None,
    certificates: Certificates = None,
    state: State = None,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Show tasks: in which state, where, and why."""
    if context.invoked_subcommand is not None:
        return
    from foreload_proto.v1 import tasks_pb2

    from foreload_cli.calls import ask, find_target
    from foreload_cli.output import print_json, require_format

    require_format(form)
    target = find_target(broker, certificates, state) if operator else _own(broker, certificates, environment, state)
    answer = ask(target, lambda stub: stub.ListTasks(tasks_pb2.ListTasksRequest(all=every)), service="tasks")
    rows = [_content(task) for task in answer.tasks]
    events = [_event(event) for event in answer.events]
    if form == "json":
        print_json({"tasks": rows, "events": events if every else []})
    else:
        _print(rows, events if every else [])


@app.command("keep")
def keep(
    task_id: Annotated[str, typer.Argument(help="The task")],
    environment: Environment = None,
    broker: Broker = None,
    certificates: Certificates = None,
    state: State = None,
) -> None:
    """Keep a task where it is, though a peak is expected."""
    from foreload_proto.v1 import tasks_pb2

    from foreload_cli.calls import ask

    target = _own(broker, certificates, environment, state)
    answer = ask(target, lambda stub: stub.DeclineMove(tasks_pb2.DeclineMoveRequest(task_id=task_id)), service="tasks")
    content = _content(answer.task)
    print(f"Task {task_id} is {content['text']}; it does not make way for now.")


@app.command("signal")
def send(
    task_id: Annotated[str, typer.Argument(help="The task")],
    name: Annotated[str, typer.Option("--signal", help="Name or number of the signal")] = "TERM",
    environment: Environment = None,
    broker: Broker = None,
    certificates: Certificates = None,
    state: State = None,
) -> None:
    """Signal a task; one that waits is withdrawn."""
    from foreload_proto.v1 import tasks_pb2

    from foreload_cli.calls import ask

    try:
        number = int(name) if name.isdecimal() else signals.Signals[f"SIG{name.upper().removeprefix('SIG')}"].value
    except KeyError:
        raise CommandFailed(f"tasks: there is no signal {name!r}; use a name as in TERM, or a number", 2) from None
    request = tasks_pb2.SignalTaskRequest(task_id=task_id, signal_number=number)
    ask(_own(broker, certificates, environment, state), lambda stub: stub.SignalTask(request), service="tasks")


@app.command("attach")
def attach(
    task_id: Annotated[str, typer.Argument(help="The task")],
    environment: Environment = None,
    broker: Broker = None,
    certificates: Certificates = None,
    state: State = None,
) -> int:
    """Follow a task from the beginning of its output to its end."""
    from foreload_cli.following.client import Client
    from foreload_cli.run import leave_like

    target = _own(broker, certificates, environment, state)
    ending = asyncio.run(Client(target, task_id, None, raw=False, quiet=False).run())
    return leave_like(ending.exit_code, ending.signal_number, ending.lost)


def _own(broker: str | None, certificates: Path | None, environment: str | None, state: Path | None) -> Any:
    from foreload_system.paths import state_directory

    from foreload_cli.calls import find_own_target

    return find_own_target(broker, certificates, environment, (state or state_directory()).absolute())


def _content(message: Any) -> dict[str, Any]:
    from foreload_core.plain import to_plain
    from foreload_core.tasks import state_text, why_text
    from foreload_system.codecs import amounts_from_proto, reason_from_proto, time_from_proto
    from foreload_system.codecs.tasks import CRITICALITIES, state_from_proto

    state = state_from_proto(message.state)
    reason = reason_from_proto(message.reason, "task.reason")
    criticality = next(name.value for name, number in CRITICALITIES.items() if number == message.criticality)
    leaves = time_from_proto(message.leaves_at) if message.HasField("leaves_at") else None
    return {
        "task_id": message.task_id,
        "environment_id": message.environment_id,
        "state": state.value,
        "text": state_text(state, message.instance_id),
        "instance_id": message.instance_id or None,
        "instance_connected": message.instance_connected,
        "why": why_text(reason),
        "reason": to_plain(reason),
        "since": format_time(time_from_proto(message.since)),
        "leaves_at": None if leaves is None else format_time(leaves),
        "attempt": message.attempt,
        "criticality": criticality,
        "restartable": message.restartable,
        "exit_code": message.exit_code if message.HasField("exit_code") else None,
        "signal_number": message.signal_number if message.HasField("signal_number") else None,
        "used": to_plain(amounts_from_proto(message.used)),
        "arguments": list(message.arguments),
    }


def _event(message: Any) -> dict[str, Any]:
    from foreload_core.tasks import why_text
    from foreload_system.codecs import reason_from_proto, time_from_proto
    from foreload_system.codecs.tasks import state_from_proto

    return {
        "at": format_time(time_from_proto(message.at)),
        "task_id": message.task_id,
        "from_state": state_from_proto(message.from_state).value,
        "to_state": state_from_proto(message.to_state).value,
        "instance_id": message.instance_id or None,
        "why": why_text(reason_from_proto(message.reason, "event.reason")),
    }


def _print(rows: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    from datetime import UTC, datetime

    from foreload_cli.output import print_table

    if not rows:
        print("No tasks. Run one with: foreload run -- COMMAND")
        return
    now = datetime.now(UTC)
    table = [
        (
            row["task_id"],
            row["environment_id"],
            row["text"],
            duration_text((now - datetime.fromisoformat(row["since"])).total_seconds()),
            row["criticality"],
            row["why"],
            " ".join(row["arguments"])[:40],
        )
        for row in rows
    ]
    print_table(("task", "environment", "state", "for", "criticality", "why", "command"), table, (3,))
    if events:
        print()
        steps = [
            (
                event["at"],
                event["task_id"],
                f"{event['from_state']} → {event['to_state']}",
                event["instance_id"] or "–",
                event["why"],
            )
            for event in events
        ]
        print_table(("at", "task", "step", "instance", "why"), steps)
