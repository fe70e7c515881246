"""The journal: what each tick brought, what it came to, and now and then the whole state. One stream an environment.

A snapshot holds the state after its tick and is taken of all streams at once, so that a replay begins at the last one.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from foreload_broker.store import tables
from foreload_broker.store.moments import from_microseconds, to_microseconds
from foreload_broker.store.rows import put

DELTA = "delta"
SNAPSHOT = "snapshot"
FIRST_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal.

    Attributes:
        stream: environment, or `tables.FLEET_STREAM`.
        tick: number of the tick.
        at: its time, UTC.
        payload: canonical JSON: what the tick brought, or the state after it.
        decision: canonical JSON of what was decided for the environment; empty for nothing and for snapshots.
        chain_hash: over all of the stream up to here.
    """

    stream: str
    tick: int
    at: datetime
    payload: str
    decision: str
    chain_hash: bytes


def next_hash(before: bytes, payload: str, decision: str) -> bytes:
    """The stream's hash after one more delta."""
    return hashlib.sha256(b"\n".join((before, payload.encode(), decision.encode()))).digest()


def put_entries(connection: Connection, kind: str, entries: Iterable[Entry]) -> None:
    """Adds entries; those of snapshots are compressed."""
    rows = [
        {
            "stream": entry.stream,
            "tick": entry.tick,
            "kind": kind,
            "at_microseconds": to_microseconds(entry.at),
            "payload": zlib.compress(entry.payload.encode()) if kind == SNAPSHOT else entry.payload.encode(),
            "decision": entry.decision,
            "chain_hash": entry.chain_hash,
        }
        for entry in entries
    ]
    put(connection, tables.JOURNAL, rows)


def last_snapshot_tick(connection: Connection) -> int | None:
    """Number of the tick of the last snapshot, None where there is none."""
    table = tables.JOURNAL.c
    return connection.scalar(select(func.max(table.tick)).where(table.kind == SNAPSHOT))


def last_tick(connection: Connection) -> int:
    """Number of the last tick, 0 for none."""
    return connection.scalar(select(func.max(tables.JOURNAL.c.tick))) or 0


def read_snapshot(connection: Connection, tick: int) -> list[Entry]:
    """The snapshot after a tick, one entry a stream."""
    table = tables.JOURNAL.c
    query = select(tables.JOURNAL).where(table.tick == tick, table.kind == SNAPSHOT).order_by(table.stream)
    return [_entry(row, zlib.decompress(row.payload).decode()) for row in connection.execute(query)]


def read_deltas(connection: Connection, after_tick: int) -> Iterator[list[Entry]]:
    """What the ticks after `after_tick` brought: one list a tick, in order, the fleet's own entry first."""
    table = tables.JOURNAL.c
    query = (
        select(tables.JOURNAL)
        .where(table.tick > after_tick, table.kind == DELTA)
        .order_by(table.tick, table.stream)
        .execution_options(yield_per=500)
    )
    gathered: list[Entry] = []
    for row in connection.execute(query):
        if gathered and gathered[0].tick != row.tick:
            yield gathered
            gathered = []
        gathered.append(_entry(row, bytes(row.payload).decode()))
    if gathered:
        yield gathered


def forget_stream(connection: Connection, stream: str) -> int:
    """Deletes a stream and returns how many rows it had."""
    return connection.execute(delete(tables.JOURNAL).where(tables.JOURNAL.c.stream == stream)).rowcount


def forget_before(connection: Connection, moment: datetime) -> int:
    """Deletes what is older than `moment`, but nothing that a replay from the last snapshot needs."""
    last = last_snapshot_tick(connection)
    if last is None:
        return 0
    table = tables.JOURNAL.c
    old = delete(tables.JOURNAL).where(table.at_microseconds < to_microseconds(moment), table.tick < last)
    return connection.execute(old).rowcount


def _entry(row: object, payload: str) -> Entry:
    return Entry(
        stream=row.stream,  # pyright: ignore[reportAttributeAccessIssue]
        tick=row.tick,  # pyright: ignore[reportAttributeAccessIssue]
        at=from_microseconds(row.at_microseconds),  # pyright: ignore[reportAttributeAccessIssue]
        payload=payload,
        decision=row.decision,  # pyright: ignore[reportAttributeAccessIssue]
        chain_hash=bytes(row.chain_hash),  # pyright: ignore[reportAttributeAccessIssue]
    )
