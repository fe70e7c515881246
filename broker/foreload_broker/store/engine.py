"""Opening the database, and what its failures mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy import create_engine as create_sqlalchemy_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

DIALECTS = ("sqlite", "postgresql")
_BUSY_MILLISECONDS = 5000
_FULL = ("full", "no space left", "disk i/o error", "file too large", "disk quota")

_BROKEN = "not a database"


class StoreError(Exception):
    """The database cannot do its work. The message says which one, what is wrong and what to do."""


class StoreFullError(StoreError):
    """There is no room to write. Nothing of the transaction was kept; the same may be tried again later."""


def open_engine(url: str) -> Engine:
    """An engine for `url`. SQLite writes ahead, syncs every commit to the disk, and overwrites what is deleted.

    Raises:
        StoreError: the URL cannot be used, its driver is missing, or the folder of the file cannot be made.
    """
    try:
        parsed = make_url(url)
        dialect = parsed.get_backend_name()
        if dialect not in DIALECTS:
            raise StoreError(f"database URL {shown(url)!r} is of kind {dialect}; allowed are {' and '.join(DIALECTS)}")
        if dialect == "sqlite":
            return _open_sqlite(url, parsed.database)
        return _open_postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(
            f"database URL {url!r} cannot be read; allowed is sqlite:////PATH or postgresql://..."
        ) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"database URL {shown(url)!r} needs the Python module {error.name}; install it beside foreload"
        ) from error


def shown(url: str) -> str:
    """The URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _open_postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return create_sqlalchemy_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "application_name": "foreload-broker",
            "connect_timeout": 5,
            # A server that is gone without a word is noticed within seconds, on both sides.
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "options": "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
            " -c timezone=UTC -c synchronous_commit=on -c idle_in_transaction_session_timeout=60s",
        },
    )


def _open_sqlite(url: str, database: str | None) -> Engine:
    if not database or database == ":memory:":
        raise StoreError(
            f"database URL {url!r} keeps nothing; the broker needs a file, as in sqlite:////var/lib/foreload/broker.db"
        )
    try:
        Path(database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder of {database} cannot be made ({error.strerror}); choose another state folder"
        ) from error
    # Connections are opened where they are needed and kept by the writer: a pool would hand one to several threads.
    engine = create_sqlalchemy_engine(url, poolclass=NullPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, but not before every statement that needs one.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "cache_size=-4096",
        "journal_size_limit=4194304",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN")


@contextmanager
def failures(url: str) -> Iterator[None]:
    """Turns the driver's failures into `StoreError`, and those for want of room into `StoreFullError`."""
    try:
        yield
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        if any(word in said.lower() for word in _FULL):
            raise StoreFullError(
                f"no room left in {shown(url)} ({said}); nothing is stored and no limit changes until there is room"
            ) from error
        advice = "; move it aside to begin anew, or bring a copy of it back" if _BROKEN in said.lower() else ""
        raise StoreError(f"{shown(url)} does not work: {said}{advice}") from error
