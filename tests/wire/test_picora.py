"""Picora: the contract of its document, row by row, and the public SDK's calls."""

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp, TestResponse

from ocsync.dialects.mounts import picora_keys
from spaces.api_key_model import ApiKey
from spaces.clock import HOUR
from spaces.idempotency import IdempotencyKeys
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Place, Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of

MIB = 1024 * 1024
CHUNK = 5 * MIB
MISSING = "11111111-2222-4333-8444-555555555555"


def make_key(library: Library, person: Person, space: Space) -> tuple[ApiKey, str]:
    """A key as the command line makes it."""
    return picora_keys(library).create(
        person.actor, space.id, folder="Picora", label="test"
    )


@pytest.fixture
def key(library: Library, admin: Person, home: Space) -> tuple[ApiKey, str]:
    """The admin's key for the personal space, and its secret."""
    return make_key(library, admin, home)


@pytest.fixture
def tus(app: TestApp, key: tuple[ApiKey, str]) -> Tus:
    """A client with that key."""
    return Tus(app, "/v1/uploads", bearer(key[1]))


def bearer(secret: str) -> dict[str, str]:
    """What the document's clients send."""
    return {"Authorization": f"Bearer {secret}", "X-Picora-Client": "web-tus"}


def begin(
    tus: Tus,
    length: int | str | None,
    name: str = "photo.jpg",
    *,
    kind: str | None = "image",
    status: int | str = 201,
    **headers: str | None,
) -> TestResponse:
    """Create a session with the document's metadata."""
    pairs = {} if kind is None else {"resourceType": kind}
    return tus.create(length, name, body=None, pairs=pairs, status=status, **headers)


def send(tus: Tus, content: bytes, name: str = "photo.jpg") -> TestResponse:
    """Send a small file; the last answer."""
    return tus.patch(path_of(begin(tus, len(content), name)), 0, content)


def reserved(library: Library, person: Person, space: Space) -> int:
    """The bytes that open sessions hold."""
    return library.catalog.get(person.actor, space.id).quota.reserved


class TestContract:
    """Rows Q1 to Q9 of the contract."""

    @pytest.mark.parametrize("url", ["/v1/uploads", f"/v1/uploads/{MISSING}"])
    def test_q1_options_needs_no_key(self, app: TestApp, url: str) -> None:
        """Version, extensions and the largest size."""
        answer = app.options(url, status=204)

        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == "50000000000"
        extensions = answer.headers["Tus-Extension"].split(",")
        assert {"creation", "expiration", "termination"} <= set(extensions)
        assert "creation-defer-length" not in extensions

    def test_q2_creation(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """Location and an ISO 8601 expiry; the quota is held in full."""
        answer = begin(tus, 12_345)

        assert re.fullmatch(r"/v1/uploads/[0-9a-f-]{36}", path_of(answer))
        expires = answer.headers["Upload-Expires"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", expires)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert reserved(library, admin, home) == 12_345

    @pytest.mark.parametrize("method", ["head", "get"])
    def test_q3_head(self, app: TestApp, tus: Tus, method: str) -> None:
        """Offset, length and expiry; GET tells the same."""
        created = begin(tus, 10)
        path = path_of(created)

        call = app.head if method == "head" else app.get
        answer = call(path, headers=tus.headers({}))

        assert answer.headers["Upload-Offset"] == "0"
        assert answer.headers["Upload-Length"] == "10"
        assert answer.headers["Upload-Expires"] == created.headers["Upload-Expires"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.body == b""

    def test_q4_parts_of_5_mib(self, tus: Tus) -> None:
        """The first part is at least that large, the last one as it comes."""
        path = path_of(begin(tus, CHUNK + 1))

        first = tus.patch(path, 0, b"a" * CHUNK)
        last = tus.patch(path, CHUNK, b"b")

        assert first.headers["Upload-Offset"] == str(CHUNK)
        assert "X-Picora-Resource-Id" not in first.headers
        assert last.headers["Upload-Offset"] == str(CHUNK + 1)

    def test_q5_the_end_names_the_resource(self, app: TestApp, tus: Tus) -> None:
        """A nanoid, on the last PATCH and on HEAD; a duplicate names the first."""
        first = send(tus, b"picture")
        path = path_of(begin(tus, 7, "again.jpg"))
        second = tus.patch(path, 0, b"picture")
        other = send(tus, b"another")

        resource_id = first.headers["X-Picora-Resource-Id"]
        assert re.fullmatch(r"[A-Za-z0-9_-]{21}", resource_id)
        assert "X-Picora-Duplicate" not in first.headers
        for answer in (second, tus.head(path), tus.patch(path, 7, b"")):
            assert answer.headers["X-Picora-Resource-Id"] == resource_id
            assert answer.headers["X-Picora-Duplicate"] == "true"
        assert other.headers["X-Picora-Resource-Id"] != resource_id

    def test_q6_abort_hands_the_quota_back(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """204, and afterwards there is nothing."""
        path = path_of(begin(tus, CHUNK * 2))
        tus.patch(path, 0, b"a" * CHUNK)

        tus.delete(path)

        assert reserved(library, admin, home) == 0
        for answer in (
            tus.head(path, status=404),
            tus.patch(path, CHUNK, b"a", status=404),
            tus.delete(path, status=404),
        ):
            assert answer.headers["Tus-Resumable"] == "1.0.0"

    def test_q8_length_is_required(self, tus: Tus) -> None:
        """400 without it and with Upload-Defer-Length."""
        refuse(begin(tus, None, status=400), "INVALID_TUS_HEADERS")
        answer = begin(tus, None, status=400, Upload_Defer_Length="1")
        refuse(answer, "INVALID_TUS_HEADERS")


def refuse(answer: TestResponse, code: str) -> None:
    """The body that the public SDK reads."""
    assert answer.json["success"] is False
    assert answer.json["code"] == code
    assert answer.json["error"]
    assert answer.headers["Tus-Resumable"] == "1.0.0"


class TestErrors:
    """Row Q7: every code of the document's table."""

    def test_400_missing_version(self, tus: Tus) -> None:
        """Not 412, which is for another version."""
        path = path_of(begin(tus, 5))

        for answer in (
            begin(tus, 5, status=400, Tus_Resumable=None),
            tus.patch(path, 0, b"12345", status=400, Tus_Resumable=None),
            tus.delete(path, status=400, Tus_Resumable=None),
        ):
            refuse(answer, "INVALID_TUS_HEADERS")
        tus.head(path, status=400, Tus_Resumable=None)

    @pytest.mark.parametrize("length", ["-1", "x", "1.5", ""])
    def test_400_length(self, tus: Tus, length: str) -> None:
        """What is no length."""
        refuse(begin(tus, length, status=400), "INVALID_TUS_HEADERS")

    @pytest.mark.parametrize("kind", ["document", None, "../image"])
    def test_400_metadata(self, tus: Tus, kind: str | None) -> None:
        """Of three kinds only."""
        refuse(begin(tus, 5, kind=kind, status=400), "INVALID_METADATA")

    def test_401(
        self, app: TestApp, tus: Tus, key: tuple[ApiKey, str], admin: Person
    ) -> None:
        """No key, a wrong one, another kind of credential."""
        for auth in (
            {},
            bearer("sk_live_wrong"),
            bearer("wrong"),
            admin.basic,
            {"Authorization": key[1]},
        ):
            other = Tus(app, "/v1/uploads", auth)
            refuse(begin(other, 5, status=401), "UNAUTHORIZED")
            other.head(path_of(begin(tus, 5)), status=401)

    def test_403_quota(self, app: TestApp, library: Library, admin: Person) -> None:
        """Held by open sessions too, until they are cancelled."""
        space = library.catalog.create_project(admin.actor, "Small", quota=100)
        tus = Tus(app, "/v1/uploads", bearer(make_key(library, admin, space)[1]))
        path = path_of(begin(tus, 60))

        refuse(begin(tus, 41, status=403), "QUOTA_EXCEEDED")
        tus.delete(path)

        begin(tus, 100)

    def test_404(self, app: TestApp, tus: Tus) -> None:
        """Unknown, and names that are no ids."""
        for name in (MISSING, "x", "../../etc"):
            answer = tus.patch(f"/v1/uploads/{name}", 0, b"x", status=404)
            refuse(answer, "SESSION_NOT_FOUND")

    def test_409(self, tus: Tus) -> None:
        """With the offset to go on from."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(path, 3, b"45", status=409)

        refuse(answer, "OFFSET_MISMATCH")
        assert answer.headers["Upload-Offset"] == "0"

    def test_409_sent_again(self, tus: Tus) -> None:
        """The last part of a session that is complete, with where it stands."""
        path = path_of(begin(tus, 5))
        tus.patch(path, 0, b"12345")

        answer = tus.patch(path, 0, b"12345", status=409)

        refuse(answer, "OFFSET_MISMATCH")
        assert answer.headers["Upload-Offset"] == "5"

    def test_412(self, tus: Tus) -> None:
        """With the version that is spoken."""
        answer = begin(tus, 5, status=412, Tus_Resumable="0.2.2")

        refuse(answer, "UNSUPPORTED_TUS_VERSION")
        assert answer.headers["Tus-Version"] == "1.0.0"

    def test_413_small_part(self, tus: Tus) -> None:
        """Judged before a byte is taken; the last part may be small."""
        path = path_of(begin(tus, CHUNK + 10))

        answer = tus.patch(path, 0, b"a" * (CHUNK - 1), status=413)

        refuse(answer, "CHUNK_TOO_SMALL")
        assert answer.headers["Upload-Offset"] == "0"
        assert tus.offset(path) == 0

    def test_413_file_size(self, tus: Tus) -> None:
        """At the creation already."""
        refuse(begin(tus, 50_000_000_001, status=413), "FILE_TOO_LARGE")

    def test_413_beyond_the_length(self, tus: Tus) -> None:
        """Nothing of it is kept."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(path, 0, b"123456", status=413)

        refuse(answer, "UPLOAD_LENGTH_EXCEEDED")

    @pytest.mark.parametrize("media_type", ["application/octet-stream", "image/jpeg"])
    def test_415(self, tus: Tus, media_type: str) -> None:
        """Another type of PATCH."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(path, 0, b"12345", status=415, Content_Type=media_type)

        refuse(answer, "INVALID_CONTENT_TYPE")

    def test_405(self, app: TestApp, tus: Tus) -> None:
        """Methods of nobody."""
        headers = tus.headers({})
        refuse(
            app.put("/v1/uploads", b"", headers=headers, status=405),
            "METHOD_NOT_ALLOWED",
        )

    def test_460(self, tus: Tus) -> None:
        """A wrong checksum of a part."""
        path = path_of(begin(tus, 5))

        answer = tus.patch(
            path, 0, b"12345", status=460, Upload_Checksum="md5 " + "A" * 22 + "=="
        )

        refuse(answer, "CHECKSUM_MISMATCH")
        assert tus.offset(path) == 0


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


def test_open_sessions_are_listed(app: TestApp, tus: Tus) -> None:
    """So that held quota can be found and freed."""
    send(tus, b"finished")
    path = path_of(begin(tus, 10, "b.png"))

    items = app.get("/v1/uploads", headers=tus.auth).json["data"]["items"]

    assert len(items) == 1
    assert items[0]["uploadUrl"] == f"http://localhost{path}"
    assert (items[0]["offset"], items[0]["length"]) == (0, 10)
    assert (items[0]["filename"], items[0]["resourceType"]) == ("b.png", "image")
    tus.delete(path)
    assert app.get("/v1/uploads", headers=tus.auth).json["data"]["items"] == []
    app.get("/v1/uploads", status=401)


@pytest.mark.parametrize(
    ("kind", "url", "folder"),
    [
        ("image", "images", "Images"),
        ("video", "videos", "Videos"),
        ("audio", "audio", "Audio"),
    ],
)
def test_resources(
    *, app: TestApp, tus: Tus, admin: Person, kind: str, url: str, folder: str
) -> None:
    """The kind decides the folder, and under which URL the resource is found."""
    path = path_of(begin(tus, 5, "a.bin", kind=kind))
    sent = tus.patch(path, 0, b"12345")
    resource_id = sent.headers["X-Picora-Resource-Id"]

    answer = app.get(f"/v1/{url}/{resource_id}", headers=tus.auth)

    assert answer.json["success"] is True
    data = answer.json["data"]
    assert (data["id"], data["type"], data["sizeBytes"]) == (resource_id, kind, 5)
    assert (data["filename"], data["userId"]) == ("a.bin", admin.actor.user_id)
    assert app.get(data["url"], headers=admin.basic).body == b"12345"
    place = f"/dav/files/admin/Picora/{folder}/a.bin"
    assert app.get(place, headers=admin.basic).body == b"12345"
    wrong = "videos" if url != "videos" else "images"
    refused = app.get(f"/v1/{wrong}/{resource_id}", headers=tus.auth, status=404)
    assert refused.json["success"] is False


def test_resources_are_for_their_library(
    app: TestApp, tus: Tus, library: Library, alice: Person
) -> None:
    """404 for others and without a key 401; 404 once it is in the trash."""
    resource_id = send(tus, b"12345").headers["X-Picora-Resource-Id"]
    url = f"/v1/images/{resource_id}"
    home = library.catalog.personal(alice.actor)
    other = bearer(make_key(library, alice, home)[1])

    app.get(url, headers=other, status=404)
    app.get(url, status=401)
    app.get(url, headers=tus.auth)


class TestDuplicates:
    """Content that the library has already."""

    def test_never_across_users(
        self, app: TestApp, tus: Tus, library: Library, alice: Person
    ) -> None:
        """Whether somebody else has a file is nobody's business."""
        first = send(tus, b"secret")
        home = library.catalog.personal(alice.actor)
        other = Tus(app, "/v1/uploads", bearer(make_key(library, alice, home)[1]))

        second = send(other, b"secret")

        assert "X-Picora-Duplicate" not in second.headers
        ids = [each.headers["X-Picora-Resource-Id"] for each in (first, second)]
        assert ids[0] != ids[1]

    def test_not_across_kinds(self, tus: Tus) -> None:
        """The same bytes may be a video and an audio file."""
        send(tus, b"12345")
        path = path_of(begin(tus, 5, kind="video"))

        answer = tus.patch(path, 0, b"12345")

        assert "X-Picora-Duplicate" not in answer.headers

    def test_no_bytes_and_no_quota_for_it(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """The space holds the file once."""
        send(tus, b"12345", "a.jpg")
        send(tus, b"12345", "b.jpg")

        quota = library.catalog.get(admin.actor, home.id).quota
        assert (quota.used, quota.reserved) == (5, 0)
        folder = library.tree.get(admin.actor, Place(home.id, ("Picora", "Images")))
        names = [n.name for n in library.tree.children(admin.actor, folder.node)]
        assert names == ["a.jpg"]
        stored = [b for s in library.blobs.shards() for b in library.blobs.blob_ids(s)]
        assert len(stored) == 1

    def test_removed_files_are_no_duplicates(
        self, app: TestApp, tus: Tus, admin: Person
    ) -> None:
        """What lies in the trash is not in the library."""
        first = send(tus, b"12345", "a.jpg")
        app.delete("/dav/files/admin/Picora/Images/a.jpg", headers=admin.basic)
        gone = f"/v1/images/{first.headers['X-Picora-Resource-Id']}"
        app.get(gone, headers=tus.auth, status=404)

        second = send(tus, b"12345", "a.jpg")

        assert "X-Picora-Duplicate" not in second.headers
        app.get("/dav/files/admin/Picora/Images/a.jpg", headers=admin.basic)

    def test_purged_files_leave_nothing(
        self, *, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """The id goes with the file."""
        send(tus, b"12345", "a.jpg")
        app.delete("/dav/files/admin/Picora/Images/a.jpg", headers=admin.basic)

        library.trash.empty(admin.actor, home.id)
        library.sweeper.sweep()

        with library.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM resources").all()
        assert rows == []

    def test_moved_and_renamed_files_are(
        self, app: TestApp, tus: Tus, admin: Person
    ) -> None:
        """A resource keeps its id wherever it goes in the space."""
        first = send(tus, b"12345", "a.jpg")
        headers = {**admin.basic, "Destination": "/dav/files/admin/moved.jpg"}
        app.request(
            "/dav/files/admin/Picora/Images/a.jpg", method="MOVE", headers=headers
        )

        second = send(tus, b"12345", "a.jpg")

        resource_id = first.headers["X-Picora-Resource-Id"]
        assert second.headers["X-Picora-Resource-Id"] == resource_id
        data = app.get(f"/v1/images/{resource_id}", headers=tus.auth).json["data"]
        assert data["filename"] == "moved.jpg"

    def test_names_are_kept_apart(self, app: TestApp, tus: Tus, admin: Person) -> None:
        """Another file of the same name gets the next free one."""
        send(tus, b"one", "a.jpg")
        send(tus, b"two", "a.jpg")

        url = "/dav/files/admin/Picora/Images"
        assert app.get(f"{url}/a.jpg", headers=admin.basic).body == b"one"
        assert app.get(f"{url}/a (2).jpg", headers=admin.basic).body == b"two"

    def test_a_path_is_no_name(self, app: TestApp, tus: Tus, admin: Person) -> None:
        """Only the last part of a filename counts."""
        send(tus, b"12345", "../../../evil.jpg")

        app.get("/dav/files/admin/Picora/Images/evil.jpg", headers=admin.basic)


def test_quota_is_never_promised_twice(
    wsgi_app: WSGIApplication, library: Library, admin: Person
) -> None:
    """Of many creations at once only as many succeed as there is room for."""
    space = library.catalog.create_project(admin.actor, "Small", quota=50)
    secret = make_key(library, admin, space)[1]
    begin(Tus(TestApp(wsgi_app), "/v1/uploads", bearer(secret)), 1)
    barrier = Barrier(8)

    def run(_: int) -> int:
        tus = Tus(TestApp(wsgi_app), "/v1/uploads", bearer(secret))
        barrier.wait()
        return int(begin(tus, 10, status="*").status_int)

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(run, range(8)))

    assert statuses == [201] * 4 + [403] * 4
    assert reserved(library, admin, space) == 41


class TestExpiry:
    """With sessions that are over at once."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """No time at all."""
        return {"picora.expiry": "0s"}

    def test_over_before_it_is_swept(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """404 at once; sweeping hands the quota back."""
        path = path_of(begin(tus, 5))

        refuse(tus.patch(path, 0, b"12345", status=404), "SESSION_NOT_FOUND")
        tus.head(path, status=404)
        library.uploads.sweep(HOUR)

        assert reserved(library, admin, home) == 0
        upload = library.uploads.get(UploadId(path.rpartition("/")[2]))
        assert upload.state is UploadState.EXPIRED


class TestDirect:
    """`POST /v1/images`: a small file in one request."""

    def test_a_form(self, app: TestApp, tus: Tus, admin: Person) -> None:
        """As the SDK sends it, with other fields before and after the file."""
        answer = app.post(
            "/v1/images",
            {"tags": "[]"},
            upload_files=[("file", "a.png", b"\x89PNG")],
            headers=tus.auth,
            status=201,
        )

        data = answer.json["data"]
        assert (data["filename"], data["sizeBytes"]) == ("a.png", 4)
        assert data["mimeType"] == "image/png"
        assert answer.headers["X-Picora-Resource-Id"] == data["id"]
        assert (
            app.get(answer.headers["Location"], headers=tus.auth).json["data"] == data
        )
        url = "/dav/files/admin/Picora/Images/a.png"
        assert app.get(url, headers=admin.basic).body == b"\x89PNG"

    def test_bare_bytes(self, app: TestApp, tus: Tus) -> None:
        """With the name in the query."""
        headers = {**tus.auth, "Content-Type": "image/png"}

        answer = app.post("/v1/images?filename=b.png", b"1", headers=headers)

        assert answer.json["data"]["filename"] == "b.png"

    def test_a_duplicate(self, app: TestApp, tus: Tus) -> None:
        """200 with the resource that was there, however it came."""
        first = send(tus, b"12345")

        answer = post_form(app, tus, b"12345", status=200)

        assert answer.headers["X-Picora-Duplicate"] == "true"
        resource_id = first.headers["X-Picora-Resource-Id"]
        assert answer.json["data"]["id"] == resource_id

    def test_a_key_gives_the_same_answer(self, app: TestApp, tus: Tus) -> None:
        """Once stored, however often it is sent."""
        answers = [
            post_form(app, tus, b"12345", status=201, Idempotency_Key="k1")
            for _ in range(2)
        ]

        assert answers[0].json == answers[1].json
        assert "X-Picora-Duplicate" not in answers[1].headers

    def test_a_key_is_for_one_file(self, app: TestApp, tus: Tus) -> None:
        """422 for another one."""
        post_form(app, tus, b"12345", status=201, Idempotency_Key="k1")

        answer = post_form(app, tus, b"other", status=422, Idempotency_Key="k1")

        refuse(answer, "IDEMPOTENCY_KEY_REUSED")

    def test_a_key_of_a_failed_request_is_free(self, app: TestApp, tus: Tus) -> None:
        """What was refused may be tried again."""
        headers = {**tus.auth, "Idempotency-Key": "k1"}
        app.post(
            "/v1/images",
            {"a": "b"},
            upload_files=[],
            headers={**headers, "Content-Type": "multipart/form-data; boundary=x"},
            status=400,
        )

        post_form(app, tus, b"12345", status=201, Idempotency_Key="k1")

    def test_a_request_under_way_is_not_done_twice(
        self, app: TestApp, tus: Tus, library: Library, admin: Person
    ) -> None:
        """409 until the first one is answered; then its answer."""
        keys = IdempotencyKeys(database=library.database)
        keys.begin(admin.actor.user_id, "k1")

        answer = post_form(app, tus, b"12345", status=409, Idempotency_Key="k1")

        refuse(answer, "IDEMPOTENCY_KEY_IN_USE")
        assert answer.headers["Retry-After"] == "1"
        keys.settle(admin.actor.user_id, "k1", None)
        post_form(app, tus, b"12345", status=201, Idempotency_Key="k1")

    def test_keys_are_each_users_own(
        self, app: TestApp, tus: Tus, library: Library, alice: Person
    ) -> None:
        """The same key of another user is another key."""
        home = library.catalog.personal(alice.actor)
        other = Tus(app, "/v1/uploads", bearer(make_key(library, alice, home)[1]))

        post_form(app, tus, b"12345", status=201, Idempotency_Key="k1")
        post_form(app, other, b"other", status=201, Idempotency_Key="k1")

    def test_refusals(self, app: TestApp, tus: Tus) -> None:
        """In the same form as all others."""
        refuse(app.post("/v1/images", b"", status=401), "UNAUTHORIZED")
        refuse(
            post_form(app, tus, b"1", status=400, Idempotency_Key="x" * 256),
            "INVALID_IDEMPOTENCY_KEY",
        )
        refuse(
            app.get("/v1/images", headers=tus.auth, status=405), "METHOD_NOT_ALLOWED"
        )
        refuse(post_form(app, tus, b"x" * 20_000_001, status=413), "FILE_TOO_LARGE")
        headers = {**tus.auth, "Content-Type": "image/png"}
        refuse(
            app.post("/v1/images", b"x" * 20_000_001, headers=headers, status=413),
            "FILE_TOO_LARGE",
        )

    def test_quota(self, app: TestApp, library: Library, admin: Person) -> None:
        """403, and nothing is held afterwards."""
        space = library.catalog.create_project(admin.actor, "Small", quota=4)
        tus = Tus(app, "", bearer(make_key(library, admin, space)[1]))

        refuse(post_form(app, tus, b"12345", status=403), "QUOTA_EXCEEDED")

        assert reserved(library, admin, space) == 0


def post_form(
    app: TestApp, tus: Tus, content: bytes, *, status: int, **headers: str
) -> TestResponse:
    """Send a file as the SDK does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.post(
        "/v1/images",
        upload_files=[("file", "a.png", content)],
        headers={**tus.auth, **named},
        status=status,
    )


class TestPages:
    """CORS."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """One origin."""
        return {"picora.origins": "https://app.example"}

    def test_only_chosen_pages(self, app: TestApp) -> None:
        """They may send the document's headers and read its own."""
        asked = {
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "PATCH",
        }

        answer = app.options("/v1/uploads", headers=asked)
        other = app.options("/v1/uploads", headers=asked | {"Origin": "https://b.ex"})

        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "X-Picora-Client" in answer.headers["Access-Control-Allow-Headers"]
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert "X-Picora-Resource-Id" in exposed
        assert "X-Picora-Duplicate" in exposed
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Access-Control-Allow-Origin" not in other.headers


def test_no_page_by_default(app: TestApp) -> None:
    """Keys are credentials: no origin is let in unless it is named."""
    for url in ("/v1/uploads", "/v1/images", "/tusupload", "/video"):
        answer = app.options(url, headers={"Origin": "https://a.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


class TestOff:
    """Switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Off."""
        return {"picora.enabled": False}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """404 on every URL."""
        for url in ("/v1/uploads", "/v1/images", "/v1/videos/x", "/v1/audio/x"):
            app.get(url, status=404)


def test_files_are_ordinary_files(
    *, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Counted, in the change log, and versioned when they are overwritten."""
    root = library.tree.get(admin.actor, Place(home.id))
    since = library.changes.token(admin.actor, root.node)
    send(tus, b"12345", "a.jpg")

    page = library.changes.since(admin.actor, root.node, since, limit=100)
    path = "Picora/Images/a.jpg"
    assert path in {each for each, _ in page.changed}
    assert library.catalog.get(admin.actor, home.id).quota.used == 5
    app.put(f"/dav/files/admin/{path}", b"new", headers=admin.basic, status=204)
    node = library.tree.get(admin.actor, Place(home.id, tuple(path.split("/")))).node
    assert len(library.versions.list(admin.actor, node.id)) == 1
