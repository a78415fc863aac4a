"""Rows of browser sessions, authorization codes and grants.

Secrets are stored as hashes; whoever reads the database cannot log in with it.
"""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from spaces.clock import Instant
from spaces.db.schema import oidc_codes, oidc_grants, oidc_sessions, users
from spaces.db.statement import AnyRow, Statement
from spaces.grant_model import Authorization, BrowserSession, Grant, GrantId
from spaces.ids import UserId

_INSERT_SESSION: Final = Statement(
    insert(oidc_sessions),
    columns=("secret_hash", "user_id", "authenticated_at", "expires_at"),
)
_FIND_SESSION: Final = Statement(
    select(
        oidc_sessions.c.user_id,
        oidc_sessions.c.authenticated_at,
        oidc_sessions.c.expires_at,
    )
    .join(users, users.c.id == oidc_sessions.c.user_id)
    .where(
        oidc_sessions.c.secret_hash == bindparam("secret_hash"),
        oidc_sessions.c.expires_at > bindparam("now"),
        users.c.disabled_at.is_(None),
    )
)
_REMOVE_SESSION: Final = Statement(
    delete(oidc_sessions).where(oidc_sessions.c.secret_hash == bindparam("secret_hash"))
)

_INSERT_CODE: Final = Statement(
    insert(oidc_codes),
    columns=(
        "code_hash",
        "grant_id",
        "user_id",
        "client_id",
        "redirect_uri",
        "scope",
        "nonce",
        "challenge",
        "authenticated_at",
        "expires_at",
    ),
)
_REDEEM_CODE: Final = Statement(
    update(oidc_codes)
    .where(
        oidc_codes.c.code_hash == bindparam("hash"),
        oidc_codes.c.redeemed_at.is_(None),
        oidc_codes.c.expires_at > bindparam("now"),
    )
    .values(redeemed_at=bindparam("now"))
)
_FIND_CODE: Final = Statement(
    select(
        oidc_codes.c.grant_id,
        oidc_codes.c.user_id,
        oidc_codes.c.client_id,
        oidc_codes.c.redirect_uri,
        oidc_codes.c.scope,
        oidc_codes.c.nonce,
        oidc_codes.c.challenge,
        oidc_codes.c.authenticated_at,
    ).where(oidc_codes.c.code_hash == bindparam("code_hash"))
)

_GRANT_COLUMNS: Final = (
    oidc_grants.c.id,
    oidc_grants.c.user_id,
    oidc_grants.c.client_id,
    oidc_grants.c.scope,
    oidc_grants.c.authenticated_at,
    oidc_grants.c.created_at,
    oidc_grants.c.expires_at,
)
_INSERT_GRANT: Final = Statement(
    insert(oidc_grants),
    columns=(
        "id",
        "family_hash",
        "token_hash",
        "user_id",
        "client_id",
        "scope",
        "authenticated_at",
        "created_at",
        "used_at",
        "expires_at",
    ),
)
_FIND_GRANT: Final = Statement(
    select(*_GRANT_COLUMNS).where(oidc_grants.c.id == bindparam("grant_id"))
)
_FIND_FAMILY: Final = Statement(
    select(*_GRANT_COLUMNS).where(oidc_grants.c.family_hash == bindparam("family_hash"))
)
_ROTATE: Final = Statement(
    update(oidc_grants)
    .where(
        oidc_grants.c.family_hash == bindparam("family"),
        oidc_grants.c.token_hash == bindparam("old_token"),
        oidc_grants.c.client_id == bindparam("client"),
        oidc_grants.c.expires_at > bindparam("now"),
    )
    .values(
        token_hash=bindparam("new_token"),
        used_at=bindparam("now"),
        expires_at=bindparam("until"),
    )
)
_REMOVE_GRANT: Final = Statement(
    delete(oidc_grants).where(oidc_grants.c.id == bindparam("grant_id"))
)
_TABLES: Final = (oidc_sessions, oidc_codes, oidc_grants)
_REMOVE_EXPIRED: Final = tuple(
    Statement(delete(table).where(table.c.expires_at <= bindparam("now")))
    for table in _TABLES
)
_REMOVE_OF_USER: Final = tuple(
    Statement(delete(table).where(table.c.user_id == bindparam("user_id")))
    for table in _TABLES
)


def add_session(
    connection: Connection, secret_hash: str, session: BrowserSession
) -> None:
    """Store a session."""
    _INSERT_SESSION.run(
        connection,
        secret_hash=secret_hash,
        user_id=session.user_id,
        authenticated_at=session.authenticated_at,
        expires_at=session.expires_at,
    )


def find_session(
    connection: Connection, secret_hash: str, now: Instant
) -> BrowserSession | None:
    """The session of this secret, unless it or its user's account has ended."""
    row = _FIND_SESSION.first(connection, secret_hash=secret_hash, now=now)
    if row is None:
        return None
    return BrowserSession(UserId(row[0]), Instant(row[1]), Instant(row[2]))


def remove_session(connection: Connection, secret_hash: str) -> None:
    """End a session."""
    _REMOVE_SESSION.run(connection, secret_hash=secret_hash)


def add_code(
    connection: Connection,
    code_hash: str,
    authorization: Authorization,
    *,
    grant_id: GrantId,
    expires_at: Instant,
) -> None:
    """Store an authorization under its code."""
    _INSERT_CODE.run(
        connection,
        code_hash=code_hash,
        grant_id=grant_id,
        user_id=authorization.user_id,
        client_id=authorization.client_id,
        redirect_uri=authorization.redirect_uri,
        scope=authorization.scope,
        nonce=authorization.nonce,
        challenge=authorization.challenge,
        authenticated_at=authorization.authenticated_at,
        expires_at=expires_at,
    )


def redeem_code(connection: Connection, code_hash: str, now: Instant) -> bool:
    """Use up the code; False if it was used before, is too old, or never was."""
    return _REDEEM_CODE.run(connection, hash=code_hash, now=now) == 1


def find_code(
    connection: Connection, code_hash: str
) -> tuple[GrantId, Authorization] | None:
    """What the code stands for, used up or not."""
    row = _FIND_CODE.first(connection, code_hash=code_hash)
    if row is None:
        return None
    return GrantId(row[0]), Authorization(
        user_id=UserId(row[1]),
        client_id=row[2],
        redirect_uri=row[3],
        scope=row[4],
        nonce=row[5],
        challenge=row[6],
        authenticated_at=Instant(row[7]),
    )


def add_grant(
    connection: Connection, grant: Grant, *, family_hash: str, token_hash: str
) -> None:
    """Store a grant with the secret of its family and its first token."""
    _INSERT_GRANT.run(
        connection,
        id=grant.id,
        family_hash=family_hash,
        token_hash=token_hash,
        user_id=grant.user_id,
        client_id=grant.client_id,
        scope=grant.scope,
        authenticated_at=grant.authenticated_at,
        created_at=grant.created_at,
        used_at=grant.created_at,
        expires_at=grant.expires_at,
    )


def rotate(
    connection: Connection,
    *,
    family_hash: str,
    old_hash: str,
    new_hash: str,
    client_id: str,
    now: Instant,
    expires_at: Instant,
) -> bool:
    """Replace the token of a grant by its successor; False if it is not the latest."""
    changed = _ROTATE.run(
        connection,
        family=family_hash,
        old_token=old_hash,
        new_token=new_hash,
        client=client_id,
        now=now,
        until=expires_at,
    )
    return changed == 1


def find_grant(connection: Connection, grant_id: GrantId) -> Grant | None:
    """The grant of this id."""
    return _grant(_FIND_GRANT.first(connection, grant_id=grant_id))


def find_family(connection: Connection, family_hash: str) -> Grant | None:
    """The grant whose tokens share this secret."""
    return _grant(_FIND_FAMILY.first(connection, family_hash=family_hash))


def remove_grant(connection: Connection, grant_id: GrantId) -> bool:
    """Revoke a grant; whether there was one."""
    return _REMOVE_GRANT.run(connection, grant_id=grant_id) == 1


def remove_expired(connection: Connection, now: Instant) -> None:
    """Drop everything whose time is up."""
    for statement in _REMOVE_EXPIRED:
        statement.run(connection, now=now)


def remove_of_user(connection: Connection, user_id: UserId) -> None:
    """End all sessions of a user and revoke all that the user granted."""
    for statement in _REMOVE_OF_USER:
        statement.run(connection, user_id=user_id)


def _grant(row: AnyRow | None) -> Grant | None:
    if row is None:
        return None
    return Grant(
        id=GrantId(row[0]),
        user_id=UserId(row[1]),
        client_id=row[2],
        scope=row[3],
        authenticated_at=Instant(row[4]),
        created_at=Instant(row[5]),
        expires_at=Instant(row[6]),
    )
