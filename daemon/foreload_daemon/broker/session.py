"""One connection to the broker: hello, what waits in the outbox, acknowledgements, allocations and decisions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from foreload_proto.v1 import broker_pb2, broker_pb2_grpc, tasks_pb2_grpc
from foreload_system.certificates import Bundle
from foreload_system.channels import open_channel
from foreload_system.codecs import CONTRACT_VERSION, time_from_proto
from foreload_system.reaching import find_obstacle

from foreload_daemon import VERSION
from foreload_daemon.broker.link import BrokerUnavailable
from foreload_daemon.consent import Released
from foreload_daemon.history import outbox

if TYPE_CHECKING:
    from foreload_daemon.broker.link import Link

_LOG = logging.getLogger(__name__)

WELCOME_DEADLINE_SECONDS = 5.0
ACKNOWLEDGE_DEADLINE_SECONDS = 30.0
MOST_IN_FLIGHT = 500
BATCH = 100
NO_STAMP = (0, 0)

_REFUSALS = (
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INVALID_ARGUMENT,
)
"""Answers that asking again does not change."""


class Ended(Exception):  # noqa: N818 - it names what the connection did
    """The connection is over, and a new one may be tried. The message is one sentence."""


class Stopped(Exception):  # noqa: N818 - it names what was done to the connection
    """The connection was ended here, to begin anew or because nothing more may be sent."""


class Refused(Exception):  # noqa: N818 - it names what the broker did
    """The broker does not take this client. The message says why."""


TASK_METHODS = frozenset({"DeclineMove"})
"""Those of the service of tasks; the others are the broker's own."""


class Session:
    """Runs one connection.

    Attributes:
        shadow_mode, skew_seconds: what the welcome said.
    """

    def __init__(self, link: Link, bundle: Bundle, address: str) -> None:
        self._link = link
        self._address = address
        self._bundle = bundle
        self._stamp = _stamp(bundle.folder)
        self._bundle = bundle
        self._channel = open_channel(address, bundle)
        self._stub = broker_pb2_grpc.BrokerServiceStub(self._channel)
        self._tasks = tasks_pb2_grpc.TaskServiceStub(self._channel)
        self._acknowledged = 0
        self._sent = 0
        self._oldest_in_flight: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self.shadow_mode = False
        self.skew_seconds = 0.0

    def stop(self) -> None:
        """Ends the connection; `run` then raises Stopped."""
        if self._task is not None:
            self._task.cancel()

    async def run(self, outbox_changed: asyncio.Event, on_welcome: Callable[[], None]) -> None:
        """Connects and stays until something ends it.

        Raises:
            Ended: the connection broke.
            Stopped: it was ended here.
            Refused: the broker does not take this client.
            NotAllowed: the permission is gone.
        """
        self._task = asyncio.create_task(self._converse(outbox_changed, on_welcome))
        try:
            await self._task
        except asyncio.CancelledError:
            if asyncio.current_task() is not None and asyncio.current_task().cancelling():  # pyright: ignore[reportOptionalMemberAccess]
                self._task.cancel()
                raise
            raise Stopped from None
        except grpc.aio.AioRpcError as error:
            raise await self._ended(error) from error
        finally:
            with contextlib.suppress(asyncio.CancelledError, grpc.RpcError):
                await asyncio.shield(self._channel.close(0))

    async def call(self, method: str, released: Released, deadline_seconds: float) -> Any:
        """Asks one question.

        Raises:
            BrokerUnavailable: no answer, or a refusal; the message says which.
        """
        try:
            stub: Any = self._tasks if method in TASK_METHODS else self._stub
            return await getattr(stub, method)(_message(released), timeout=deadline_seconds)
        except grpc.aio.AioRpcError as error:
            raise BrokerUnavailable(_answer_text(error)) from error

    async def _ended(self, error: grpc.aio.AioRpcError) -> Exception:
        """Why the connection is over: refused, or gone."""
        address = self._address
        if error.code() in _REFUSALS:
            details = (error.details() or "").strip().rstrip(".")
            return Refused(f"The broker at {address} refuses this environment: {details or error.code().name}.")
        # gRPC does not tell distrust apart from absence; one look of our own does.
        found = await asyncio.to_thread(find_obstacle, address, self._bundle)
        if found is not None and found.distrust:
            return Refused(found.text)
        return Ended(f"The broker at {address} does not answer.")

    async def _converse(self, outbox_changed: asyncio.Event, on_welcome: Callable[[], None]) -> None:
        gate = self._link.gate
        await self._settle_permission()
        if not gate.effective.sends:
            raise Stopped
        hello = broker_pb2.Hello(
            contract_version=CONTRACT_VERSION, client_version=VERSION, profile_revision=self._link.profile_revision
        )
        released = await asyncio.to_thread(gate.release_call, hello)
        stream = self._stub.Connect()
        await stream.write(broker_pb2.ConnectRequest(hello=_message(released)))
        answers = _answers(stream)
        welcome = await self._welcome(answers)
        on_welcome()
        _LOG.info("broker %s answers; acknowledged up to %d", welcome.broker_version, welcome.acknowledged_sequence)
        jobs = (self._listen(answers), self._send(stream, outbox_changed), self._watch())
        await _first_end([asyncio.create_task(job) for job in jobs])
        raise Ended("The broker has closed the connection.")

    async def _settle_permission(self) -> None:
        """Tells the broker what holds, and has it delete what was taken back, before anything else."""
        gate = self._link.gate
        fingerprint = gate.fingerprint()
        if not await asyncio.to_thread(lambda: gate.confirmed):
            holds = gate.effective
            consent = broker_pb2.Consent(
                revision=await asyncio.to_thread(gate.next_revision),
                text_version=gate.choice.text_version,
                share_features=holds.share_features,
                automatic_scaling=holds.automatic_scaling,
                cohort_history=holds.cohort_history,
            )
            released = await asyncio.to_thread(gate.release_call, broker_pb2.SetConsentRequest(consent=consent))
            await self._stub.SetConsent(_message(released), timeout=WELCOME_DEADLINE_SECONDS)
            await asyncio.to_thread(gate.confirm, fingerprint)
        if await asyncio.to_thread(lambda: gate.purge_pending):
            request = broker_pb2.PurgeRequest(request_id=secrets.token_hex(16))
            released = await asyncio.to_thread(gate.release_call, request)
            answer = await self._stub.Purge(_message(released), timeout=WELCOME_DEADLINE_SECONDS)
            await asyncio.to_thread(gate.purged, dict(answer.deleted))

    async def _welcome(self, answers: AsyncIterator[broker_pb2.ConnectResponse]) -> broker_pb2.Welcome:
        try:
            async with asyncio.timeout(WELCOME_DEADLINE_SECONDS):
                first = await anext(answers)
        except (TimeoutError, StopAsyncIteration) as error:
            raise Ended(f"The broker at {self._address} does not answer a hello.") from error
        welcome = first.welcome
        if first.WhichOneof("message") != "welcome" or welcome.contract_version != CONTRACT_VERSION:
            raise Refused(
                f"The broker at {self._address} speaks contract version {welcome.contract_version}; this Foreload "
                f"speaks {CONTRACT_VERSION}. Update the older of the two."
            )
        self.shadow_mode = welcome.shadow_mode
        if welcome.HasField("now"):
            self.skew_seconds = (time_from_proto(welcome.now) - self._link.clock.now()).total_seconds()
        database = self._link.database
        await database.run(outbox.begin_after, welcome.acknowledged_sequence)
        await database.run(outbox.acknowledge, welcome.acknowledged_sequence)
        self._acknowledged = self._sent = welcome.acknowledged_sequence
        return welcome

    async def _send(self, stream: Any, outbox_changed: asyncio.Event) -> None:
        while True:
            outbox_changed.clear()
            waiting = await self._link.database.run(outbox.above, self._sent, BATCH)
            if not waiting:
                await outbox_changed.wait()
                continue
            for released in await asyncio.to_thread(self._link.gate.release, waiting):
                while self._sent - self._acknowledged >= MOST_IN_FLIGHT:
                    self._room.clear()
                    await self._room.wait()
                if self._oldest_in_flight is None:
                    self._oldest_in_flight = time.monotonic()
                await stream.write(_message(released))
                self._sent = released.sequence
            self._sent = max(self._sent, waiting[-1].sequence)

    async def _watch(self) -> None:
        """A broker that makes nothing durable is as good as none, and a renewed certificate wants a new connection."""
        while True:
            await asyncio.sleep(ACKNOWLEDGE_DEADLINE_SECONDS / 6)
            if await asyncio.to_thread(_stamp, self._bundle.folder) not in (self._stamp, NO_STAMP):
                raise Stopped
            oldest = self._oldest_in_flight
            if oldest is not None and time.monotonic() - oldest > ACKNOWLEDGE_DEADLINE_SECONDS:
                raise Ended(f"The broker has acknowledged nothing for {ACKNOWLEDGE_DEADLINE_SECONDS:.0f} s.")

    async def _listen(self, answers: AsyncIterator[broker_pb2.ConnectResponse]) -> None:
        async for answer in answers:
            kind = answer.WhichOneof("message")
            if kind == "acknowledged":
                await self._acknowledge(answer.acknowledged.sequence)
            elif kind == "rejected":
                # It counts as acknowledged, and sent again it would be refused again.
                _LOG.warning("the broker refuses message %d: %s", answer.rejected.sequence, answer.rejected.detail)
            elif kind == "allocation":
                await self._link.took_allocation(answer.allocation)
            elif kind == "decision":
                self._link.took_decision(answer.decision)
            elif kind == "task":
                self._link.took_task(answer.task)

    async def _acknowledge(self, sequence: int) -> None:
        self._acknowledged = max(self._acknowledged, sequence)
        self._oldest_in_flight = None if self._acknowledged >= self._sent else time.monotonic()
        self._room.set()
        await self._link.database.run(outbox.acknowledge, sequence)


def _stamp(folder: Path) -> tuple[int, int]:
    """Tells a certificate's file from the one that replaces it; one that is missing just now is looked at later."""
    try:
        status = (folder / "cert.pem").stat()
    except OSError:
        return NO_STAMP
    return status.st_ino, status.st_mtime_ns


def _message(released: Released) -> Any:
    """What may be sent. Anything that the gate did not release is a mistake in this program."""
    if not isinstance(released, Released):
        raise TypeError(f"{type(released).__name__} was not released by the gate")
    return released.message


async def _first_end(jobs: list[asyncio.Task[None]]) -> None:
    """Waits until one of the jobs ends, ends the others, and raises what the one raised."""
    try:
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    for job in done:
        job.result()


async def _answers(stream: Any) -> AsyncIterator[broker_pb2.ConnectResponse]:
    while True:
        answer = await stream.read()
        if answer is grpc.aio.EOF:  # pyright: ignore[reportAttributeAccessIssue]
            return
        yield answer


def _answer_text(error: grpc.aio.AioRpcError) -> str:
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        return "The broker does not answer, so this cannot be done now."
    return f"The broker refuses: {(error.details() or error.code().name).rstrip('.')}."
