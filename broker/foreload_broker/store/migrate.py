"""Brings a database to the shape that this version needs. Runs at every start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from sqlalchemy import Connection, Engine, func, inspect, select, text

from foreload_broker.store.engine import StoreError, failures, shown
from foreload_broker.store.migrations import HEAD

_LOCK = 0x666F7265


def migrate(engine: Engine) -> None:
    """Applies the migrations that are missing; each one as a whole or not at all.

    Raises:
        StoreError: the database was made by a newer version, or cannot be changed.
    """
    url = engine.url.render_as_string(hide_password=False)
    with failures(url), engine.connect() as connection:
        present = _present(connection)
        connection.rollback()
        if present != HEAD:
            with _alone(connection):
                _upgrade(connection, url, _present(connection))
                connection.commit()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Holds off other brokers that start at the same time on the same database."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(select(func.pg_advisory_lock(_LOCK)))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(select(func.pg_advisory_unlock(_LOCK)))
        connection.commit()


def _present(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def _upgrade(connection: Connection, url: str, present: str | None) -> None:
    # Imported here: at most starts there is nothing to be done, and it costs as much as the rest of the start.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(resources.files("foreload_broker.store") / "migrations"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"{shown(url)} has the shape {present!r}, unknown to this version; use the version that made it"
        ) from error
