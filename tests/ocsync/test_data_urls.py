"""The tokens of data URLs: what is signed, and what is refused."""

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.data_urls import DataUrls, Ticket
from ocsync.signed_tokens import TokenRefused, key_id
from spaces.clock import HOUR, MINUTE, SECOND, Instant

NOW = Instant(1_700_000_000 * SECOND)
LATER = Instant(NOW + HOUR)
OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32


def urls(*keys: bytes, now: Instant = NOW) -> DataUrls:
    """Signs with the first key."""
    return DataUrls(keys=keys, clock=lambda: now)


@given(st.text(min_size=1, max_size=256), st.binary(min_size=1, max_size=80))
def test_round_trip(target: str, key: bytes) -> None:
    """What was signed is read, whatever the target and however short the key."""
    signer = urls(key)

    token = signer.sign(target, issued_at=NOW, expires_at=LATER)

    assert signer.read(token) == Ticket(target, NOW, LATER)


def test_keys_can_be_rotated() -> None:
    """The new key signs; tokens of the old one are good until it is taken away."""
    before = urls(OLD).sign("x", issued_at=NOW, expires_at=LATER)
    rotated = urls(NEW, OLD)
    after = rotated.sign("x", issued_at=NOW, expires_at=LATER)

    assert jwt.get_unverified_header(after)["kid"] == key_id(NEW)
    assert rotated.read(before).target == "x"
    assert urls(NEW).read(after).target == "x"
    with pytest.raises(TokenRefused):
        urls(NEW).read(before)


@pytest.mark.parametrize("kid", [None, "unknown"])
def test_tokens_without_a_known_key_id_are_tried_with_all(kid: str | None) -> None:
    """The id of the key is a hint, not part of the proof."""
    claims = {"aud": "reva", "iat": NOW // SECOND, "exp": LATER // SECOND}
    headers = {} if kid is None else {"kid": kid}
    token = jwt.encode(
        {**claims, "target": "x"}, OLD, algorithm="HS256", headers=headers
    )

    assert urls(NEW, OLD).read(token).target == "x"
    with pytest.raises(TokenRefused):
        urls(FOREIGN, NEW).read(token)


def test_expiry_is_judged_by_the_given_clock() -> None:
    """The database's clock decides, not the machine's."""
    token = urls(OLD).sign("x", issued_at=NOW, expires_at=LATER)

    assert urls(OLD, now=Instant(LATER - 1)).read(token).target == "x"
    for now in (LATER, Instant(NOW - 2 * MINUTE)):
        with pytest.raises(TokenRefused, match="expired"):
            urls(OLD, now=now).read(token)


@given(st.integers(0, 200), st.integers(1, 255))
def test_any_change_of_a_token_is_noticed(at: int, change: int) -> None:
    """No byte of a token can be another."""
    token = urls(OLD).sign("target", issued_at=NOW, expires_at=LATER)
    raw = bytearray(token.encode())
    position = at % len(raw)
    raw[position] ^= change
    changed = raw.decode("latin-1")
    # The last character of base64 has bits that mean nothing.
    if position == len(raw) - 1 or changed == token:
        return

    with pytest.raises(TokenRefused):
        urls(OLD).read(changed)


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "x"},
        {"iat": True},
        {"exp": -1},
        {"exp": 2**60},
        {"target": None},
        {"target": ""},
        {"target": "x" * 257},
    ],
)
def test_claims_must_make_sense(change: dict[str, object]) -> None:
    """Our own signature does not make nonsense valid."""
    claims = {"aud": "reva", "iat": NOW // SECOND, "exp": LATER // SECOND}
    token = jwt.encode({**claims, "target": "x", **change}, OLD, algorithm="HS256")

    with pytest.raises(TokenRefused):
        urls(OLD).read(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a" * 5000, "\udc80.x.y"])
def test_nonsense(token: str) -> None:
    """What is no token is refused, never an error."""
    with pytest.raises(TokenRefused):
        urls(OLD).read(token)
