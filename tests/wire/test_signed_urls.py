"""URLs that a client signs by itself, as ownCloud Web does for downloads."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.domain import seal
from tests.wire.conftest import Person


@pytest.fixture
def path(library: Library, admin: Person, home: Space) -> str:
    """The path of a file's URL."""
    place = Place(home.id, ("a b.txt",))
    library.files.commit(admin.actor, place, seal(library, b"content"))
    return f"/remote.php/dav/spaces/{library.storage_id}${home.id}/a%20b.txt"


@pytest.fixture
def key(app: TestApp, admin: Person) -> str:
    """The admin's key."""
    answer = app.get(
        "/ocs/v2.php/cloud/user/signing-key?format=json", headers=admin.basic
    )
    return str(answer.json["ocs"]["data"]["signing-key"])


def signed(
    path: str,
    key: str,
    changes: Mapping[str, str] | None = None,
    *,
    date: datetime | None = None,
    iterations: int = 10_000,
) -> str:
    """A URL, signed in the way of the published library."""
    moment = date or datetime.now(UTC)
    parameters = {
        "OC-Credential": "admin",
        "OC-Date": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "OC-Expires": "1200",
        "OC-Verb": "GET",
    } | {f"OC-{name}": value for name, value in (changes or {}).items()}
    url = f"{path}?{urlencode(parameters)}"
    digest = hashlib.pbkdf2_hmac(
        "sha512", f"http://localhost{url}".encode(), key.encode(), iterations, 32
    )
    algorithm = urlencode({"OC-Algo": f"PBKDF2/{iterations}-SHA512"})
    return f"{url}&{algorithm}&OC-Signature={digest.hex()}"


def test_download(app: TestApp, path: str, key: str) -> None:
    """The URL alone fetches the file, as often as one likes."""
    url = signed(path, key)

    assert app.get(url).body == b"content"
    assert app.get(url, headers={"Range": "bytes=0-2"}).body == b"con"


@pytest.mark.parametrize(
    "changes",
    [
        {"Credential": "nobody"},
        {"Credential": "alice"},
        {"Verb": "PUT"},
        {"Expires": "0"},
        {"Expires": "-5"},
        {"Expires": "soon"},
        {"Expires": "9" * 30},
        {"Date": "yesterday"},
        {"Date": "2020-01-01T00:00:00Z"},
        {"Date": "2026-01-01T00:00:00"},
    ],
)
def test_parameters_that_do_not_hold(
    app: TestApp, path: str, key: str, alice: Person, changes: dict[str, str]
) -> None:
    """Correctly signed, but not for this, or not any more."""
    app.get(signed(path, key, changes), status=401)


def test_expired(app: TestApp, path: str, key: str) -> None:
    """After its time it is void."""
    then = datetime.now(UTC) - timedelta(seconds=1201)

    app.get(signed(path, key, date=then), status=401)


def test_no_url_is_good_for_ever(app: TestApp, path: str, key: str) -> None:
    """However long it says, a day is the most."""
    then = datetime.now(UTC) - timedelta(days=2)

    app.get(signed(path, key, {"Expires": "999999999"}, date=then), status=401)


def test_date_in_the_future(app: TestApp, path: str, key: str) -> None:
    """Nobody signs ahead."""
    later = datetime.now(UTC) + timedelta(hours=1)

    app.get(signed(path, key, date=later), status=401)


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("a%20b", "a%20c"),
        lambda url: url + "0",
        lambda url: url.replace("OC-Expires=1200", "OC-Expires=1201"),
        lambda url: url + "&extra=1",
        lambda url: url.replace("10000-SHA512", "1-SHA512"),
        lambda url: url.replace("&OC-Verb=GET", ""),
        lambda url: url + "&OC-Verb=GET",
        lambda url: url[: url.index("OC-Signature=") + 13] + "%C3%A4",
    ],
)
def test_changed_urls(app: TestApp, path: str, key: str, change: object) -> None:
    """Whatever is changed after signing makes it void."""
    assert callable(change)

    app.get(change(signed(path, key)), status=401)


def test_cheap_signatures_are_not_taken(app: TestApp, path: str, key: str) -> None:
    """The number of iterations is ours to say."""
    app.get(signed(path, key, iterations=1), status=401)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PROPFIND", "POST"])
def test_only_to_read(app: TestApp, path: str, key: str, method: str) -> None:
    """A signed URL changes nothing."""
    app.request(signed(path, key), method=method, status=401)

    app.get(signed(path, key))


def test_new_password_voids_signed_urls(
    app: TestApp, path: str, key: str, admin: Person, library: Library
) -> None:
    """Also one that was good a moment ago."""
    url = signed(path, key)
    app.get(url)

    library.accounts.set_password(admin.actor.user_id, "another one")

    app.get(url, status=401)


def test_closed_account(
    app: TestApp, path: str, key: str, admin: Person, library: Library
) -> None:
    """Who is out is out by every door."""
    library.accounts.create("second", "second", is_admin=True)
    url = signed(path, key)
    app.get(url)

    library.accounts.disable(admin.actor.user_id)

    app.get(url, status=401)
