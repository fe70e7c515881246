"""Tokens that are good for one certificate, and the log of who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foreload_system.identity import Identity
from sqlalchemy import Connection, delete, insert, select

from foreload_broker.store import tables
from foreload_broker.store.moments import from_microseconds, to_microseconds

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


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did to this broker.

    Attributes:
        number: grows with time.
        at: UTC.
        actor: kind and name of who did it.
        act: what.
        about: whom or what it was about.
    """

    number: int
    at: datetime
    actor: str
    act: str
    about: str


def read_acts(connection: Connection, limit: int, before_number: int | None = None) -> list[Act]:
    """What was done, newest first; only what was before a number where one is given."""
    query = select(_ACTS).order_by(_ACTS.c.number.desc()).limit(limit)
    if before_number is not None:
        query = query.where(_ACTS.c.number < before_number)
    return [
        Act(row.number, from_microseconds(row.at_microseconds), row.actor, row.act, row.about)
        for row in connection.execute(query)
    ]


def log_act(connection: Connection, at: datetime, actor: str, act: str, about: str) -> None:
    """Notes that somebody did something to this broker."""
    connection.execute(
        insert(_ACTS).values(at_microseconds=to_microseconds(at), actor=actor, act=act, about=about[:200])
    )
