"""The link to the broker: connects when something may be sent, keeps trying, hands out what the broker says.

It never makes the daemon fail: without a broker the state says so, and everything else goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreload_daemon.broker.news import NOTHING_SAID, standing
from foreload_daemon.broker.state import Connection, LinkState, Pauses
from foreload_daemon.clock import Clock
from foreload_daemon.consent import Gate, NotAllowed
from foreload_daemon.history.database import Database

if TYPE_CHECKING:
    from foreload_proto.v1 import broker_pb2, common_pb2, tasks_pb2
    from google.protobuf.message import Message

    from foreload_daemon.broker.session import Session

_LOG = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 30.0
"""How often a certificate that cannot be used is looked at again."""
CALL_DEADLINE_SECONDS = 5.0
RENEWAL_LOOK_SECONDS = 600.0


class BrokerUnavailable(Exception):  # noqa: N818 - it names the state of the broker
    """The broker cannot be asked now. The message is one sentence for a person."""


class Link:
    """One environment's link. Everything runs on the event loop.

    Attributes:
        state: how it stands now.
        allocation: what the broker last said that holds, also after it went away; None before the first word.
        standing: the same as core's values.
        on_state, on_allocation, on_decision, on_task: called with each news.
    """

    def __init__(
        self, database: Database, gate: Gate, clock: Clock, address: str, certificates: str, environment: str = ""
    ) -> None:
        """Prepares a link.

        Args:
            database, gate, clock: the daemon's.
            address: host:port of the broker, or of several with commas between them; empty: none.
            certificates: folder of the own certificate.
            environment: whose certificate it has to be; empty: anybody's.
        """
        self.database, self.gate, self.clock = database, gate, clock
        self.environment = environment
        self.address, self.certificates = address, certificates
        self.state = LinkState()
        self.allocation: broker_pb2.Allocation | None = None
        self.standing = NOTHING_SAID
        self.on_state: list[Callable[[], None]] = []
        self.on_allocation: list[Callable[[], None]] = []
        self.on_decision: list[Callable[[common_pb2.Decision], None]] = []
        self.on_task: list[Callable[[tasks_pb2.TaskStatus], None]] = []
        self.profile_revision = 0
        self._try_now = asyncio.Event()
        self._outbox_changed = asyncio.Event()
        self._session: Session | None = None
        self._allocation_came = asyncio.Condition()

    @property
    def connected(self) -> bool:
        """Whether the broker answers now."""
        return self.state.connection is Connection.CONNECTED

    def configure(self, address: str, certificates: str) -> None:
        """Another broker or certificate; takes effect at once."""
        if (address, certificates) == (self.address, self.certificates):
            return
        self.address, self.certificates = address, certificates
        self.reconnect()

    def reconnect(self) -> None:
        """Begins anew, for changed permission, settings or certificates."""
        if self._session is not None:
            self._session.stop()
        self._try_now.set()

    def try_now(self) -> None:
        """Asks the broker at once instead of after the pause."""
        self._try_now.set()

    def wake(self) -> None:
        """Something new lies in the outbox."""
        self._outbox_changed.set()

    async def keep(self, kind: str, message: Message) -> int:
        """Puts a durable message into the outbox and sends it as soon as the broker is there.

        Returns:
            How many older messages were dropped to make room.

        Raises:
            NotAllowed: the gate does not let it go.
        """
        _, dropped = await asyncio.get_running_loop().run_in_executor(None, self.gate.keep, kind, message)
        self.wake()
        return dropped

    async def call(self, method: str, message: Message) -> Any:
        """One question or wish.

        Args:
            method: name of the broker's method.
            message: its request; the gate looks at it first.

        Raises:
            NotAllowed: the gate does not let it go.
            BrokerUnavailable: the broker does not answer or refuses; the message says which.
        """
        if self._session is None or not self.connected:
            raise BrokerUnavailable(self.state.text or "There is no broker, so this cannot be done now.")
        released = await asyncio.to_thread(self.gate.release_call, message)
        return await self._session.call(method, released, CALL_DEADLINE_SECONDS)

    async def wait_for_signal(self, signal_id: str, deadline_seconds: float) -> broker_pb2.Allocation | None:
        """The first allocation that has taken a signal in, or None when the deadline is over first."""

        def taken_in() -> bool:
            return self.allocation is not None and signal_id in self.allocation.signal_ids

        async with self._allocation_came:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(deadline_seconds):
                    await self._allocation_came.wait_for(taken_in)
        return self.allocation if taken_in() else None

    async def run(self) -> None:
        """Keeps the link for as long as the daemon lives."""
        pauses = Pauses()
        while True:
            self._try_now.clear()
            if not await asyncio.to_thread(self._has_reason):
                self._set(LinkState(Connection.OFF, "Nothing is sent, because nothing is allowed."))
                await self._try_now.wait()
                continue
            if not self.address:
                self._set(LinkState(Connection.OFF, "No broker is named, so limits stay as they are."))
                await self._try_now.wait()
                continue
            try:
                pause = await self._connect_once(pauses)
            except OSError as error:
                pause = self._down(f"The connection to the broker failed: {error}.", pauses)
            self._session = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._try_now.wait()

    async def keep_certificate(self) -> None:
        """Asks the broker for the next certificate in time. All that leaves with it is a new public key."""
        while True:
            await asyncio.sleep(RENEWAL_LOOK_SECONDS)
            if not self.connected:
                continue
            from foreload_system import certificates, enrolment

            try:
                await enrolment.renew_when_due(self.address, Path(self.certificates), self.clock.now())
            except (certificates.CertificateError, enrolment.EnrolmentError, OSError) as error:
                _LOG.warning("the certificate cannot be renewed: %s", error)

    def _has_reason(self) -> bool:
        """Whether there is something to tell a broker: what is allowed, or that it no longer is. Reads the history."""
        if self.gate.effective.sends:
            return True
        taken_back = self.gate.allows("revoking") and (self.gate.purge_pending or not self.gate.confirmed)
        return taken_back and self._was_known()

    def _was_known(self) -> bool:
        """Whether a broker was ever told anything; one that was not needs no revocation."""
        from foreload_daemon.history import ledger

        return self.database.call(ledger.totals)[0] > 0

    async def _connect_once(self, pauses: Pauses) -> float:
        """One connection from its beginning to its end. Returns how long to wait before the next."""
        session_module = await asyncio.to_thread(_import_session)
        from foreload_system import certificates
        from foreload_system.identity import Identity
        from foreload_system.reaching import active_broker

        expected = Identity("environment", self.environment) if self.environment else None
        try:
            bundle = await asyncio.to_thread(certificates.read_bundle, Path(self.certificates))
            found = certificates.bundle_problems(bundle, self.clock.now(), expected)
        except certificates.CertificateError as error:
            return self._refused(str(error))
        if found:
            return self._refused(found[0])
        if self.state.connection is not Connection.DOWN:
            self._set(
                replace(
                    self.state, connection=Connection.CONNECTING, text=f"Connecting to the broker at {self.address}."
                )
            )
        address = await asyncio.to_thread(active_broker, self.address)
        session: Session = session_module.Session(self, bundle, address)
        self._session = session
        try:
            await session.run(self._outbox_changed, on_welcome=lambda: self._welcomed(pauses))
        except session_module.Refused as refusal:
            return self._refused(str(refusal))
        except session_module.Ended as ended:
            return self._down(str(ended), pauses)
        except (session_module.Stopped, NotAllowed):
            return 0.0
        return 0.0

    def _welcomed(self, pauses: Pauses) -> None:
        pauses.reset()
        assert self._session is not None
        self._set(
            LinkState(
                Connection.CONNECTED, shadow_mode=self._session.shadow_mode, skew_seconds=self._session.skew_seconds
            )
        )

    def _refused(self, problem: str) -> float:
        text = f"{problem[:1].upper()}{problem[1:].rstrip('.')}."
        self._set(
            replace(self.state, connection=Connection.REFUSED, text=text, since=self.state.since or self.clock.now())
        )
        return LOOK_AGAIN_SECONDS

    def _down(self, text: str, pauses: Pauses) -> float:
        pause = pauses.next()
        now = self.clock.now()
        next_try_at = now + timedelta(seconds=pause)
        self._set(
            replace(
                self.state,
                connection=Connection.DOWN,
                text=text,
                since=self.state.since or now,
                next_try_at=next_try_at,
            )
        )
        return pause

    async def took_allocation(self, allocation: broker_pb2.Allocation) -> None:
        """The session's news of what holds."""
        from foreload_system.codecs import CodecError

        try:
            self.standing = standing(allocation)
        except CodecError as error:
            _LOG.warning("an allocation of the broker makes no sense and is ignored: %s", error)
            return
        async with self._allocation_came:
            self.allocation = allocation
            self._allocation_came.notify_all()
        for listener in self.on_allocation:
            listener()

    def took_decision(self, decision: common_pb2.Decision) -> None:
        """The session's news of a decision."""
        for listener in self.on_decision:
            listener(decision)

    def took_task(self, status: tasks_pb2.TaskStatus) -> None:
        """The session's news of a task."""
        for listener in self.on_task:
            listener(status)

    def _set(self, state: LinkState) -> None:
        if state == self.state:
            return
        if (state.connection, state.text) != (self.state.connection, self.state.text):
            _LOG.info("broker: %s. %s", state.connection, state.text)
        self.state = state
        for listener in self.on_state:
            listener()


def _import_session() -> Any:
    from foreload_daemon.broker import session

    return session
