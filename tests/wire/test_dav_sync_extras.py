"""DAV:sync-collection tells what is kept beside nodes as PROPFIND does."""

import pytest
from lxml import etree
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import D, Dav, dav_on, prop, rows_of, sync_token_of, xml

LOCK = f"{D}lockdiscovery"


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space, with a file two folders down."""
    connection = dav_on(app, library, admin, home)
    for folder in ("top", "top/folder"):
        connection.mkcol(folder)
    connection.put("top/folder/a.txt", b"a")
    return connection


def told(
    dav: Dav, token: str = "", path: str = "", *, limit: int = 0
) -> tuple[dict[str, str], str]:
    """The lock's token of each path that is reported, empty without, and the token."""
    inside = (
        f"<d:sync-token>{token}</d:sync-token><d:sync-level>infinite</d:sync-level>"
    )
    if limit:
        inside += f"<d:limit><d:nresults>{limit}</d:nresults></d:limit>"
    body = xml("sync-collection", inside + prop("d:getetag", "d:lockdiscovery"))
    answer = dav.send("REPORT", path, body, headers={"Depth": "0"})
    rows = {
        row.path.removeprefix(dav.base): _lock_token(row.found.get(LOCK))
        for row in rows_of(answer)
        if row.status is None
    }
    return rows, sync_token_of(answer)


def _lock_token(found: etree._Element | None) -> str:
    if found is None:
        return ""
    return found.findtext(f"{D}activelock/{D}locktoken/{D}href") or ""


@pytest.mark.parametrize("asked", ["", "top/folder"])
def test_a_deep_lock_is_told_of_all_below(dav: Dav, asked: str) -> None:
    """In a listing and among changes, also where it lies above what is asked."""
    lock = str(dav.lock("top").headers["Lock-Token"]).strip("<>")

    listed, token = told(dav, path=asked)
    dav.put("top/folder/b.txt", b"b", If=f"(<{lock}>)")
    dav.put("aside.txt", b"x")
    changed, _ = told(dav, token, asked)

    assert listed["top/folder/a.txt"] == changed["top/folder/b.txt"] == lock
    assert changed.get("aside.txt", "") == ""


def test_many_changes_cost_few_reads(
    dav: Dav, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept beside them is read for all together, not one by one."""
    for number in range(20):
        dav.put(f"top/folder/{number}", b"x")
    reads: list[int] = []
    original = library.database.read

    def counted() -> object:
        reads.append(1)
        return original()

    monkeypatch.setattr(library.database, "read", counted)
    told(dav, path="top/folder", limit=2)
    few = len(reads)
    reads.clear()
    listed, _ = told(dav, path="top/folder")

    assert len(listed) == 21
    assert 0 < len(reads) <= few
