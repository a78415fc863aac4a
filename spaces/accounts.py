"""Accounts: who exists, with which credentials, and what goes with them.

A user's personal space is made with the account and goes with it; its id is the
user's. Every change renews the epoch of credentials in its own transaction, so no
process goes on believing what it remembers. Rights to administer accounts are the
caller's to check: whoever holds this object may.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from spaces.account_names import (
    account_key,
    require_account_name,
    require_text,
    similar_names,
)
from spaces.app_tokens import AppTokens
from spaces.audit import record
from spaces.audit_model import Action
from spaces.clock import Instant
from spaces.credentials import CredentialCache
from spaces.db import accounts as rows
from spaces.db import oidc
from spaces.db.accounts import UserRow
from spaces.db.engine import Database
from spaces.db.purging import purge_some
from spaces.errors import (
    AlreadyExists,
    Forbidden,
    LastAdmin,
    UserNotFound,
)
from spaces.founding import insert_personal
from spaces.ids import SpaceId, TokenId, UserId, new_id
from spaces.logins import Logins
from spaces.model import Actor, AppToken, User
from spaces.passwords import Passwords
from spaces.policy import Policy

T = TypeVar("T")

_ATTEMPTS: Final = 3


class Accounts:
    """Users, their credentials, and who is behind a credential; thread-safe."""

    def __init__(
        self,
        *,
        database: Database,
        policy: Policy,
        passwords: Passwords,
        cache: CredentialCache,
    ) -> None:
        self._database = database
        self._policy = policy
        self._passwords = passwords
        self._logins = Logins(database=database, passwords=passwords, cache=cache)
        self._tokens = AppTokens(database=database)

    def recall(self, name: str | None, secret: str) -> Actor | None:
        """Whom a name with password or token, or a token alone, lately proved to be.

        Costs microseconds and never the computation for a password, so it may be
        asked before anybody is made to wait.
        """
        return self._logins.recall(name, secret)

    def verify_password(self, name: str, password: str) -> Actor | None:
        """Whose password this is; None if it is wrong or the account is not active."""
        return self._logins.verify_password(name, password)

    def verify_token(self, secret: str, name: str | None = None) -> Actor | None:
        """Whose app token this is; with a name, only if it is that user's."""
        return self._logins.verify_token(secret, name)

    def actor(self, user_id: UserId) -> Actor | None:
        """The user of this id, if the account is active."""
        return self._logins.actor(user_id)

    def get(self, name: str) -> User:
        """The account of this name, in any case.

        Raises:
            UserNotFound: there is none.
        """
        key = account_key(name)
        if key is None:
            raise UserNotFound
        with self._database.read() as connection:
            return _existing(rows.find_by_name(connection, key)).user

    def by_id(self, user_id: UserId) -> User:
        """The account of this id.

        Raises:
            UserNotFound: there is none.
        """
        with self._database.read() as connection:
            return _existing(rows.find(connection, user_id)).user

    def create(
        self,
        name: str,
        password: str | None = None,
        *,
        display_name: str = "",
        mail: str = "",
        is_admin: bool = False,
    ) -> User:
        """Make an account with its personal space; without a password none fits.

        Raises:
            NameRefused: nobody can be called that.
            AlreadyExists: somebody is.
            PasswordRefused: the password is empty or too long.
        """
        require_account_name(name)
        profile = _profile(display_name or name, mail)
        hashed = None if password is None else self._passwords.hash(password)

        def job(connection: Connection) -> User:
            if rows.find_by_name(connection, name.lower()) is not None:
                raise AlreadyExists(name)
            return self._insert(
                connection, name, profile, password_hash=hashed, is_admin=is_admin
            )

        return self._change(job)

    def find_or_create(
        self,
        issuer: str,
        subject: str,
        *,
        name: str,
        display_name: str = "",
        mail: str = "",
    ) -> User:
        """The account of somebody an identity provider vouches for.

        The first time it is made, under a name like the wanted one that is free: an
        account that exists is never taken over. Later the profile follows the
        provider's. The account may be disabled: look at `disabled_at`.
        """
        profile = _profile((display_name or name)[:255], mail[:255])
        with self._database.read() as connection:
            known = rows.find_by_subject(connection, issuer, subject)
        if known is not None and profile == (known.user.display_name, known.user.mail):
            return known.user

        def job(connection: Connection) -> User:
            found = rows.find_by_subject(connection, issuer, subject)
            if found is not None:
                return _set_profile(connection, found.user, profile)
            free = next(
                similar
                for similar in similar_names(name)
                if rows.find_by_name(connection, similar.lower()) is None
            )
            return self._insert(
                connection, free, profile, issuer=issuer, subject=subject
            )

        return self._change(job)

    def update(
        self,
        user_id: UserId,
        *,
        display_name: str | None = None,
        mail: str | None = None,
        is_admin: bool | None = None,
    ) -> User:
        """Change what is given.

        Raises:
            UserNotFound: there is no such account.
            NameRefused: a text cannot be kept.
            LastAdmin: nobody would be left to administer.
        """

        def job(connection: Connection) -> User:
            user = _existing(rows.find(connection, user_id)).user
            said = {} if is_admin is None else {"is_admin": is_admin}
            self._note(connection, Action.USER_CHANGED, user, **said)
            if is_admin is False:
                _require_other_admin(connection, user)
            profile = _profile(
                user.display_name if display_name is None else display_name,
                user.mail if mail is None else mail,
            )
            wanted = user if is_admin is None else replace(user, is_admin=is_admin)
            return _set_profile(connection, wanted, profile)

        return self._change(job)

    def set_password(self, user_id: UserId, password: str | None) -> None:
        """Give the account a new password; None: it has none any more.

        Programs that were let in through a login have to log in again.

        Raises:
            UserNotFound: there is no such account.
            PasswordRefused: the password is empty or too long.
        """
        hashed = None if password is None else self._passwords.hash(password)

        def job(connection: Connection) -> None:
            user = _existing(rows.find(connection, user_id)).user
            self._note(connection, Action.USER_PASSWORD, user)
            rows.set_password_hash(connection, user_id, hashed)
            oidc.remove_of_user(connection, user_id)

        self._change(job)

    def change_password(self, user_id: UserId, current: str, password: str) -> None:
        """Give oneself a new password, by the one that holds.

        Raises:
            UserNotFound: there is no such account.
            Forbidden: the current password is another one.
            PasswordRefused: the new one is empty or too long.
        """
        user = self.by_id(user_id)
        if self._logins.verify_password(user.name, current) is None:
            raise Forbidden("password")
        self.set_password(user_id, password)

    def disable(self, user_id: UserId) -> User:
        """Close an account; its files, memberships and tokens stay for its return.

        Raises:
            UserNotFound: there is no such account.
            LastAdmin: nobody would be left to administer.
        """

        def job(connection: Connection) -> User:
            user = _existing(rows.find(connection, user_id)).user
            if user.disabled_at is not None:
                return user
            _require_other_admin(connection, user)
            now = self._database.now(connection)
            rows.set_disabled(connection, user_id, now)
            self._note(connection, Action.USER_DISABLED, user)
            return replace(user, disabled_at=now)

        return self._change(job)

    def enable(self, user_id: UserId) -> User:
        """Open a closed account again.

        Raises:
            UserNotFound: there is no such account.
        """

        def job(connection: Connection) -> User:
            user = _existing(rows.find(connection, user_id)).user
            rows.set_disabled(connection, user_id, None)
            self._note(connection, Action.USER_ENABLED, user)
            return replace(user, disabled_at=None)

        return self._change(job)

    def delete(self, user_id: UserId) -> None:
        """Remove an account for good, with its personal space and all in it.

        Works in bounded steps; broken off, it leaves the account closed and can be
        called again.

        Raises:
            UserNotFound: there is no such account.
            LastAdmin: nobody would be left to administer.
        """
        user = self.disable(user_id)
        space_id = SpaceId(user_id)

        def purge(connection: Connection) -> bool:
            return purge_some(connection, space_id, self._database.now(connection))

        while not self._database.write(purge, space_id=space_id):
            pass

        def job(connection: Connection) -> None:
            rows.hand_back_reservations(connection, user_id)
            rows.remove(connection, user_id)
            self._note(connection, Action.USER_DELETED, user)

        self._change(job)

    def tokens(self, user_id: UserId) -> Sequence[AppToken]:
        """The user's app tokens, oldest first, without their secrets."""
        return self._tokens.list(user_id)

    def create_token(
        self, user_id: UserId, *, label: str = "", expires_at: Instant | None = None
    ) -> tuple[AppToken, str]:
        """Make an app token; its secret is returned here and kept by nobody.

        Raises:
            UserNotFound: there is no such account.
            NameRefused: the label cannot be kept.
            LimitExceeded: the user has too many.
        """
        return self._tokens.create(user_id, label=label, expires_at=expires_at)

    def revoke_token(self, user_id: UserId, token: TokenId | str) -> None:
        """Make one of the user's tokens void, named by its id or its secret.

        Raises:
            TokenNotFound: the user has no such token.
        """
        self._tokens.revoke(user_id, token)

    def list(self) -> list[User]:
        """Every account, by name."""
        with self._database.read() as connection:
            return rows.list_all(connection)

    def _change(self, job: Callable[[Connection], T]) -> T:
        """Run the job and renew the epoch of credentials with it.

        The epoch comes first: its row makes changes of accounts queue, where others
        can write at the same time.
        """

        def renewing(connection: Connection) -> T:
            rows.renew_epoch(connection)
            return job(connection)

        for _ in range(_ATTEMPTS - 1):
            try:
                return self._database.write(renewing)
            except IntegrityError:
                continue  # somebody else took the name first: the job will see it
        return self._database.write(renewing)

    def _insert(
        self,
        connection: Connection,
        name: str,
        profile: tuple[str, str],
        *,
        password_hash: str | None = None,
        is_admin: bool = False,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> User:
        display_name, mail = profile
        now = self._database.now(connection)
        user = User(UserId(new_id()), name, display_name, mail, is_admin, now)
        rows.add(connection, user, password_hash, issuer=issuer, subject=subject)
        insert_personal(
            connection, user, quota=self._policy.personal_quota_bytes, now=now
        )
        self._note(connection, Action.USER_CREATED, user, is_admin=is_admin)
        return user

    def _note(
        self, connection: Connection, action: Action, user: User, **detail: object
    ) -> None:
        now = self._database.now(connection)
        record(connection, now, action, user.name, user.id, detail=detail)


def _existing(row: UserRow | None) -> UserRow:
    if row is None:
        raise UserNotFound
    return row


def _profile(display_name: str, mail: str) -> tuple[str, str]:
    return (
        require_text(display_name, "a display name"),
        require_text(mail, "a mail address"),
    )


def _set_profile(connection: Connection, user: User, profile: tuple[str, str]) -> User:
    changed = replace(user, display_name=profile[0], mail=profile[1])
    rows.set_profile(connection, changed)
    return changed


def _require_other_admin(connection: Connection, user: User) -> None:
    is_active_admin = user.is_admin and user.disabled_at is None
    if is_active_admin and rows.count_other_admins(connection, user.id) == 0:
        raise LastAdmin
