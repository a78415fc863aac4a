"""PROPFIND: every row of the property table, and how the answer is put together."""

import io
import re
from collections.abc import Callable
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree
from webtest import TestApp, TestRequest

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.settings import Settings
from spaces.ids import SpaceId
from spaces.library import Library
from spaces.model import Place, Role, Space
from tests.domain import traced_statements
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, dav_on, error_of, rows_of, space_url, xml

OCS = "{http://open-collaboration-services.org/ns}"


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a folder and a file in it."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("folder")
    connection.put("folder/a.txt", b"hello", X_OC_Mtime="1000000000")
    return connection


class TestPropertyTable:
    """One test for each row."""

    def test_ids(self, dav: Dav, library: Library, home: Space) -> None:
        """oc:id and oc:fileid are `storage$space!node`, oc:spaceid its beginning."""
        row = dav.row("folder/a.txt", "oc:id", "oc:fileid", "oc:spaceid")

        space_id = f"{library.storage_id}${home.id}"
        assert row.text(f"{OC}id") == row.text(f"{OC}fileid")
        assert row.text(f"{OC}id").startswith(f"{space_id}!")
        assert row.text(f"{OC}spaceid") == space_id

    def test_the_root_has_the_id_of_its_space(
        self, dav: Dav, library: Library, home: Space
    ) -> None:
        """`a$b!b` is the root of `a$b`."""
        row = dav.row("", "oc:id")

        assert row.text(f"{OC}id") == f"{library.storage_id}${home.id}!{home.id}"

    def test_parent(self, dav: Dav) -> None:
        """The id of the folder it is in; the root has none."""
        folder = dav.row("folder", "oc:id")

        file = dav.row("folder/a.txt", "oc:file-parent")
        root = dav.row("", "oc:file-parent")

        assert file.text(f"{OC}file-parent") == folder.text(f"{OC}id")
        assert root.missing == {f"{OC}file-parent"}

    def test_names(self, dav: Dav, home: Space) -> None:
        """The last name of the path; the root is called as its space."""
        file = dav.row("folder/a.txt", "oc:name", "d:displayname")
        root = dav.row("", "oc:name", "d:displayname")

        assert file.text(f"{OC}name") == "a.txt"
        assert file.text(f"{D}displayname") == "a.txt"
        assert root.text(f"{OC}name") == home.name
        assert root.text(f"{D}displayname") == home.name

    def test_size(self, dav: Dav) -> None:
        """oc:size counts all below a folder; getcontentlength is for files only."""
        file = dav.row("folder/a.txt", "oc:size", "d:getcontentlength")
        folder = dav.row("folder", "oc:size", "d:getcontentlength")

        assert file.text(f"{OC}size") == "5"
        assert file.text(f"{D}getcontentlength") == "5"
        assert folder.text(f"{OC}size") == "5"
        assert folder.missing == {f"{D}getcontentlength"}

    def test_content_type(self, dav: Dav) -> None:
        """For files only."""
        file = dav.row("folder/a.txt", "d:getcontenttype")
        folder = dav.row("folder", "d:getcontenttype")

        assert file.text(f"{D}getcontenttype") == "text/plain"
        assert folder.missing == {f"{D}getcontenttype"}

    def test_resource_type(self, dav: Dav) -> None:
        """d:collection for folders, empty for files."""
        folder = dav.row("folder", "d:resourcetype").found[f"{D}resourcetype"]
        file = dav.row("folder/a.txt", "d:resourcetype").found[f"{D}resourcetype"]

        assert [child.tag for child in folder] == [f"{D}collection"]
        assert len(file) == 0

    def test_etag(self, dav: Dav) -> None:
        """Quoted hex; a change below changes the tag of every folder above."""
        before = dav.etag()
        other = dav.mkcol("other") and dav.etag("other")
        dav.put("folder/a.txt", b"changed")

        assert re.fullmatch(r'"[0-9a-f]{32}"', before)
        assert dav.etag() != before
        assert dav.etag("other") == other

    def test_last_modified(self, dav: Dav) -> None:
        """An HTTP date in GMT."""
        row = dav.row("folder/a.txt", "d:getlastmodified")

        assert row.text(f"{D}getlastmodified") == "Sun, 09 Sep 2001 01:46:40 GMT"

    def test_creation_date(self, dav: Dav) -> None:
        """RFC 4918 §15.1: RFC 3339."""
        row = dav.row("folder/a.txt", "d:creationdate")

        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.text(f"{D}creationdate")
        )

    def test_checksums(self, dav: Dav) -> None:
        """One child with all digests; folders have none."""
        checksums = dav.row("folder/a.txt", "oc:checksums").found[f"{OC}checksums"]
        folder = dav.row("folder", "oc:checksums")

        assert [child.tag for child in checksums] == [f"{OC}checksum"]
        assert checksums[0].text == (
            "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
            " MD5:5d41402abc4b2a76b9719d911017c592 ADLER32:062c0215"
        )
        assert folder.missing == {f"{OC}checksums"}

    def test_favorite(self, dav: Dav) -> None:
        """0 or 1, each user's own."""
        assert dav.row("folder", "oc:favorite").text(f"{OC}favorite") == "0"
        dav.proppatch(
            "folder",
            "<d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set>",
        )

        assert dav.row("folder", "oc:favorite").text(f"{OC}favorite") == "1"

    def test_tags(self, dav: Dav) -> None:
        """Separated by commas."""
        assert dav.row("folder", "oc:tags").text(f"{OC}tags") == ""
        dav.proppatch(
            "folder", "<d:set><d:prop><oc:tags>b, a</oc:tags></d:prop></d:set>"
        )

        tags = dav.row("folder", "oc:tags").text(f"{OC}tags")
        assert sorted(tags.split(",")) == ["a", "b"]

    def test_private_link(self, dav: Dav) -> None:
        """A URL that finds the node by its id, wherever it moves."""
        row = dav.row("folder/a.txt", "oc:privatelink", "oc:id")

        link = row.text(f"{OC}privatelink")
        assert link == f"http://localhost/f/{row.text(f'{OC}id')}"

    def test_owner(self, dav: Dav, admin: Person) -> None:
        """The owner's names, where that is who asks."""
        row = dav.row("folder", "oc:owner-id", "oc:owner-display-name")

        assert row.text(f"{OC}owner-id") == admin.name
        assert row.text(f"{OC}owner-display-name") == admin.actor.display_name

    def test_quota_without_limit(self, dav: Dav) -> None:
        """-3 stands for no limit; files have no quota."""
        names = ("d:quota-used-bytes", "d:quota-available-bytes")
        folder, file = dav.row("folder", *names), dav.row("folder/a.txt", *names)

        assert folder.text(f"{D}quota-used-bytes") == "5"
        assert folder.text(f"{D}quota-available-bytes") == "-3"
        assert len(file.missing) == 2

    def test_quota_with_limit(
        self, app: TestApp, library: Library, admin: Person
    ) -> None:
        """What is left of the space's quota."""
        space = library.catalog.create_project(admin.actor, "Orbit", quota=100)
        dav = dav_on(app, library, admin, space)
        dav.put("a", b"12345")

        row = dav.row("", "d:quota-used-bytes", "d:quota-available-bytes")

        assert row.text(f"{D}quota-used-bytes") == "5"
        assert row.text(f"{D}quota-available-bytes") == "95"

    def test_share_permissions(self, dav: Dav) -> None:
        """A sum of rights; files have neither create nor delete."""
        folder = dav.row("folder", "ocs:share-permissions")
        file = dav.row("folder/a.txt", "ocs:share-permissions")

        assert folder.text(f"{OCS}share-permissions") == "31"
        assert file.text(f"{OCS}share-permissions") == "19"

    def test_supported_locks(self, dav: Dav) -> None:
        """Exclusive and shared write locks."""
        found = dav.row("folder", "d:supportedlock").found[f"{D}supportedlock"]

        scopes = [entry.find(f"{D}lockscope")[0].tag for entry in found]
        assert scopes == [f"{D}exclusive", f"{D}shared"]

    def test_lock_discovery(self, dav: Dav) -> None:
        """404 without a lock, else what the lock is."""
        assert dav.row("folder", "d:lockdiscovery").missing
        token = dav.lock("folder", Timeout="Second-100").headers["Lock-Token"]

        found = dav.row("folder", "d:lockdiscovery").found[f"{D}lockdiscovery"]
        (lock,) = found
        assert lock.find(f"{D}lockscope")[0].tag == f"{D}exclusive"
        assert lock.findtext(f"{D}depth") == "infinity"
        assert lock.findtext(f"{D}owner") == "me"
        assert f"<{lock.findtext(f'{D}locktoken/{D}href')}>" == token
        assert re.fullmatch(r"Second-\d+", lock.findtext(f"{D}timeout"))
        assert lock.findtext(f"{D}lockroot/{D}href") == dav.url("folder/")

    def test_inherited_locks_show_their_root(self, dav: Dav) -> None:
        """A deep lock above covers the file, and says where it sits."""
        dav.lock("folder")

        listing = rows_of(dav.propfind("folder", "d:lockdiscovery", depth="1"))
        single = dav.row("folder/a.txt", "d:lockdiscovery")

        for row in (*listing, single):
            lock = row.found[f"{D}lockdiscovery"][0]
            assert lock.findtext(f"{D}lockroot/{D}href") == dav.url("folder/")

    def test_sync_token_and_reports(self, dav: Dav) -> None:
        """Folders have a history to ask for; files have not."""
        names = ("d:sync-token", "d:supported-report-set")
        folder = dav.row("folder", *names)
        file = dav.row("folder/a.txt", *names)

        reports = {
            report[0].tag
            for report in folder.found[f"{D}supported-report-set"].iter(f"{D}report")
        }
        assert folder.text(f"{D}sync-token").startswith("urn:ocsync:sync:")
        assert reports == {
            f"{D}sync-collection",
            f"{OC}search-files",
            f"{OC}filter-files",
        }
        assert file.missing == {f"{D}sync-token"}

    @pytest.mark.parametrize(
        "name",
        [
            "oc:dDC",
            "oc:data-fingerprint",
            "oc:downloadURL",
            "oc:share-types",
            "oc:shareid",
            "oc:shareroot",
            "oc:remote-item-id",
            "oc:signature-auth",
            "oc:audio",
            "oc:image",
            "oc:location",
            "oc:photo",
            "oc:unheard-of",
            "d:unheard-of",
        ],
    )
    def test_what_never_exists(self, dav: Dav, name: str) -> None:
        """404 in a propstat of its own."""
        row = dav.row("folder", name, "d:getetag")

        assert set(row.found) == {f"{D}getetag"}
        assert len(row.missing) == 1


@pytest.mark.parametrize("role", Role)
def test_permissions_follow_the_role(
    app: TestApp, library: Library, admin: Person, alice: Person, role: Role
) -> None:
    """The letters that tell clients what they need not try."""
    letters = {
        Role.VIEWER: ["", ""],
        Role.EDITOR: ["DNVCK", "DNVW"],
        Role.MANAGER: ["RDNVCKZP", "RDNVWZP"],
    }
    space = library.catalog.create_project(admin.actor, "Orbit")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, role)
    dav_on(app, library, admin, space).put("a.txt", b"x")
    dav = dav_on(app, library, alice, space)

    rows = rows_of(dav.propfind("", "oc:permissions", depth="1"))

    assert [row.text(f"{OC}permissions") for row in rows] == letters[role]


class TestForm:
    """What clients rely on in the form of the answer."""

    DESKTOP = (
        "d:resourcetype",
        "d:getlastmodified",
        "d:getcontentlength",
        "d:getetag",
        "oc:id",
        "oc:downloadURL",
        "oc:dDC",
        "oc:permissions",
        "oc:checksums",
        "oc:share-types",
    )

    def test_headers(self, dav: Dav) -> None:
        """The desktop client compares the Content-Type literally."""
        answer = dav.propfind("", "d:getetag")

        assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
        assert answer.headers["DAV"] == "1, 2, 3"
        assert "Prefer" in answer.headers.getall("Vary")

    def test_the_folder_itself_comes_first(self, dav: Dav) -> None:
        """The desktop client takes the first response for the folder."""
        rows = rows_of(dav.propfind("", *self.DESKTOP, depth="1"))

        assert [row.path for row in rows] == [dav.base, f"{dav.base}folder/"]

    def test_prefixes_are_literal(self, dav: Dav) -> None:
        """The web client reads `d:` and `oc:` without looking at namespaces."""
        text = dav.propfind("folder/a.txt", *self.DESKTOP).text

        assert "<d:multistatus " in text
        assert "<d:getetag>" in text
        assert "<oc:permissions>" in text
        assert "<oc:dDC/>" in text

    def test_found_properties_come_first(self, dav: Dav) -> None:
        """The JavaScript webdav library reads only the first propstat."""
        text = dav.propfind("folder", *self.DESKTOP).text

        assert text.index("HTTP/1.1 200 OK") < text.index("HTTP/1.1 404 Not Found")

    def test_prefer_minimal(self, dav: Dav) -> None:
        """RFC 8144 §2.1: what is missing is not mentioned."""
        answer = dav.propfind(
            "folder", *self.DESKTOP, headers={"Prefer": "return=minimal"}
        )

        (row,) = rows_of(answer)
        assert not row.missing
        assert row.found
        assert answer.headers["Preference-Applied"] == "return=minimal"

    def test_prefer_minimal_with_nothing_found(self, dav: Dav) -> None:
        """RFC 8144 §2.1: then an empty propstat with 200 stands for the resource."""
        answer = dav.propfind("", "oc:dDC", headers={"Prefer": "return=minimal"})

        assert "<d:prop></d:prop><d:status>HTTP/1.1 200 OK" in answer.text

    def test_all_properties(self, dav: Dav) -> None:
        """No body, allprop and an empty prop all ask for the usual ones."""
        dav.proppatch(
            "folder", '<d:set><d:prop><x:a xmlns:x="urn:x">1</x:a></d:prop></d:set>'
        )
        answers = [
            dav.send("PROPFIND", "folder", body, headers={"Depth": "0"})
            for body in (
                b"",
                xml("propfind", "<d:allprop/>"),
                xml("propfind", "<d:prop/>"),
            )
        ]

        found = [set(rows_of(answer)[0].found) for answer in answers]
        assert found[0] == found[1] == found[2]
        assert {f"{D}getetag", f"{OC}id", f"{OC}permissions", "{urn:x}a"} <= found[0]
        assert f"{D}lockdiscovery" not in found[0]

    def test_quota_is_one_of_all(self, dav: Dav) -> None:
        """Where npm's `webdav` and nextcloud-node-client look for it: no body."""
        answer = dav.send("PROPFIND", "", headers={"Depth": "0"})

        (row,) = rows_of(answer)
        assert row.text(f"{D}quota-available-bytes") == "-3"
        assert row.text(f"{D}quota-used-bytes").isdigit()

    def test_include(self, dav: Dav) -> None:
        """RFC 4918 §9.1: allprop with more beside it."""
        body = xml(
            "propfind",
            "<d:allprop/><d:include><d:sync-token/><oc:dDC/></d:include>",
        )

        (row,) = rows_of(dav.send("PROPFIND", "", body, headers={"Depth": "0"}))

        assert {f"{D}sync-token", f"{D}getetag"} <= set(row.found)
        assert row.missing == {f"{OC}dDC"}

    def test_names_only(self, dav: Dav) -> None:
        """RFC 4918 §9.1.4: what there is, without values."""
        dav.proppatch(
            "folder", '<d:set><d:prop><x:a xmlns:x="urn:x">1</x:a></d:prop></d:set>'
        )
        answer = dav.send(
            "PROPFIND",
            "folder",
            xml("propfind", "<d:propname/>"),
            headers={"Depth": "0"},
        )

        (row,) = rows_of(answer)
        assert {f"{D}getetag", f"{D}supportedlock", "{urn:x}a"} <= set(row.found)
        assert f"{D}getcontentlength" not in row.found
        assert all(
            element.text is None and len(element) == 0 for element in row.found.values()
        )

    def test_names_in_xml_and_hrefs_survive(self, dav: Dav) -> None:
        """Whatever a file is called, the XML is well-formed and says so."""
        odd = [
            "a&b<c>\"'",
            "]]>",
            "50% off",
            "é",
            "e\u0301",
            "\ufffe",
            "😀",
            "a\u2028b",
        ]
        dav.mkcol("odd")
        for name in odd:
            assert dav.put(f"odd/{name}", b"x").status_int in {201, 204}

        rows = rows_of(dav.propfind("odd", "oc:name", depth="1"))[1:]

        by_href = {row.path.rpartition("/")[2]: row.text(f"{OC}name") for row in rows}
        assert set(by_href) == set(odd) - {"e\u0301"}
        assert by_href["\ufffe"] == "\ufffd"
        assert all(href == name for href, name in by_href.items() if href != "\ufffe")


class TestDepth:
    """How far a PROPFIND reaches."""

    def test_zero(self, dav: Dav) -> None:
        """The resource alone."""
        assert len(rows_of(dav.propfind("", "d:getetag", depth="0"))) == 1

    def test_missing_means_one(self, dav: Dav) -> None:
        """As oCIS has it; clients rely on not getting everything."""
        answer = dav.send("PROPFIND", "", xml("propfind", "<d:allprop/>"))

        assert len(rows_of(answer)) == 2

    @pytest.mark.parametrize("depth", ["infinity", "Infinity"])
    def test_infinity_is_refused(self, dav: Dav, depth: str) -> None:
        """RFC 4918 §9.1: 403 with the condition that says which depths are taken."""
        answer = dav.propfind("", "d:getetag", depth=depth)

        assert answer.status_int == 403
        assert error_of(answer).conditions == (f"{D}propfind-finite-depth",)

    @pytest.mark.parametrize("depth", ["abc", "2", "", "1,0"])
    def test_other_depths(self, dav: Dav, depth: str) -> None:
        """400."""
        assert dav.propfind("", "d:getetag", depth=depth).status_int == 400


class TestInfinity:
    """Depth infinity, where the operator allows it."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Allow it."""
        return {"dav.propfind_infinity": True}

    def test_everything_below(self, dav: Dav) -> None:
        """All levels, folders before what is in them, with what hangs on each."""
        dav.mkcol("folder/b c")
        dav.put("folder/b c/d.txt", b"x")
        dav.proppatch(
            "folder/b c/d.txt", "<d:set><d:prop><oc:tags>t</oc:tags></d:prop></d:set>"
        )

        rows = rows_of(dav.propfind("", "oc:tags", depth="infinity"))

        tags = {row.path.removeprefix(dav.base): row.text(f"{OC}tags") for row in rows}
        assert tags == {
            "": "",
            "folder/": "",
            "folder/a.txt": "",
            "folder/b c/": "",
            "folder/b c/d.txt": "t",
        }
        paths = [row.path for row in rows]
        assert paths.index(dav.base + "folder/") < paths.index(
            dav.base + "folder/a.txt"
        )


def test_hrefs_echo_the_prefix(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """The desktop client rejects any href that does not begin as it asked."""
    dav_on(app, library, admin, home).put("a b.txt", b"x")
    space = space_url(library, home.id).rstrip("/")
    bases = [
        space,
        f"/remote.php{space}",
        "/dav/files/admin",
        "/remote.php/dav/files/admin",
        "/webdav",
        "/remote.php/webdav",
        space_url(library, home.id, home.root_id).rstrip("/"),
    ]
    for base in bases:
        dav = Dav(app, library, admin, f"{base}/")
        for raw in (base, f"{base}/"):
            answer = dav.propfind(raw=raw, depth="1")

            hrefs = [row.href for row in rows_of(answer)]
            assert hrefs == [f"{base}/", f"{base}/a%20b.txt"]


def test_ids_in_urls_may_be_encoded(
    app: TestApp, library: Library, admin: Person, home: Space
) -> None:
    """`$` and `!` come raw or as %24 and %21."""
    dav = dav_on(app, library, admin, home)
    dav.put("a.txt", b"x")
    raw = space_url(library, home.id, home.root_id)

    for url in (raw, raw.replace("$", "%24").replace("!", "%21")):
        answer = dav.send(
            "GET", raw=f"{url}a.txt", environ={"REQUEST_URI": f"{url}a.txt"}
        )
        assert answer.body == b"x"


@pytest.mark.parametrize(
    "names", [TestForm.DESKTOP, ("oc:favorite", "oc:tags", "oc:x")]
)
def test_the_number_of_statements_does_not_grow(
    dav: Dav, library: Library, settings: Settings, names: tuple[str, ...]
) -> None:
    """A folder of 600 files costs as many statements as one of a single file."""
    dav.mkcol("many")
    for number in range(600):
        library.tree.make_folder(
            dav.person.actor,
            Place(SpaceId(dav.person.actor.user_id), ("many", f"{number}")),
        )
    counts = []
    with traced_statements() as statements, open_library(settings) as traced:
        log = open_log(settings.log, stream=io.StringIO())
        app = TestApp(create_app(settings, library=traced, log=log))
        same = Dav(app, traced, dav.person, dav.base)
        same.propfind("folder", *names, depth="1")  # logs in
        for path in ("folder", "many"):
            statements.clear()
            assert same.propfind(path, *names, depth="1").status_int == 207
            counts.append(len(statements))

    few, many = counts
    assert few > 0
    assert many == few
    assert len(rows_of(dav.propfind("many", *names, depth="1"))) == 601


def test_long_listings_are_streamed(
    dav: Dav, library: Library, wsgi_app: WSGIApplication
) -> None:
    """What does not fit into one chunk has no length, and is whole all the same."""
    dav.mkcol("many")
    for number in range(300):
        library.tree.make_folder(
            dav.person.actor,
            Place(SpaceId(dav.person.actor.user_id), ("many", f"{number}")),
        )

    heads: list[list[tuple[str, str]]] = []

    def note(
        _status: str, headers: list[tuple[str, str]], _error: object = None, /
    ) -> Callable[[bytes], object]:
        heads.append(headers)
        return len

    environ = TestRequest.blank(
        dav.url("many"), method="PROPFIND", headers={**dav.person.basic, "Depth": "1"}
    ).environ
    chunks = list(wsgi_app(environ, note))

    assert "Content-Length" not in dict(heads[0])
    assert len(chunks) > 2
    assert len(etree.fromstring(b"".join(chunks))) == 301
