"""Runs the migrations on the connection that `cryoledger.database.migrate` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run through cryoledger.database.migrate, which holds the transaction")
context.configure(connection=connection, target_metadata=None)
context.run_migrations()
