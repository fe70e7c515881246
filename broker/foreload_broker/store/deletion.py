"""Deleting: what one environment left, and what is old. What is deleted is gone from the file too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, Table, delete, func, select
from sqlalchemy.exc import DBAPIError

from foreload_broker.store import tables
from foreload_broker.store.journal import forget_before, forget_stream
from foreload_broker.store.moments import to_microseconds
from foreload_broker.store.rows import put

_LOG = structlog.get_logger(__name__)

REWRITE_UP_TO_BYTES = 2 * 1024**3
"""A larger file is not rewritten after a deletion: that would hold the fleet up for minutes. What was deleted in it is
overwritten with zeros all the same (`secure_delete`)."""

OF_A_DAEMON = (
    tables.SAMPLES,
    tables.SIGNALS,
    tables.ASKS,
    tables.PROFILES,
    tables.RESULTS,
    tables.DECISIONS,
    tables.WISHES,
)
"""What is kept with the permission for automatic scaling, and goes with it."""


def forget_environment(connection: Connection, environment_id: str, at: datetime) -> dict[str, int]:
    """Deletes everything of an environment and leaves a tombstone; how far its messages went stays known.

    Returns:
        Rows that were deleted, by table.
    """
    deleted = _forget(connection, environment_id, tables.OF_AN_ENVIRONMENT)
    put(
        connection,
        tables.TOMBSTONES,
        [{"environment_id": environment_id, "purged_at_microseconds": to_microseconds(at)}],
    )
    return deleted


def forget_scaling(connection: Connection, environment_id: str) -> dict[str, int]:
    """Deletes what was kept with the permission for automatic scaling. Returns deleted rows by table."""
    return _forget(connection, environment_id, OF_A_DAEMON)


def forget_features(connection: Connection, environment_id: str) -> int:
    """Deletes an environment's features. Returns deleted rows."""
    return _delete(connection, tables.FEATURES, environment_id)


def forget_old(connection: Connection, now: datetime, samples: timedelta, journal: timedelta, log: timedelta) -> int:
    """Deletes what was kept for longer than it should be. Returns deleted rows."""
    count = forget_before(connection, now - journal)
    for table, column, age in (
        (tables.SAMPLES, tables.SAMPLES.c.start_microseconds, samples),
        (tables.SIGNALS, tables.SIGNALS.c.at_microseconds, samples),
        (tables.WISHES, tables.WISHES.c.at_microseconds, log),
        (tables.DECISIONS, tables.DECISIONS.c.decided_at_microseconds, log),
    ):
        count += connection.execute(delete(table).where(column < to_microseconds(now - age))).rowcount
    orphans = ~(
        tables.DECISIONS.select()
        .where(
            tables.DECISIONS.c.environment_id == tables.RESULTS.c.environment_id,
            tables.DECISIONS.c.revision == tables.RESULTS.c.revision,
        )
        .exists()
    )
    return count + connection.execute(delete(tables.RESULTS).where(orphans)).rowcount


def overwrite_deleted(engine: Engine) -> bool:
    """Makes what was deleted unreadable in the database's files. No transaction may be open.

    SQLite overwrites deleted rows at once; rewriting the file also removes the copies that moving rows about leaves
    behind, and emptying the write-ahead log those in it. PostgreSQL writes each table anew; its own log and backups are
    its operator's.

    Returns:
        False where a reader was at work for so long that the write-ahead log was not emptied; try again later.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            _rewrite_tables(connection)
            return True
        file = Path(engine.url.database or "")
        if file.stat().st_size <= REWRITE_UP_TO_BYTES:
            try:
                connection.exec_driver_sql("VACUUM")
            except DBAPIError as error:
                # It needs room for a copy; the rows themselves are zeroed already.
                _LOG.warning("database not rewritten after a deletion", reason=str(error.orig), file=str(file))
        busy, _pages, _moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy


def _rewrite_tables(connection: Connection) -> None:
    for table in tables.METADATA.sorted_tables:
        size_bytes: int = connection.scalar(select(func.pg_total_relation_size(table.name))) or 0
        if size_bytes <= REWRITE_UP_TO_BYTES:
            connection.exec_driver_sql(f'VACUUM (FULL) "{table.name}"')
        else:
            _LOG.warning("table not rewritten after a deletion", reason="too large", table=table.name)
            connection.exec_driver_sql(f'VACUUM "{table.name}"')


def _forget(connection: Connection, environment_id: str, kept: Sequence[Table]) -> dict[str, int]:
    deleted = {table.name: _delete(connection, table, environment_id) for table in kept}
    deleted["journal"] = forget_stream(connection, environment_id)
    return deleted


def _delete(connection: Connection, table: Table, environment_id: str) -> int:
    return connection.execute(delete(table).where(table.c.environment_id == environment_id)).rowcount
