"""“About to run something big”: the developer says what will be needed, and the broker is told before it is."""

from __future__ import annotations

from datetime import timedelta

from foreload_core.types import Amounts, DemandEstimate, DemandSource, RunKind, Signal, SignalKind
from foreload_core.units import GIB, cores_text, memory_text

from foreload_daemon.consent import NotAllowed
from foreload_daemon.daemon import Daemon
from foreload_daemon.features.asking import new_id
from foreload_daemon.pages.moments import clock_text
from foreload_daemon.protocol import ANNOUNCE, Announce, Outcome
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import BadMessage

ANSWER_SECONDS = 2.0
LONGEST_MINUTES = 24 * 60
MOST_CORES, MOST_MEMORY_BYTES = 4096.0, 16384 * GIB


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the request."""

    @server.request(ANNOUNCE, Announce)
    async def announce(message: Announce, _caller: str) -> Outcome:
        return await announce_demand(daemon, message)


async def announce_demand(daemon: Daemon, message: Announce) -> Outcome:
    """Tells the broker what a person says will be needed; the answer says whether it has heard."""
    _check(message)
    link, now = daemon.services.link, daemon.clock.now()
    used = daemon.services.sampler.mean_use(30.0)
    # A demand is on top of what is used without it; what a person says is the whole.
    extra = Amounts(
        None if message.cores is None else max(0.0, message.cores - (used.cpu_cores or 0.0)),
        None if message.memoryBytes is None else max(0, message.memoryBytes - (used.memory_bytes or 0)),
    )
    seconds = message.minutes * 60.0
    demand = DemandEstimate(extra, extra, seconds, seconds, DemandSource.DEVELOPER)
    signal = Signal(new_id(), SignalKind.ANNOUNCED, now, new_id(), RunKind.OTHER, demand)
    if not link.connected:
        return Outcome(False, link.state.text or "There is no broker, so limits stay as they are.")
    from foreload_system.codecs import signal_to_proto

    try:
        await link.keep("signal", signal_to_proto(signal))
    except NotAllowed as refusal:
        return Outcome(False, str(refusal))
    taken_in = await link.wait_for_signal(signal.signal_id, ANSWER_SECONDS)
    wanted = _words(message)
    until = clock_text(now + timedelta(minutes=message.minutes))
    if taken_in is None:
        return Outcome(True, f"{wanted} until {until} were announced; the broker has not answered yet.")
    return Outcome(True, f"The broker knows: {wanted} until {until}.")


def _check(message: Announce) -> None:
    if message.cores is None and message.memoryBytes is None:
        raise BadMessage("Announce says neither cores nor memoryBytes; one of them is needed")
    if message.cores is not None and not 0 < message.cores <= MOST_CORES:
        raise BadMessage(f"Announce.cores is {message.cores:g}; allowed is more than 0, at most {MOST_CORES:g}")
    if message.memoryBytes is not None and not 0 < message.memoryBytes <= MOST_MEMORY_BYTES:
        raise BadMessage(f"Announce.memoryBytes is {message.memoryBytes}; allowed is 1 to {MOST_MEMORY_BYTES}")
    if not 1 <= message.minutes <= LONGEST_MINUTES:
        raise BadMessage(f"Announce.minutes is {message.minutes}; allowed is 1 to {LONGEST_MINUTES}")


def _words(message: Announce) -> str:
    parts = []
    if message.cores is not None:
        parts.append(f"{cores_text(message.cores)} {'core' if message.cores == 1 else 'cores'}")
    if message.memoryBytes is not None:
        parts.append(memory_text(message.memoryBytes))
    return " and ".join(parts)
