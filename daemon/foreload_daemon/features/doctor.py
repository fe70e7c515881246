"""What is wrong with this set-up, and what to do: the doctor's checks, with what only a running daemon knows."""

from __future__ import annotations

import asyncio

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
        return Doctor([*checks, _link(daemon)])


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
