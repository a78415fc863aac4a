"""Omegastream: the contract of its document, row by row."""

import uuid

from webtest import TestApp

from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.omegastream.calls import Sign, begin, make_video, refused
from tests.wire.tus_client import Tus, path_of


class TestContract:
    """Rows O1 to O6 of the contract."""

    def test_o1_create_video(self, app: TestApp, key: tuple[ApiKey, str]) -> None:
        """A UUID to upload to, by API key, in either header."""
        headers = {"Authorization": f"Bearer {key[1]}"}

        made = app.post_json("/video", {"title": "A"}, headers=headers, status=201)
        bare = app.post("/video", b"", headers={"X-Api-Key": key[1]}, status=201)

        assert str(uuid.UUID(made.json["videoId"])) == made.json["videoId"]
        assert (made.json["title"], made.json["status"]) == ("A", "created")
        state = app.get(made.headers["Location"], headers=headers)
        assert state.json == made.json
        assert bare.json["title"] == ""

    def test_o1_refusals(
        self,
        app: TestApp,
        keys: ApiKeys,
        key: tuple[ApiKey, str],
        alice: Person,
        library: Library,
    ) -> None:
        """401 without a key, 400 for nonsense, 404 for a video of others."""
        headers = {"Authorization": f"Bearer {key[1]}"}
        home = library.catalog.personal(alice.actor)
        _, other = keys.create(alice.actor, home.id, folder="X", label="")
        theirs = make_video(app, other)

        app.post("/video", b"", status=401)
        app.post("/video", b"", headers={"X-Api-Key": "ky_wrong"}, status=401)
        app.post_json("/video", {"title": 5}, headers=headers, status=400)
        app.post_json("/video", {"title": "x\n"}, headers=headers, status=400)
        app.get(f"/video/{theirs}", headers=headers, status=404)
        app.get("/video/x", headers=headers, status=404)
        app.get("/video", headers=headers, status=405)

    def test_o2_creation(self, tus: Tus) -> None:
        """201, with a Location below and an HTTP date of expiry."""
        answer = begin(tus)

        assert path_of(answer).startswith("/tusupload/")
        assert answer.headers["Upload-Expires"].endswith(" GMT")

    def test_o3_every_request_is_signed(
        self,
        app: TestApp,
        tus: Tus,
        admin: Person,
        video_id: str,
        key: tuple[ApiKey, str],
    ) -> None:
        """As tus-js-client does; the file lands in the key's folder."""
        path = path_of(begin(tus))
        headers = {"Authorization": f"Bearer {key[1]}"}
        state = app.get(f"/video/{video_id}", headers=headers).json["status"]
        tus.patch(path, 0, b"123")

        assert tus.head(path).headers["Upload-Offset"] == "3"
        assert tus.patch(path, 3, b"45").headers["Upload-Offset"] == "5"
        assert tus.head(path).headers["Upload-Length"] == "5"
        url = "/dav/files/admin/Omegastream/video.mp4"
        found = app.get(url, headers=admin.basic)
        assert found.body == b"12345"
        assert found.headers["Content-Type"].startswith("video/mp4")
        done = app.get(f"/video/{video_id}", headers=headers).json
        assert (state, done["status"]) == ("uploading", "complete")
        assert (done["fileName"], done["size"]) == ("video.mp4", 5)

    def test_o3_unsigned_requests(self, app: TestApp, tus: Tus) -> None:
        """401 on every method but OPTIONS."""
        path = path_of(begin(tus))
        bare = Tus(app, "/tusupload")

        for answer in (
            bare.create(5, status=401),
            bare.patch(path, 0, b"12345", status=401),
            bare.delete(path, status=401),
        ):
            assert answer.json["code"] == "missing_signature"
        bare.head(path, status=401)
        app.options("/tusupload", status=204)
        assert tus.offset(path) == 0

    def test_o4_metadata_in_either_spelling(
        self, app: TestApp, tus: Tus, admin: Person
    ) -> None:
        """`fileName` as the text says, `filename` as the program does."""
        tus.create(5, None, pairs={"fileName": "b.mp4"}, body=b"12345")

        app.get("/dav/files/admin/Omegastream/b.mp4", headers=admin.basic)

    def test_o5_one_patch_for_all(self, tus: Tus) -> None:
        """The document's program sends the whole file in one request."""
        content = b"v" * (3 * 1024 * 1024)
        path = path_of(begin(tus, len(content)))

        answer = tus.patch(path, 0, content)

        assert answer.headers["Upload-Offset"] == str(len(content))

    def test_o6_signature_errors(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """Missing, wrong, expired, too far ahead: each has its code."""
        good = sign(video_id)
        for name in good:
            rest = {key: value for key, value in good.items() if key != name}
            refused(app, rest, 401, "missing_signature")
        wrong = good | {"Signature": "0" * 64}
        refused(app, wrong, 401, "invalid_signature")
        other = sign(video_id, secret="ky_other")
        refused(app, other, 401, "invalid_signature")
        refused(app, sign(video_id, seconds=-61), 401, "signature_expired")
        refused(app, sign(video_id, seconds=86_400 + 120), 401, "expiration_too_far")
        begin(Tus(app, "/tusupload", sign(video_id, seconds=-30)))

    def test_o6_unknown_video(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """The same answer as for a wrong signature: nobody learns which exist."""
        unknown = refused(app, sign(str(uuid.uuid4())), 401, "invalid_signature")
        wrong = sign(video_id) | {"Signature": "0" * 64}

        assert refused(app, wrong, 401, "invalid_signature").body == unknown.body

    def test_o6_tus_errors(self, tus: Tus) -> None:
        """404, 409, 412, 413, 415 and 460, in JSON."""
        path = path_of(begin(tus))
        missing = "/tusupload/11111111-2222-4333-8444-555555555555"

        for answer in (
            tus.patch(missing, 0, b"1", status=404),
            tus.patch(path, 3, b"45", status=409),
            tus.patch(path, 0, b"1", status=412, Tus_Resumable="2"),
            tus.patch(path, 0, b"123456", status=413),
            tus.patch(path, 0, b"1", status=415, Content_Type="video/mp4"),
            tus.patch(
                path, 0, b"1", status=460, Upload_Checksum="md5 " + "A" * 22 + "=="
            ),
        ):
            assert set(answer.json) == {"error", "code"}

    def test_o6_quota(
        self, app: TestApp, keys: ApiKeys, library: Library, admin: Person, sign: Sign
    ) -> None:
        """403."""
        space = library.catalog.create_project(admin.actor, "Small", quota=4)
        _, secret = keys.create(admin.actor, space.id, folder="F", label="")
        tus = Tus(app, "/tusupload", sign(make_video(app, secret), secret=secret))

        assert begin(tus, status=403).json["code"] == "quota_exceeded"


def test_files_are_ordinary_files(
    *, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Counted, in the change log, and versioned when they are overwritten."""
    root = library.tree.get(admin.actor, Place(home.id))
    since = library.changes.token(admin.actor, root.node)
    tus.create(5, "a.mp4", body=b"12345")

    page = library.changes.since(admin.actor, root.node, since, limit=100)
    path = "Omegastream/a.mp4"
    assert path in {each for each, _ in page.changed}
    assert library.catalog.get(admin.actor, home.id).quota.used == 5
    app.put(f"/dav/files/admin/{path}", b"new", headers=admin.basic, status=204)
    node = library.tree.get(admin.actor, Place(home.id, tuple(path.split("/")))).node
    assert len(library.versions.list(admin.actor, node.id)) == 1
