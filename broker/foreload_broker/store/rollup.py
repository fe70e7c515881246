"""Old samples take less room: after a day, a minute of an environment is one sample.

A day of samples of ten seconds is 8,640 rows an environment, a day of minutes 1,440.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from foreload_core.types import Resource
from sqlalchemy import Connection, delete, func, select

from foreload_broker.store import tables
from foreload_broker.store.moments import to_microseconds
from foreload_broker.store.rows import put

MINUTE_SECONDS = 60.0
_MINUTE_MICROSECONDS = 60_000_000


def roll_up(connection: Connection, environment_id: str, since: datetime, until: datetime) -> int:
    """Makes minutes of an environment's shorter samples. Done again, it changes nothing.

    Use and limits become the means of the minute, but of memory the most, since that is what a limit has to hold. What
    is counted is added up.

    Args:
        connection: in a transaction.
        environment_id: whose.
        since, until: of the samples that begin in the whole minutes of [since, until).

    Returns:
        How many minutes were made.
    """
    table = tables.SAMPLES.c
    start = table.start_microseconds
    of_these = (
        table.environment_id == environment_id,
        start >= _minute(to_microseconds(since)),
        start < _minute(to_microseconds(until)),
        table.interval_seconds < MINUTE_SECONDS,
    )
    minute = (start - start % _MINUTE_MICROSECONDS).label("start_microseconds")
    query = select(table.source, minute, *_together()).where(*of_these).group_by(table.source, minute)
    minutes: Sequence[Any] = connection.execute(query).mappings().all()
    if not minutes:
        return 0
    connection.execute(delete(tables.SAMPLES).where(*of_these))
    own = {"environment_id": environment_id, "interval_seconds": MINUTE_SECONDS}
    put(connection, tables.SAMPLES, [{**own, **row, "oom_kills": int(row["oom_kills"])} for row in minutes])
    return len(minutes)


def _together() -> list[Any]:
    table = tables.SAMPLES.c
    columns = [func.sum(table[name]).label(name) for name in ("throttled_seconds", "oom_kills")]
    for resource in Resource:
        used, limit = table[f"used_{resource.field}"], table[f"limit_{resource.field}"]
        of_memory = resource is Resource.MEMORY
        columns.append((func.max(used) if of_memory else func.avg(used)).label(used.name))
        columns.append((func.max(limit) if of_memory else func.avg(limit)).label(limit.name))
    return columns


def _minute(microseconds: int) -> int:
    return microseconds - microseconds % _MINUTE_MICROSECONDS
