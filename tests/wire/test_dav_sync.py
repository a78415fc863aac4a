"""DAV:sync-collection (RFC 6578): a client gets what changed, and nothing else."""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import (
    OC,
    D,
    Dav,
    dav_on,
    error_of,
    rows_of,
    sync_token_of,
    xml,
)
from tests.wire.mirror import Mirror, truth


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a small tree."""
    connection = dav_on(app, library, admin, home)
    connection.mkcol("a")
    connection.mkcol("a/b")
    connection.put("a/b/c.txt", b"c")
    connection.put("top.txt", b"t")
    return connection


def report(
    dav: Dav,
    token: str,
    path: str = "",
    *,
    level: str = "infinite",
    limit: str = "",
    depth: str = "0",
) -> dict[str, int | None]:
    """One report: status (None: there) by path, with the new token under `token`."""
    inside = f"<d:sync-token>{token}</d:sync-token><d:sync-level>{level}</d:sync-level>"
    body = xml("sync-collection", f"{inside}{limit}<d:prop><d:getetag/></d:prop>")
    answer = dav.send("REPORT", path, body, headers={"Depth": depth})
    told: dict[str, int | None] = {
        row.path.removeprefix(dav.base): row.status for row in rows_of(answer)
    }
    TOKENS[dav] = sync_token_of(answer)
    return told


TOKENS: dict[Dav, str] = {}


@pytest.fixture
def token(dav: Dav) -> str:
    """The present token of the root, as PROPFIND tells it."""
    return dav.row("", "d:sync-token").text(f"{D}sync-token")


def test_everything_at_first(dav: Dav) -> None:
    """RFC 6578 §3.4: without a token all members."""
    assert report(dav, "") == {
        "a/": None,
        "a/b/": None,
        "a/b/c.txt": None,
        "top.txt": None,
    }


def test_nothing_if_nothing_changed(dav: Dav, token: str) -> None:
    """The token of PROPFIND is as good as that of a report."""
    assert report(dav, token) == {}
    assert TOKENS[dav] == token


def test_added_changed_removed(dav: Dav, token: str) -> None:
    """Each once, however often it changed."""
    dav.put("a/new.txt", b"1")
    dav.put("a/new.txt", b"2")
    dav.put("a/b/c.txt", b"changed")
    dav.delete("top.txt")

    assert report(dav, token) == {
        "a/new.txt": None,
        "a/b/c.txt": None,
        "top.txt": 404,
    }


def test_made_and_removed_in_between(dav: Dav, token: str) -> None:
    """RFC 6578 §3.5.2 lets the server report it as removed, never as there."""
    dav.put("short.txt", b"x")
    dav.delete("short.txt")

    assert report(dav, token) in ({}, {"short.txt": 404})


def test_moved(dav: Dav, token: str) -> None:
    """Removed where it was, there where it is, with all below."""
    dav.move("a/b", "moved")

    assert report(dav, token) == {
        "a/b": 404,
        "moved/": None,
        "moved/c.txt": None,
    }


def test_properties(dav: Dav, token: str) -> None:
    """A changed property changes the ETag, and so is a change."""
    dav.proppatch("top.txt", "<d:set><d:prop><oc:tags>x</oc:tags></d:prop></d:set>")

    assert report(dav, token) == {"top.txt": None}


def test_trash_and_back(dav: Dav, token: str) -> None:
    """A restored folder comes whole."""
    dav.delete("a")
    assert report(dav, token) == {"a": 404}
    second = TOKENS[dav]
    trash = dav.base.replace("spaces/", "spaces/trash-bin/")
    item = rows_of(dav.propfind(raw=trash, depth="1"))[1]
    dav.send("MOVE", raw=item.href, headers={"Destination": dav.url("back")})

    assert report(dav, second) == {
        "back/": None,
        "back/b/": None,
        "back/b/c.txt": None,
    }


class TestSubtrees:
    """Any folder has a history of its own."""

    def test_only_what_is_below(self, dav: Dav) -> None:
        """Changes elsewhere are not told."""
        token = dav.row("a/b", "d:sync-token").text(f"{D}sync-token")
        dav.put("top.txt", b"x")
        dav.put("a/b/d.txt", b"x")

        assert report(dav, token, "a/b") == {"a/b/d.txt": None}

    def test_moved_in_and_out(self, dav: Dav) -> None:
        """In: whole; out: removed."""
        dav.mkcol("in")
        dav.mkcol("in/deep")
        dav.put("in/deep/x", b"x")
        token = dav.row("a", "d:sync-token").text(f"{D}sync-token")
        dav.move("in", "a/in")
        dav.move("a/b", "b")

        assert report(dav, token, "a") == {
            "a/in/": None,
            "a/in/deep/": None,
            "a/in/deep/x": None,
            "a/b": 404,
        }

    def test_a_token_is_of_one_folder(self, dav: Dav, token: str) -> None:
        """Another folder's token is refused."""
        body = xml(
            "sync-collection",
            f"<d:sync-token>{token}</d:sync-token>"
            "<d:sync-level>1</d:sync-level><d:prop/>",
        )

        answer = dav.send("REPORT", "a", body)

        assert answer.status_int == 403
        assert error_of(answer).conditions == (f"{D}valid-sync-token",)


class TestLevelOne:
    """RFC 6578 §3.3: only the members, of which folders change with what is below."""

    def test_at_first(self, dav: Dav) -> None:
        """The members."""
        assert report(dav, "", level="1") == {"a/": None, "top.txt": None}

    def test_changes(self, dav: Dav, token: str) -> None:
        """A change far below is one of the member folder's ETag."""
        dav.put("a/b/c.txt", b"changed")
        dav.delete("top.txt")

        assert report(dav, token, level="1") == {"a/": None, "top.txt": 404}

    def test_removals_below(self, dav: Dav, token: str) -> None:
        """So is a removal far below."""
        dav.delete("a/b/c.txt")

        assert report(dav, token, level="1") == {"a/": None}


class TestPages:
    """RFC 6578 §3.6: truncation with 507 on the folder itself."""

    LIMIT = "<d:limit><d:nresults>2</d:nresults></d:limit>"

    def test_at_first(self, dav: Dav) -> None:
        """Two, then the other two, by the token in between."""
        first = report(dav, "", limit=self.LIMIT)
        second = report(dav, TOKENS[dav], limit=self.LIMIT)

        assert first == {"": 507, "a/": None, "a/b/": None}
        assert second == {"a/b/c.txt": None, "top.txt": None}
        assert report(dav, TOKENS[dav], limit=self.LIMIT) == {}

    def test_changes(self, dav: Dav, token: str) -> None:
        """The same for changes."""
        for name in "xyz":
            dav.put(name, b"1")

        first = report(dav, token, limit=self.LIMIT)
        second = report(dav, TOKENS[dav], limit=self.LIMIT)

        assert first == {"": 507, "x": None, "y": None}
        assert second == {"z": None}

    def test_changes_between_the_first_pages(self, dav: Dav) -> None:
        """Nothing is lost that happens while the first listing is handed out."""
        mirror = Mirror(dav, limit=1)
        assert mirror._page()
        dav.move("a/b", "0")
        dav.put("a/late.txt", b"x")
        dav.delete("top.txt")
        mirror.sync()
        mirror.sync()

        assert mirror.state == truth(dav)


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "urn:ocsync:sync:x:1",
        "http://example.org/ns/sync/1",
        "urn:ocsync:sync:{folder}:999999999",
        "urn:ocsync:sync:{folder}:-1",
        "urn:ocsync:sync:{folder}:1:",
    ],
)
def test_bad_tokens(dav: Dav, home: Space, token: str) -> None:
    """RFC 6578 §3.2: 403 with DAV:valid-sync-token; the client begins anew."""
    body = xml(
        "sync-collection",
        f"<d:sync-token>{token.format(folder=home.id)}</d:sync-token>"
        "<d:sync-level>infinite</d:sync-level><d:prop/>",
    )

    answer = dav.send("REPORT", "", body)

    assert answer.status_int == 403
    assert error_of(answer).conditions == (f"{D}valid-sync-token",)


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<d:sync-token/>",
        "<d:sync-level>1</d:sync-level>",
        "<d:sync-token/><d:sync-level>2</d:sync-level>",
        (
            "<d:sync-token/><d:sync-level>1</d:sync-level>"
            "<d:limit><d:nresults>0</d:nresults></d:limit>"
        ),
        (
            "<d:sync-token/><d:sync-level>1</d:sync-level>"
            "<d:limit><d:nresults>many</d:nresults></d:limit>"
        ),
    ],
)
def test_bad_bodies(dav: Dav, inside: str) -> None:
    """400."""
    assert dav.send("REPORT", "", xml("sync-collection", inside)).status_int == 400


def test_depth(dav: Dav) -> None:
    """RFC 6578 §3.2: Depth is 0, how deep is told by the level."""
    body = xml("sync-collection", "<d:sync-token/><d:sync-level>1</d:sync-level>")

    assert dav.send("REPORT", "", body, headers={"Depth": "1"}).status_int == 400


def test_files_have_no_history(dav: Dav) -> None:
    """403: the report is for collections."""
    body = xml("sync-collection", "<d:sync-token/><d:sync-level>1</d:sync-level>")

    answer = dav.send("REPORT", "top.txt", body)

    assert answer.status_int == 403
    assert error_of(answer).conditions == (f"{D}supported-report",)


def test_the_answer_costs_what_changed(dav: Dav) -> None:
    """One change among many files is one response."""
    dav.mkcol("many")
    for number in range(30):
        dav.put(f"many/{number}", b"x")
    mirror = Mirror(dav)
    mirror.sync()
    dav.put("many/7", b"changed")

    mirror.sync()

    assert mirror.reported == 1
    assert mirror.state == truth(dav)


def test_renames_keep_ids(dav: Dav, token: str) -> None:
    """A client that compares ids sees a move instead of a new file."""
    before = dav.row("top.txt", "oc:id").text(f"{OC}id")
    dav.move("top.txt", "renamed.txt")
    body = xml(
        "sync-collection",
        f"<d:sync-token>{token}</d:sync-token><d:sync-level>infinite</d:sync-level>"
        "<d:prop><oc:id/></d:prop>",
    )

    rows = rows_of(dav.send("REPORT", "", body))

    there = [row for row in rows if row.status is None]
    assert [row.text(f"{OC}id") for row in there] == [before]
