"""Upload by content: what a space has already need not be sent again."""

import hashlib

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of

DATA = b"content that is there already" * 2_260
"""Just long enough to be looked for."""


def tus_on(app: TestApp, library: Library, space: Space, person: Person) -> Tus:
    """A client on a space."""
    return Tus(app, f"/dav/spaces/{library.storage_id}${space.id}", person.basic)


@pytest.fixture
def tus(app: TestApp, library: Library, admin: Person, home: Space) -> Tus:
    """A client on the admin's personal space, which has the content."""
    client = tus_on(app, library, home, admin)
    client.create(len(DATA), "old", body=DATA)
    return client


def checksum(algorithm: str, data: bytes = DATA) -> dict[str, str]:
    """Metadata that says what the content is."""
    return {"checksum": f"{algorithm} {hashlib.new(algorithm, data).hexdigest()}"}


def read(tus: Tus, name: str) -> bytes:
    """The content of a file."""
    return bytes(tus.app.get(f"{tus.url}/{name}", headers=dict(tus.auth)).body)


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA1"])
def test_known_content_is_there_at_once(
    tus: Tus, library: Library, admin: Person, home: Space, algorithm: str
) -> None:
    """The answer to the creation is a final one, with no byte sent."""
    response = tus.create(len(DATA), "new", pairs=checksum(algorithm))

    assert response.headers["Upload-Offset"] == str(len(DATA))
    assert response.headers["ETag"]
    assert read(tus, "new") == DATA
    assert tus.offset(path_of(response)) == len(DATA)
    quota = library.catalog.get(admin.actor, home.id).quota
    assert (quota.used, quota.reserved) == (2 * len(DATA), 0)


def test_known_content_as_the_desktop_client_sends_it(tus: Tus) -> None:
    """It sends its first part along, which nobody needs any more."""
    response = tus.create(
        len(DATA),
        "/new",
        body=DATA[:10],
        pairs={"mtime": "1701708712", **checksum("SHA1")},
        Upload_Offset="0",
    )

    assert response.headers["Upload-Offset"] == str(len(DATA))
    assert response.headers["Last-Modified"] == "Mon, 04 Dec 2023 16:51:52 GMT"
    assert read(tus, "new") == DATA


def test_known_content_over_a_file(tus: Tus) -> None:
    """It overwrites as other uploads do."""
    tus.create(3, "new", body=b"old")

    tus.create(len(DATA), "new", pairs=checksum("SHA256"))

    assert read(tus, "new") == DATA


@pytest.mark.parametrize(
    "pairs", [{}, checksum("MD5"), checksum("SHA1", b"other"), checksum("SHA512")]
)
def test_unknown_content_is_sent(tus: Tus, pairs: dict[str, str]) -> None:
    """Other digests, or none, make an ordinary upload."""
    response = tus.create(len(DATA), "new", pairs=pairs)

    assert tus.offset(path_of(response)) == 0


def test_length_must_be_right(tus: Tus) -> None:
    """A digest alone is not enough."""
    response = tus.create(len(DATA) + 1, "new", pairs=checksum("SHA256"))

    assert tus.offset(path_of(response)) == 0


def test_small_content_is_sent(tus: Tus) -> None:
    """To look for it would cost more."""
    small = DATA[:1000]
    tus.create(len(small), "small", body=small)

    response = tus.create(len(small), "new", pairs=checksum("SHA256", small))

    assert tus.offset(path_of(response)) == 0


def test_nothing_is_known_across_spaces(
    app: TestApp, tus: Tus, library: Library, admin: Person, alice: Person
) -> None:
    """Neither from another's space nor from one's own other one."""
    project = library.catalog.create_project(admin.actor, "Project")
    clients = [
        tus_on(app, library, project, admin),
        tus_on(app, library, library.catalog.personal(alice.actor), alice),
    ]
    for client in clients:
        for algorithm in ("SHA256", "SHA1"):
            response = client.create(len(DATA), "new", pairs=checksum(algorithm))
            assert client.offset(path_of(response)) == 0


def test_sha1_is_believed_in_ones_own_space_only(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """In a shared space a collision could show somebody another file."""
    project = library.catalog.create_project(admin.actor, "Project")
    library.catalog.set_member(
        admin.actor, project.id, alice.actor.user_id, Role.EDITOR
    )
    tus_on(app, library, project, admin).create(len(DATA), "old", body=DATA)
    client = tus_on(app, library, project, alice)

    by_sha1 = client.create(len(DATA), "1", pairs=checksum("SHA1"))
    by_sha256 = client.create(len(DATA), "2", pairs=checksum("SHA256"))

    assert client.offset(path_of(by_sha1)) == 0
    assert client.offset(path_of(by_sha256)) == len(DATA)


class TestSwitchedOff:
    """With the setting off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Every byte is sent."""
        return {"uploads.reuse_content": "off"}

    def test_every_byte_is_sent(self, tus: Tus) -> None:
        """Nothing is known by its digest."""
        response = tus.create(len(DATA), "new", pairs=checksum("SHA256"))

        assert tus.offset(path_of(response)) == 0
