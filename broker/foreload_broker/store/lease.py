"""Which of several brokers on one database is the active one.

A lease has a holder, an epoch that grows with each taking, and an end by the clock of the database. The active broker
prolongs it; another takes it when it has run out. Every write of the active one asks for its epoch in the same
transaction, so that one that was overtaken unawares (stopped, cut off, slow) can write nothing any more: the epoch is
a fencing token (M. Kleppmann, "How to do distributed locking", 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, cast, func, select, update

from foreload_broker.store import tables
from foreload_broker.store.engine import StoreError
from foreload_broker.store.rows import add_new

NAME = "broker"
MICROSECONDS = 1_000_000
# Not the transaction's moment, which may lie before a wait for another one.
_NOW = cast(func.extract("epoch", func.clock_timestamp()) * MICROSECONDS, BigInteger)


class LeaseLostError(StoreError):
    """Another broker is the active one; nothing of the transaction was kept."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease.

    Attributes:
        name: the broker's own name for itself, for people.
        remaining_seconds: until the lease runs out; below 0: it has.
    """

    name: str
    remaining_seconds: float


def take(connection: Connection, holder: str, seconds: float) -> int | None:
    """Takes the lease if nobody holds it.

    Args:
        connection: in a transaction.
        holder: who takes it, for people.
        seconds: how long it is held unless it is prolonged.

    Returns:
        The epoch, to be shown with each write; None where another holds the lease.
    """
    lease = tables.LEASES
    add_new(connection, lease, [{"name": NAME, "holder": "", "epoch": 0, "expires_at_microseconds": 0}])
    free = update(lease).where(lease.c.name == NAME, lease.c.expires_at_microseconds < _NOW)
    taken = free.values(
        holder=holder, epoch=lease.c.epoch + 1, expires_at_microseconds=_NOW + round(seconds * MICROSECONDS)
    )
    return connection.scalar(taken.returning(lease.c.epoch))


def prolong(connection: Connection, epoch: int, seconds: float) -> bool:
    """Holds the lease for `seconds` from now; False where it is another's by now."""
    lease = tables.LEASES
    mine = update(lease).where(lease.c.name == NAME, lease.c.epoch == epoch)
    end = _NOW + round(seconds * MICROSECONDS)
    return connection.execute(mine.values(expires_at_microseconds=end)).rowcount == 1


def give_back(connection: Connection, epoch: int) -> None:
    """Lets another take the lease at once."""
    lease = tables.LEASES
    mine = update(lease).where(lease.c.name == NAME, lease.c.epoch == epoch)
    connection.execute(mine.values(expires_at_microseconds=0))


def require(connection: Connection, epoch: int) -> None:
    """Holds off whoever would take the lease until this transaction has ended.

    Raises:
        LeaseLostError: it is another's by now.
    """
    lease = tables.LEASES.c
    mine = select(lease.epoch).where(lease.name == NAME, lease.epoch == epoch).with_for_update(read=True)
    if connection.scalar(mine) is None:
        current = holder(connection)
        raise LeaseLostError(f"{current.name if current else 'another broker'} is the active broker by now")


def holder(connection: Connection) -> Holder | None:
    """Who holds the lease, or held it last; None if nobody ever did."""
    lease = tables.LEASES.c
    row = connection.execute(
        select(lease.holder, lease.expires_at_microseconds, _NOW).where(lease.name == NAME, lease.epoch > 0)
    ).one_or_none()
    return None if row is None else Holder(row[0], (row[1] - row[2]) / MICROSECONDS)
