"""Omegastream: who may do what with which key, signed in which way."""

import hmac

import pytest
from webtest import TestApp

from ocsync.datadir import read_secrets
from ocsync.dialects.mounts import omegastream_keys
from ocsync.settings import Settings
from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.clock import HOUR
from spaces.library import Library
from tests.wire.conftest import Person
from tests.wire.omegastream.calls import Sign, begin, make_video, refused
from tests.wire.tus_client import Tus, path_of


class TestKeys:
    """Keys are encrypted, rotated and revoked."""

    def test_sealed(
        self, library: Library, settings: Settings, key: tuple[ApiKey, str]
    ) -> None:
        """The database alone does not give a key away; another secret opens none."""
        with library.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM api_keys").all()

        assert key[1] not in repr(rows)
        other = omegastream_keys(library, (b"another secret",))
        assert other.signing_secrets(key[0].user_id, key[0].space_id) == ()
        former = (b"new", *read_secrets(settings).url_keys)
        kept = omegastream_keys(library, former)
        assert kept.signing_secrets(key[0].user_id, key[0].space_id) == (key[1],)

    def test_rotation_overlaps(
        self,
        *,
        app: TestApp,
        tus: Tus,
        keys: ApiKeys,
        sign: Sign,
        video_id: str,
        key: tuple[ApiKey, str],
    ) -> None:
        """Both sign for a while, then only the new one."""
        path = path_of(begin(tus))
        made, secret = keys.rotate(key[0].id, overlap=HOUR)

        tus.head(path)
        renewed = Tus(app, "/tusupload", sign(video_id, secret=secret))
        renewed.head(path)
        keys.rotate(key[0].id, overlap=0)
        tus.head(path, status=401)
        renewed.patch(path, 0, b"12345")
        assert made.space_id == key[0].space_id

    def test_revoked_amid_an_upload(
        self, tus: Tus, keys: ApiKeys, key: tuple[ApiKey, str], app: TestApp
    ) -> None:
        """401 from the next request on."""
        path = path_of(begin(tus))
        tus.patch(path, 0, b"123")

        keys.revoke(key[0].id)

        answer = tus.patch(path, 3, b"45", status=401)
        assert answer.json["code"] == "invalid_signature"
        app.post("/video", b"", headers={"X-Api-Key": key[1]}, status=401)

    def test_keys_of_others_sign_nothing(
        self,
        *,
        app: TestApp,
        keys: ApiKeys,
        library: Library,
        alice: Person,
        sign: Sign,
        video_id: str,
    ) -> None:
        """A key is for its own account's videos."""
        home = library.catalog.personal(alice.actor)
        _, secret = keys.create(alice.actor, home.id, folder="F", label="")

        refused(app, sign(video_id, secret=secret), 401, "invalid_signature")

    def test_disabled_account(
        self,
        *,
        app: TestApp,
        keys: ApiKeys,
        library: Library,
        alice: Person,
        sign: Sign,
    ) -> None:
        """Its keys sign nothing any more."""
        home = library.catalog.personal(alice.actor)
        _, secret = keys.create(alice.actor, home.id, folder="F", label="")
        signed = sign(make_video(app, secret), secret=secret)

        library.accounts.disable(alice.actor.user_id)

        refused(app, signed, 401, "invalid_signature")


class TestHmac:
    """The recommended form."""

    @staticmethod
    def headers(good: dict[str, str], secret: str) -> dict[str, str]:
        """The keyed signature in place of the plain one."""
        message = f"v2\n{good['Expiration']}\n{good['Video-Id']}"
        digest = hmac.new(secret.encode(), message.encode(), "sha256").hexdigest()
        return good | {"Signature": f"v2={digest}"}

    def test_accepted(
        self, app: TestApp, sign: Sign, video_id: str, key: tuple[ApiKey, str]
    ) -> None:
        """With the same grammar and limits of time."""
        signed = self.headers(sign(video_id), key[1])
        begin(Tus(app, "/tusupload", signed))
        late = self.headers(sign(video_id, seconds=-61), key[1])
        refused(app, late, 401, "signature_expired")
        wrong = self.headers(sign(video_id), "ky_other")
        refused(app, wrong, 401, "invalid_signature")


class TestHmacOnly(TestHmac):
    """With the plain form switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Keyed signatures only."""
        return {"omegastream.plain_signatures": False}

    def test_plain_is_refused(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """However right it is."""
        refused(app, sign(video_id), 401, "invalid_signature")
