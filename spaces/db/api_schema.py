"""The tables of other upload APIs: their keys, and what they call things.

`spaces.db.schema` has everything else, and lists these too.
"""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from spaces.db.conventions import ID, TIME, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("api", String(32), nullable=False),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("space_id", ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("folder", Text, nullable=False),
    Column("label", String(255), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("sealed_secret", Text),
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME),
    Index(None, "user_id", "api"),
    Index(None, "space_id"),
)
"""Credentials of other upload APIs, each for one folder of one space.
`sealed_secret`: encrypted, for the API whose clients sign with the key itself."""

videos = Table(
    "videos",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("space_id", ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False),
    Column("folder", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("upload_id", ID),
    Column("node_id", ID),
    Column("created_at", TIME, nullable=False),
    Index(None, "user_id"),
    Index(None, "space_id"),
)
"""Videos announced before their bytes come. `upload_id` is the one upload that may
bring them, `node_id` the file that it will become."""

resources = Table(
    "resources",
    metadata,
    Column("id", String(21), primary_key=True),
    Column("node_id", ID, ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("created_at", TIME, nullable=False),
    Index(None, "node_id"),
)
"""Files that a media API knows by a short id."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(255), nullable=False),
    Column("created_at", TIME, nullable=False),
    Column("answer", Text),
    PrimaryKeyConstraint("user_id", "key"),
    Index(None, "created_at"),
)
"""Requests that must not be done twice; `answer` is JSON, missing while one runs."""
