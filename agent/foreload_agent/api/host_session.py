"""The stream of tasks to the broker: opened, registered, and opened again for as long as the agent runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import grpc
import grpc.aio
import structlog
from foreload_proto.v1 import tasks_pb2, tasks_pb2_grpc
from foreload_system.certificates import CertificateError, read_bundle, require_valid
from foreload_system.channels import open_channel
from foreload_system.identity import Identity
from foreload_system.reaching import active_broker

from foreload_agent.api.backoff import Backoff

_LOG = structlog.get_logger(__name__)
REGISTER_SECONDS = 10.0
CERTIFICATE_LOOK_SECONDS = 30.0
MOST_WAITING = 64


class HostSession:
    """Keeps one stream open. What cannot be sent now is said anew by the next registration.

    Args:
        address: the broker's.
        identity: who this agent is.
        certificate_folder: its certificate; read with each connection.
        register: makes the first message of a stream, of what holds now.
        on_response: told each order and feed, in order.
    """

    def __init__(
        self,
        addresses: str,
        identity: Identity,
        certificate_folder: Path,
        register: Callable[[], tasks_pb2.HostRegistration],
        on_response: Callable[[tasks_pb2.HostResponse], None],
    ) -> None:
        self._addresses = self._address = addresses
        self._identity = identity
        self._folder = certificate_folder
        self._register = register
        self._on_response = on_response
        self._backoff = Backoff(0.2, 5.0, Random())  # noqa: S311 - jitter, not a secret
        self._waiting: asyncio.Queue[tasks_pb2.HostRequest] = asyncio.Queue(MOST_WAITING)
        self._said = ""
        self.connected = asyncio.Event()

    async def send(self, message: tasks_pb2.HostRequest) -> bool:
        """Sends a message as soon as there is room; false where there is no stream to send it on."""
        if not self.connected.is_set():
            return False
        await self._waiting.put(message)
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: connects, and connects again. Whatever the broker does, tasks go on."""
        while not stop.is_set():
            try:
                await self._one_stream(stop)
            except grpc.aio.AioRpcError as error:
                self._complain(error.details() or "", known=error.code() is grpc.StatusCode.UNAVAILABLE)
            except (CertificateError, TimeoutError, ConnectionError) as error:
                self._complain(str(error), known=True)
            except Exception:  # noqa: BLE001 - tasks go on, whatever the wire does
                _LOG.exception("the stream of tasks failed")
            finally:
                self.connected.clear()
                while not self._waiting.empty():
                    self._waiting.get_nowait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._backoff.next_seconds())

    async def _one_stream(self, stop: asyncio.Event) -> None:
        bundle = await asyncio.to_thread(read_bundle, self._folder)
        require_valid(bundle, datetime.now(UTC), self._identity)
        self._address = await asyncio.to_thread(active_broker, self._addresses)
        async with open_channel(self._address, bundle) as channel:
            call = tasks_pb2_grpc.TaskServiceStub(channel).Host()
            registration = await asyncio.to_thread(self._register)
            async with asyncio.timeout(REGISTER_SECONDS):
                await call.write(tasks_pb2.HostRequest(registration=registration))
                await call.read()
            self._backoff.reset()
            self._said = ""
            self.connected.set()
            _LOG.info("tasks registered", tasks=len(registration.tasks), workspaces=len(registration.workspaces))
            jobs = [
                asyncio.create_task(stop.wait()),
                asyncio.create_task(self._send(call)),
                asyncio.create_task(self._receive(call)),
                asyncio.create_task(self._until_renewed(bundle.certificate_pem)),
            ]
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
                for job in done:
                    job.result()
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
                call.cancel()

    async def _send(self, call: Any) -> None:
        while True:
            await call.write(await self._waiting.get())

    async def _receive(self, call: Any) -> None:
        while isinstance(response := await call.read(), tasks_pb2.HostResponse):
            self._on_response(response)

    async def _until_renewed(self, certificate_pem: bytes) -> None:
        while True:
            await asyncio.sleep(CERTIFICATE_LOOK_SECONDS)
            with contextlib.suppress(CertificateError):  # the connection stands with the old one
                if (await asyncio.to_thread(read_bundle, self._folder)).certificate_pem != certificate_pem:
                    return

    def _complain(self, why: str, known: bool) -> None:
        """Says each trouble once, not with every try; what the agent's other stream warns of too is only noted."""
        if why != self._said:
            say = _LOG.info if known else _LOG.warning
            say("no stream of tasks to the broker; tasks go on", broker=self._address, why=why)
        self._said = why
