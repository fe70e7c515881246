"""The stream to the broker: opened, registered, kept, and opened again for as long as the agent runs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import grpc
import grpc.aio
import structlog
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc
from foreload_system.certificates import Bundle, CertificateError, read_bundle, require_valid
from foreload_system.channels import open_channel
from foreload_system.codecs import CONTRACT_VERSION
from foreload_system.identity import Identity
from foreload_system.reaching import active_broker, find_obstacle

from foreload_agent.api.backoff import Backoff
from foreload_agent.api.outbox import Outbox

_LOG = structlog.get_logger(__name__)

REGISTER_SECONDS = 10.0
"""How long the broker may take to answer the registration."""
DRAIN_SECONDS = 2.0
CERTIFICATE_LOOK_SECONDS = 30.0
COMPLAINT_SECONDS = 60.0
"""The same trouble in other words is said again only after this long."""
_IN_WORDS = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED)
"""Refusals whose text says all there is to say."""


class ContractMismatchError(Exception):
    """Broker and agent do not speak the same contract: which versions, and which of them to update."""


class Session:
    """Keeps one stream open.

    Args:
        address: the broker's.
        identity: who this agent is.
        certificate_folder: its certificate; read with each connection, so that a renewed one is used.
        before_connecting: called in a thread before it is read.
        register: makes the first message of a stream, of what holds now.
        on_registered: told the broker's answer.
        on_instruction: told each instruction, in order.
        outbox: what to send.
    """

    def __init__(
        self,
        addresses: str,
        identity: Identity,
        certificate_folder: Path,
        before_connecting: Callable[[], None],
        register: Callable[[], agent_pb2.Register],
        on_registered: Callable[[agent_pb2.Registered], None],
        on_instruction: Callable[[agent_pb2.Instruction], None],
        outbox: Outbox,
    ) -> None:
        self._addresses = self._address = addresses
        self._identity = identity
        self._folder = certificate_folder
        self._before_connecting = before_connecting
        self._register = register
        self._on_registered = on_registered
        self._on_instruction = on_instruction
        self._outbox = outbox
        self._backoff = Backoff(0.2, 5.0, Random())  # noqa: S311 - jitter, not a secret
        self._last_complaint = ("", "")
        self._complained_at = 0.0
        self._bundle: Bundle | None = None
        self.connected = False

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: connects, and connects again. Whatever the broker does, the limits stay as they are."""
        while not stop.is_set():
            try:
                renewed = await self._one_stream(stop)
            except CertificateError as error:
                self._complain("the own certificate cannot be used", str(error))
            except ContractMismatchError as error:
                self._complain("broker and agent do not fit", str(error))
            except (TimeoutError, grpc.aio.AioRpcError, ConnectionError) as error:
                self._complain("no broker; limits stay as they are", await self._reason(error))
            except Exception as error:  # noqa: BLE001 - the limits hold and are measured, whatever the wire does
                self._complain("the stream to the broker failed", f"{type(error).__name__}: {error}", error)
            else:
                if renewed:
                    continue
                self._complain("the broker ended the stream; limits stay as they are", "")
            finally:
                self.connected = False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._backoff.next_seconds())

    async def _one_stream(self, stop: asyncio.Event) -> bool:
        """One stream from registration to its end; true where it ended for a renewed certificate or for `stop`."""
        await asyncio.to_thread(self._before_connecting)
        bundle = await asyncio.to_thread(read_bundle, self._folder)
        require_valid(bundle, datetime.now(UTC), self._identity)
        self._bundle = bundle
        self._address = await asyncio.to_thread(active_broker, self._addresses)
        async with open_channel(self._address, bundle) as channel:
            call = agent_pb2_grpc.AgentServiceStub(channel).Attach()
            sender = receiver = None
            try:
                async with asyncio.timeout(REGISTER_SECONDS):
                    await call.write(agent_pb2.AttachRequest(register=self._register()))
                    first = await call.read()
                self._take_registration(first)
                sender = asyncio.create_task(self._send(call))
                receiver = asyncio.create_task(self._receive(call))
                finished = await self._wait(stop, bundle.certificate_pem, sender, receiver)
                if finished:
                    await self._drain(call, sender, receiver)
                return finished
            finally:
                for task in (sender, receiver):
                    if task is not None and not task.done():
                        task.cancel()
                call.cancel()

    async def _wait(
        self, stop: asyncio.Event, certificate_pem: bytes, sender: asyncio.Task[None], receiver: asyncio.Task[None]
    ) -> bool:
        """Waits for the end: true where we end the stream, false where the broker did; raises what broke it."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while True:
                tasks = {stopping, sender, receiver}
                done, _ = await asyncio.wait(
                    tasks, timeout=CERTIFICATE_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if stopping in done:
                    return True
                for task in (receiver, sender):
                    if task in done:
                        await task
                        return False
                if await asyncio.to_thread(self._renewed, certificate_pem):
                    _LOG.info("certificate renewed, opening a new stream")
                    return True
        finally:
            stopping.cancel()

    async def _drain(self, call: Any, sender: asyncio.Task[None], receiver: asyncio.Task[None]) -> None:
        """Sends what is queued, says goodbye, and waits a little for the broker to end the stream."""
        deadline = time.monotonic() + DRAIN_SECONDS
        emptied = asyncio.create_task(self._outbox.emptied())
        await asyncio.wait({emptied, sender}, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        emptied.cancel()
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError, TimeoutError):
            await call.done_writing()
            await asyncio.wait_for(asyncio.shield(receiver), max(0.1, deadline - time.monotonic()))

    def _take_registration(self, first: object) -> None:
        if not isinstance(first, agent_pb2.AttachResponse) or first.WhichOneof("message") != "registered":
            raise ConnectionError("the broker did not answer the registration")
        registered = first.registered
        if registered.contract_version != CONTRACT_VERSION:
            raise ContractMismatchError(
                f"the broker {registered.broker_version} speaks contract {registered.contract_version}, this agent "
                f"speaks {CONTRACT_VERSION}; update the older of the two"
            )
        self._backoff.reset()
        self._last_complaint = ("", "")
        self.connected = True
        _LOG.info("registered", broker=self._address, broker_version=registered.broker_version)
        self._on_registered(registered)

    async def _send(self, call: Any) -> None:
        while True:
            message = await self._outbox.next()
            await call.write(message)
            self._outbox.sent(message)

    async def _receive(self, call: Any) -> None:
        while isinstance(response := await call.read(), agent_pb2.AttachResponse):
            if response.WhichOneof("message") == "instruction":
                self._on_instruction(response.instruction)

    def _renewed(self, certificate_pem: bytes) -> bool:
        try:
            return read_bundle(self._folder).certificate_pem != certificate_pem
        except CertificateError:
            return False  # the connection stands with the old one

    def _complain(self, what: str, why: str, bug: Exception | None = None) -> None:
        """Says each trouble once, not with every try; what is no ordinary trouble, with where it happened."""
        if (what, why) == self._last_complaint:
            return
        now = time.monotonic()
        if what == self._last_complaint[0] and now - self._complained_at < COMPLAINT_SECONDS:
            return
        self._last_complaint, self._complained_at = (what, why), now
        _LOG.warning(what, broker=self._address, why=why, exc_info=bug)

    async def _reason(self, error: Exception) -> str:
        if isinstance(error, grpc.aio.AioRpcError):
            details = error.details() or ""
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                # gRPC's own words are about sockets and handshakes; what to do is found out by one look.
                found = await asyncio.to_thread(find_obstacle, self._address, self._bundle)
                return details if found is None else found.text
            return details if details and error.code() in _IN_WORDS else f"{error.code().name}: {details}"
        if isinstance(error, TimeoutError):
            return f"no answer within {REGISTER_SECONDS:g} s"
        return str(error)
