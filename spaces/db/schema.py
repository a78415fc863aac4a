"""The tables, as SQLAlchemy Core knows them.

Conventions: ids are UUID text; times are microseconds since the epoch
(`spaces.clock.Instant`); hex digests are lower case; nothing here is beyond what
both SQLite and PostgreSQL take. The migrations in `spaces/db/migrations` build the
same tables; a test compares the two.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from spaces.db import conventions
from spaces.db.api_schema import api_keys, idempotency_keys, resources, videos
from spaces.db.audit_schema import audit

metadata: Final = conventions.metadata

_ID: Final = conventions.ID
_TIME: Final = conventions.TIME

FINDABLE_BYTES: Final = 65_536
"""The least content that is found by a digest, as the indexes of `blobs` say."""

installation = Table(
    "installation",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""One row per fact of this installation: `storage_id`, `credentials_epoch`, …"""

users = Table(
    "users",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("name_key", String(255), nullable=False, unique=True),
    Column("display_name", String(255), nullable=False),
    Column("mail", String(255), nullable=False, server_default=""),
    Column("password_hash", Text),
    Column("is_admin", Boolean, nullable=False),
    Column("issuer", Text),
    Column("subject", Text),
    Column("created_at", _TIME, nullable=False),
    Column("disabled_at", _TIME),
    UniqueConstraint("issuer", "subject"),
)

app_tokens = Table(
    "app_tokens",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("label", String(255), nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME),
    Column("last_used_at", _TIME),
    Index(None, "user_id"),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("alias", String(255), nullable=False, unique=True),
    Column("description", Text, nullable=False, server_default=""),
    Column("owner_id", _ID, ForeignKey("users.id", ondelete="SET NULL")),
    Column("quota_bytes", BigInteger),
    Column("used_bytes", BigInteger, nullable=False, server_default="0"),
    Column("reserved_bytes", BigInteger, nullable=False, server_default="0"),
    Column("change_seq", BigInteger, nullable=False, server_default="0"),
    Column("change_floor", BigInteger, nullable=False, server_default="0"),
    Column("image_id", _ID),
    Column("readme_id", _ID),
    Column("created_at", _TIME, nullable=False),
    Column("disabled_at", _TIME),
    CheckConstraint("used_bytes >= 0", "used"),
    CheckConstraint("reserved_bytes >= 0", "reserved"),
    Index(None, "owner_id"),
)
"""`used_bytes` counts current files; versions and trash do not count.
`change_floor`: changes up to and including this number have been forgotten."""

members = Table(
    "members",
    metadata,
    Column(
        "space_id", _ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False
    ),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("added_at", _TIME, nullable=False),
    PrimaryKeyConstraint("space_id", "user_id"),
    Index(None, "user_id"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha1", String(40), nullable=False),
    Column("adler32", String(8), nullable=False),
    Column("md5", String(32)),
    Column("sha256", String(64)),
    Column("created_at", _TIME, nullable=False),
    Column("released_at", _TIME),
    Index(
        "ix_blobs_sha1",
        "sha1",
        sqlite_where=text("size >= 65536"),
        postgresql_where=text("size >= 65536"),
    ),
    Index(
        "ix_blobs_sha256",
        "sha256",
        sqlite_where=text("size >= 65536 AND sha256 IS NOT NULL"),
        postgresql_where=text("size >= 65536 AND sha256 IS NOT NULL"),
    ),
    Index(
        "ix_blobs_released_at",
        "released_at",
        sqlite_where=text("released_at IS NOT NULL"),
        postgresql_where=text("released_at IS NOT NULL"),
    ),
    Index(
        "ix_blobs_unhashed",
        "id",
        sqlite_where=text("md5 IS NULL OR sha256 IS NULL"),
        postgresql_where=text("md5 IS NULL OR sha256 IS NULL"),
    ),
)
"""`released_at`: when a reference to the blob was last dropped. Whether any is left
is asked only by the sweeper, of the blobs that have it set. `ix_blobs_unhashed` is
the queue of the worker that adds the digests nobody had to wait for. Content is found
by a digest from `FINDABLE_BYTES` on: digests land all over an index, which costs a
small file more than its bytes."""

nodes = Table(
    "nodes",
    metadata,
    Column("id", _ID, primary_key=True),
    Column(
        "space_id", _ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False
    ),
    Column("parent_id", _ID, ForeignKey("nodes.id")),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("blob_id", _ID, ForeignKey("blobs.id")),
    Column("size", BigInteger, nullable=False),
    Column("etag", String(32), nullable=False),
    Column("modified_at", _TIME, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("media_type", String(255)),
    UniqueConstraint("parent_id", "name_key"),
    CheckConstraint("size >= 0", "size"),
    Index(None, "space_id"),
    Index(None, "blob_id"),
)
"""A folder is a node without a blob. Roots have no parent and their space's id.
A removed node has no parent and a row in `trash`; what was below it stays below
it, so a node is alive exactly when its chain of parents ends at the root."""

versions = Table(
    "versions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("node_id", _ID, ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column("blob_id", _ID, ForeignKey("blobs.id"), nullable=False),
    Column("etag", String(32), nullable=False),
    Column("modified_at", _TIME, nullable=False),
    Column("replaced_at", _TIME, nullable=False),
    Column("media_type", String(255)),
    Index(None, "node_id", "replaced_at"),
    Index(None, "blob_id"),
    Index("ix_versions_replaced_at", "replaced_at"),
)

trash = Table(
    "trash",
    metadata,
    Column("node_id", _ID, ForeignKey("nodes.id"), primary_key=True),
    Column(
        "space_id", _ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False
    ),
    Column("original_parent_id", _ID, nullable=False),
    Column("original_path", Text, nullable=False),
    Column("removed_at", _TIME, nullable=False),
    Column("removed_by", _ID),
    Column("is_purged", Boolean, nullable=False, server_default=text("false")),
    Index(None, "space_id", "removed_at"),
    Index("ix_trash_removed_at", "removed_at"),
)
"""`original_path`: names joined by `/`. `is_purged` items are gone for everyone;
the sweeper takes their subtree apart in bounded steps."""

properties = Table(
    "properties",
    metadata,
    Column("node_id", _ID, ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("node_id", "name"),
)
"""Dead properties: `{namespace}name` to the serialised XML element."""

favorites = Table(
    "favorites",
    metadata,
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("node_id", _ID, ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("user_id", "node_id"),
    Index(None, "node_id"),
)

tags = Table(
    "tags",
    metadata,
    Column("node_id", _ID, ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column("tag", String(100), nullable=False),
    PrimaryKeyConstraint("node_id", "tag"),
    Index(None, "tag"),
)

locks = Table(
    "locks",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("node_id", _ID, ForeignKey("nodes.id", ondelete="CASCADE"), nullable=False),
    Column(
        "space_id", _ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False
    ),
    Column("owner_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("owner_xml", Text, nullable=False),
    Column("is_exclusive", Boolean, nullable=False),
    Column("is_deep", Boolean, nullable=False),
    Column("expires_at", _TIME),
    Column("created_at", _TIME, nullable=False),
    Index(None, "node_id"),
    Index(None, "space_id"),
    Index(None, "expires_at"),
)

changes = Table(
    "changes",
    metadata,
    Column(
        "space_id", _ID, ForeignKey("spaces.id", ondelete="CASCADE"), nullable=False
    ),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("node_id", _ID, nullable=False),
    Column("old_parent_id", _ID),
    Column("old_name", Text),
    Column("changed_at", _TIME, nullable=False),
    PrimaryKeyConstraint("space_id", "seq"),
    Index(
        "ix_changes_removed",
        "node_id",
        sqlite_where=text("kind = 'removed'"),
        postgresql_where=text("kind = 'removed'"),
    ),
    sqlite_with_rowid=False,
)
"""One row per committed change, numbered without gaps in each space. `kind` is a
`ChangeKind`; MOVED and REMOVED say where the node was: `old_parent_id/old_name`.
Every change writes a row, so there is no index that only the sweeper needs."""

uploads = Table(
    "uploads",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("dialect", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("owner_id", _ID, ForeignKey("users.id", ondelete="CASCADE")),
    Column("space_id", _ID, ForeignKey("spaces.id", ondelete="CASCADE")),
    Column("parent_id", _ID),
    Column("name", Text, nullable=False, server_default=""),
    Column("node_id", _ID, nullable=False),
    Column("blob_id", _ID, nullable=False),
    Column("length", BigInteger),
    Column("offset", BigInteger, nullable=False),
    Column("metadata", Text, nullable=False, server_default=""),
    Column("target", Text, nullable=False, server_default="{}"),
    Column("reserved_bytes", BigInteger, nullable=False, server_default="0"),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("holder", String(128)),
    Column("held_at", _TIME),
    Column("hash_state", LargeBinary),
    Column("result", Text),
    Column("label", Text, nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("created_at", _TIME, nullable=False),
    Column("active_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("finished_at", _TIME),
    CheckConstraint('"offset" >= 0', "offset"),
    Index(None, "owner_id"),
    Index(None, "space_id"),
    Index("ix_uploads_state_expires_at", "state", "expires_at"),
)
"""An upload being received or just finished. `target` and `result` are JSON that
only `spaces.uploads` reads: preconditions, wanted checksum and mtime; the answer to
replay. `epoch` fences off a writer that lost the upload to a newcomer."""

oidc_sessions = Table(
    "oidc_sessions",
    metadata,
    Column("secret_hash", String(64), primary_key=True),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("authenticated_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Index(None, "user_id"),
    Index("ix_oidc_sessions_expires_at", "expires_at"),
)
"""Browsers that are logged in at the embedded OpenID Connect issuer."""

oidc_codes = Table(
    "oidc_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("grant_id", _ID, nullable=False),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("nonce", Text),
    Column("challenge", String(128), nullable=False),
    Column("authenticated_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("redeemed_at", _TIME),
    Index(None, "user_id"),
    Index("ix_oidc_codes_expires_at", "expires_at"),
)
"""Authorization codes; `grant_id` is that of the grant a code becomes."""

oidc_grants = Table(
    "oidc_grants",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("family_hash", String(64), nullable=False, unique=True),
    Column("token_hash", String(64), nullable=False),
    Column("user_id", _ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("authenticated_at", _TIME, nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("used_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Index(None, "user_id"),
    Index("ix_oidc_grants_expires_at", "expires_at"),
)
"""What a user lets a client do, for as long as the row exists. All refresh tokens of
a grant share the secret behind `family_hash`; only the latest has `token_hash`."""

TABLES: Final = (
    installation,
    users,
    app_tokens,
    spaces,
    members,
    blobs,
    nodes,
    versions,
    trash,
    properties,
    favorites,
    tags,
    locks,
    changes,
    uploads,
    oidc_sessions,
    oidc_codes,
    oidc_grants,
    api_keys,
    videos,
    resources,
    idempotency_keys,
    audit,
)
