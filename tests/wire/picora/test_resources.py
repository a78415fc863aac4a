"""Picora: open sessions, finished resources, and content that is there already."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.picora.calls import bearer, begin, make_key, send
from tests.wire.tus_client import Tus, path_of


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
