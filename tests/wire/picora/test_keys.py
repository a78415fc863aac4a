"""Picora: who may do what with which key."""

import hashlib

from webtest import TestApp

from ocsync.dialects.mounts import picora_keys
from spaces.api_key_model import ApiKey
from spaces.clock import HOUR
from spaces.library import Library
from tests.wire.conftest import Person
from tests.wire.picora.calls import CHUNK, bearer, begin, make_key, refuse
from tests.wire.tus_client import Tus, path_of


class TestKeys:
    """Who may do what."""

    def test_revoked_amid_an_upload(
        self, tus: Tus, library: Library, key: tuple[ApiKey, str]
    ) -> None:
        """401 from the next request on."""
        path = path_of(begin(tus, CHUNK + 1))
        tus.patch(path, 0, b"a" * CHUNK)

        picora_keys(library).revoke(key[0].id)

        refuse(tus.patch(path, CHUNK, b"b", status=401), "UNAUTHORIZED")
        tus.head(path, status=401)

    def test_rotated_amid_an_upload(
        self, app: TestApp, tus: Tus, library: Library, key: tuple[ApiKey, str]
    ) -> None:
        """Both keys work for a while; the new one goes on with the session."""
        path = path_of(begin(tus, CHUNK + 1))
        _, secret = picora_keys(library).rotate(key[0].id, overlap=HOUR)

        tus.patch(path, 0, b"a" * CHUNK)
        Tus(app, "/v1/uploads", bearer(secret)).patch(path, CHUNK, b"b")

    def test_rotated_without_overlap(
        self, tus: Tus, library: Library, key: tuple[ApiKey, str]
    ) -> None:
        """The old one is void at once."""
        picora_keys(library).rotate(key[0].id, overlap=0)

        begin(tus, 5, status=401)

    def test_disabled_account(
        self, app: TestApp, library: Library, admin: Person, alice: Person
    ) -> None:
        """A key stands for an account."""
        home = library.catalog.personal(alice.actor)
        tus = Tus(app, "/v1/uploads", bearer(make_key(library, alice, home)[1]))
        begin(tus, 5)

        library.accounts.disable(alice.actor.user_id)

        begin(tus, 5, status=401)

    def test_secrets_are_not_stored(
        self, library: Library, key: tuple[ApiKey, str]
    ) -> None:
        """Only their hash."""
        with library.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM api_keys").all()

        text = repr(rows)
        assert key[1].startswith("sk_live_")
        assert key[1] not in text
        assert hashlib.sha256(key[1].encode()).hexdigest() in text

    def test_someone_elses_session(
        self, app: TestApp, tus: Tus, library: Library, alice: Person
    ) -> None:
        """404, as one that never was; nor is it in the list."""
        path = path_of(begin(tus, 5))
        home = library.catalog.personal(alice.actor)
        other = Tus(app, "/v1/uploads", bearer(make_key(library, alice, home)[1]))

        other.head(path, status=404)
        refuse(other.patch(path, 0, b"12345", status=404), "SESSION_NOT_FOUND")
        other.delete(path, status=404)

        listed = app.get("/v1/uploads", headers=other.auth)
        assert listed.json["data"]["items"] == []
