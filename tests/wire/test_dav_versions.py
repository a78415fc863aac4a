"""Former contents of files over WebDAV, and the path of a file by its id."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, Row, dav_on, error_of, rows_of, xml


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a file that was written three times."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("folder")
    for body in (b"one", b"two2", b"three"):
        connection.put("folder/a.txt", body)
    return connection


@pytest.fixture
def file_id(dav: Dav) -> str:
    """The id of the file."""
    return dav.row("folder/a.txt", "oc:id").text(f"{OC}id")


@pytest.fixture
def meta(app: TestApp, library: Library, admin: Person, file_id: str) -> Dav:
    """`/dav/meta/{id}`."""
    return Dav(app, library, admin, f"/dav/meta/{file_id}")


def versions(meta: Dav) -> list[Row]:
    """The versions, without the list itself."""
    return rows_of(meta.propfind("/v", depth="1"))[1:]


def test_listing(meta: Dav) -> None:
    """The list first, then old contents, the latest first; not the present one."""
    rows = rows_of(meta.propfind("/v", depth="1"))

    assert rows[0].href == f"{meta.base}/v/"
    assert len(rows[0].found[f"{D}resourcetype"]) == 1
    assert [row.text(f"{D}getcontentlength") for row in rows[1:]] == ["4", "3"]
    for row in rows[1:]:
        assert row.href.startswith(f"{meta.base}/v/")
        assert row.text(f"{OC}size") == row.text(f"{D}getcontentlength")
        assert row.text(f"{D}getcontenttype") == "text/plain"
        assert row.text(f"{D}getlastmodified").endswith(" GMT")
        assert row.text(f"{D}getetag").startswith('"')


def test_a_new_file_has_none(dav: Dav) -> None:
    """The first upload is no version."""
    dav.put("new.txt", b"x")
    file_id = dav.row("new.txt", "oc:id").text(f"{OC}id")

    assert len(rows_of(dav.propfind(raw=f"/dav/meta/{file_id}/v", depth="1"))) == 1


def test_reading(meta: Dav) -> None:
    """GET with ranges, and HEAD."""
    latest, oldest = versions(meta)

    assert meta.send("GET", raw=latest.href).body == b"two2"
    assert meta.send("GET", raw=oldest.href).body == b"one"
    part = meta.send("GET", raw=latest.href, headers={"Range": "bytes=1-2"})
    assert part.body == b"wo"
    head = meta.send("HEAD", raw=latest.href)
    assert head.headers["Content-Length"] == "4"
    assert "a.txt" in head.headers["Content-Disposition"]


class TestRestoring:
    """COPY of a version onto its file."""

    @pytest.mark.parametrize(
        "form",
        [
            "{base}folder/a.txt",
            "http://localhost{base}folder/a.txt",
            "/remote.php{base}folder/a.txt",
            "/dav/files/admin/folder/a.txt",
            "/webdav/folder/a.txt",
            "/dav/spaces/{file}",
            "/dav/spaces/{folder}/a.txt",
            "/dav/files/spaces/{file}",
            "/dav/files/spaces/{folder}/a.txt",
            "http://localhost/remote.php/dav/spaces/{folder}/a.txt",
        ],
    )
    def test_destinations(self, dav: Dav, meta: Dav, file_id: str, form: str) -> None:
        """204, however the file is named; its present content becomes a version."""
        folder_id = dav.row("folder", "oc:id").text(f"{OC}id")
        destination = form.format(base=dav.base, file=file_id, folder=folder_id)
        oldest = versions(meta)[-1]

        answer = meta.send(
            "COPY", raw=oldest.href, headers={"Destination": destination}
        )

        assert answer.status_int == 204
        assert dav.get("folder/a.txt").body == b"one"
        assert dav.row("folder/a.txt", "oc:id").text(f"{OC}id") == file_id
        assert answer.headers["ETag"] == dav.etag("folder/a.txt")
        sizes = [row.text(f"{OC}size") for row in versions(meta)]
        assert sizes == ["5", "4"]

    def test_overwrite_f(self, dav: Dav, meta: Dav) -> None:
        """The target exists by nature, so clients mean nothing by it."""
        answer = meta.send(
            "COPY",
            raw=versions(meta)[0].href,
            headers={"Destination": dav.url("folder/a.txt"), "Overwrite": "F"},
        )

        assert answer.status_int == 204

    @pytest.mark.parametrize("target", ["folder/other.txt", "folder", "no/a.txt"])
    def test_onto_something_else(self, dav: Dav, meta: Dav, target: str) -> None:
        """409; nothing is changed."""
        answer = meta.send(
            "COPY",
            raw=versions(meta)[0].href,
            headers={"Destination": dav.url(target)},
        )

        assert answer.status_int == 409
        assert dav.names("folder") == ["a.txt"]
        assert dav.get("folder/a.txt").body == b"three"

    def test_of_a_locked_file(self, dav: Dav, meta: Dav) -> None:
        """423."""
        dav.lock("folder/a.txt")

        answer = meta.send(
            "COPY",
            raw=versions(meta)[0].href,
            headers={"Destination": dav.url("folder/a.txt")},
        )

        assert answer.status_int == 423


def test_through_the_folder(meta: Dav, dav: Dav) -> None:
    """The web client 12 of ownCloud names the folder of the file, not any other."""
    version_id = versions(meta)[-1].path.rpartition("/")[2]
    ids = [dav.row(path, "oc:id").text(f"{OC}id") for path in ("folder", "")]

    own, other = (
        dav.send("GET", raw=f"/dav/meta/{each}/v/{version_id}") for each in ids
    )

    assert own.body == b"one"
    assert other.status_int == 404


def test_forgetting_one(meta: Dav) -> None:
    """DELETE, as a manager may."""
    latest, oldest = versions(meta)

    assert meta.send("DELETE", raw=latest.href).status_int == 204
    assert [row.href for row in versions(meta)] == [oldest.href]


def test_what_is_not_there(meta: Dav, dav: Dav) -> None:
    """404."""
    assert meta.send("GET", "/v/nonsense").status_int == 404
    unknown = "/v/0198c0de-0000-7000-8000-000000000000"
    assert meta.send("GET", unknown).status_int == 404
    assert meta.send("PROPFIND", "/x").status_int == 404
    dav.delete("folder/a.txt")
    assert meta.propfind("/v", depth="1").status_int == 404


def test_roles(app: TestApp, library: Library, admin: Person, alice: Person) -> None:
    """Nobody outside knows the file; a viewer may not see versions, an editor may."""
    space = library.catalog.create_project(admin.actor, "Orbit")
    dav = dav_on(app, library, admin, space)
    dav.put("a.txt", b"one")
    dav.put("a.txt", b"two")
    file_id = dav.row("a.txt", "oc:id").text(f"{OC}id")
    theirs = Dav(app, library, alice, f"/dav/meta/{file_id}")

    assert theirs.propfind("/v", depth="1").status_int == 404
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)
    answer = theirs.propfind("/v", depth="1")
    assert answer.status_int == 403
    assert error_of(answer).exception == "Forbidden"
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)
    (version,) = versions(theirs)
    answer = theirs.send(
        "COPY", raw=version.href, headers={"Destination": dav.url("a.txt")}
    )
    assert answer.status_int == 204


class TestPathById:
    """PROPFIND on `/dav/meta/{id}`."""

    def test_path(self, meta: Dav, file_id: str) -> None:
        """Where the file is for the user, from the root of its space."""
        (row,) = rows_of(
            meta.propfind("", "oc:meta-path-for-user", "oc:fileid", "oc:spaceid")
        )

        assert row.text(f"{OC}meta-path-for-user") == "/folder/a.txt"
        assert row.text(f"{OC}fileid") == file_id
        assert file_id.startswith(row.text(f"{OC}spaceid"))

    def test_it_follows_the_file(self, meta: Dav, dav: Dav) -> None:
        """The id leads to where the file is now."""
        dav.move("folder/a.txt", "b & c.txt")

        row = rows_of(meta.propfind("", "oc:meta-path-for-user"))[0]

        assert row.text(f"{OC}meta-path-for-user") == "/b & c.txt"

    def test_other_questions(self, meta: Dav) -> None:
        """400 without the one property that can be asked."""
        assert meta.propfind("", "d:getetag").status_int == 400
        body = xml("propfind", "<d:allprop/>")
        assert meta.send("PROPFIND", "", body).status_int == 400

    def test_others_files(
        self, app: TestApp, library: Library, alice: Person, file_id: str
    ) -> None:
        """404."""
        theirs = Dav(app, library, alice, f"/dav/meta/{file_id}")

        assert theirs.propfind("", "oc:meta-path-for-user").status_int == 404
