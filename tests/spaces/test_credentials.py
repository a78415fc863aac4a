"""CredentialCache: remembers proofs, and never longer than they hold."""

import pytest

from spaces.clock import SECOND, Instant
from spaces.credentials import CredentialCache
from spaces.ids import UserId
from spaces.model import Actor

_ACTOR = Actor(UserId("4c510ada-c86b-4815-8820-42cdf82c3d51"), "einstein")
_NOW = Instant(1_000_000_000)


@pytest.fixture
def cache() -> CredentialCache:
    """A cache that remembers einstein's password at epoch `one`."""
    cache = CredentialCache()
    cache.remember("password", "einstein", "relativity", _ACTOR, epoch="one", now=_NOW)
    return cache


def test_a_proof_is_found_again(cache: CredentialCache) -> None:
    """The same credential at the same epoch is known."""
    found = cache.find("password", "einstein", "relativity", epoch="one", now=_NOW)

    assert found == _ACTOR


@pytest.mark.parametrize(
    ("kind", "name", "secret"),
    [
        ("password", "einstein", "Relativity"),
        ("password", "Einstein", "relativity"),
        ("token", "einstein", "relativity"),
        ("password", "einsteinr", "elativity"),
        ("password", "einstein\0", "relativity"),
        ("password", "einstein", "relativity\udcff"),
    ],
)
def test_any_other_credential_is_unknown(
    cache: CredentialCache, kind: str, name: str, secret: str
) -> None:
    """Nothing but the very same kind, name and secret is known."""
    assert cache.find(kind, name, secret, epoch="one", now=_NOW) is None


def test_another_epoch_forgets(cache: CredentialCache) -> None:
    """A change of any account makes every earlier proof void."""
    assert (
        cache.find("password", "einstein", "relativity", epoch="two", now=_NOW) is None
    )
    assert len(cache) == 0


def test_a_minute_later_it_is_forgotten(cache: CredentialCache) -> None:
    """A proof holds for sixty seconds."""
    later = Instant(_NOW + 60 * SECOND)

    assert (
        cache.find("password", "einstein", "relativity", epoch="one", now=later) is None
    )


def test_a_proof_never_outlives_its_token(cache: CredentialCache) -> None:
    """What expires sooner is forgotten sooner."""
    end = Instant(_NOW + SECOND)
    cache.remember("token", "", "oct_x", _ACTOR, epoch="one", now=_NOW, expires_at=end)

    assert cache.find("token", "", "oct_x", epoch="one", now=Instant(end - 1))
    assert cache.find("token", "", "oct_x", epoch="one", now=end) is None


def test_the_least_recently_used_goes_first() -> None:
    """The cache is bounded, and use keeps an entry alive."""
    cache = CredentialCache(max_entries=2)
    for name in ("a", "b"):
        cache.remember("password", name, "x", _ACTOR, epoch="one", now=_NOW)
    cache.find("password", "a", "x", epoch="one", now=_NOW)

    cache.remember("password", "c", "x", _ACTOR, epoch="one", now=_NOW)

    assert len(cache) == 2
    assert cache.find("password", "a", "x", epoch="one", now=_NOW) == _ACTOR
    assert cache.find("password", "b", "x", epoch="one", now=_NOW) is None
