"""Tokens that are good for one certificate, and the log of who did what."""

from __future__ import annotations

from datetime import datetime

from foreload_system.identity import Identity
from sqlalchemy import Connection, delete, insert, select

from foreload_broker.store import tables
from foreload_broker.store.moments import to_microseconds

_TOKENS, _ACTS = tables.ENROLMENT_TOKENS, tables.ADMINISTRATIVE_ACTS


def add_token(connection: Connection, secret_hash: str, identity: Identity, creator: str, expires_at: datetime) -> None:
    """Keeps a token until it is used or has ended."""
    row = {"kind": identity.kind, "name": identity.name, "created_by": creator}
    moment = to_microseconds(expires_at)
    connection.execute(insert(_TOKENS).values(secret_hash=secret_hash, expires_at_microseconds=moment, **row))


def take_token(connection: Connection, secret_hash: str, now: datetime) -> Identity | None:
    """Whom a token is for, and the token is gone; None: there is none, or it has ended. Ended ones are deleted."""
    connection.execute(delete(_TOKENS).where(_TOKENS.c.expires_at_microseconds <= to_microseconds(now)))
    row = connection.execute(select(_TOKENS).where(_TOKENS.c.secret_hash == secret_hash)).mappings().first()
    if row is None:
        return None
    connection.execute(delete(_TOKENS).where(_TOKENS.c.secret_hash == secret_hash))
    return Identity(row["kind"], row["name"])


def log_act(connection: Connection, at: datetime, actor: str, act: str, about: str) -> None:
    """Notes that somebody did something to this broker."""
    connection.execute(
        insert(_ACTS).values(at_microseconds=to_microseconds(at), actor=actor, act=act, about=about[:200])
    )
