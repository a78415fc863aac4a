"""LOCK and UNLOCK: who may write, told by every process from the same rows."""

import io

import pytest
from lxml import etree
from webtest import TestApp

from ocsync.app import create_app
from ocsync.log import open_log
from ocsync.settings import Settings
from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import D, Dav, dav_on, error_of, furnished, xml


@pytest.fixture
def space(library: Library, admin: Person, alice: Person) -> Space:
    """A project in which both may write."""
    made = library.catalog.create_project(admin.actor, "Orbit")
    library.catalog.set_member(admin.actor, made.id, alice.actor.user_id, Role.EDITOR)
    return made


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, space: Space) -> Dav:
    """The admin's connection, with a file in a folder."""
    return furnished(dav_on(app, library, admin, space))


@pytest.fixture
def other(app: TestApp, library: Library, alice: Person, space: Space) -> Dav:
    """Alice's connection to the same space."""
    return dav_on(app, library, alice, space)


def token_of(answer: object) -> str:
    """The token in a Lock-Token header, without brackets."""
    return str(answer.headers["Lock-Token"]).strip("<>")  # type: ignore[attr-defined]


def test_taking_a_lock(dav: Dav) -> None:
    """200 with token and discovery."""
    answer = dav.lock("folder/a.txt", Timeout="Second-60")

    lock = etree.fromstring(answer.body).find(f"{D}lockdiscovery/{D}activelock")
    assert answer.status_int == 200
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert lock is not None
    assert lock.findtext(f"{D}locktoken/{D}href") == token_of(answer)
    assert lock.findtext(f"{D}lockroot/{D}href") == dav.url("folder/a.txt")


def test_writing_needs_the_token(dav: Dav, other: Dav) -> None:
    """423 with the condition; 204 with the token in If."""
    token = token_of(dav.lock("folder/a.txt"))

    answer = other.put("folder/a.txt", b"x")
    assert answer.status_int == 423
    assert error_of(answer).exception == "Locked"
    assert error_of(answer).conditions == (f"{D}lock-token-submitted",)
    assert dav.put("folder/a.txt", b"x").status_int == 423
    assert dav.put("folder/a.txt", b"x", If=f"(<{token}>)").status_int == 204


def test_a_token_serves_only_who_made_the_lock(dav: Dav, other: Dav) -> None:
    """RFC 4918 §6.4: knowing somebody's token does not make one its owner."""
    token = token_of(dav.lock("folder/a.txt"))

    assert other.put("folder/a.txt", b"x", If=f"(<{token}>)").status_int == 423


@pytest.mark.parametrize("method", ["DELETE", "MOVE", "PROPPATCH", "LOCK"])
def test_other_methods_need_it_too(dav: Dav, method: str) -> None:
    """Whatever changes the locked file."""
    dav.lock("folder/a.txt")
    bodies = {
        "PROPPATCH": xml(
            "propertyupdate", "<d:set><d:prop><oc:tags>x</oc:tags></d:prop></d:set>"
        ),
        "LOCK": xml(
            "lockinfo",
            "<d:lockscope><d:exclusive/></d:lockscope>"
            "<d:locktype><d:write/></d:locktype>",
        ),
    }

    answer = dav.send(
        method,
        "folder/a.txt",
        bodies.get(method, b""),
        headers={"Destination": dav.url("b")} if method == "MOVE" else {},
    )

    assert answer.status_int == 423


def test_reading_needs_none(dav: Dav, other: Dav) -> None:
    """Locks here are write locks."""
    dav.lock("folder")

    assert other.get("folder/a.txt").status_int == 200
    assert other.copy("folder", "copy").status_int == 201


def test_a_deep_lock_covers_all_below(dav: Dav) -> None:
    """RFC 4918 §9.10.3: also what comes to be there."""
    token = token_of(dav.lock("folder"))

    assert dav.put("folder/a.txt", b"x").status_int == 423
    assert dav.put("folder/new.txt", b"x").status_int == 423
    assert dav.mkcol("folder/new").status_int == 423
    tagged = f"<http://localhost{dav.url('folder/')}> (<{token}>)"
    assert dav.put("folder/new.txt", b"x", If=tagged).status_int == 201
    assert dav.put("folder/b.txt", b"x", If=f"(<{token}>)").status_int == 201


def test_depth_zero_covers_the_members_not_their_content(dav: Dav) -> None:
    """RFC 4918 §7.4: adding and removing members needs the token, writing not."""
    dav.lock("folder", Depth="0")

    assert dav.put("folder/a.txt", b"x").status_int == 204
    assert dav.put("folder/new.txt", b"x").status_int == 423
    assert dav.delete("folder/a.txt").status_int == 423


def test_a_lock_of_nothing_makes_an_empty_file(dav: Dav) -> None:
    """RFC 4918 §7.3: 201."""
    answer = dav.lock("new.txt")

    assert answer.status_int == 201
    assert dav.get("new.txt").body == b""
    assert dav.put("new.txt", b"x").status_int == 423
    assert dav.lock("no/new.txt").status_int == 409


class TestConflicts:
    """RFC 4918 §6.2: exclusive locks stand alone, shared ones side by side."""

    def test_exclusive(self, dav: Dav, other: Dav) -> None:
        """423 with the condition."""
        dav.lock("folder/a.txt")

        for scope in ("exclusive", "shared"):
            answer = other.lock("folder/a.txt", scope=scope)
            assert answer.status_int == 423
            assert error_of(answer).conditions == (f"{D}no-conflicting-lock",)

    def test_shared(self, dav: Dav, other: Dav) -> None:
        """Each holder may write, nobody else."""
        mine = token_of(dav.lock("folder/a.txt", scope="shared"))
        assert other.lock("folder/a.txt", scope="shared").status_int == 200

        assert other.lock("folder/a.txt").status_int == 423
        assert dav.put("folder/a.txt", b"x", If=f"(<{mine}>)").status_int == 204
        assert dav.put("folder/a.txt", b"x").status_int == 423

    def test_above_and_below(self, dav: Dav, other: Dav) -> None:
        """A deep lock meets any lock below it."""
        dav.lock("folder/a.txt")

        assert other.lock("folder").status_int == 423
        assert other.lock("folder", Depth="0").status_int == 200


class TestRefreshing:
    """RFC 4918 §9.10.2: LOCK without a body."""

    def test_with_the_token(self, dav: Dav) -> None:
        """200 with the lock as it is then, and no new token."""
        token = token_of(dav.lock("folder/a.txt", Timeout="Second-10"))

        answer = dav.send(
            "LOCK",
            "folder/a.txt",
            headers={"If": f"(<{token}>)", "Timeout": "Second-600"},
        )

        lock = etree.fromstring(answer.body).find(f"{D}lockdiscovery/{D}activelock")
        assert answer.status_int == 200
        assert lock is not None
        assert lock.findtext(f"{D}locktoken/{D}href") == token
        assert int(str(lock.findtext(f"{D}timeout")).removeprefix("Second-")) > 500

    def test_without_a_token(self, dav: Dav) -> None:
        """400: neither a new lock nor an old one is asked for."""
        dav.lock("folder/a.txt")

        assert dav.send("LOCK", "folder/a.txt").status_int == 400

    def test_with_another_token(self, dav: Dav) -> None:
        """412."""
        answer = dav.send(
            "LOCK", "folder/a.txt", headers={"If": "(<opaquelocktoken:x>)"}
        )

        assert answer.status_int == 412


class TestUnlocking:
    """RFC 4918 §9.11."""

    def test_giving_up(self, dav: Dav, other: Dav) -> None:
        """204, and everyone may write again."""
        token = token_of(dav.lock("folder/a.txt"))

        answer = dav.send(
            "UNLOCK", "folder/a.txt", headers={"Lock-Token": f"<{token}>"}
        )

        assert answer.status_int == 204
        assert other.put("folder/a.txt", b"x").status_int == 204

    def test_another_token(self, dav: Dav) -> None:
        """409 with the condition."""
        answer = dav.send(
            "UNLOCK", "folder/a.txt", headers={"Lock-Token": "<opaquelocktoken:x>"}
        )

        assert answer.status_int == 409
        assert error_of(answer).conditions == (f"{D}lock-token-matches-request-uri",)

    def test_a_token_without_brackets(self, dav: Dav) -> None:
        """204 too: npm's `webdav` sends the token as it stands in the body."""
        token = token_of(dav.lock("folder/a.txt"))

        answer = dav.send("UNLOCK", "folder/a.txt", headers={"Lock-Token": token})

        assert answer.status_int == 204

    @pytest.mark.parametrize("text", [None, "", "<x", "<>", "<a> <b>"])
    def test_no_token(self, dav: Dav, text: str | None) -> None:
        """400."""
        headers = {} if text is None else {"Lock-Token": text}

        assert dav.send("UNLOCK", "folder/a.txt", headers=headers).status_int == 400

    def test_somebody_elses(self, dav: Dav, other: Dav) -> None:
        """403."""
        token = token_of(dav.lock("folder/a.txt"))

        answer = other.send(
            "UNLOCK", "folder/a.txt", headers={"Lock-Token": f"<{token}>"}
        )

        assert answer.status_int == 403
        assert other.put("folder/a.txt", b"x").status_int == 423

    def test_from_below(self, dav: Dav) -> None:
        """RFC 4918 §9.11: any URL in the scope of the lock will do."""
        token = token_of(dav.lock("folder"))

        answer = dav.send(
            "UNLOCK", "folder/a.txt", headers={"Lock-Token": f"<{token}>"}
        )

        assert answer.status_int == 204


class TestIfHeader:
    """RFC 4918 §10.4 against what is really there."""

    def test_etags(self, dav: Dav) -> None:
        """412 for another state, and the state is held to the commit."""
        etag = dav.etag("folder/a.txt")

        assert dav.put("folder/a.txt", b"x", If=f"([{etag}])").status_int == 204
        assert dav.put("folder/a.txt", b"y", If=f"([{etag}])").status_int == 412

    def test_a_token_that_no_lock_has(self, dav: Dav) -> None:
        """The list is false."""
        answer = dav.put("folder/a.txt", b"x", If="(<opaquelocktoken:x>)")

        assert answer.status_int == 412

    def test_not_no_lock(self, dav: Dav) -> None:
        """The idiom for submitting a token without a condition on it."""
        token = token_of(dav.lock("folder/a.txt"))
        text = f"(<{token}>) (Not <DAV:no-lock>)"

        assert dav.put("folder/a.txt", b"x", If=text).status_int == 204
        assert (
            dav.put(
                "folder/a.txt", b"x", If="(<opaquelocktoken:x>) (Not <DAV:no-lock>)"
            ).status_int
            == 423
        )

    def test_tagged_lists(self, dav: Dav) -> None:
        """The state of another resource decides."""
        etag = dav.etag("folder/a.txt")
        dav.put("b.txt", b"b")
        url = dav.url("folder/a.txt")

        for tag in (url, f"http://localhost{url}"):
            assert dav.put("b.txt", b"c", If=f"<{tag}> ([{etag}])").status_int == 204
            assert dav.put("b.txt", b"c", If=f'<{tag}> (["x"])').status_int == 412

    @pytest.mark.parametrize(
        "tag",
        ["http://elsewhere.example.org/a", "/nothing", "/dav/spaces/bad/x", "x:y"],
    )
    def test_tags_that_lead_nowhere(self, dav: Dav, tag: str) -> None:
        """Nothing holds of what is not here."""
        assert dav.put("b.txt", b"c", If=f'<{tag}> (["x"])').status_int == 412
        assert dav.put("b.txt", b"c", If=f'<{tag}> (Not ["x"])').status_int == 201

    @pytest.mark.parametrize("method", ["GET", "PROPFIND", "MKCOL", "COPY", "DELETE"])
    def test_every_method_judges_it(self, dav: Dav, method: str) -> None:
        """412 whatever is asked."""
        answer = dav.send(
            method,
            "new" if method == "MKCOL" else "folder/a.txt",
            headers={"If": '(["x"])', "Destination": dav.url("b")},
        )

        assert answer.status_int == 412


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<d:lockscope><d:exclusive/></d:lockscope>",
        "<d:locktype><d:write/></d:locktype>",
        "<d:lockscope/><d:locktype><d:write/></d:locktype>",
        (
            "<d:lockscope><d:exclusive/><d:shared/></d:lockscope>"
            "<d:locktype><d:write/></d:locktype>"
        ),
        "<d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:read/></d:locktype>",
    ],
)
def test_bad_lockinfo(dav: Dav, inside: str) -> None:
    """400, and nothing is locked or made."""
    answer = dav.send("LOCK", "new.txt", xml("lockinfo", inside))

    assert answer.status_int == 400
    assert dav.names() == ["folder"]


@pytest.mark.parametrize("depth", ["1", "abc"])
def test_bad_depth(dav: Dav, depth: str) -> None:
    """400: a lock takes 0 or infinity."""
    assert dav.lock("folder", Depth=depth).status_int == 400


def test_owner_is_shown_as_it_was_given(dav: Dav) -> None:
    """XML inside the owner stays XML."""
    body = xml(
        "lockinfo",
        "<d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype>"
        "<d:owner><d:href>mailto:me@example.org</d:href></d:owner>",
    )
    dav.send("LOCK", "folder/a.txt", body)

    text = dav.propfind("folder/a.txt", "d:lockdiscovery").text

    assert "<d:owner" in text
    assert "<d:href>mailto:me@example.org</d:href>" in text


def test_locks_are_seen_by_other_processes_and_after_a_restart(
    dav: Dav, library: Library, settings: Settings, admin: Person, space: Space
) -> None:
    """Another application over the same data knows the lock."""
    token = token_of(dav.lock("folder/a.txt"))
    second = TestApp(
        create_app(
            settings, library=library, log=open_log(settings.log, stream=io.StringIO())
        )
    )
    elsewhere = dav_on(second, library, admin, space)

    assert elsewhere.put("folder/a.txt", b"x").status_int == 423
    answer = elsewhere.send(
        "UNLOCK", "folder/a.txt", headers={"Lock-Token": f"<{token}>"}
    )
    assert answer.status_int == 204
    assert dav.put("folder/a.txt", b"x").status_int == 204


def test_a_moved_file_leaves_its_lock_behind(dav: Dav) -> None:
    """RFC 4918 §7.6: locks do not move along."""
    token = token_of(dav.lock("folder/a.txt"))

    dav.move("folder/a.txt", "b.txt", If=f"(<{token}>)")

    assert dav.row("b.txt", "d:lockdiscovery").missing
    assert dav.put("b.txt", b"x").status_int == 204
