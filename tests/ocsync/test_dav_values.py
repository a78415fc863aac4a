"""Pure parts of WebDAV: locations, sync tokens, XML text, media types, letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocsync.dav.locations import InMeta, InSpace, InTrash, Listing, Location, Naming
from ocsync.dav.sync_tokens import SyncToken, parse_sync_token
from ocsync.problems import HttpProblem
from ocsync.wire.media_types import media_type_of
from ocsync.wire.permissions import permission_letters, share_permissions
from ocsync.wire.sabre import error_body, escape
from spaces.errors import SpaceNotFound, SyncTokenExpired
from spaces.ids import NodeId, SpaceId, UserId, new_id
from spaces.model import Actor, Place, Role

STORAGE, SPACE, NODE, USER = (new_id() for _ in range(4))
NAMING = Naming(Actor(UserId(USER), "alice"), STORAGE)
SPACE_TEXT = f"{STORAGE}${SPACE}"
NODE_TEXT = f"{SPACE_TEXT}!{NODE}"


@pytest.mark.parametrize(
    ("mount", "segments", "expected"),
    [
        ("webdav", (), InSpace(Place(SpaceId(USER)))),
        ("webdav", ("spaces",), InSpace(Place(SpaceId(USER), ("spaces",)))),
        ("dav", (), Listing.DAV),
        ("dav", ("spaces",), Listing.SPACES),
        ("dav", ("spaces", "trash-bin"), Listing.TRASH),
        ("dav", ("spaces", SPACE_TEXT, "a"), InSpace(Place(SpaceId(SPACE), ("a",)))),
        (
            "dav",
            ("spaces", NODE_TEXT, "a"),
            InSpace(Place(SpaceId(SPACE), ("a",), NodeId(NODE))),
        ),
        (
            "dav",
            ("spaces", f"{SPACE_TEXT}!{SPACE}"),
            InSpace(Place(SpaceId(SPACE))),
        ),
        (
            "dav",
            ("files", "spaces", SPACE_TEXT, "a"),
            InSpace(Place(SpaceId(SPACE), ("a",))),
        ),
        ("dav", ("files",), Listing.FILES),
        ("dav", ("files", "alice", "a"), InSpace(Place(SpaceId(USER), ("a",)))),
        ("dav", ("files", USER), InSpace(Place(SpaceId(USER)))),
        ("dav", ("spaces", "trash-bin", SPACE_TEXT), InTrash(SpaceId(SPACE))),
        (
            "dav",
            ("spaces", "trash-bin", SPACE_TEXT, NODE, "a", "b"),
            InTrash(SpaceId(SPACE), NodeId(NODE), ("a", "b")),
        ),
        ("dav", ("trash-bin", "alice"), InTrash(SpaceId(USER))),
        ("dav", ("meta", NODE_TEXT), InMeta(NodeId(NODE), SpaceId(SPACE))),
        (
            "dav",
            ("meta", NODE_TEXT, "v", "1"),
            InMeta(NodeId(NODE), SpaceId(SPACE), is_versions=True, version="1"),
        ),
    ],
)
def test_locations(mount: str, segments: tuple[str, ...], expected: Location) -> None:
    """What each family of URLs names."""
    assert NAMING.locate(mount, segments) == expected


@pytest.mark.parametrize(
    ("segments", "status"),
    [
        (("nothing",), 404),
        (("files", "bob"), 404),
        (("trash-bin", "bob"), 404),
        (("spaces", "x"), 400),
        (("meta", "x"), 400),
        (("meta", NODE_TEXT, "w"), 404),
        (("spaces", "trash-bin", SPACE_TEXT, "x"), 404),
    ],
)
def test_no_locations(segments: tuple[str, ...], status: int) -> None:
    """What is nowhere, by its form alone."""
    with pytest.raises(HttpProblem) as caught:
        NAMING.locate("dav", segments)

    assert caught.value.problem.status == status


def test_another_storage() -> None:
    """Its spaces are not here."""
    with pytest.raises(SpaceNotFound):
        NAMING.locate("dav", ("spaces", f"{new_id()}${SPACE}"))


def is_name(text: str) -> bool:
    """Whether the text could be a name: no slash, nothing that is no character."""
    return "/" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


@given(
    st.integers(0, 10**15),
    st.none() | st.lists(st.text(min_size=1).filter(is_name), min_size=1).map(tuple),
)
def test_sync_tokens_round_trip(seq: int, reached: tuple[str, ...] | None) -> None:
    """Any position comes back, and only for its own folder."""
    token = SyncToken(NodeId(NODE), seq, reached)

    assert parse_sync_token(str(token), folder_id=NodeId(NODE)) == token
    with pytest.raises(SyncTokenExpired):
        parse_sync_token(str(token), folder_id=NodeId(SPACE))


@given(st.text())
def test_any_text_is_a_token_or_refused(text: str) -> None:
    """Nothing else comes of it."""
    with pytest.raises(SyncTokenExpired):
        parse_sync_token(text, folder_id=NodeId(NODE))


@given(st.text())
def test_any_text_can_stand_in_xml(text: str) -> None:
    """Escaped text is well-formed and says the same, but for what XML cannot say."""
    text = text.encode(errors="replace").decode()
    element = etree.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>'.encode())

    spoken = (element.text or "").replace("\ufffd", "")
    assert len(element) == 0
    assert set(spoken) <= set(text) | {"\n"}


@given(st.text(), st.text())
def test_error_bodies_are_well_formed(message: str, code: str) -> None:
    """Whatever a refusal says."""
    text = message.encode(errors="replace").decode(), code.encode(errors="replace")
    body = error_body(exception="X", message=text[0], code=text[1].decode())

    assert etree.fromstring(body).tag == "{DAV:}error"


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("a.txt", None, "text/plain"),
        ("A.JPG", "text/html", "image/jpeg"),
        ("a.tar.gz", None, "application/gzip"),
        ("a", "image/png; x=y", "image/png"),
        ("a", "application/octet-stream", None),
        ("a", "nonsense", None),
        ("a.unheard-of", None, None),
        (".txt", None, "text/plain"),
        ("", None, None),
    ],
)
def test_media_types(name: str, stated: str | None, expected: str | None) -> None:
    """By name, else as stated, else not known."""
    assert media_type_of(name, stated) == expected


def test_nobody_may_anything() -> None:
    """Without a role there are no letters."""
    assert permission_letters(None, is_folder=True) == ""
    assert share_permissions(None, is_folder=False) == 0
    assert "S" not in permission_letters(Role.MANAGER, is_folder=True)
