"""The table of the audit log; `spaces.db.schema` lists it among the others."""

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table, Text

from spaces.db.conventions import ID, TIME, metadata

audit = Table(
    "audit",
    metadata,
    Column("at", TIME, nullable=False),
    Column("id", ID, nullable=False),
    Column("action", String(32), nullable=False),
    Column("user_id", ID),
    Column("user_name", String(255), nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("request_id", String(128), nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("subject_id", String(128), nullable=False, server_default=""),
    Column("space_id", ID),
    Column("detail", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("at", "id"),
)
"""Who did what, and to whom or what: only ever added to, and trimmed by age. Nothing
refers to other tables, so what is deleted there stays named here. One index, that of
the key, so that a removal costs one more row and little else."""
