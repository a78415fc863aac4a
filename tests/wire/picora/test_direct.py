"""Picora: a small file in one request."""

from webtest import TestApp, TestResponse

from spaces.idempotency import IdempotencyKeys
from spaces.library import Library
from tests.wire.conftest import Person
from tests.wire.picora.calls import bearer, make_key, refuse, reserved, send
from tests.wire.tus_client import Tus


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
