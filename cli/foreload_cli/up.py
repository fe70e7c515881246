"""`foreload up`: the local broker and agent, started where they do not run, and healthy when it returns."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from foreload_system.identity import NAME_RULE, Identity, is_name
from foreload_system.paths import authority_directory, certificate_directory, replace_file, state_directory

from foreload_cli.calls import Target, ask, operator_name
from foreload_cli.failure import CommandFailed
from foreload_cli.programs import Program, stop_all, wait_until_said

START_SECONDS = 30.0
INSTANCE = "local"


def command(
    environment: Annotated[
        str | None, typer.Option(help="Id of an environment that the agent is to manage; kept from then on")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Folder in which tasks of --environment may run, as the user whose folder it is")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of certificates, database and logs [FORELOAD_STATE_DIR]")
    ] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and stop both with Ctrl-C or when one of them ends")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Start the local broker and agent, and wait until they answer.

    Certificates are made where they are missing and renewed where it is time. What runs already is kept.
    """
    from foreload_cli.output import require_format

    require_format(form)
    if environment is not None and not is_name(environment):
        raise CommandFailed(f"environment {environment!r} is not allowed; use {NAME_RULE}", exit_code=2)
    if workspace is not None and environment is None:
        raise CommandFailed("--workspace is of an environment; say which with --environment", exit_code=2)
    folder = (state or state_directory()).absolute()
    where = None if workspace is None else workspace.absolute()
    if not foreground:
        _up(folder, environment, where, form)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ended = ""
    try:
        _up(folder, environment, where, form)
        ended = _wait_for_an_end(folder)
    except KeyboardInterrupt:
        pass  # the way to end it
    finally:
        stop_all(folder)
    if ended:
        raise CommandFailed(
            f"the {ended} has ended, so both were stopped; its log is {Program(ended, folder).log_file}"
        )


def _up(folder: Path, environment: str | None, workspace: Path | None, form: str) -> None:
    from foreload_cli.output import progress

    with progress(quiet=form == "json") as step:
        step("certificates")
        _make_certificates(folder, environment)
        changed = _list_environment(folder, environment, workspace)
        step("broker")
        broker = _start_broker(folder)
        step("agent")
        agent = _start_agent(folder, broker["address"], changed)
        step("waiting until they answer")
        _wait_until_connected(folder, broker["address"])
    _report(folder, broker, agent, form)


def _make_certificates(state: Path, environment: str | None) -> None:
    from foreload_system.certificates import CertificateError, create_authority, renew_if_due

    now = datetime.now(UTC)
    who = [Identity("broker", "local"), Identity("agent", INSTANCE), Identity("operator", operator_name())]
    if environment is not None:
        who.append(Identity("environment", environment))
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = authority_directory(state)
        create_authority(authority, now)
        for identity in who:
            renew_if_due(authority, identity, certificate_directory(state, identity.kind, identity.name), now)
    except CertificateError as error:
        raise CommandFailed(f"certificates: {error}") from error
    except OSError as error:
        raise CommandFailed(
            f"certificates: {error.filename or state} cannot be written ({error.strerror}); choose another with --state"
        ) from error


def _list_environment(state: Path, environment: str | None, workspace: Path | None) -> bool:
    """Adds the environment, with its workspace, to the agent's file. Returns whether the file has changed."""
    path = state / "agent" / "environments.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        listed = content["environments"]
        names = [entry["environment_id"] for entry in listed]
    except FileNotFoundError:
        content, listed, names = {"environments": []}, [], []
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFailed(f"{path} cannot be read ({error}); mend it, or move it away to begin anew") from error
    known = next((entry for entry in listed if entry["environment_id"] == environment), None)
    moved = workspace is not None and known is not None and known.get("workspace") != str(workspace)
    if (environment in names or (environment is None and path.exists())) and not moved:
        return False
    if environment is not None and known is None:
        known = {"environment_id": environment, "platform": _platform(environment)}
        listed.append(known)
    if known is not None and workspace is not None:
        known["workspace"] = str(workspace)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(path, (json.dumps({**content, "environments": listed}, indent=2) + "\n").encode(), mode=0o644)
    return True


def _platform(environment: str) -> str:
    """How limits can be changed here: by cgroups, or not at all."""
    from foreload_agent.platforms.cgroup import find_layout
    from foreload_agent.ports import PlatformUnavailableError

    try:
        find_layout(environment, os.environ.get("FORELOAD_AGENT_GROUP", "foreload"))
    except PlatformUnavailableError:
        return "dry_run"
    return "cgroup"


def _start_broker(state: Path) -> dict[str, Any]:
    broker = Program("broker", state)
    said = broker.said()
    if said is not None:
        return {**said, "started": False}
    since = broker.log_bytes()
    said = wait_until_said(broker, broker.start(()), since, START_SECONDS)
    return {**said, "started": True}


def _start_agent(state: Path, address: str, changed: bool) -> dict[str, Any]:
    agent = Program("agent", state)
    said = agent.said()
    if said is not None and not changed and said.get("broker_address") == address:
        return {**said, "started": False}
    if said is not None:
        # It reads its list of environments, and where the broker is, when it starts. Limits stay meanwhile.
        agent.stop()
    since = agent.log_bytes()
    said = wait_until_said(agent, agent.start(("--broker", address)), since, START_SECONDS)
    return {**said, "started": True}


def _wait_until_connected(state: Path, address: str) -> None:
    """Until the broker answers and knows every environment that the agent is to manage."""
    from foreload_proto.v1 import broker_pb2

    path = state / "agent" / "environments.json"
    wanted = {entry["environment_id"] for entry in json.loads(path.read_text(encoding="utf-8"))["environments"]}
    target = Target(address, certificate_directory(state, "operator", operator_name()))
    question: Callable[[Any], Any] = lambda stub: stub.GetStatus(broker_pb2.GetStatusRequest())  # noqa: E731
    agent = Program("agent", state)
    until = time.monotonic() + START_SECONDS
    missing: set[str] = wanted
    while time.monotonic() < until:
        status = ask(target, question)
        missing = wanted - {known.environment_id for known in status.environments if known.agent_connected}
        if not missing:
            return
        if agent.said() is None:
            raise CommandFailed(agent.why_ended(0))
        time.sleep(0.1)
    raise CommandFailed(
        f"the agent has not brought {', '.join(sorted(missing))} to the broker within {START_SECONDS:g} s; "
        f"its log is {agent.log_file}"
    )


def _report(state: Path, broker: dict[str, Any], agent: dict[str, Any], form: str) -> None:
    from foreload_cli.output import print_json, print_table

    if form == "json":
        print_json({"state": str(state), "broker": broker, "agent": agent})
        return
    rows = [
        ("broker", _how(broker), str(broker["pid"]), broker["address"], str(Program("broker", state).log_file)),
        (
            "agent",
            _how(agent),
            str(agent["pid"]),
            f"to {agent['broker_address']}",
            str(Program("agent", state).log_file),
        ),
    ]
    print_table(("program", "", "process", "address", "log"), rows)


def _how(said: dict[str, Any]) -> str:
    return "started" if said["started"] else "ran already"


def _wait_for_an_end(state: Path) -> str:
    """Waits until one of the two has ended, and returns its name."""
    programs = (Program("agent", state), Program("broker", state))
    while True:
        time.sleep(1.0)
        for program in programs:
            if program.said() is None:
                return program.name
