"""What people asked for, by the key of their request: the same request gets the same answer and acts once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from foreload_broker.store import tables
from foreload_broker.store.moments import to_microseconds
from foreload_broker.store.rows import put


def put_answer(
    connection: Connection, environment_id: str, request_id: str, method: str, response: bytes, at: datetime
) -> None:
    """Keeps the answer to a request."""
    row = {
        "environment_id": environment_id,
        "request_id": request_id,
        "method": method,
        "at_microseconds": to_microseconds(at),
        "response": response,
    }
    put(connection, tables.WISHES, [row])


def read_answer(connection: Connection, environment_id: str, request_id: str) -> tuple[str, bytes] | None:
    """Method and answer of an earlier request with this key, or None."""
    table = tables.WISHES.c
    query = select(table.method, table.response).where(
        table.environment_id == environment_id, table.request_id == request_id
    )
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1])
