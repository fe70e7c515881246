"""How one of several brokers on a shared database comes to be the active one, and notices that it no longer is."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

import structlog

from foreload_broker.store import lease
from foreload_broker.store.database import Database
from foreload_broker.store.engine import StoreError

_LOG = structlog.get_logger(__name__)


class Tenure:
    """The time for which this broker is the active one on a shared database.

    Attributes:
        over: set when another broker has become the active one.
        waiting_for: why this broker is not active, for people; empty while it is.
    """

    def __init__(self, database: Database, seconds: float) -> None:
        """Prepares a tenure.

        Args:
            database: where the lease lies.
            seconds: how long the lease is held without being prolonged.
        """
        self._database = database
        self._seconds = seconds
        self._holder = f"broker on {socket.gethostname()}, process {os.getpid()}"
        self._keeping: asyncio.Task[None] | None = None
        self.over = asyncio.Event()
        self.waiting_for = ""

    async def begin(self, stopping: asyncio.Event) -> bool:
        """Waits until this broker is the active one; False where `stopping` was set before."""
        while not stopping.is_set():
            try:
                epoch = await asyncio.to_thread(self._take)
            except StoreError as error:
                self._wait_for(str(error))
            else:
                if epoch is not None:
                    self._database.epoch = epoch
                    self.waiting_for = ""
                    self._keeping = asyncio.create_task(self._keep(epoch))
                    _LOG.info("active", epoch=epoch)
                    return True
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._seconds / 5)
        return False

    async def end(self) -> None:
        """Lets another broker become active at once. After the last write."""
        if self._keeping is None:
            return
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)
        with suppress(StoreError):  # then it runs out by itself
            await asyncio.to_thread(self._give_back)

    async def _keep(self, epoch: int) -> None:
        """Prolongs the lease. While the database is away nobody can take it, and nobody can write either."""
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                held = await asyncio.to_thread(self._prolong, epoch)
            except StoreError as error:
                _LOG.warning("lease not prolonged, tried again", reason=str(error))
                continue
            if not held:
                _LOG.warning("no longer active: another broker has taken over")
                self.over.set()
                return

    def _take(self) -> int | None:
        with self._database.leasing() as connection:
            epoch = lease.take(connection, self._holder, self._seconds)
            if epoch is None:
                active = lease.holder(connection)
                self._wait_for(f"standing by: {active.name if active else 'another broker'} is active")
        return epoch

    def _prolong(self, epoch: int) -> bool:
        with self._database.leasing() as connection:
            return lease.prolong(connection, epoch, self._seconds)

    def _give_back(self) -> None:
        assert self._database.epoch is not None
        with self._database.leasing() as connection:
            lease.give_back(connection, self._database.epoch)

    def _wait_for(self, why: str) -> None:
        if why != self.waiting_for:
            _LOG.info("not active", reason=why)
        self.waiting_for = why


async def first_set(*events: asyncio.Event) -> None:
    """Returns when one of the events is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
