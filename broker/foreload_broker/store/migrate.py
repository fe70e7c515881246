"""Brings a database to the shape that this version needs. Runs at every start."""

from __future__ import annotations

from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from foreload_broker.store.engine import StoreError, failures, shown


def migrate(engine: Engine) -> None:
    """Applies the migrations that are missing; each one as a whole or not at all.

    Raises:
        StoreError: the database was made by a newer version, or cannot be changed.
    """
    config = Config()
    config.set_main_option("script_location", str(resources.files("foreload_broker.store") / "migrations"))
    url = engine.url.render_as_string(hide_password=False)
    with failures(url), engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present is not None and present == ScriptDirectory.from_config(config).get_current_head():
            return
        connection.rollback()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"{shown(url)} has the shape {present!r}, unknown to this version; use the version that made it"
            ) from error
        connection.commit()
