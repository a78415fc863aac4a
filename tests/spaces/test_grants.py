"""Sessions, codes and refresh tokens: what is good, once, and for how long."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from spaces.clock import DAY, HOUR, MINUTE, Instant
from spaces.credentials import CredentialCache
from spaces.db.engine import Database
from spaces.grant_model import Authorization, IssuedGrant
from spaces.grants import CODE_AGE, GRANT_IDLE_AGE, SESSION_AGE, Grants
from spaces.library import Library
from spaces.model import Actor
from tests.domain import StepClock


@pytest.fixture
def grants(database: Database) -> Grants:
    """Grants over an empty database."""
    return Grants(database=database, cache=CredentialCache())


def authorization(actor: Actor) -> Authorization:
    """What somebody has just allowed a client."""
    return Authorization(
        user_id=actor.user_id,
        client_id="client",
        redirect_uri="http://127.0.0.1:5",
        scope="openid",
        nonce="n",
        challenge="c",
        authenticated_at=Instant(0),
    )


def redeemed(grants: Grants, actor: Actor) -> IssuedGrant:
    """A grant with its first refresh token."""
    code = grants.authorize(authorization(actor))
    issued = grants.redeem(code, accepts=lambda _: True)
    assert issued is not None
    return issued


def test_session_ends_by_itself(grants: Grants, alice: Actor, clock: StepClock) -> None:
    """A browser is logged in for some hours."""
    secret = grants.start_session(alice.user_id)
    clock.advance(SESSION_AGE - MINUTE)
    before = grants.session(secret)

    clock.advance(2 * MINUTE)

    assert before is not None
    assert before.user_id == alice.user_id
    assert grants.session(secret) is None


def test_session_ends_on_request(grants: Grants, alice: Actor) -> None:
    """Logging out ends it."""
    secret = grants.start_session(alice.user_id)

    grants.end_session(secret)

    assert grants.session(secret) is None


def test_session_of_a_closed_account(
    grants: Grants, alice: Actor, admin: Actor, library: Library
) -> None:
    """Who is out is out in every browser."""
    secret = grants.start_session(alice.user_id)

    library.accounts.disable(alice.user_id)

    assert grants.session(secret) is None


def test_code_is_good_for_a_minute(
    grants: Grants, alice: Actor, clock: StepClock
) -> None:
    """Later it gives nothing."""
    code = grants.authorize(authorization(alice))

    clock.advance(CODE_AGE + 1)

    assert grants.redeem(code, accepts=lambda _: True) is None


def test_one_of_many_redeems_a_code(grants: Grants, alice: Actor) -> None:
    """However many bring it at once, one gets a grant, and it does not last."""
    code = grants.authorize(authorization(alice))

    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda _: grants.redeem(code, accepts=lambda _: True), range(8))
        )

    winners = [issued for issued in results if issued is not None]
    assert len(winners) == 1
    assert grants.refresh(winners[0].refresh_token, "client") is None


def test_idle_grant_is_over(grants: Grants, alice: Actor, clock: StepClock) -> None:
    """A refresh token that nobody uses for a month is void."""
    issued = redeemed(grants, alice)

    clock.advance(GRANT_IDLE_AGE + 1)

    assert grants.refresh(issued.refresh_token, "client") is None


def test_used_grant_lives_on(grants: Grants, alice: Actor, clock: StepClock) -> None:
    """Each use starts the month anew."""
    issued = redeemed(grants, alice)

    for _ in range(4):
        clock.advance(GRANT_IDLE_AGE - DAY)
        successor = grants.refresh(issued.refresh_token, "client")
        assert successor is not None
        issued = successor


def test_refresh_token_of_another_client(grants: Grants, alice: Actor) -> None:
    """A token in the hands of another client was stolen."""
    issued = redeemed(grants, alice)

    assert grants.refresh(issued.refresh_token, "other") is None
    assert grants.refresh(issued.refresh_token, "client") is None


def test_guess_within_a_family_changes_nothing_elsewhere(
    grants: Grants, alice: Actor
) -> None:
    """A token that never was good says nothing about any grant."""
    issued = redeemed(grants, alice)

    assert grants.refresh("ocr_" + "a" * 43 + "." + "b" * 43, "client") is None
    assert grants.refresh("nonsense", "client") is None
    assert grants.refresh(issued.refresh_token, "client") is not None


def test_access_token_is_remembered_until_something_changes(
    grants: Grants, alice: Actor, library: Library, clock: StepClock
) -> None:
    """Recalled at once; not any more when its grant is revoked."""
    issued = redeemed(grants, alice)
    expires_at = Instant(clock() + HOUR)
    confirmed = grants.confirm(
        "token", alice.user_id, expires_at=expires_at, grant_id=issued.grant.id
    )
    recalled = grants.recall("token")

    grants.revoke(issued.grant.id)

    assert confirmed == recalled
    assert recalled is not None
    assert recalled.user_id == alice.user_id
    assert grants.recall("token") is None
    assert (
        grants.confirm(
            "token", alice.user_id, expires_at=expires_at, grant_id=issued.grant.id
        )
        is None
    )


def test_expired_access_token(grants: Grants, alice: Actor, clock: StepClock) -> None:
    """The database's clock judges."""
    past = Instant(clock() - 1)

    assert (
        grants.confirm("token", alice.user_id, expires_at=past, grant_id=None) is None
    )


def test_stamp_follows_the_password(
    grants: Grants, alice: Actor, library: Library
) -> None:
    """What is derived from it is void with a new password."""
    before = grants.stamp(alice.user_id)

    library.accounts.set_password(alice.user_id, "a new one")

    assert grants.stamp(alice.user_id) != before


def test_nothing_piles_up(
    grants: Grants, alice: Actor, database: Database, clock: StepClock
) -> None:
    """What has expired goes when somebody logs in."""
    redeemed(grants, alice)
    grants.start_session(alice.user_id)
    clock.advance(GRANT_IDLE_AGE + DAY)

    grants.start_session(alice.user_id)

    counts = []
    with database.read() as connection:
        for table in ("oidc_sessions", "oidc_codes", "oidc_grants"):
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
            counts.append(rows.scalar())
    assert counts == [1, 0, 0]
