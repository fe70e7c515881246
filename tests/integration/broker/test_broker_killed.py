"""kill -9 at random moments, with daemon and agent at work: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from foreload_broker.loop.replay import read_journal, replay
from foreload_broker.store.database import Database
from foreload_core.types import Amounts, DemandEstimate, DemandSource, RunKind, Sample, Signal, SignalKind
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import sample_to_proto, signal_to_proto
from sqlalchemy import text

GONE = (grpc.aio.AioRpcError, ConnectionError, asyncio.InvalidStateError)
"""What a client's call raises when the broker is killed under it."""
LEASE_SECONDS = 1.0


class Process:
    """A broker as a process of its own, on one address, in a state folder of its own."""

    def __init__(self, site, database: str = "", name: str = "state") -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        self.state = site.state.parent / name
        self.state.mkdir(exist_ok=True)
        self.log_file = self.state / "broker.log"
        self._command = [sys.executable, "-m", "foreload_cli.main", "broker", "--state", str(self.state)]
        self._command += ["--certificates", str(site.state / "certs" / "broker-local"), "--tick-seconds", "0.2"]
        self._command += ["--listen", self.address, "--metrics", "127.0.0.1:0"]
        self._command += ["--database-url", database, "--lease-seconds", str(LEASE_SECONDS)] if database else []
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def active(self) -> bool:
        """Whether it listens, which the active broker alone does."""
        with socket.socket() as probe:
            host, _, port = self.address.partition(":")
            return probe.connect_ex((host, int(port))) == 0

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def send(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self, number: int) -> None:
        assert self.process is not None
        self.send(number)
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
        self.brokers: list[Process] = []
        self.clients: list[asyncio.Task[None]] = []

    async def find_broker(self, site) -> None:
        """Where clients look after a connection has ended: at the broker that listens."""
        await asyncio.sleep(0.05)
        site.address = next((broker.address for broker in self.brokers if broker.active), site.address)

    async def connect(self, site) -> None:
        """Has daemon and agent begin anew, as they do when nothing comes any more on their streams."""
        await self.disconnect()
        await self.find_broker(site)
        self.clients = [asyncio.create_task(client(site, self)) for client in (daemon, agent)]

    async def disconnect(self) -> None:
        """Ends daemon and agent; what they raised is raised here."""
        for client in self.clients:
            client.cancel()
        for ended in await asyncio.gather(*self.clients, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

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
        await story.find_broker(site)


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
        await story.find_broker(site)


@contextlib.asynccontextmanager
async def at_work(site, story: Story, eventually, *brokers: Process) -> AsyncIterator[None]:
    """Daemon and agent at work; at the end everything that was sent is acknowledged, and the brokers are stopped."""
    site.authority.issue("environment", "dev")
    site.authority.issue("agent", "local")
    story.brokers = list(brokers)
    site.address = brokers[0].address
    await story.connect(site)
    try:
        yield
        last = story.sent
        await eventually(lambda: story.acknowledged >= last)
        await asyncio.sleep(0.5)
    finally:
        await story.disconnect()
        for broker in brokers:
            if broker.process is not None and broker.process.poll() is None:
                await asyncio.to_thread(broker.end, signal.SIGTERM)


async def acknowledged_more(story: Story) -> None:
    before = story.acknowledged
    async with asyncio.timeout(60):
        while story.acknowledged == before:
            failed = next((client for client in story.clients if client.done()), None)
            if failed is not None:
                failed.result()
            await asyncio.sleep(0.02)


def check_nothing_lost_or_doubled(story: Story, url: str, *brokers: Process) -> None:
    database = Database(url)
    with database.reading() as connection:
        samples = set(connection.scalars(text("SELECT start_microseconds FROM samples WHERE source='daemon'")))
        signals = set(connection.scalars(text("SELECT signal_id FROM signals")))
        unsettled = connection.scalar(text("SELECT count(*) FROM decisions WHERE NOT settled"))
        differences = [entry for step in replay(read_journal(connection)) for entry in step.differences]
    database.close()
    acknowledged = [story.pending[sequence] for sequence in range(2, story.acknowledged + 1)]
    for message in acknowledged:
        if "sample" in message:
            assert message["sample"].start.ToMicroseconds() in samples
        else:
            assert message["signal"].signal_id in signals
    assert story.applied == sorted(set(story.applied))
    assert story.cores > 1.0
    assert unsettled in (0, 1)
    assert not differences
    for broker in brokers:
        log = broker.log_file.read_text()
        assert "decided otherwise" not in log
        assert "damaged" not in log


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
async def test_killed_broker_loses_nothing_and_does_nothing_twice(site, eventually, kills):
    story, broker, dice = Story(), Process(site), random.Random(kills)
    async with at_work(site, story, eventually, broker):
        for _ in range(kills):
            broker.start()
            await acknowledged_more(story)
            await asyncio.sleep(dice.uniform(0.0, 1.0))
            await asyncio.to_thread(broker.end, signal.SIGKILL)
        broker.start()
        await acknowledged_more(story)
    check_nothing_lost_or_doubled(story, f"sqlite:///{site.database_file}", broker)


@pytest.fixture
def pair(site, postgres) -> tuple[str, Process, Process]:
    """Two brokers on one database, not yet started, and its URL."""
    url = postgres.new_database()
    return url, Process(site, url, "one"), Process(site, url, "two")


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
async def test_another_broker_takes_over_from_a_killed_one(site, pair, eventually, kills):
    url, one, two = pair
    story, dice = Story(), random.Random(kills)
    async with at_work(site, story, eventually, one, two):
        one.start()
        await acknowledged_more(story)
        two.start()
        await eventually(lambda: "standing by" in two.log_file.read_text())
        assert not two.active
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(0.0, 1.0))
            active, other = (one, two) if one.active else (two, one)
            await asyncio.to_thread(active.end, signal.SIGKILL)
            await acknowledged_more(story)
            assert other.active
            active.start()
    check_nothing_lost_or_doubled(story, url, one, two)


@pytest.mark.timeout(300)
async def test_broker_that_slept_through_its_lease_writes_nothing_and_steps_down(site, pair, eventually):
    url, one, two = pair
    story = Story()
    async with at_work(site, story, eventually, one, two):
        one.start()
        await acknowledged_more(story)
        two.start()
        await eventually(lambda: "standing by" in two.log_file.read_text())
        one.send(signal.SIGSTOP)
        await eventually(lambda: two.active)
        # The kernel still takes connections in for a process that is stopped.
        story.brokers = [two]
        await story.connect(site)
        await acknowledged_more(story)
        one.send(signal.SIGCONT)
        await eventually(lambda: not one.active)
        said = one.log_file.read_text()
        assert "another broker has taken over" in said or "is the active broker by now" in said
        await acknowledged_more(story)
    check_nothing_lost_or_doubled(story, url, one, two)


@pytest.mark.timeout(300)
async def test_killed_database_comes_back_and_nothing_is_lost(site, pair, postgres, eventually):
    url, one, two = pair
    story = Story()
    async with at_work(site, story, eventually, one, two):
        one.start()
        await acknowledged_more(story)
        two.start()
        for _ in range(2):
            await acknowledged_more(story)
            await asyncio.to_thread(postgres.kill)
            await asyncio.sleep(LEASE_SECONDS * 1.5)
            await asyncio.to_thread(postgres.start)
            await acknowledged_more(story)
    check_nothing_lost_or_doubled(story, url, one, two)
