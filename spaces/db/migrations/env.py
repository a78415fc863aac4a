"""Runs migrations on the connection that `spaces.db.revision` hands over."""

from alembic import context

from spaces.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
