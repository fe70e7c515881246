"""Called by Alembic: runs the migrations on the connection that the broker has open."""

from __future__ import annotations

from alembic import context

from foreload_broker.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
