"""What Windows' redirector, Finder and Office send, request by request."""

import io
import re
from email.utils import parsedate_to_datetime

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import D, Dav, dav_on, rows_of, xml

LOCK = xml(
    "lockinfo",
    "<d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype>"
    "<d:owner><d:href>DESKTOP\\Anna</d:href></d:owner>",
)
WINDOWS = "urn:schemas-microsoft-com:"
COPIED = "Wed, 21 Oct 2020 07:28:00 GMT"


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's own space."""
    return dav_on(app, library, admin, home)


def lock(dav: Dav, path: str) -> str:
    """Lock a file; the token."""
    answer = dav.send("LOCK", path, LOCK, headers={"Timeout": "Second-3600"})
    found = re.search(r"<d:locktoken><d:href>([^<]+)", answer.text)
    assert found is not None
    assert answer.headers["Lock-Token"] == f"<{found[1]}>"
    return found[1]


def test_windows_finds_webdav_at_the_root(app: TestApp) -> None:
    """It asks there first, without credentials, whatever folder is to be mounted."""
    answer = app.options("/", status=200)

    assert answer.headers["DAV"] == "1, 2, 3"
    assert answer.headers["MS-Author-Via"] == "DAV"
    assert answer.body == b""


def test_windows_copies_a_file(dav: Dav) -> None:
    """Empty first, then locked, written, and given its time and attributes."""
    path = "Neues Dok.docx"
    assert dav.put(path).status_int == 201
    token = lock(dav, path)
    held = {"If": f"(<{token}>)"}
    times = "".join(
        f"<z:{name}>{COPIED}</z:{name}>"
        for name in (
            "Win32CreationTime",
            "Win32LastAccessTime",
            "Win32LastModifiedTime",
        )
    )
    update = xml(
        "propertyupdate",
        f'<d:set xmlns:z="{WINDOWS}"><d:prop>{times}'
        "<z:Win32FileAttributes>00000020</z:Win32FileAttributes></d:prop></d:set>",
    )

    assert dav.send("HEAD", path).status_int == 200
    assert dav.send("PUT", path, b"a document", headers=held).status_int == 204
    (changed,) = rows_of(dav.send("PROPPATCH", path, update, headers=held))
    assert dav.send("LOCK", path, headers=held).status_int == 200
    unlocked = dav.send("UNLOCK", path, headers={"Lock-Token": f"<{token}>"})
    (row,) = rows_of(dav.send("PROPFIND", path, headers={"Depth": "0"}))

    assert len(changed.found) == 4
    assert unlocked.status_int == 204
    assert row.text(f"{D}getlastmodified") == COPIED
    assert row.text(f"{{{WINDOWS}}}Win32FileAttributes") == "00000020"
    assert dav.get(path).body == b"a document"


def test_windows_does_not_see_an_old_time(dav: Dav) -> None:
    """The time it set is the file's own, and changes with the file."""
    update = xml(
        "propertyupdate",
        f'<d:set><d:prop><z:Win32LastModifiedTime xmlns:z="{WINDOWS}">{COPIED}'
        "</z:Win32LastModifiedTime></d:prop></d:set>",
    )
    dav.put("a.txt", b"old")
    dav.send("PROPPATCH", "a.txt", update)
    dav.put("a.txt", b"new")

    (row,) = rows_of(dav.send("PROPFIND", "a.txt", headers={"Depth": "0"}))

    assert f"{{{WINDOWS}}}Win32LastModifiedTime" not in row.found
    then = parsedate_to_datetime(COPIED)
    assert parsedate_to_datetime(row.text(f"{D}getlastmodified")) > then


@pytest.mark.parametrize("name", ["photo.jpg", "._photo.jpg"])
def test_finder_copies_a_file(dav: Dav, name: str) -> None:
    """Empty first, then locked, and written in chunks without a length."""
    assert dav.put(name).status_int == 201
    token = lock(dav, name)

    written = dav.send(
        "PUT",
        name,
        headers={"If": f"(<{token}>)", "X-Expected-Entity-Length": "11"},
        environ={
            "wsgi.input": io.BytesIO(b"hello world"),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )
    unlocked = dav.send("UNLOCK", name, headers={"Lock-Token": f"<{token}>"})

    assert (written.status_int, unlocked.status_int) == (204, 204)
    assert dav.get(name).body == b"hello world"


def test_office_edits_a_document(dav: Dav) -> None:
    """It locks what is open, and nobody else writes until it is closed."""
    dav.put("report.docx", b"first")
    token = lock(dav, "report.docx")
    held = {"If": f"(<{token}>)"}

    assert dav.send("GET", "report.docx", headers=held).body == b"first"
    assert dav.send("PUT", "report.docx", b"mine", headers=held).status_int == 204
    assert dav.put("report.docx", b"theirs").status_int == 423
    dav.send("UNLOCK", "report.docx", headers={"Lock-Token": f"<{token}>"})
    assert dav.put("report.docx", b"theirs").status_int == 204
