"""The four switches: what is allowed, what would be sent with each, and taking back."""

from __future__ import annotations

from dataclasses import replace

from foreload_core.features import FEATURES
from foreload_core.types import Sample
from foreload_core.units import MEGABYTE, cores_text, format_time, memory_text

from foreload_daemon.broker.fields import known_features
from foreload_daemon.consent import TEXT_DATE, TEXT_VERSION, Gate
from foreload_daemon.daemon import Daemon
from foreload_daemon.protocol import (
    GET_PERMISSION,
    PURGE,
    SET_PERMISSION,
    Outcome,
    Permission,
    Switches,
    VectorRow,
)
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import Nothing

SCALING, FEATURES_SWITCH = "automaticScaling", "shareFeatures"
PURGE_WAIT_SECONDS = 5.0


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests."""

    async def permission() -> Permission:
        import asyncio

        gate, sampler = daemon.services.gate, daemon.services.sampler
        choice = gate.choice if gate.given else replace(gate.choice, **dict.fromkeys(_SWITCHES, False))
        return Permission(
            environment=daemon.environment,
            given=gate.given,
            switches=Switches(choice.analysis, choice.share_features, choice.automatic_scaling, choice.cohort_history),
            textVersion=TEXT_VERSION,
            textDate=TEXT_DATE,
            telemetryEnabled=gate.telemetry_enabled,
            vector=[*_use_rows(sampler.latest), *daemon.forecast_rows(), *_feature_rows(daemon)],
            at=format_time(daemon.clock.now()),
            confirmedByBroker=await asyncio.to_thread(lambda: _confirmed(gate)),
        )

    @server.request(GET_PERMISSION, Nothing)
    async def get_permission(_message: Nothing, _caller: str) -> Permission:
        return await permission()

    @server.request(SET_PERMISSION, Switches)
    async def set_permission(switches: Switches, _caller: str) -> Permission:
        import asyncio

        await asyncio.to_thread(daemon.services.gate.choose, switches)
        return await permission()

    @server.request(PURGE, Nothing)
    async def purge(_message: Nothing, _caller: str) -> Outcome:
        return await _purge(daemon)


_SWITCHES = ("analysis", "share_features", "automatic_scaling", "cohort_history")


def _confirmed(gate: Gate) -> bool:
    return gate.confirmed and not gate.purge_pending


async def _purge(daemon: Daemon) -> Outcome:
    import asyncio

    gate, link = daemon.services.gate, daemon.services.link
    await asyncio.to_thread(gate.ask_purge)
    link.reconnect()
    deadline = daemon.clock.monotonic() + PURGE_WAIT_SECONDS
    while daemon.clock.monotonic() < deadline:
        await asyncio.sleep(0.1)
        if not await asyncio.to_thread(lambda: gate.purge_pending):
            last = await asyncio.to_thread(lambda: gate.last_purge)
            rows = f": {last[1]:,} rows" if last is not None and last[1] else ""
            return Outcome(True, f"The broker has deleted all that it held of this environment{rows}.")
    return Outcome(
        False,
        "The broker does not answer. It is asked to delete what it holds as soon as it does; nothing else is needed.",
    )


def _use_rows(sample: Sample | None) -> list[VectorRow]:
    if sample is None:
        return []
    used, limit = sample.used, sample.limit
    rows: list[VectorRow] = []

    def add(name: str, value: float | None, words: str) -> None:
        if value is not None:
            text = f"{value}" if isinstance(value, int) else f"{value:.3g}" if value < 1000 else f"{value:.0f}"
            rows.append(VectorRow(name, text, words, SCALING))

    add("cpu_cores", used.cpu_cores, "CPU in use")
    add("cpu_limit_cores", limit.cpu_cores, "CPU limit")
    add("memory_bytes", used.memory_bytes, f"{memory_text(used.memory_bytes or 0)} in use")
    add("memory_limit_bytes", limit.memory_bytes, f"{memory_text(limit.memory_bytes or 0)} limit")
    add("gpu_count", used.gpu_count, f"{cores_text(used.gpu_count or 0)} GPUs busy")
    received, sent = used.network_rx_bytes_per_second, used.network_tx_bytes_per_second
    add("network_rx_bytes_per_second", received, f"{(received or 0) / MEGABYTE:.1f} MB/s in")
    add("network_tx_bytes_per_second", sent, f"{(sent or 0) / MEGABYTE:.1f} MB/s out")
    add("throttled_seconds", sample.throttled_seconds, "time at the CPU limit in the last interval")
    add("oom_kills", sample.oom_kills, "kills for want of memory in it")
    return rows


def _feature_rows(daemon: Daemon) -> list[VectorRow]:
    """The features of the document that was worked on last, by the names they have on the wire."""
    values = known_features(daemon.current_features())
    return [
        VectorRow(name, f"{value:.6g}", FEATURES[name].meaning, FEATURES_SWITCH)
        for name, value in sorted(values.items())
    ]
