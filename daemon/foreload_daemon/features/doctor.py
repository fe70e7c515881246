"""What is wrong with this set-up, and what to do: the doctor's checks, with what only a running daemon knows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace

from foreload_daemon import settings as setting
from foreload_daemon.broker.state import Connection
from foreload_daemon.checks import Surroundings, all_checks
from foreload_daemon.daemon import Daemon
from foreload_daemon.pages.moments import moment_text
from foreload_daemon.protocol import RUN_DOCTOR, Check, Doctor
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import Nothing


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the request."""

    @server.request(RUN_DOCTOR, Nothing)
    async def run_doctor(_message: Nothing, _caller: str) -> Doctor:
        services = daemon.services
        surroundings = Surroundings(
            environment=daemon.environment,
            folder=daemon.folder,
            address=setting.broker_address(daemon.settings, daemon.variables),
            certificates=setting.certificates_folder(daemon.settings, daemon.variables),
            now=daemon.clock.now(),
            history_problem=services.database.problem,
            choice=services.gate.choice if services.gate.given else None,
            skew_seconds=services.link.state.skew_seconds if services.link.connected else None,
        )
        checks = await asyncio.to_thread(all_checks, surroundings)
        return Doctor([_with_actions(check) for check in (*checks, _link(daemon))])


FIXES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Python": (("setting:foreload.python.interpreter", "Open the setting"),),
    "Certificate": (("setting:foreload.broker.certificates", "Open the setting"),),
    "Broker": (("tryBroker", "Try again"), ("setting:foreload.broker.address", "Open the setting")),
    "Link": (("tryBroker", "Try again"),),
    "Permission": (("permission", "Choose what to allow"),),
    "History": (("showLog", "Show the log"),),
}
"""What a page can do about a check that is not good: commands of the extension, or a setting to be opened."""
COMMAND_PATTERN = re.compile(r"foreload (?:up|certs renew|agent exec --environment [a-z0-9-]+)")


def _with_actions(check: Check) -> Check:
    if check.state == "good":
        return check
    actions = [*FIXES.get(check.name, ())]
    found = COMMAND_PATTERN.search(check.fix)
    if found:
        actions.append((f"type:{found[0]}", f"Put “{found[0]}” in a terminal"))
    return replace(check, actions=actions)


def _link(daemon: Daemon) -> Check:
    state, now = daemon.services.link.state, daemon.clock.now()
    if state.connection is Connection.CONNECTED:
        agent = daemon.services.link.standing.agent_connected
        if not agent:
            return Check(
                "Agent",
                "bad",
                "The broker answers, but the agent of this machine is not connected to it.",
                "foreload up",
            )
        return Check("Link", "good", "The broker answers, and the agent can change limits.", "")
    if state.connection is Connection.OFF:
        return Check("Link", "warning", state.text, "")
    since = f" Since {moment_text(state.since, now)}." if state.since else ""
    if state.connection is Connection.REFUSED:
        return Check("Link", "bad", f"{state.text}{since}", "Limits stay as they are until then.")
    return Check(
        "Link", "bad", f"{state.text}{since}", "Start the broker: foreload up. Limits stay as they are until then."
    )
