"""The loop itself: collects what comes in, has the writer take turns at the right moments, acts on what comes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog
from foreload_core.decide import prepare
from foreload_core.types import Deferral, SignalKind
from foreload_system.codecs import decision_to_proto
from foreload_system.codecs.fleet import deferral_to_proto

from foreload_broker.config import BrokerSettings
from foreload_broker.loop.cohorts import Comparison, compare
from foreload_broker.loop.forecasting import forecast
from foreload_broker.loop.measures import Measures
from foreload_broker.loop.requests import Batch, Outcome, Request
from foreload_broker.loop.subscribers import Subscribers
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import (
    Answered,
    Compared,
    Consent,
    Forecasted,
    FromDaemon,
    Measured,
    Message,
    Platform,
    Unavailable,
)
from foreload_broker.store.database import Database
from foreload_broker.store.engine import StoreError
from foreload_broker.store.lease import LeaseLostError

if TYPE_CHECKING:
    from foreload_broker.loop.pool import PoolKeeper

_LOG = structlog.get_logger(__name__)
T = TypeVar("T")

FLUSH_SECONDS = 0.25
"""What is not urgent waits this long for company, so that many messages share one write."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.5, 10.0
CLEAN_SECONDS = 3600.0
DEFERRAL_MEMORY = timedelta(seconds=5)


class Loop:
    """One per broker. Everything but the writer's work runs on the event loop.

    Attributes:
        platforms: what carries instructions out; the first that knows the instance. Set before `run`.
        after_decision: called when something was decided, maybe for nobody. Set before `run`.
        trouble: why nothing can be stored just now, for a person; empty when all is well.
        deposed: set when another broker has become the active one, so that this one can store nothing any more.
        started_at: UTC.
        last_turn_seconds: length of the last turn.
        pool: keeps instances ready; None without a provider.
        deferred: what does not fit now, by environment and resource.
    """

    def __init__(
        self,
        database: Database,
        settings: BrokerSettings,
        writer: Writer,
        measures: Measures,
    ) -> None:
        self.database = database
        self.settings = settings
        self.measures = measures
        self.subscribers = Subscribers()
        self.trouble = ""
        self.deposed = asyncio.Event()
        self.started_at = datetime.now(UTC)
        self.last_turn_seconds = 0.0
        self.pool: PoolKeeper | None = None
        self.deferred: dict[tuple[str, str], Deferral] = {}
        self._deferred_codes: set[str] = set()
        self._writer = writer
        self.platforms: Sequence[Platform] = ()
        self.after_decision: Callable[[], None] = lambda: None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="reader")
        self._batch = Batch()
        self._answers: list[asyncio.Future[bytes]] = []
        self._woken = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._urgent = False
        self._stopping = False
        self._flush_at: float | None = None
        self._due_at: float | None = None
        self._retry_at: float | None = None
        self._retry_seconds = 0.0
        self._forecasting: asyncio.Task[None] | None = None
        self._comparing: asyncio.Task[None] | None = None
        self._last_now = self.started_at
        self._acknowledged = dict(writer.memory.acknowledged)

    def post(self, message: Message) -> None:
        """Puts a message into the inbox. On the event loop only."""
        if isinstance(message, FromDaemon):
            self._batch.daemons.append(message)
            self.measures.messages.labels("daemon").inc()
            urgent = _is_urgent(message)
            if len(self._batch.daemons) >= self.settings.inbox_messages:
                self._room.clear()
        else:
            self._batch.agents.append(message)
            self.measures.messages.labels("agent").inc()
            urgent = not isinstance(message, Measured) or message.urgent
            if isinstance(message, Measured) and not urgent:
                return
            if isinstance(message, Answered):
                for result in message.results:
                    self.measures.results.labels(result.actuation.value).inc()
        self._wake(urgent)

    def now(self) -> datetime:
        """The clock, UTC. It never goes back here."""
        self._last_now = max(self._last_now, datetime.now(UTC))
        return self._last_now

    async def room(self) -> None:
        """Waits until the inbox has room again: senders are held back while nothing can be stored."""
        await self._room.wait()

    async def ask(self, request: Request) -> bytes:
        """Has a request taken in by the next turn, and returns its serialised answer.

        Raises:
            NoData, Inadmissible: it cannot be.
            Unavailable: nothing can be stored just now.
        """
        if self.trouble:
            raise Unavailable(self.trouble)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._batch.requests.append(request)
        self._answers.append(answer)
        self._wake(urgent=True)
        return await answer

    async def in_writer(self, job: Callable[[Writer, datetime], T]) -> T:
        """Runs something between two turns, in the writer's thread.

        Raises:
            Unavailable: the database does not work.
        """
        try:
            return await self._in_thread(lambda: job(self._writer, self.now()))
        except StoreError as error:
            raise Unavailable(str(error)) from error

    async def in_reader(self, job: Callable[[], T]) -> T:
        """Runs something that only reads, beside the turns.

        Raises:
            Unavailable: the database does not work.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, job)
        except StoreError as error:
            raise Unavailable(str(error)) from error

    def acknowledged(self, environment_id: str) -> int:
        """How far an environment's messages are durable."""
        return self._acknowledged.get(environment_id, 0)

    async def run(self) -> None:
        """Takes turns until `stop`. What is in the inbox then is stored before it returns."""
        asyncio.get_running_loop().run_in_executor(self._readers, prepare)
        next_tick = time.monotonic() + self.settings.tick_seconds
        next_clean = time.monotonic() + min(60.0, CLEAN_SECONDS)
        while not self._stopping:
            await self._sleep_until(min(next_tick, next_clean))
            now_seconds = time.monotonic()
            if now_seconds >= next_tick:
                self._batch.tick = True
                next_tick = now_seconds + self.settings.tick_seconds
            if now_seconds >= next_clean:
                next_clean = now_seconds + CLEAN_SECONDS
                await self._clean()
            ticked = self._batch.tick
            await self._turn()
            if ticked:
                await self._roll_up()
        await self._turn()

    def stop(self) -> None:
        """Ends `run` after the turn that goes on."""
        self._stopping = True
        self._wake(urgent=True)

    def close(self) -> None:
        """Gives the threads back. After `run` has returned."""
        self.subscribers.close()
        self._thread.shutdown(wait=True)
        self._readers.shutdown(wait=True)

    async def _sleep_until(self, moment: float) -> None:
        """Until something is urgent, what waits is to be written, an instruction is due, or `moment` (monotonic)."""
        while not self._stopping:
            if self._retry_at is not None:
                # After a failed turn nothing is urgent enough to hammer on a full disk.
                until = self._retry_at
            elif self._urgent:
                return
            else:
                until = min(at for at in (moment, self._due_at, self._flush_at) if at is not None)
            wait_seconds = until - time.monotonic()
            if wait_seconds <= 0:
                return
            self._woken.clear()
            try:
                await asyncio.wait_for(self._woken.wait(), wait_seconds)
            except TimeoutError:
                return

    async def _turn(self) -> None:
        batch, answers = self._batch, self._answers
        batch.watched = self.subscribers.environment_ids
        self._batch, self._answers = Batch(), []
        self._urgent, self._flush_at = False, None
        began = time.monotonic()
        try:
            outcome = await self._in_thread(lambda: self._writer.take_turn(batch, self.now(), began))
        except StoreError as error:
            if isinstance(error, LeaseLostError):
                self.deposed.set()
            self._keep(batch, answers, str(error))
            return
        except Exception as fault:  # noqa: BLE001 - a loop that ended would be worse than any fault of one turn
            self._drop(batch, answers, fault)
            return
        self._well(time.monotonic() - began)
        self._act(outcome, batch, answers)

    def _act(self, outcome: Outcome, batch: Batch, answers: Sequence[asyncio.Future[bytes]]) -> None:
        """Everything in `outcome` is durable; now it may be seen."""
        self._due_at = outcome.next_due_seconds
        for instance_id, instruction in outcome.instructions:
            self.measures.instructions.inc()
            if not any(platform.send(instance_id, instruction) for platform in self.platforms):
                _LOG.warning("no platform for an instruction", instance_id=instance_id, id=instruction.instruction_id)
        self._acknowledged.update(outcome.acknowledged)
        for entry in outcome.decisions:
            subscriber = self.subscribers.get(entry.decision.environment_id)
            if subscriber is not None:
                message = decision_to_proto(entry.decision, entry.results, undone=entry.undone, dry_run=entry.dry_run)
                subscriber.decide(message)
        self._note_deferred(outcome.deferred)
        for environment_id, allocation in outcome.allocations.items():
            own = [entry for (name, _resource), entry in self.deferred.items() if name == environment_id]
            allocation.deferred.extend(deferral_to_proto(entry) for entry in own)
            subscriber = self.subscribers.get(environment_id)
            if subscriber is not None:
                subscriber.allocate(allocation)
        self.subscribers.acknowledge(outcome.acknowledged)
        for answer, response in zip(answers, outcome.answers, strict=True):
            if answer.done():
                continue
            if isinstance(response, Exception):
                answer.set_exception(response)
            else:
                answer.set_result(response)
        self._count(outcome)
        if outcome.decided:
            self.after_decision()
        if outcome.to_forecast and (self._forecasting is None or self._forecasting.done()):
            self._forecasting = asyncio.create_task(self._forecast(outcome.to_forecast))
        if outcome.to_compare and (self._comparing is None or self._comparing.done()):
            self._comparing = asyncio.create_task(self._compare(outcome.to_compare))

    def _keep(self, batch: Batch, answers: Sequence[asyncio.Future[bytes]], trouble: str) -> None:
        """The turn was not stored: daemons' messages wait, unacknowledged; people are told."""
        if not self.trouble:
            _LOG.error("nothing can be stored, limits stay as they are", reason=trouble)
        self.trouble = trouble
        self.measures.failed_turns.labels("store").inc()
        self._batch.daemons[:0] = batch.daemons
        self._batch.agents[:0] = batch.agents
        self._batch.tick = self._batch.tick or batch.tick
        for answer in answers:
            if not answer.done():
                answer.set_exception(Unavailable(trouble))
        self._retry_later()

    def _drop(self, batch: Batch, answers: Sequence[asyncio.Future[bytes]], fault: Exception) -> None:
        """A fault of ours: limits stay as they are, and the next turn starts from what is durable.

        What came was not acknowledged; ending the streams makes daemons send it again.
        """
        _LOG.error("turn failed", exc_info=fault)
        self.measures.failed_turns.labels("fault").inc()
        for environment_id in {message.environment_id for message in batch.daemons}:
            subscriber = self.subscribers.get(environment_id)
            if subscriber is not None:
                subscriber.close()
        for answer in answers:
            if not answer.done():
                answer.set_exception(fault)
        self._retry_later()

    def _retry_later(self) -> None:
        self._retry_seconds = min(LONGEST_RETRY_SECONDS, max(FIRST_RETRY_SECONDS, self._retry_seconds * 2))
        self._retry_at = time.monotonic() + self._retry_seconds

    def _well(self, turn_seconds: float) -> None:
        if self.trouble:
            _LOG.info("stored again")
        self.trouble, self._retry_seconds, self._retry_at = "", 0.0, None
        self.last_turn_seconds = turn_seconds
        self.measures.turns.inc()
        self.measures.turn_seconds.observe(turn_seconds)
        if len(self._batch.daemons) < self.settings.inbox_messages:
            self._room.set()

    def _count(self, outcome: Outcome) -> None:
        self.measures.decisions.inc(len([entry for entry in outcome.decisions if not entry.results]))
        self.measures.duplicates.inc(outcome.duplicate_count)
        self.measures.unwanted.inc(outcome.unwanted_count)
        self.measures.left_out.inc(len(outcome.left_out))
        self.measures.inbox.set(len(self._batch.daemons))
        self.measures.daemons.set(len(self.subscribers.environment_ids))

    def _note_deferred(self, deferred: Sequence[Deferral]) -> None:
        """What is not said again by the time at which it is looked at again has been done, or is no longer needed."""
        now = self.now()
        kept = {key: entry for key, entry in self.deferred.items() if now - entry.retry_at < DEFERRAL_MEMORY}
        kept.update(((entry.environment_id, entry.resource.value), entry) for entry in deferred)
        self.deferred = kept
        codes = {entry.reason.code for entry in kept.values()}
        for code in codes | self._deferred_codes:
            self.measures.deferred.labels(code).set(sum(entry.reason.code == code for entry in kept.values()))
        self._deferred_codes |= codes

    async def _forecast(self, environment_ids: Sequence[str]) -> None:
        """Forecasts beside the turns; what comes of it enters with the next tick."""
        seconds = self.settings.forecast_seconds
        for name in environment_ids:
            try:
                ask = await self.in_reader(lambda name=name: forecast(self.database, name, self.now(), seconds))
            except Unavailable as error:
                _LOG.warning("not forecast, tried again later", environment_id=name, reason=str(error))
            except Exception:  # noqa: BLE001 - a forecast that fails is one that is not there; the live path goes on
                _LOG.exception("not forecast, tried again later", environment_id=name)
            else:
                if ask is not None:
                    self._batch.agents.append(Forecasted(name, ask))

    async def _compare(self, comparisons: Sequence[Comparison]) -> None:
        """Looks beside the turns for what similar environments need; what comes of it enters with the next tick."""
        for one in comparisons:
            try:
                prior = await self.in_reader(lambda one=one: compare(self.database, one, self.now()))
            except Unavailable as error:
                _LOG.warning("not compared, tried again later", environment_id=one.environment_id, reason=str(error))
            except Exception:  # noqa: BLE001 - what others need is a help that may be missing; the live path goes on
                _LOG.exception("not compared, tried again later", environment_id=one.environment_id)
            else:
                if prior is not None:
                    self._batch.agents.append(Compared(one.environment_id, prior))

    async def _clean(self) -> None:
        try:
            count = await self.in_writer(lambda writer, now: writer.clean(now))
        except Unavailable as error:
            _LOG.warning("old rows not deleted, tried again later", reason=str(error))
        else:
            _LOG.info("old rows deleted", rows=count)

    async def _roll_up(self) -> None:
        try:
            await self.in_writer(lambda writer, now: writer.roll_up(now))
        except Unavailable as error:
            _LOG.warning("old samples not made minutes, tried again later", reason=str(error))

    def _wake(self, urgent: bool) -> None:
        if urgent:
            self._urgent = True
        elif self._flush_at is None:
            self._flush_at = time.monotonic() + FLUSH_SECONDS
        self._woken.set()

    async def _in_thread(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)


def _is_urgent(message: FromDaemon) -> bool:
    kind = getattr(message.content, "kind", None)
    if isinstance(kind, SignalKind):
        return kind is not SignalKind.SAVED
    return isinstance(message.content, Consent) or hasattr(message.content, "windows")
