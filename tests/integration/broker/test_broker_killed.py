"""kill -9 at random moments, with daemon and agent at work: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from foreload_core.types import Amounts, DemandEstimate, DemandSource, RunKind, Sample, Signal, SignalKind
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import sample_to_proto, signal_to_proto

GONE = (grpc.aio.AioRpcError, ConnectionError, asyncio.InvalidStateError)
"""What a client's call raises when the broker is killed under it."""


class Process:
    """The broker as a process of its own, on one address."""

    def __init__(self, site) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.site = site
        site.address = f"127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "foreload_cli.main", "broker", "--state", str(self.site.state)]
        command += ["--listen", self.site.address, "--metrics", "127.0.0.1:0", "--tick-seconds", "0.2"]
        with (self.site.state / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(20)


class Story:
    """What daemon and agent remember over all the broker's lives."""

    def __init__(self) -> None:
        self.sent = 0
        self.acknowledged = 0
        self.pending: dict[int, dict] = {}
        self.applied: list[int] = []
        self.cores = 1.0
        self.begun = datetime.now(UTC) - timedelta(hours=1)

    def next_message(self) -> None:
        self.sent += 1
        if self.sent == 1:
            message = {"consent": broker_pb2.Consent(revision=1, automatic_scaling=True)}
        elif self.sent % 5 == 0:
            demand = DemandEstimate(Amounts(cpu_cores=0.3), Amounts(cpu_cores=0.3), 600, 900, DemandSource.CODE)
            name = f"s{self.sent}"
            started = Signal(name, SignalKind.RUN_STARTED, datetime.now(UTC), f"r{self.sent}", RunKind.TEST, demand)
            message = {"signal": signal_to_proto(started)}
        else:
            start = self.begun + timedelta(seconds=self.sent)
            message = {"sample": sample_to_proto(Sample(start, 1.0, Amounts(cpu_cores=self.sent / 1000)))}
        self.pending[self.sent] = message


async def daemon(site, story: Story) -> None:
    while True:
        with contextlib.suppress(*GONE):
            async with site.daemon() as client:
                await client.hello()
                assert client.acknowledged >= story.acknowledged
                for sequence in sorted(story.pending):
                    if sequence > client.acknowledged:
                        await client.send(sequence, **story.pending[sequence])
                sender = asyncio.create_task(keep_sending(client, story))
                try:
                    while True:
                        client._take(await client._read())
                        story.acknowledged = max(story.acknowledged, client.acknowledged)
                finally:
                    sender.cancel()
        await asyncio.sleep(0.05)


async def keep_sending(client, story: Story) -> None:
    while True:
        story.next_message()
        await client.send(story.sent, **story.pending[story.sent])
        await asyncio.sleep(0.01)


async def agent(site, story: Story) -> None:
    while True:
        with contextlib.suppress(*GONE):
            async with site.agent() as client:
                client.cores, client.applied_revision = story.cores, max(story.applied, default=0)
                await client.register()
                try:
                    while True:
                        await client.measure(0.2)
                        await asyncio.sleep(0.1)
                finally:
                    story.applied += client.applied
                    story.cores = client.cores
        await asyncio.sleep(0.05)


async def live_through(site, eventually, kills: int, seed: int) -> tuple[Story, str]:
    """Kills the broker at random moments of its lives; returns what the others remember, and its log."""
    site.authority.issue("environment", "dev")
    site.authority.issue("agent", "local")
    story, broker, dice = Story(), Process(site), random.Random(seed)
    clients = [asyncio.create_task(client(site, story)) for client in (daemon, agent)]
    try:
        for _ in range(kills):
            broker.start()
            before = story.acknowledged
            async with asyncio.timeout(60):
                while story.acknowledged == before:
                    failed = next((client for client in clients if client.done()), None)
                    if failed is not None:
                        failed.result()
                    await asyncio.sleep(0.02)
            await asyncio.sleep(dice.uniform(0.0, 1.0))
            await asyncio.to_thread(broker.end, signal.SIGKILL)
        broker.start()
        last = story.sent
        await eventually(lambda: story.acknowledged >= last)
        await asyncio.sleep(0.5)
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.to_thread(broker.end, signal.SIGTERM)
    return story, (site.state / "broker.log").read_text()


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
async def test_killed_broker_loses_nothing_and_does_nothing_twice(site, eventually, kills):
    story, log = await live_through(site, eventually, kills, seed=kills)
    with sqlite3.connect(site.database_file) as connection:
        samples = {row[0] for row in connection.execute("SELECT start_microseconds FROM samples WHERE source='daemon'")}
        signals = {row[0] for row in connection.execute("SELECT signal_id FROM signals")}
        unsettled = connection.execute("SELECT count(*) FROM decisions WHERE NOT settled").fetchone()[0]
    connection.close()
    acknowledged = [story.pending[sequence] for sequence in range(2, story.acknowledged + 1)]
    for message in acknowledged:
        if "sample" in message:
            assert message["sample"].start.ToMicroseconds() in samples
        else:
            assert message["signal"].signal_id in signals
    assert story.applied == sorted(set(story.applied))
    assert story.cores > 1.0
    assert unsettled <= 1
    assert "decided otherwise" not in log
    assert "damaged" not in log
