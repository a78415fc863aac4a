"""PROPFIND: how the answer is put together, and what it costs."""

from collections.abc import Callable
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree
from webtest import TestApp, TestRequest

from spaces.ids import SpaceId
from spaces.library import Library
from spaces.model import Place, Space
from tests.statements import statements_run
from tests.wire.conftest import Person
from tests.wire.dav_client import (
    OC,
    D,
    Dav,
    dav_on,
    error_of,
    furnished,
    rows_of,
    space_url,
    xml,
)


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a folder and a file in it."""
    return furnished(dav_on(app, library, admin, home))


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
    dav: Dav, library: Library, names: tuple[str, ...]
) -> None:
    """A folder of 600 files costs as many statements as one of a single file."""
    dav.mkcol("many")
    for number in range(600):
        library.tree.make_folder(
            dav.person.actor,
            Place(SpaceId(dav.person.actor.user_id), ("many", f"{number}")),
        )
    counts = []
    for path in ("folder", "many"):
        with statements_run(library.database) as statements:
            assert dav.propfind(path, *names, depth="1").status_int == 207
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
