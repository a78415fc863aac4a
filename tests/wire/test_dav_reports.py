"""REPORT oc:search-files and oc:filter-files."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person, make_person
from tests.wire.dav_client import OC, D, Dav, dav_on, error_of, prop, rows_of, xml


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with some files."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("Reports")
    connection.put("Reports/report one.txt", b"1")
    connection.put("Reports/picture.png", b"22")
    connection.put("report.md", b"333")
    return connection


def oc_xml(root: str, inside: str) -> bytes:
    """A document whose root is in ownCloud's namespace."""
    text = xml("x", inside).decode()
    return (
        text.replace("<d:x ", f"<oc:{root} ")
        .replace("</d:x>", f"</oc:{root}>")
        .encode()
    )


def search(
    dav: Dav, pattern: str, *, more: str = "", path: str = "", raw: str | None = None
) -> tuple[list[str], str]:
    """The decoded hrefs found, and the Content-Range."""
    escaped = pattern.replace("&", "&amp;").replace("<", "&lt;")
    body = oc_xml(
        "search-files",
        prop("oc:name", "oc:fileid", "d:getetag")
        + f"<oc:search><oc:pattern>{escaped}</oc:pattern>{more}</oc:search>",
    )
    answer = dav.send("REPORT", path, body, raw=raw)
    paths = [row.path for row in rows_of(answer)]
    return paths, str(answer.headers["Content-Range"])


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("report", ["Reports/", "Reports/report one.txt", "report.md"]),
        ("*report*", ["Reports/", "Reports/report one.txt", "report.md"]),
        ('name:"*.png"', ["Reports/picture.png"]),
        ("name:report.md", ["report.md"]),
        ("mediatype:image", ["Reports/picture.png"]),
        ("report AND type:folder", ["Reports/"]),
        ("size>2", ["Reports/", "report.md"]),
        ("nothing-like-this", []),
        ("content:report", []),
    ],
)
def test_patterns(dav: Dav, pattern: str, names: list[str]) -> None:
    """Bare words, name patterns and the other keys."""
    found, content_range = search(dav, pattern)

    assert sorted(path.removeprefix(dav.base) for path in found) == sorted(names)
    assert content_range == f"rows 0-{max(len(names) - 1, 0)}/{len(names)}"


def test_pages(dav: Dav) -> None:
    """A limit and an offset; the range tells how many there are in all."""
    more = "<oc:limit>1</oc:limit><oc:offset>1</oc:offset>"

    found, content_range = search(dav, "report", more=more)

    assert len(found) == 1
    assert content_range == "rows 1-1/3"


def test_below_a_folder(dav: Dav) -> None:
    """Only what is in it; hrefs begin with what was asked."""
    found, _ = search(dav, "report", path="Reports")

    assert found == [f"{dav.base}Reports/report one.txt"]


def test_in_all_spaces(app: TestApp, library: Library, admin: Person, dav: Dav) -> None:
    """Every space of the actor, none of others; hrefs name the space."""
    project = library.catalog.create_project(admin.actor, "Orbit")
    dav_on(app, library, admin, project).put("report.txt", b"x")
    bob = make_person(library, "bob", is_admin=True)
    foreign = library.catalog.create_project(bob.actor, "Secret")
    dav_on(app, library, bob, foreign).put("report.txt", b"x")

    for prefix in ("", "/remote.php"):
        found, _ = search(dav, "name:report.*", raw=f"{prefix}/dav/spaces/")

        assert sorted(found) == sorted(
            [
                f"{prefix}{dav.base}report.md",
                f"{prefix}/dav/spaces/{library.storage_id}${project.id}/report.txt",
            ]
        )


@pytest.mark.parametrize("base", ["/dav/files/admin", "/remote.php/webdav"])
def test_on_old_urls(dav: Dav, base: str) -> None:
    """Hrefs begin as the URL that was asked."""
    found, _ = search(dav, "name:report.md", raw=base)

    assert found == [f"{base}/report.md"]


def test_the_trash_is_not_found(dav: Dav) -> None:
    """Only what is there."""
    dav.delete("Reports")

    assert search(dav, "picture")[0] == []


@pytest.mark.parametrize(
    "body",
    [
        oc_xml("search-files", ""),
        oc_xml("search-files", "<oc:search/>"),
        oc_xml("search-files", "<oc:search><oc:pattern/></oc:search>"),
        oc_xml(
            "search-files",
            "<oc:search><oc:pattern>x</oc:pattern><oc:limit>y</oc:limit></oc:search>",
        ),
        oc_xml("search-files", "<oc:search><oc:pattern>(((</oc:pattern></oc:search>"),
        oc_xml("filter-files", ""),
        oc_xml("filter-files", "<oc:filter-rules/>"),
        oc_xml("filter-files", "<oc:filter-rules><oc:systemtag/></oc:filter-rules>"),
        b"",
        b"no xml",
    ],
)
def test_bad_bodies(dav: Dav, body: bytes) -> None:
    """400."""
    answer = dav.send("REPORT", "", body)

    assert answer.status_int == 400
    error_of(answer)


@pytest.mark.parametrize("root", ["acl-principal-prop-set", "version-tree"])
def test_other_reports(dav: Dav, root: str) -> None:
    """RFC 3253 §3.6: 403 with DAV:supported-report."""
    answer = dav.send("REPORT", "", xml(root, ""))

    assert answer.status_int == 403
    assert error_of(answer).conditions == (f"{D}supported-report",)


def test_favorites(app: TestApp, library: Library, admin: Person, dav: Dav) -> None:
    """What the user marked, below the folder that is asked."""
    mark = "<d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set>"
    dav.proppatch("report.md", mark)
    dav.proppatch("Reports/picture.png", mark)
    project = library.catalog.create_project(admin.actor, "Orbit")
    other = dav_on(app, library, admin, project)
    other.put("b", b"x")
    other.proppatch("b", mark)
    body = oc_xml(
        "filter-files",
        prop("oc:favorite", "oc:name")
        + "<oc:filter-rules><oc:favorite>1</oc:favorite></oc:filter-rules>",
    )

    def found(path: str = "", raw: str | None = None) -> list[str]:
        rows = rows_of(dav.send("REPORT", path, body, raw=raw))
        assert all(row.text(f"{OC}favorite") == "1" for row in rows)
        return sorted(row.text(f"{OC}name") for row in rows)

    assert found() == ["picture.png", "report.md"]
    assert found("Reports") == ["picture.png"]
    assert found(raw="/dav/spaces") == ["b", "picture.png", "report.md"]
