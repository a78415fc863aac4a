"""Verifying credentials: right ones, wrong ones, and ones that were right before."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from spaces.accounts import Accounts
from spaces.app_tokens import MAX_TOKENS
from spaces.clock import HOUR, MINUTE, SECOND, Instant
from spaces.credentials import CredentialCache
from spaces.db.engine import Database
from spaces.db.schema import users
from spaces.errors import LimitExceeded, NameRefused, TokenNotFound
from spaces.ids import TokenId, new_id
from spaces.model import User
from spaces.passwords import Passwords
from spaces.policy import Policy
from tests.domain import StepClock


def _passwords(time_cost: int = 1) -> Passwords:
    return Passwords(at_once=2, time_cost=time_cost, memory_kib=8)


def _process(database: Database, passwords: Passwords | None = None) -> Accounts:
    """The accounts as one process sees them."""
    return Accounts(
        database=database,
        policy=Policy(),
        passwords=passwords or _passwords(),
        cache=CredentialCache(),
    )


@dataclass(frozen=True)
class Two:
    """Two processes over one database."""

    here: Accounts
    there: Accounts


@pytest.fixture
def two(database: Database) -> Two:
    """Two processes that share nothing but the database."""
    return Two(_process(database), _process(database))


@pytest.fixture
def root(two: Two) -> User:
    """The administrator."""
    return two.here.create("root", "root's", is_admin=True)


@pytest.fixture
def marie(two: Two, root: User) -> User:
    """Someone with a password."""
    return two.here.create("marie", "radium", display_name="Marie Curie")


class CountingPasswords(Passwords):
    """Counts the comparisons."""

    def __init__(self) -> None:
        super().__init__(at_once=1, time_cost=1, memory_kib=8)
        self.compared = 0

    def matches(self, stored: str | None, password: str) -> bool:
        """Compare and count."""
        self.compared += 1
        return super().matches(stored, password)


class TestPasswords:
    """Logging in with a name and password."""

    def test_the_right_password_tells_who_it_is(self, two: Two, marie: User) -> None:
        """In any case of the name."""
        actor = two.here.verify_password("MARIE", "radium")

        assert actor is not None
        assert (actor.user_id, actor.name) == (marie.id, "marie")
        assert (actor.display_name, actor.is_admin) == ("Marie Curie", False)

    @pytest.mark.parametrize(
        ("name", "password"),
        [
            ("marie", "Radium"),
            ("marie", ""),
            ("marie", "x" * 5000),
            ("marie", "\ud800"),
            ("nobody", "radium"),
            ("mar\0ie", "radium"),
            ("", "radium"),
            ("\ud800", "radium"),
            ("x" * 5000, "radium"),
        ],
    )
    def test_anything_else_tells_nothing(
        self, two: Two, marie: User, name: str, password: str
    ) -> None:
        """Wrong, empty, overlong or broken: nobody, and no error."""
        assert two.here.verify_password(name, password) is None
        assert two.here.recall(name, password) is None

    def test_an_account_without_password_has_none(self, two: Two) -> None:
        """No password fits an account that was made without."""
        two.here.create("lise")

        assert two.here.verify_password("lise", "") is None
        assert two.here.verify_password("lise", "x") is None

    def test_a_success_is_computed_once(self, database: Database, marie: User) -> None:
        """The second time nothing is computed."""
        passwords = CountingPasswords()
        accounts = _process(database, passwords)

        for _ in range(5):
            assert accounts.verify_password("marie", "radium") is not None

        assert passwords.compared == 1
        assert accounts.recall("marie", "radium") is not None

    def test_a_failure_is_computed_every_time(
        self, database: Database, marie: User
    ) -> None:
        """As it is for an account that does not exist."""
        passwords = CountingPasswords()
        accounts = _process(database, passwords)

        for name in ("marie", "marie", "nobody", "nobody"):
            assert accounts.verify_password(name, "wrong") is None

        assert passwords.compared == 4

    def test_a_minute_later_it_is_computed_again(
        self, database: Database, marie: User, clock: StepClock
    ) -> None:
        """Nothing is believed for longer."""
        passwords = CountingPasswords()
        accounts = _process(database, passwords)
        accounts.verify_password("marie", "radium")

        clock.advance(MINUTE)

        assert accounts.recall("marie", "radium") is None
        assert accounts.verify_password("marie", "radium") is not None
        assert passwords.compared == 2

    def test_a_new_password_ends_the_old_one_everywhere(
        self, two: Two, marie: User
    ) -> None:
        """Also in a process that has it in memory."""
        for accounts in (two.here, two.there):
            assert accounts.verify_password("marie", "radium") is not None

        two.here.set_password(marie.id, "polonium")

        for accounts in (two.here, two.there):
            assert accounts.recall("marie", "radium") is None
            assert accounts.verify_password("marie", "radium") is None
            assert accounts.verify_password("marie", "polonium") is not None

    def test_a_closed_account_is_closed_everywhere(self, two: Two, marie: User) -> None:
        """At once, and it opens as fast."""
        assert two.there.verify_password("marie", "radium") is not None

        two.here.disable(marie.id)
        assert two.there.verify_password("marie", "radium") is None

        two.here.enable(marie.id)
        assert two.there.verify_password("marie", "radium") is not None

    def test_a_deleted_account_is_gone_everywhere(self, two: Two, marie: User) -> None:
        """What was remembered of it is not believed."""
        assert two.there.verify_password("marie", "radium") is not None

        two.here.delete(marie.id)

        assert two.there.verify_password("marie", "radium") is None

    def test_a_change_of_power_is_seen_everywhere(self, two: Two, marie: User) -> None:
        """The next request already has it."""
        two.there.verify_password("marie", "radium")

        two.here.update(marie.id, is_admin=True, display_name="M. Curie")

        actor = two.there.verify_password("marie", "radium")
        assert actor is not None
        assert (actor.is_admin, actor.display_name) == (True, "M. Curie")

    def test_a_hash_of_other_parameters_is_renewed(
        self, database: Database, marie: User
    ) -> None:
        """At the first login after they changed; the password stays valid."""
        accounts = _process(database, _passwords(time_cost=2))

        assert accounts.verify_password("marie", "radium") is not None

        with database.read() as connection:
            stored = connection.execute(
                select(users.c.password_hash).where(users.c.id == marie.id)
            ).scalar_one()
        assert "t=2" in stored
        assert _process(database).verify_password("marie", "radium") is not None


class TestTokens:
    """Logging in with an app token."""

    def test_a_token_tells_who_it_is(self, two: Two, marie: User) -> None:
        """In every process, with or without the name."""
        token, secret = two.here.create_token(marie.id, label="phone")

        for name in (None, "marie", "Marie"):
            actor = two.there.verify_token(secret, name)
            assert actor is not None
            assert actor.user_id == marie.id
        assert token.label == "phone"
        assert two.here.tokens(marie.id)[0].id == token.id

    def test_secrets_are_long_random_and_stored_nowhere(
        self, two: Two, database: Database, marie: User
    ) -> None:
        """What lies in the database cannot be used to log in."""
        secrets = {two.here.create_token(marie.id)[1] for _ in range(20)}

        assert len(secrets) == 20
        assert all(
            len(secret) == 47 and secret.startswith("oct_") for secret in secrets
        )
        with database.read() as connection:
            stored = str(connection.exec_driver_sql("SELECT * FROM app_tokens").all())
        assert not any(secret in stored for secret in secrets)

    @pytest.mark.parametrize("name", ["root", "", "nobody", "mar"])
    def test_a_token_is_for_its_own_user(
        self, two: Two, marie: User, name: str
    ) -> None:
        """Another's name with it is a wrong credential."""
        _, secret = two.here.create_token(marie.id)
        assert two.here.verify_token(secret) is not None

        assert two.here.verify_token(secret, name) is None

    @pytest.mark.parametrize(
        "secret", ["", "oct_", "oct_" + "x" * 43, "OCT_" + "x" * 43, "oct_\ud800" * 9]
    )
    def test_anything_else_is_no_token(
        self, two: Two, marie: User, secret: str
    ) -> None:
        """Nobody, and no error."""
        two.here.create_token(marie.id)

        assert two.here.verify_token(secret) is None

    def test_a_revoked_token_is_void_everywhere(self, two: Two, marie: User) -> None:
        """At once, also where it is remembered; others stay valid."""
        token, secret = two.here.create_token(marie.id)
        _, other = two.here.create_token(marie.id)
        assert two.there.verify_token(secret) is not None

        two.here.revoke_token(marie.id, token.id)

        assert two.there.verify_token(secret) is None
        assert two.there.recall("marie", secret) is None
        assert two.there.verify_token(other) is not None

    def test_a_remembered_token_is_recalled_as_it_came(
        self, two: Two, marie: User
    ) -> None:
        """With its name or alone, as it was proven; a token is no password."""
        _, secret = two.here.create_token(marie.id)
        assert two.here.recall(None, secret) is None

        two.here.verify_token(secret)

        assert two.here.recall(None, secret) is not None
        assert two.here.recall("marie", secret) is None
        two.here.verify_token(secret, "marie")
        assert two.here.recall("marie", secret) is not None
        assert two.here.recall(None, "oct_unknown") is None

    def test_a_password_may_look_like_a_token(self, two: Two, marie: User) -> None:
        """It is remembered all the same."""
        lookalike = "oct_" + "x" * 43
        two.here.set_password(marie.id, lookalike)

        assert two.here.verify_password("marie", lookalike) is not None
        assert two.here.recall("marie", lookalike) is not None
        assert two.here.recall(None, lookalike) is None

    def test_an_expired_token_is_void(
        self, two: Two, marie: User, clock: StepClock
    ) -> None:
        """To the moment, also where it is remembered."""
        end = Instant(clock.at + 10 * SECOND)
        _, secret = two.here.create_token(marie.id, expires_at=end)
        assert two.here.verify_token(secret) is not None

        clock.advance(10 * SECOND)

        assert two.here.verify_token(secret) is None

    def test_tokens_of_closed_accounts_are_void(self, two: Two, marie: User) -> None:
        """They are valid again when it opens."""
        _, secret = two.here.create_token(marie.id)
        two.there.verify_token(secret)

        two.here.disable(marie.id)
        assert two.there.verify_token(secret) is None

        two.here.enable(marie.id)
        assert two.there.verify_token(secret) is not None

    def test_nobody_revokes_anothers_token(
        self, two: Two, root: User, marie: User
    ) -> None:
        """One's own only, and only those that are there."""
        token, secret = two.here.create_token(marie.id)

        with pytest.raises(TokenNotFound):
            two.here.revoke_token(root.id, token.id)
        with pytest.raises(TokenNotFound):
            two.here.revoke_token(marie.id, TokenId(new_id()))

        assert two.here.verify_token(secret) is not None

    def test_use_is_noted_once_an_hour(
        self, two: Two, marie: User, clock: StepClock
    ) -> None:
        """Not at every request, which would cost a write each."""

        def noted() -> Instant | None:
            return two.here.tokens(marie.id)[0].last_used_at

        _, secret = two.here.create_token(marie.id)
        assert noted() is None
        two.here.verify_token(secret)
        first = noted()
        assert first is not None
        clock.advance(HOUR // 2)
        two.here.verify_token(secret)
        assert noted() == first

        clock.advance(HOUR // 2)
        two.here.verify_token(secret)

        later = noted()
        assert later is not None
        assert later >= first + HOUR

    def test_the_number_of_tokens_is_bounded(
        self, two: Two, marie: User, clock: StepClock
    ) -> None:
        """Those that have expired make room."""
        end = Instant(clock.at + HOUR)
        for _ in range(MAX_TOKENS):
            two.here.create_token(marie.id, expires_at=end)
        with pytest.raises(LimitExceeded):
            two.here.create_token(marie.id)

        clock.advance(HOUR)
        two.here.create_token(marie.id)

        assert len(two.here.tokens(marie.id)) == 1

    def test_labels_are_bounded_text(self, two: Two, marie: User) -> None:
        """They are shown to people."""
        with pytest.raises(NameRefused):
            two.here.create_token(marie.id, label="x" * 256)
        with pytest.raises(NameRefused):
            two.here.create_token(marie.id, label="\n")
