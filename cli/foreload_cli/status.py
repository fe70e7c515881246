"""`foreload status`: what runs, and what each environment has."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from foreload_core.types import Amounts, Resource
from foreload_core.units import cores_text, duration_text, format_time, gib_text

from foreload_cli.failure import CommandFailed
from foreload_cli.status_fleet import fleet_content, print_fleet

if TYPE_CHECKING:
    from rich.console import Console

    from foreload_cli.calls import Target

MUCH_SECONDS = 1.0
WATCH_SECONDS = 2.0


def command(
    state: Annotated[
        Path | None, typer.Option(help="Folder of certificates, database and logs [FORELOAD_STATE_DIR]")
    ] = None,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder of an operator's certificate [STATE/certs/operator-USER]")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it anew every two seconds, until Ctrl-C")] = False,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Show what runs and what each environment has. Exit code 1 when broker or agent does not run."""
    from foreload_system.paths import state_directory

    from foreload_cli.calls import find_target, operator_certificates
    from foreload_cli.output import print_json, require_format
    from foreload_cli.programs import Program

    require_format(form)
    if watch and form == "json":
        raise CommandFailed("--watch shows a table that changes; with --format json ask again and again", exit_code=2)
    folder = (state or state_directory()).absolute()
    target = find_target(broker, certificates or operator_certificates(folder), folder)
    if broker is None and Program("broker", folder).said() is None and not target.certificates.is_dir():
        raise CommandFailed(f"status: nothing runs on {folder}; start broker and agent with: foreload up")
    if watch:
        _watch(target, folder)
        return
    content = _look(target, folder)
    if form == "json":
        print_json(content)
    else:
        _print(content)
    if broker is None and content["agent"] is None:
        raise CommandFailed("the agent does not run, so no limit changes; start it with: foreload up")


def _look(target: Target, folder: Path) -> dict[str, Any]:
    from foreload_proto.v1 import broker_pb2

    from foreload_cli.calls import ask
    from foreload_cli.programs import Program

    answer = ask(target, lambda stub: stub.GetStatus(broker_pb2.GetStatusRequest()))
    return _content(target.address, answer, {name: Program(name, folder).said() for name in ("broker", "agent")})


def _watch(target: Target, folder: Path) -> None:
    """Shows it anew until Ctrl-C; while the broker does not answer, why not, and what was seen last."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False)
    last = ""
    with console.screen(hide_cursor=True) as screen, suppress(KeyboardInterrupt):
        while True:
            try:
                with console.capture() as captured:
                    _print(_look(target, folder), console)
                last = text = captured.get()
            except CommandFailed as failed:
                text = f"{failed}\n\n{last}"
            screen.update(
                Text.from_ansi(f"{text}\n{datetime.now(UTC):%H:%M:%S} UTC · every {WATCH_SECONDS:g} s · Ctrl-C ends")
            )
            time.sleep(WATCH_SECONDS)


def _content(address: str, answer: Any, said: dict[str, Any]) -> dict[str, Any]:
    from foreload_system.codecs import time_from_proto

    agent = said["agent"]
    return {
        "broker": {
            "address": address,
            "version": answer.broker_version,
            "started_at": format_time(time_from_proto(answer.started_at)),
            "pid": None if said["broker"] is None else said["broker"]["pid"],
            "shadow_mode": answer.shadow_mode,
            "decision_count": answer.decision_count,
            "last_tick_seconds": answer.last_tick_seconds,
        },
        "agent": None if agent is None else {"pid": agent["pid"], "instance_id": agent["instance_id"]},
        "environments": [_environment(environment) for environment in answer.environments],
        **fleet_content(answer),
    }


def _environment(message: Any) -> dict[str, Any]:
    from foreload_core.plain import to_plain
    from foreload_system.codecs import amounts_from_proto, sample_from_proto

    return {
        "environment_id": message.environment_id,
        "instance_id": message.instance_id,
        "daemon_connected": message.daemon_connected,
        "agent_connected": message.agent_connected,
        "automatic_scaling": message.automatic_scaling,
        "last_sample": to_plain(sample_from_proto(message.last_sample)) if message.HasField("last_sample") else None,
        "limit": to_plain(amounts_from_proto(message.limit)),
        "target": to_plain(amounts_from_proto(message.target)),
        "capacity": to_plain(amounts_from_proto(message.capacity)),
    }


def _print(content: dict[str, Any], console: Console | None = None) -> None:
    from foreload_cli.output import print_table

    say = print if console is None else console.print

    broker, agent = content["broker"], content["agent"]
    mode = "; decides and shows, changes nothing" if broker["shadow_mode"] else ""
    say(f"Broker {broker['version']} at {broker['address']}, {broker['decision_count']} decisions in its log{mode}.")
    if broker["last_tick_seconds"] > MUCH_SECONDS:
        say(f"Its last look took {duration_text(broker['last_tick_seconds'])}, which is long.")
    if agent is not None:
        say(f"Agent of instance {agent['instance_id']} runs (process {agent['pid']}).")
    print_fleet(content, say)
    rows = [_row(environment) for environment in content["environments"]]
    if not rows:
        say("No environment is known yet; add one with: foreload up --environment NAME")
        return
    print_table(
        ("environment", "instance", "CPU, cores", "memory, GiB", "daemon", "agent", "scaling"), rows, (2, 3), console
    )


def _row(environment: dict[str, Any]) -> tuple[str, ...]:
    sample = environment["last_sample"] or {}
    used = Amounts(**sample.get("used", {}))
    limit, target = Amounts(**environment["limit"]), Amounts(**environment["target"])
    return (
        environment["environment_id"],
        environment["instance_id"] or "–",
        _of(used, limit, target, Resource.CPU),
        _of(used, limit, target, Resource.MEMORY),
        "connected" if environment["daemon_connected"] else "–",
        "connected" if environment["agent_connected"] else "–",
        "allowed" if environment["automatic_scaling"] else "not allowed",
    )


def _of(used: Amounts, limit: Amounts, target: Amounts, resource: Resource) -> str:
    """Use of limit, and what the limit is on its way to."""
    text = cores_text if resource is Resource.CPU else gib_text
    use, holds, wanted = (amounts.get(resource) for amounts in (used, limit, target))
    shown = f"{'–' if use is None else text(use)} of {'–' if holds is None else text(holds)}"
    on_its_way = wanted is not None and holds is not None and text(wanted) != text(holds)
    return f"{shown} → {text(wanted)}" if on_its_way and wanted is not None else shown
