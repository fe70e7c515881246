"""What developers allow, how far their messages are durable, and whose data was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, select

from foreload_broker.ports import Consent
from foreload_broker.store import tables
from foreload_broker.store.moments import to_microseconds
from foreload_broker.store.rows import put


def put_consent(connection: Connection, environment_id: str, consent: Consent, at: datetime) -> None:
    """Keeps the whole state of an environment's switches."""
    row = {field.name: getattr(consent, field.name) for field in fields(consent)}
    put(
        connection,
        tables.CONSENTS,
        [{"environment_id": environment_id, **row, "at_microseconds": to_microseconds(at)}],
    )


def read_consents(connection: Connection) -> dict[str, Consent]:
    """The switches of all environments that were ever asked."""
    names = [field.name for field in fields(Consent)]
    return {
        row["environment_id"]: Consent(**{name: row[name] for name in names})
        for row in connection.execute(select(tables.CONSENTS)).mappings()
    }


def put_sequences(connection: Connection, acknowledged: Mapping[str, int]) -> None:
    """Takes note of how far environments' messages are durable, inside the transaction that makes them so."""
    rows = [
        {"environment_id": environment_id, "acknowledged_sequence": sequence}
        for environment_id, sequence in acknowledged.items()
    ]
    put(connection, tables.SEQUENCES, rows)


def read_sequences(connection: Connection) -> dict[str, int]:
    """Acknowledged sequence of each environment."""
    rows = connection.execute(select(tables.SEQUENCES)).mappings()
    return {row["environment_id"]: row["acknowledged_sequence"] for row in rows}
