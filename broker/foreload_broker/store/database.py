"""The database of one broker: one connection that writes, others that read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from foreload_broker.store import lease
from foreload_broker.store.deletion import overwrite_deleted
from foreload_broker.store.engine import failures, open_engine
from foreload_broker.store.migrate import migrate


class Database:
    """Opened and brought to shape when it is made.

    Attributes:
        epoch: under which the lease is held, so that nothing is written without it; None where this is the only broker.
        uncertain: a connection broke while writing: whether that transaction was kept is not known.
    """

    def __init__(self, url: str) -> None:
        """Opens a database.

        Raises:
            StoreError: it cannot be opened, or its shape is not known.
        """
        self._url = url
        self.epoch: int | None = None
        self.uncertain = False
        self._engine = open_engine(url)
        with failures(url):
            migrate(self._engine)
            self._writer: Connection | None = self._engine.connect()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: durable when the block has ended, or nothing of it kept. For one thread only.

        Raises:
            StoreFullError: no room; the same may be tried again.
            LeaseLostError: another broker is the active one by now.
            StoreError: the database does not work. If `uncertain` is true then, the transaction may have been kept.
        """
        with failures(self._url):
            if self._writer is None or self._writer.closed or self._writer.invalidated:
                self._writer = self._engine.connect()
            try:
                with self._writer.begin():
                    if self.epoch is not None:
                        lease.require(self._writer, self.epoch)
                    yield self._writer
            except BaseException as error:
                self.uncertain = self.uncertain or (isinstance(error, DBAPIError) and error.connection_invalidated)
                # After a failed write the driver's own view of the transaction is not to be trusted.
                self._writer.invalidate()
                self._writer.close()
                self._writer = None
                raise

    @property
    def shared(self) -> bool:
        """Whether several brokers may have it open, of which one is to be active."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def leasing(self) -> Iterator[Connection]:
        """A transaction on the lease, from any thread.

        Raises:
            StoreError: the database does not work.
        """
        with failures(self._url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for reading, from any thread.

        Raises:
            StoreError: the database does not work.
        """
        with failures(self._url), self._engine.connect() as connection:
            yield connection

    def overwrite_deleted(self) -> bool:
        """Makes what was deleted unreadable in the files; by the writing thread, outside a transaction.

        Returns:
            False where a reader stood in the way; try again later.

        Raises:
            StoreError: the database does not work.
        """
        with failures(self._url):
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            return overwrite_deleted(self._engine)

    def close(self) -> None:
        """Closes all connections."""
        with failures(self._url):
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._engine.dispose()
