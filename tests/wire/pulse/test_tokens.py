"""Pulse Cam: what a token is good for, and for how long."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from webtest import TestApp

from ocsync.auth.upload_tokens import UploadTokens
from ocsync.dialects.issuing import TokenIssuer
from ocsync.settings import Settings
from spaces.errors import Forbidden, SpaceNotFound
from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.pulse.calls import finalize, send
from tests.wire.tus_client import Tus, path_of


class TestTokens:
    """Who may finalise what."""

    def test_a_token_serves_many_uploads(
        self, app: TestApp, tus: Tus, token: str
    ) -> None:
        """Until it expires."""
        for name in ("a.mp4", "b.mp4"):
            finalize(app, send(tus, b"12345"), token, name)

    def test_expired(
        self, app: TestApp, tus: Tus, issuer: TokenIssuer, admin: Person, home: Space
    ) -> None:
        """401 once its time is up."""
        age = timedelta(seconds=-1)
        old = issuer.issue(admin.actor, server="http://x", age=age).token

        answer = finalize(app, send(tus, b"12345"), old, status=401)

        assert answer.json == {"error": "Invalid token"}

    def test_signed_by_another_server(
        self, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """401, however well formed."""
        other = TokenIssuer(
            settings=Settings().pulse,
            catalog=library.catalog,
            tokens=UploadTokens(keys=[b"x" * 32], clock=library.uploads.now),
            audit=library.audit,
        )
        forged = other.issue(admin.actor, server="http://x").token

        finalize(app, send(tus, b"12345"), forged, status=401)

    def test_the_largest_size(
        self, app: TestApp, tus: Tus, issuer: TokenIssuer, admin: Person, home: Space
    ) -> None:
        """413 at finalize, and at a creation with the token."""
        small = issuer.issue(admin.actor, server="http://x", max_bytes=4).token

        finalize(app, send(tus, b"12345"), small, status=413)
        tus.create(5, None, X_Upload_Token=small, status=413)
        finalize(app, send(tus, b"1234"), small)

    def test_rights_are_asked_when_it_is_used(
        self,
        *,
        app: TestApp,
        tus: Tus,
        issuer: TokenIssuer,
        library: Library,
        admin: Person,
        alice: Person,
    ) -> None:
        """A maker who may no longer write has made no use of it."""
        space = library.catalog.create_project(admin.actor, "Orbit")
        library.catalog.set_member(
            admin.actor, space.id, alice.actor.user_id, Role.EDITOR
        )
        token = issuer.issue(alice.actor, server="http://x", space=space.alias).token
        finalize(app, send(tus, b"1"), token, "a.mp4")

        library.catalog.set_member(
            admin.actor, space.id, alice.actor.user_id, Role.VIEWER
        )
        finalize(app, send(tus, b"2"), token, "b.mp4", status=403)
        library.catalog.remove_member(admin.actor, space.id, alice.actor.user_id)
        finalize(app, send(tus, b"3"), token, "c.mp4", status=404)
        library.accounts.disable(alice.actor.user_id)
        finalize(app, send(tus, b"4"), token, "d.mp4", status=401)

    def test_someone_elses_upload(
        self,
        *,
        app: TestApp,
        tus: Tus,
        issuer: TokenIssuer,
        library: Library,
        token: str,
        alice: Person,
    ) -> None:
        """What began or ended with one token is not there for that of another."""
        foreign = issuer.issue(alice.actor, server="http://x").token
        begun = path_of(tus.create(5, None, body=b"12345", X_Upload_Token=token))
        upload_id = begun.rpartition("/")[2]

        finalize(app, upload_id, foreign, status=404)
        finalize(app, upload_id, token)
        finalize(app, upload_id, foreign, status=404)

    def test_creation_with_a_token(
        self, tus: Tus, token: str, library: Library, admin: Person, home: Space
    ) -> None:
        """It holds the space's quota instead of the pool's, by either header."""
        tus.create(7_000_000, None, X_Upload_Token=token)
        tus.create(5, None, Authorization=f"Bearer {token}")
        tus.create(5, None, X_Upload_Token="wrong", status=401)

        assert library.catalog.get(admin.actor, home.id).quota.reserved == 7_000_005

    def test_issuing_over_http(
        self, app: TestApp, tus: Tus, admin: Person, alice: Person, home: Space
    ) -> None:
        """Whoever is logged in gets a token for a folder of theirs, and its link."""
        app.post_json("/uploads/tokens", {}, status=401)
        answer = app.post_json(
            "/uploads/tokens",
            {"folder": "Films/2026", "maxSize": 100, "expiresIn": 60},
            headers=alice.basic,
            status=201,
        )

        query = parse_qs(urlsplit(answer.json["link"]).query)
        assert answer.json["link"].startswith("pulsecam://?mode=upload&draftId=")
        assert query["server"] == ["http://localhost"]
        assert query["token"] == [answer.json["token"]]
        finalize(app, send(tus, b"12345"), answer.json["token"], "a.mp4")
        url = "/dav/files/alice/Films/2026/a.mp4"
        assert app.get(url, headers=alice.basic).body == b"12345"

    @pytest.mark.parametrize(
        "content",
        [
            {"folder": "../x"},
            {"folder": 5},
            {"maxSize": "big"},
            {"expiresIn": -1},
            {"expiresIn": True},
        ],
    )
    def test_mistakes_in_issuing(
        self, app: TestApp, alice: Person, content: dict[str, object]
    ) -> None:
        """400."""
        app.post_json("/uploads/tokens", content, headers=alice.basic, status=400)

    def test_only_where_one_may_write(
        self, issuer: TokenIssuer, library: Library, admin: Person, alice: Person
    ) -> None:
        """Not in others' spaces, and not as a viewer."""
        space = library.catalog.create_project(admin.actor, "Orbit")
        with pytest.raises(SpaceNotFound):
            issuer.issue(alice.actor, server="http://x", space=space.id)
        library.catalog.set_member(
            admin.actor, space.id, alice.actor.user_id, Role.VIEWER
        )
        with pytest.raises(Forbidden):
            issuer.issue(alice.actor, server="http://x", space=space.id)
