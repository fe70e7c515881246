"""Pause and resume: no change by Foreload itself before a time."""

from __future__ import annotations

from datetime import timedelta

from foreload_daemon.daemon import Daemon
from foreload_daemon.features.asking import ask, new_id
from foreload_daemon.pages.moments import moment_text
from foreload_daemon.protocol import PAUSE, Outcome, Pause
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import BadMessage

LONGEST_MINUTES = 7 * 24 * 60


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the request."""

    @server.request(PAUSE, Pause)
    async def pause(message: Pause, _caller: str) -> Outcome:
        from foreload_proto.v1 import broker_pb2
        from foreload_system.codecs import time_to_proto

        request = broker_pb2.PauseScalingRequest(request_id=new_id())
        if message.minutes is None:
            _, outcome = await ask(daemon, "PauseScaling", request)
            return outcome if not outcome.done else Outcome(True, "Scaling goes on.")
        if not 1 <= message.minutes <= LONGEST_MINUTES:
            raise BadMessage(f"Pause.minutes is {message.minutes}; allowed is 1 to {LONGEST_MINUTES}")
        now = daemon.clock.now()
        until = now + timedelta(minutes=message.minutes)
        request.until.CopyFrom(time_to_proto(until))
        _, outcome = await ask(daemon, "PauseScaling", request)
        if not outcome.done:
            return outcome
        return Outcome(True, f"Scaling is paused until {moment_text(until, now)}. Limits stay as they are.")
