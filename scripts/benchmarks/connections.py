"""A thousand agents and daemons on one broker under mutual TLS: what they cost it, and how they come back after a kill.

The broker is a process of its own. The clients speak the contract from one process, with the product's own waits
between two tries; each sends one message in ten seconds, at a moment of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import psutil
from foreload_agent.api.backoff import Backoff
from foreload_core.types import Amounts, Sample
from foreload_daemon.broker.state import Pauses
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc, broker_pb2, broker_pb2_grpc, common_pb2
from foreload_system.certificates import create_authority, issue, read_bundle
from foreload_system.channels import open_channel
from foreload_system.codecs import sample_to_proto
from foreload_system.identity import Identity

PAIRS = 500
MESSAGE_SECONDS = 10.0
MEASURED_SECONDS = 30.0
DOWN_SECONDS = 20.0
PATIENCE_SECONDS = 180.0
GIB = 2**30
CHANGEABLE = (common_pb2.RESOURCE_CPU, common_pb2.RESOURCE_MEMORY)
_GONE = (grpc.aio.AioRpcError, ConnectionError, asyncio.InvalidStateError, StopAsyncIteration)


class Clients:
    """All of them, and who is connected."""

    def __init__(self, address: str, certificates: Path) -> None:
        self._address = address
        self._certificates = certificates
        self.connected: set[str] = set()
        self.tries = 0

    async def daemon(self, name: str) -> None:
        """One daemon, for ever."""
        pauses = Pauses()
        while True:
            with contextlib.suppress(*_GONE):
                async with self._channel(f"environment-{name}") as channel:
                    call: Any = broker_pb2_grpc.BrokerServiceStub(channel).Connect()
                    await call.write(broker_pb2.ConnectRequest(hello=broker_pb2.Hello(contract_version=1)))
                    sequence = (await _answer(call)).welcome.acknowledged_sequence + 1
                    consent = broker_pb2.Consent(revision=1, automatic_scaling=True)
                    await call.write(broker_pb2.ConnectRequest(sequence=sequence, consent=consent))
                    pauses.reset()
                    await self._talk(f"daemon {name}", call, _samples(sequence))
            self.connected.discard(f"daemon {name}")
            await asyncio.sleep(pauses.next())

    async def agent(self, name: str) -> None:
        """One agent with one environment, for ever."""
        backoff = Backoff(0.2, 5.0, random.Random(name))  # noqa: S311 - spreads, guards nothing
        limit = common_pb2.Amounts(cpu_cores=2.0, memory_bytes=4 * GIB)
        environment = agent_pb2.ManagedEnvironment(
            environment_id=name,
            platform="cgroup",
            limit=limit,
            floor=common_pb2.Amounts(cpu_cores=0.5, memory_bytes=GIB),
            capabilities=[agent_pb2.Capability(resource=resource, can_change=True) for resource in CHANGEABLE],
        )
        capacity = common_pb2.Amounts(cpu_cores=16.0, memory_bytes=64 * GIB)
        while True:
            with contextlib.suppress(*_GONE):
                async with self._channel(f"agent-{name}") as channel:
                    call: Any = agent_pb2_grpc.AgentServiceStub(channel).Attach()
                    register = agent_pb2.Register(contract_version=1, capacity=capacity, environments=[environment])
                    await call.write(agent_pb2.AttachRequest(register=register))
                    await _answer(call)
                    backoff.reset()
                    await self._talk(
                        f"agent {name}",
                        call,
                        _measurements(name),
                    )
            self.connected.discard(f"agent {name}")
            await asyncio.sleep(backoff.next_seconds())

    def _channel(self, who: str) -> grpc.aio.Channel:
        self.tries += 1
        return open_channel(self._address, read_bundle(self._certificates / who))

    async def _talk(self, who: str, call: Any, messages: Iterator[Any]) -> None:
        """Sends in its rhythm and reads what comes, until the stream ends."""
        self.connected.add(who)

        async def send() -> None:
            await asyncio.sleep(random.random() * MESSAGE_SECONDS)  # noqa: S311 - spreads, guards nothing
            while True:
                await call.write(next(messages))
                await asyncio.sleep(MESSAGE_SECONDS)

        sender = asyncio.create_task(send())
        try:
            while True:
                await _answer(call)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def all_connected(self) -> None:
        """Returns when everybody is there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.connected) < 2 * PAIRS:  # noqa: ASYNC110 - looked at from outside, as an operator would
                await asyncio.sleep(0.05)


def _samples(sequence: int) -> Iterator[broker_pb2.ConnectRequest]:
    for number in itertools.count(sequence + 1):
        yield broker_pb2.ConnectRequest(sequence=number, sample=sample_to_proto(_sample()))


def _measurements(name: str) -> Iterator[agent_pb2.AttachRequest]:
    while True:
        measurement = agent_pb2.Measurement(environment_id=name, sample=sample_to_proto(_sample()))
        yield agent_pb2.AttachRequest(measurement=measurement)


async def _answer(call: Any) -> Any:
    response = await call.read()
    if not isinstance(response, (broker_pb2.ConnectResponse, agent_pb2.AttachResponse)):
        raise ConnectionError("the broker has ended the stream")
    return response


def _sample() -> Sample:
    used = Amounts(cpu_cores=0.4 + time.monotonic() % 0.2, memory_bytes=GIB)
    return Sample(datetime.now(UTC) - timedelta(seconds=10), 10.0, used, Amounts(cpu_cores=2.0, memory_bytes=4 * GIB))


def _start(state: Path, address: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "foreload_cli.main", "broker", "--state", str(state), "--listen", address]
    with (state / "broker.log").open("ab") as log:
        return subprocess.Popen([*command, "--metrics", "127.0.0.1:0"], stdout=log, stderr=log)


async def _listening(address: str) -> None:
    host, _, port = address.partition(":")
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return
        await asyncio.sleep(0.05)


async def _measure(state: Path) -> list[dict[str, object]]:
    now = datetime.now(UTC)
    authority, certificates = state / "certs" / "authority", state / "certs"
    create_authority(authority, now)
    issue(authority, Identity("broker", "local"), certificates / "broker-local", now)
    names = [f"bench-{number}" for number in range(PAIRS)]
    for name in names:
        for kind in ("environment", "agent"):
            issue(authority, Identity(kind, name), certificates / f"{kind}-{name}", now)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    broker = _start(state, address)
    try:
        await _listening(address)
        clients = Clients(address, certificates)
        tasks = [asyncio.create_task(run(name)) for name in names for run in (clients.daemon, clients.agent)]
        await clients.all_connected()
        await asyncio.sleep(2 * MESSAGE_SECONDS)
        process = psutil.Process(broker.pid)
        before, began = sum(process.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(MEASURED_SECONDS)
        core_ratio = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
        resident_bytes = process.memory_info().rss
        broker.send_signal(signal.SIGKILL)
        broker.wait()
        await asyncio.sleep(DOWN_SECONDS)
        broker = _start(state, address)
        await _listening(address)
        again, clients.tries = time.monotonic(), 0
        await clients.all_connected()
        back_seconds, tries = time.monotonic() - again, clients.tries
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        broker.send_signal(signal.SIGTERM)
        broker.wait()
    name = f"{2 * PAIRS:,} agents and daemons"
    return [
        {"name": f"{name}: of a core", "value": core_ratio, "unit": "", "bar": 0.1},
        {"name": f"{name}: all back after the broker is", "value": back_seconds, "unit": "s", "bar": 10.0},
        {"name": f"{name}: tries of each to come back", "value": tries / (2 * PAIRS), "unit": "", "bar": 2.0},
        {"name": f"{name}: the broker holds", "value": resident_bytes / 2**20, "unit": "MiB", "bar": None},
    ]


def main() -> None:
    """Prints the rows."""
    with tempfile.TemporaryDirectory(prefix="fl-connections-") as folder:
        print(json.dumps(asyncio.run(_measure(Path(folder)))))


if __name__ == "__main__":
    main()
