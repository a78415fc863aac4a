"""MOVE and COPY: every status of each."""

from collections.abc import Callable

import pytest
from webtest import TestApp, TestResponse

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, dav_on, error_of, furnished, space_url

Relocate = Callable[..., TestResponse]


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a folder and a file in it."""
    return furnished(dav_on(app, library, admin, home))


@pytest.fixture(params=["MOVE", "COPY"])
def relocate(request: pytest.FixtureRequest, dav: Dav) -> Relocate:
    """MOVE or COPY: most of what they answer is the same."""
    return dav.move if request.param == "MOVE" else dav.copy


class TestBoth:
    """What MOVE and COPY have in common."""

    def test_to_a_new_name(self, dav: Dav, relocate: Relocate) -> None:
        """201 with the new state."""
        answer = relocate("folder/a.txt", "b.txt")

        row = dav.row("b.txt", "oc:id", "d:getetag")
        assert answer.status_int == 201
        assert answer.headers["OC-FileId"] == row.text(f"{OC}id")
        assert answer.headers["ETag"] == row.text(f"{D}getetag")
        assert answer.headers["OC-ETag"] == answer.headers["ETag"]
        assert dav.get("b.txt").body == b"hello"

    def test_overwriting(self, dav: Dav, relocate: Relocate) -> None:
        """204; Overwrite is T unless it says F."""
        dav.put("b.txt", b"old")

        assert relocate("folder/a.txt", "b.txt").status_int == 204
        assert dav.get("b.txt").body == b"hello"

    def test_not_overwriting(self, dav: Dav, relocate: Relocate) -> None:
        """412, and everything stays."""
        dav.put("b.txt", b"old")

        answer = relocate("folder/a.txt", "b.txt", Overwrite="F")

        assert answer.status_int == 412
        assert error_of(answer).exception == "PreconditionFailed"
        assert dav.get("b.txt").body == b"old"
        assert dav.names("folder") == ["a.txt"]

    def test_a_folder_over_a_folder(self, dav: Dav, relocate: Relocate) -> None:
        """RFC 4918 §9.8.4: replaced, not merged."""
        dav.mkcol("other")
        dav.put("other/gone.txt", b"x")

        assert relocate("folder", "other").status_int == 204
        assert dav.names("other") == ["a.txt"]

    def test_a_folder_over_a_file_and_back(self, dav: Dav, relocate: Relocate) -> None:
        """The kinds may differ."""
        dav.put("file", b"x")

        assert relocate("folder", "file").status_int == 204
        assert dav.names("file") == ["a.txt"]
        dav.put("f2", b"y")
        assert relocate("f2", "file").status_int == 204
        assert dav.get("file").body == b"y"

    def test_missing_parent(self, dav: Dav, relocate: Relocate) -> None:
        """409."""
        assert relocate("folder", "no/where").status_int == 409

    def test_nothing(self, relocate: Relocate) -> None:
        """404."""
        assert relocate("nothing", "b").status_int == 404

    @pytest.mark.parametrize("target", ["folder/below", "folder", "folder/"])
    def test_into_itself(self, dav: Dav, relocate: Relocate, target: str) -> None:
        """409."""
        assert relocate("folder", target).status_int == 409
        assert dav.names() == ["folder"]

    def test_onto_its_own_parent(self, dav: Dav, relocate: Relocate) -> None:
        """409: it would remove itself."""
        assert relocate("folder/a.txt", "folder").status_int == 409
        assert dav.names("folder") == ["a.txt"]

    def test_onto_itself(self, dav: Dav, relocate: Relocate) -> None:
        """409, and the file is still there."""
        assert relocate("folder/a.txt", "folder/a.txt").status_int == 409
        assert dav.get("folder/a.txt").body == b"hello"

    def test_body(self, dav: Dav, relocate: Relocate) -> None:
        """415."""
        method = "MOVE" if relocate == dav.move else "COPY"
        answer = dav.send(method, "folder", b"x", headers={"Destination": dav.url("b")})

        assert answer.status_int == 415

    @pytest.mark.parametrize("overwrite", ["", "maybe", "TRUE"])
    def test_bad_overwrite(self, relocate: Relocate, overwrite: str) -> None:
        """400."""
        assert relocate("folder", "b", Overwrite=overwrite).status_int == 400

    @pytest.mark.parametrize("depth", ["2", "abc", "-1"])
    def test_bad_depth(self, relocate: Relocate, depth: str) -> None:
        """400."""
        assert relocate("folder", "b", Depth=depth).status_int == 400

    @pytest.mark.parametrize(
        "destination",
        [
            "",
            "http://elsewhere.example.org/dav/spaces/x/b",
            "http://localhost:81{base}b",
            "ftp://localhost{base}b",
            "{base}../b",
            "{base}%2e%2e/%2e%2e/b",
            "{base}a%2Fb",
            "{base}b#c",
            "{base}%00",
            "{base}%zz",
            "{base}%ff",
            "/etc/passwd",
            "/graph/v1.0/me",
            "b",
            "{base}b c",
            "/dav/spaces/bad/b",
            "{trash}",
        ],
    )
    def test_bad_destinations(
        self, dav: Dav, relocate: Relocate, destination: str
    ) -> None:
        """400 for what is elsewhere, climbs, or is no URL; nothing is done."""
        trash = dav.base.replace("spaces/", "spaces/trash-bin/")
        text = destination.format(base=dav.base, trash=trash)
        method = "MOVE" if relocate == dav.move else "COPY"

        answer = dav.send(method, "folder", headers={"Destination": text})

        assert answer.status_int == 400
        assert dav.names() == ["folder"]

    def test_no_destination(self, dav: Dav) -> None:
        """400."""
        assert dav.send("MOVE", "folder").status_int == 400
        assert dav.send("COPY", "folder").status_int == 400

    @pytest.mark.parametrize("name", ["%20", "x" * 256, "a%5Cb", "a%0Ab"])
    def test_bad_names(self, dav: Dav, relocate: Relocate, name: str) -> None:
        """400."""
        method = "MOVE" if relocate == dav.move else "COPY"
        destination = {"Destination": dav.base + name}

        assert dav.send(method, "folder", headers=destination).status_int == 400

    @pytest.mark.parametrize(
        "form",
        [
            "{base}b.txt",
            "http://localhost{base}b.txt",
            "/webdav/b.txt",
            "{encoded}b.txt",
        ],
    )
    def test_forms_of_destination(
        self, dav: Dav, relocate: Relocate, form: str
    ) -> None:
        """A path as the desktop client sends it, a URL, another mount, encoded ids."""
        encoded = dav.base.replace("$", "%24")
        destination = form.format(base=dav.base, encoded=encoded)
        method = "MOVE" if relocate == dav.move else "COPY"

        answer = dav.send(method, "folder/a.txt", headers={"Destination": destination})

        assert answer.status_int == 201
        assert dav.get("b.txt").body == b"hello"

    def test_conditions_are_about_the_source(
        self, dav: Dav, relocate: Relocate
    ) -> None:
        """Another state than the client knows is neither moved nor copied."""
        assert relocate("folder/a.txt", "b", If_Match='"x"').status_int == 412
        etag = dav.etag("folder/a.txt")
        assert relocate("folder/a.txt", "b", If_Match=etag).status_int == 201

    def test_the_root(self, dav: Dav, relocate: Relocate) -> None:
        """A space can neither be moved nor put below itself."""
        assert relocate("", "b").status_int in {405, 409}
        assert relocate("folder", "").status_int in {405, 409}
        assert dav.names() == ["folder"]


class TestMove:
    """What is MOVE's own."""

    def test_the_id_stays(self, dav: Dav) -> None:
        """Clients recognise what was renamed by its id."""
        before = dav.row("folder/a.txt", "oc:id").text(f"{OC}id")

        dav.move("folder/a.txt", "b.txt")

        assert dav.row("b.txt", "oc:id").text(f"{OC}id") == before
        assert dav.names("folder") == []

    def test_between_spaces(
        self, dav: Dav, app: TestApp, library: Library, admin: Person
    ) -> None:
        """OCIS answers 502; here it is a move, and the id stays."""
        project = library.catalog.create_project(admin.actor, "Orbit")
        other = dav_on(app, library, admin, project)
        destination = {"Destination": f"{space_url(library, project.id)}moved"}

        answer = dav.send("MOVE", "folder", headers=destination)

        assert answer.status_int == 201
        assert dav.names() == []
        assert other.names("moved") == ["a.txt"]
        assert other.get("moved/a.txt").body == b"hello"

    def test_only_the_case_of_a_name(self, dav: Dav) -> None:
        """Case is significant, so this is a rename like any other."""
        assert dav.move("folder", "Folder").status_int == 201
        assert dav.names() == ["Folder"]

    def test_only_the_normal_form_of_a_name(self, dav: Dav) -> None:
        """The same name in another form is the same place: the spelling changes."""
        dav.put("\u00fc", b"x")

        answer = dav.move("\u00fc", "u\u0308")

        assert answer.status_int in {201, 204, 409}
        assert len(dav.names()) == 2

    def test_depth_zero(self, dav: Dav) -> None:
        """A folder moves with all that is in it."""
        assert dav.move("folder", "b", Depth="0").status_int == 400
        assert dav.move("folder", "b", Depth="1").status_int == 400
        assert dav.move("folder/a.txt", "b", Depth="0").status_int == 201


class TestCopy:
    """What is COPY's own."""

    def test_the_copy_is_another_file(self, dav: Dav) -> None:
        """With an id of its own; the original stays."""
        dav.copy("folder", "copy")

        first = dav.row("folder/a.txt", "oc:id").text(f"{OC}id")
        assert dav.row("copy/a.txt", "oc:id").text(f"{OC}id") != first
        assert dav.get("folder/a.txt").body == b"hello"

    def test_depth_zero(self, dav: Dav) -> None:
        """RFC 4918 §9.8.3: the folder without its members."""
        assert dav.copy("folder", "copy", Depth="0").status_int == 201
        assert dav.names("copy") == []

    def test_depth_one_is_all(self, dav: Dav) -> None:
        """Which there is not; webdavclient3 and aiowebdav2 copy folders with it."""
        dav.mkcol("folder/deep")
        dav.put("folder/deep/b.txt", b"b")

        assert dav.copy("folder", "copy", Depth="1").status_int == 201
        assert dav.get("copy/a.txt").body == b"hello"
        assert dav.get("copy/deep/b.txt").body == b"b"

    def test_dead_properties_go_along(self, dav: Dav) -> None:
        """RFC 4918 §9.8.2."""
        dav.proppatch(
            "folder/a.txt",
            '<d:set><d:prop><x:a xmlns:x="urn:x">1</x:a></d:prop></d:set>',
        )
        dav.copy("folder", "copy")

        body = (
            b'<d:propfind xmlns:d="DAV:"><d:prop><a xmlns="urn:x"/></d:prop>'
            b"</d:propfind>"
        )
        answer = dav.send("PROPFIND", "copy/a.txt", body, headers={"Depth": "0"})
        assert ">1</" in answer.text
