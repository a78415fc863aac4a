"""Upload tokens: what one allows, and what is none."""

from dataclasses import replace

import pytest

from ocsync.auth.upload_tokens import UploadGrant, UploadTokens
from ocsync.data_urls import DataUrls
from ocsync.signed_tokens import TokenRefused
from spaces.clock import HOUR, SECOND, Instant
from spaces.ids import SpaceId, UserId, new_id

NOW = Instant(1_700_000_000 * SECOND)
LATER = Instant(NOW + HOUR)
KEY, OTHER = b"k" * 32, b"o" * 32
GRANT = UploadGrant(
    user_id=UserId(new_id()),
    space_id=SpaceId(new_id()),
    path=("in", "box"),
    max_bytes=5,
    expires_at=LATER,
)


def tokens(*keys: bytes, now: Instant = NOW) -> UploadTokens:
    """Signs with the first key."""
    return UploadTokens(keys=keys, clock=lambda: now)


@pytest.mark.parametrize("max_bytes", [None, 0, 5, 2**50])
def test_round_trip(max_bytes: int | None) -> None:
    """What was granted is read."""
    grant = replace(GRANT, max_bytes=max_bytes)

    assert tokens(KEY).read(tokens(KEY).sign(grant)) == grant


def test_it_ends_with_its_time() -> None:
    """By the clock given; a moment before it is still good."""
    token = tokens(KEY).sign(GRANT)

    assert tokens(KEY, now=Instant(LATER - 1)).read(token) == GRANT
    with pytest.raises(TokenRefused):
        tokens(KEY, now=LATER).read(token)


def test_tokens_outlive_a_change_of_keys() -> None:
    """As long as the former key is accepted."""
    token = tokens(KEY).sign(GRANT)

    assert tokens(OTHER, KEY).read(token) == GRANT
    with pytest.raises(TokenRefused):
        tokens(OTHER).read(token)


def test_a_data_url_is_no_upload_token() -> None:
    """Nor the other way round, though one secret is behind both."""
    urls = DataUrls(keys=[KEY], clock=lambda: NOW)
    ticket = urls.sign("x", issued_at=NOW, expires_at=LATER)

    with pytest.raises(TokenRefused):
        tokens(KEY).read(ticket)
    with pytest.raises(TokenRefused):
        urls.read(tokens(KEY).sign(GRANT))


@pytest.mark.parametrize(
    "change",
    [
        {"user_id": "nobody"},
        {"space_id": "nowhere"},
        {"path": ("..",)},
        {"path": ("a/b",)},
        {"max_bytes": -1},
        {"max_bytes": 2**60},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    """Though the signature is ours."""
    token = tokens(KEY).sign(replace(GRANT, **change))  # type: ignore[arg-type]

    with pytest.raises(TokenRefused):
        tokens(KEY).read(token)
