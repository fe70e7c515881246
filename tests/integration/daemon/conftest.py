"""An editor that drives the real server process, and brokers named by how they fail, behind real mutual TLS."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from foreload_core.types import Amounts
from foreload_daemon import protocol
from foreload_proto.v1 import broker_pb2, broker_pb2_grpc
from foreload_system.certificates import create_authority, issue
from foreload_system.channels import SERVER_OPTIONS, server_credentials
from foreload_system.codecs import amounts_to_proto, time_to_proto
from foreload_system.identity import Identity
from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient

ENVIRONMENT = "checkout-api"
PATIENCE_SECONDS = 20.0


async def eventually(holds: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Waits until something is true, and gives it."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := holds()):
        assert asyncio.get_running_loop().time() < deadline, "it did not come to be in time"
        await asyncio.sleep(0.03)
    return found


class Editor:
    """A client that starts the server as the extension does."""

    def __init__(self, folder: Path, workspace: Path, variables: dict[str, str]) -> None:
        self.folder, self.workspace = folder, workspace
        self.variables = {"FORELOAD_DAEMON_DIR": str(folder), "FORELOAD_ENVIRONMENT": ENVIRONMENT, **variables}
        self.client = BaseLanguageClient("test", "1")
        self.gauges: list[Any] = []
        self.states: dict[str, str] = {}
        self.messages: list[str] = []
        self.pages: list[Any] = []
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.refreshes = 0
        self.initialize_seconds = 0.0
        self.client.feature(protocol.GAUGE)(lambda gauge: self.gauges.extend([gauge]))
        self.client.feature(protocol.ANALYSIS_STATE)(lambda state: self.states.update({state.uri: state.text}))
        self.client.feature(protocol.DASHBOARD_CHANGED)(lambda update: self.pages.append(update.dashboard))
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.messages.append(params.message))
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(
            lambda params: self.diagnostics.update({params.uri: list(params.diagnostics)})
        )
        self.client.feature(types.WORKSPACE_CODE_LENS_REFRESH)(lambda _params: self._refreshed())

    @property
    def pid(self) -> int:
        return self.client._server.pid

    async def start(self, options: dict[str, Any] | None = None, telemetry: bool = True) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FORELOAD_")}
        begin = asyncio.get_running_loop().time()
        await self.client.start_io(
            sys.executable, "-I", "-m", "foreload_daemon", env={**environment, **self.variables}, cwd=self.workspace
        )
        capabilities = types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(
                code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True)
            )
        )
        await self.client.initialize_async(
            types.InitializeParams(
                capabilities=capabilities,
                process_id=os.getpid(),
                workspace_folders=[types.WorkspaceFolder(self.workspace.as_uri(), "workspace")],
                initialization_options=options or {},
            )
        )
        self.initialize_seconds = asyncio.get_running_loop().time() - begin
        self.client.initialized(types.InitializedParams())
        self.set_context(telemetry)

    def set_context(self, telemetry: bool, lenses: bool = True) -> None:
        self.tell(
            protocol.SET_CONTEXT,
            telemetryEnabled=telemetry,
            trusted=True,
            focused=True,
            lensesEnabled=lenses,
            lensThresholdRatio=0.1,
        )

    async def ask(self, method: str, **params: Any) -> Any:
        return await asyncio.wait_for(self.client.protocol.send_request_async(method, params), PATIENCE_SECONDS)

    def tell(self, method: str, **params: Any) -> None:
        self.client.protocol.notify(method, params)

    async def allow(
        self, analysis: bool = False, features: bool = False, scaling: bool = False, cohort: bool = False
    ) -> Any:
        return await self.ask(
            protocol.SET_PERMISSION,
            analysis=analysis,
            shareFeatures=features,
            automaticScaling=scaling,
            cohortHistory=cohort,
        )

    def open(self, path: Path, text: str | None = None, language: str = "python") -> str:
        uri = path.as_uri()
        content = path.read_text() if text is None else text
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, content))
        )
        return uri

    def change(self, uri: str, version: int, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        span = types.Range(types.Position(*start), types.Position(*end))
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri),
                [types.TextDocumentContentChangePartial(range=span, text=text)],
            )
        )

    async def lenses(self, uri: str) -> list[tuple[int, str]]:
        found = await self.client.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
        return [(lens.range.start.line, lens.command.title) for lens in found or [] if lens.command]

    def gauge_state(self) -> str:
        return self.gauges[-1].state if self.gauges else ""

    async def stop(self) -> None:
        if self.client.stopped:
            return
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.client.shutdown_async(None), 5)
            self.client.exit(None)
        await self.client.stop()

    def _refreshed(self) -> None:
        self.refreshes += 1


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Callable[..., Editor]]:
    """Makes editors; what they started ends with the test."""
    made: list[Editor] = []

    def make(folder: Path | None = None, workspace: Path | None = None, **variables: str) -> Editor:
        place = workspace or tmp_path / "workspace"
        place.mkdir(exist_ok=True)
        one = Editor(folder or tmp_path / "daemon", place, variables)
        made.append(one)
        return one

    yield make
    for one in made:
        await one.stop()


class Certificates:
    """An authority, and folders of certificates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        create_authority(folder / "authority", datetime.now(UTC))

    def issue(
        self, kind: str, name: str, valid_for: timedelta = timedelta(days=1), age: timedelta = timedelta()
    ) -> Path:
        target = self.folder / f"{kind}-{name}"
        issue(self.folder / "authority", Identity(kind, name), target, datetime.now(UTC) - age, valid_for)
        return target


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certs")


@pytest.fixture
def other_certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "foreign")


@dataclass
class Seen:
    """All that reached a broker, byte for byte, over its restarts."""

    raw: list[bytes] = field(default_factory=list)
    hellos: int = 0
    sequences: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    consents: list[Any] = field(default_factory=list)
    purges: int = 0
    durable: dict[int, bytes] = field(default_factory=dict)
    acknowledged: int = 0


class FaithfulBroker(broker_pb2_grpc.BrokerServiceServicer):
    """Does what the contract says: makes durable, acknowledges, allocates."""

    limit_cores = 4.0
    version = 1

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    async def Connect(self, request_iterator: Any, context: Any) -> AsyncIterator[broker_pb2.ConnectResponse]:  # noqa: N802
        hello = await anext(request_iterator)
        self._keep(hello)
        self.seen.hellos += 1
        if hello.hello.contract_version != self.version:
            await context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"contract version {hello.hello.contract_version} is not known; this broker speaks {self.version}",
            )
        yield self._welcome()
        signals: list[str] = []
        yield self._allocation(signals)
        async for message in request_iterator:
            self._keep(message)
            kind = message.WhichOneof("message")
            self.seen.kinds.append(kind)
            self.seen.sequences.append(message.sequence)
            async for answer in self._took(message, kind, signals):
                yield answer

    async def _took(
        self, message: broker_pb2.ConnectRequest, kind: str, signals: list[str]
    ) -> AsyncIterator[broker_pb2.ConnectResponse]:
        if message.sequence > self.seen.acknowledged:
            self.seen.durable[message.sequence] = message.SerializeToString()
            self.seen.acknowledged = message.sequence
        yield broker_pb2.ConnectResponse(acknowledged=broker_pb2.Acknowledged(sequence=message.sequence))
        if kind == "signal":
            signals.append(message.signal.signal_id)
            yield self._allocation(signals)

    async def SetConsent(self, request: Any, context: Any) -> broker_pb2.SetConsentResponse:  # noqa: N802
        self._keep(request)
        self.seen.consents.append(request.consent)
        return broker_pb2.SetConsentResponse(consent=request.consent)

    async def Purge(self, request: Any, context: Any) -> broker_pb2.PurgeResponse:  # noqa: N802
        self._keep(request)
        self.seen.purges += 1
        return broker_pb2.PurgeResponse(deleted={"samples": 3}, at=time_to_proto(datetime.now(UTC)))

    async def ListDecisions(self, request: Any, context: Any) -> broker_pb2.ListDecisionsResponse:  # noqa: N802
        self._keep(request)
        return broker_pb2.ListDecisionsResponse()

    async def PauseScaling(self, request: Any, context: Any) -> broker_pb2.PauseScalingResponse:  # noqa: N802
        self._keep(request)
        return broker_pb2.PauseScalingResponse()

    def _keep(self, message: Any) -> None:
        self.seen.raw.append(message.SerializeToString())

    def _welcome(self) -> broker_pb2.ConnectResponse:
        welcome = broker_pb2.Welcome(
            contract_version=1,
            broker_version="0.1.0",
            acknowledged_sequence=self.seen.acknowledged,
            now=time_to_proto(datetime.now(UTC)),
        )
        return broker_pb2.ConnectResponse(welcome=welcome)

    def _allocation(self, signals: list[str]) -> broker_pb2.ConnectResponse:
        amounts = amounts_to_proto(Amounts(self.limit_cores, 8 << 30))
        allocation = broker_pb2.Allocation(
            revision=1, limit=amounts, target=amounts, capacity=amounts, agent_connected=True, signal_ids=signals
        )
        return broker_pb2.ConnectResponse(allocation=allocation)


class SlowBroker(FaithfulBroker):
    """Takes a second and more over everything."""

    async def _took(
        self, message: broker_pb2.ConnectRequest, kind: str, signals: list[str]
    ) -> AsyncIterator[broker_pb2.ConnectResponse]:
        await asyncio.sleep(1.5)
        async for answer in super()._took(message, kind, signals):
            yield answer


class VanishingBroker(FaithfulBroker):
    """Goes away after every second message, having made it durable or not, acknowledged it or not."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(seen)
        self.count = 0

    async def _took(
        self, message: broker_pb2.ConnectRequest, kind: str, signals: list[str]
    ) -> AsyncIterator[broker_pb2.ConnectResponse]:
        self.count += 1
        if self.count % 4 == 2:
            raise ConnectionResetError("gone before it was durable")
        if self.count % 4 == 0:
            self.seen.durable[message.sequence] = message.SerializeToString()
            self.seen.acknowledged = max(self.seen.acknowledged, message.sequence)
            raise ConnectionResetError("gone after it was durable, before it was acknowledged")
        async for answer in super()._took(message, kind, signals):
            yield answer


class OtherVersionBroker(FaithfulBroker):
    """Speaks a contract of the future."""

    version = 99


class LyingBroker(FaithfulBroker):
    """Sends allocations that make no sense."""

    limit_cores = float("nan")


Serve = Callable[..., Awaitable["Server"]]


@dataclass
class Server:
    """A broker that listens; it can be stopped and started again on its port."""

    broker: FaithfulBroker
    folder: Path
    port: int = 0
    server: Any = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.server = grpc.aio.server(options=SERVER_OPTIONS)
        broker_pb2_grpc.add_BrokerServiceServicer_to_server(self.broker, self.server)
        self.port = self.server.add_secure_port(f"127.0.0.1:{self.port}", server_credentials(self.folder))
        await self.server.start()

    async def stop(self) -> None:
        await self.server.stop(0)


@pytest.fixture
async def serve(certificates: Certificates) -> AsyncIterator[Serve]:
    """Starts brokers: `await serve(SlowBroker)`."""
    servers: list[Server] = []

    async def start(kind: type[FaithfulBroker] = FaithfulBroker, seen: Seen | None = None) -> Server:
        folder = certificates.folder / "broker-local"
        if not folder.exists():
            certificates.issue("broker", "local")
        server = Server(kind(seen or Seen()), folder)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
def brokers() -> dict[str, type[FaithfulBroker]]:
    """The kinds of brokers, by how they fail."""
    kinds = (FaithfulBroker, SlowBroker, VanishingBroker, OtherVersionBroker, LyingBroker)
    return {kind.__name__: kind for kind in kinds}


@pytest.fixture
def wait_until() -> Callable[..., Awaitable[Any]]:
    return eventually
