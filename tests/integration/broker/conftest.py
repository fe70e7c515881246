"""A real broker on a real database, behind real certificates, and clients that speak the real contract."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from foreload_broker.app import Broker
from foreload_broker.config import read_settings
from foreload_core.types import Amounts, DemandEstimate, DemandSource, RunKind, Sample, Signal, SignalKind
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc, broker_pb2, broker_pb2_grpc, common_pb2
from foreload_system.certificates import create_authority, issue, read_bundle
from foreload_system.channels import open_channel
from foreload_system.codecs import sample_to_proto, signal_to_proto, time_to_proto
from foreload_system.identity import Identity

GIB = 2**30
PATIENCE_SECONDS = 20.0


class Authority:
    """A folder of certificates, made as they are asked for."""

    def __init__(self, state: Path) -> None:
        self.state = state
        create_authority(state / "certs" / "authority", datetime.now(UTC))

    def issue(self, kind: str, name: str, **more: Any) -> Path:
        folder = self.state / "certs" / f"{kind}-{name}"
        now = more.pop("now", datetime.now(UTC))
        issue(self.state / "certs" / "authority", Identity(kind, name), folder, now, **more)
        return folder


@dataclass
class DaemonClient:
    """The daemon's side of a stream, by hand."""

    call: Any
    sequence: int = 0
    allocation: broker_pb2.Allocation = field(default_factory=broker_pb2.Allocation)
    acknowledged: int = 0
    decisions: list[common_pb2.Decision] = field(default_factory=list)
    rejected: list[broker_pb2.Rejected] = field(default_factory=list)
    welcome: broker_pb2.Welcome | None = None

    async def hello(self, version: int = 1) -> broker_pb2.Welcome:
        await self.call.write(broker_pb2.ConnectRequest(hello=broker_pb2.Hello(contract_version=version)))
        first = await self._read()
        self.welcome = first.welcome
        self.sequence = self.acknowledged = first.welcome.acknowledged_sequence
        return first.welcome

    async def send(self, sequence: int | None = None, **message: Any) -> int:
        self.sequence = self.sequence + 1 if sequence is None else sequence
        await self.call.write(broker_pb2.ConnectRequest(sequence=self.sequence, **message))
        return self.sequence

    async def consent(self, revision: int = 1, **switches: bool) -> None:
        given = {"automatic_scaling": True, **switches}
        sequence = await self.send(consent=broker_pb2.Consent(revision=revision, **given))
        await self.until(lambda: self.acknowledged >= sequence)

    async def run_starts(self, name: str, cores: float) -> None:
        now = datetime.now(UTC)
        demand = DemandEstimate(Amounts(cpu_cores=cores), Amounts(cpu_cores=cores), 60, 120, DemandSource.CODE)
        signal = Signal(name, SignalKind.RUN_STARTED, now, f"run-{name}", RunKind.PROGRAM, demand)
        await self.send(signal=signal_to_proto(signal))

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not reached():
                self._take(await self._read())

    async def _read(self) -> broker_pb2.ConnectResponse:
        response = await self.call.read()
        if not isinstance(response, broker_pb2.ConnectResponse):
            raise ConnectionError("the broker has ended the stream")
        return response

    def _take(self, response: broker_pb2.ConnectResponse) -> None:
        match response.WhichOneof("message"):
            case "acknowledged":
                assert response.acknowledged.sequence >= self.acknowledged
                self.acknowledged = response.acknowledged.sequence
            case "allocation":
                self.allocation = response.allocation
            case "decision":
                self.decisions.append(response.decision)
            case "rejected":
                self.rejected.append(response.rejected)


class AgentClient:
    """An agent that applies what it is told, and remembers in what order; silent for a while if told so."""

    def __init__(self, call: Any, environment_id: str = "dev", capacity_cores: float = 8.0) -> None:
        self.call = call
        self.environment_id = environment_id
        self.capacity_cores = capacity_cores
        self.cores, self.memory_bytes = 1.0, 2 * GIB
        self.applied_revision = 0
        self.received: list[int] = []
        self.applied: list[int] = []
        self.answers = True
        self._task: asyncio.Task[None] | None = None

    async def register(self, version: int = 1) -> agent_pb2.Registered:
        capable = [agent_pb2.Capability(resource=number, can_change=True) for number in (1, 2)]
        environment = agent_pb2.ManagedEnvironment(
            environment_id=self.environment_id,
            platform="double",
            limit=common_pb2.Amounts(cpu_cores=self.cores, memory_bytes=self.memory_bytes),
            floor=common_pb2.Amounts(cpu_cores=0.5, memory_bytes=GIB),
            capabilities=capable,
            applied_revision=self.applied_revision,
        )
        capacity = common_pb2.Amounts(cpu_cores=self.capacity_cores, memory_bytes=16 * GIB)
        message = agent_pb2.Register(contract_version=version, capacity=capacity, environments=[environment])
        await self.call.write(agent_pb2.AttachRequest(register=message))
        response = await self.call.read()
        if not isinstance(response, agent_pb2.AttachResponse):
            raise ConnectionError("the broker has ended the stream")
        self._task = asyncio.create_task(self._serve())
        return response.registered

    async def measure(self, cores: float, urgent: bool = False, environment_id: str | None = None) -> None:
        sample = Sample(
            datetime.now(UTC) - timedelta(seconds=10),
            10.0,
            Amounts(cpu_cores=cores, memory_bytes=GIB),
            Amounts(cpu_cores=self.cores, memory_bytes=self.memory_bytes),
        )
        message = agent_pb2.Measurement(
            environment_id=environment_id or self.environment_id, sample=sample_to_proto(sample), urgent=urgent
        )
        await self.call.write(agent_pb2.AttachRequest(measurement=message))

    async def _serve(self) -> None:
        # How a stream ends is for the test's own calls to find out.
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while isinstance(response := await self.call.read(), agent_pb2.AttachResponse):
                instruction = response.instruction
                self.received.append(instruction.revision)
                if self.answers:
                    await self.answer(instruction)

    async def answer(self, instruction: agent_pb2.Instruction) -> None:
        again = instruction.revision <= self.applied_revision
        if not again:
            self.applied.append(instruction.revision)
            self.applied_revision = instruction.revision
            if instruction.target.HasField("cpu_cores"):
                self.cores = instruction.target.cpu_cores
            if instruction.target.HasField("memory_bytes"):
                self.memory_bytes = instruction.target.memory_bytes
        actuation = common_pb2.ACTUATION_NO_CHANGE if again else common_pb2.ACTUATION_APPLIED
        results = [
            common_pb2.ActuationResult(
                instruction_id=instruction.instruction_id,
                resource=number,
                actuation=actuation,
                amount=amount,
                at=time_to_proto(datetime.now(UTC)),
            )
            for number, amount in ((1, self.cores), (2, self.memory_bytes))
        ]
        message = agent_pb2.InstructionResults(
            environment_id=self.environment_id, revision=instruction.revision, results=results
        )
        await self.call.write(agent_pb2.AttachRequest(results=message))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


class Site:
    """One broker with its state folder, and ways to reach it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.authority = Authority(state)
        self.authority.issue("broker", "local")
        self.address = ""
        self.broker: Broker | None = None

    @property
    def database_file(self) -> Path:
        return self.state / "broker" / "broker.db"

    @asynccontextmanager
    async def running(self, **settings: Any) -> AsyncIterator[Broker]:
        given = {"state": self.state, "listen": "127.0.0.1:0", "metrics": "127.0.0.1:0", "tick_seconds": 0.2}
        platforms = settings.pop("platforms", None)
        broker = self.broker = Broker(read_settings({**given, **settings}), platforms)
        await broker.start()
        self.address = broker.address
        try:
            yield broker
        finally:
            await broker.stop()

    @asynccontextmanager
    async def channel(self, kind: str, name: str, folder: Path | None = None) -> AsyncIterator[Any]:
        folder = folder or self.state / "certs" / f"{kind}-{name}"
        if not folder.exists():
            self.authority.issue(kind, name)
        async with open_channel(self.address, read_bundle(folder)) as channel:
            yield channel

    @asynccontextmanager
    async def stub(self, kind: str, name: str) -> AsyncIterator[broker_pb2_grpc.BrokerServiceStub]:
        async with self.channel(kind, name) as channel:
            yield broker_pb2_grpc.BrokerServiceStub(channel)

    @asynccontextmanager
    async def daemon(self, name: str = "dev") -> AsyncIterator[DaemonClient]:
        async with self.stub("environment", name) as stub:
            call = stub.Connect()
            yield DaemonClient(call)
            call.cancel()

    @asynccontextmanager
    async def agent(self, environment_id: str = "dev", instance: str = "local") -> AsyncIterator[AgentClient]:
        async with self.channel("agent", instance) as channel:
            call = agent_pb2_grpc.AgentServiceStub(channel).Attach()
            client = AgentClient(call, environment_id)
            yield client
            await client.close()
            call.cancel()


async def eventually(reached: Callable[[], bool | Awaitable[bool]]) -> None:
    """Waits until something holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = reached()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "state")


@pytest.fixture(name="eventually")
def _eventually() -> Callable[[Callable[[], Any]], Awaitable[None]]:
    return eventually
