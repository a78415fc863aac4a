"""PATCH on data URLs: the bytes of uploads on spaces.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus
from tests.wire.tus_spaces.calls import is_absent, read, version_count


def test_case_48_first_part(tus: Tus) -> None:
    """A part is answered with the new offset, the expiry and the file's id."""
    path = tus.start(10)

    response = tus.patch(path, 0, b"01234")

    headers = response.headers
    assert headers["Upload-Offset"] == "5"
    assert headers["Upload-Expires"].isdigit()
    assert "$" in headers["OC-FileId"]
    assert headers["Tus-Resumable"] == "1.0.0"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Vary"] == "Origin"
    assert headers["X-Request-Id"]
    assert response.body == b""


def test_case_49_last_part(tus: Tus) -> None:
    """The last part makes the file and tells its state."""
    path = tus.start(10)
    first = tus.patch(path, 0, b"01234")

    response = tus.patch(path, 5, b"56789")

    headers = response.headers
    assert headers["Upload-Offset"] == "10"
    assert headers["Upload-Expires"] == first.headers["Upload-Expires"]
    assert headers["OC-FileId"] == first.headers["OC-FileId"]
    assert headers["ETag"] == headers["OC-ETag"]
    assert headers["OC-Perm"] == "RDNVWZP"
    assert headers["Last-Modified"].endswith("GMT")
    assert read(tus) == b"0123456789"


def test_case_50_51_resent_part(tus: Tus) -> None:
    """A part at an old offset is 409, says the right one, and changes nothing."""
    path = tus.start(10)
    tus.patch(path, 0, b"123")

    refused = tus.patch(path, 0, b"xxx", status=409)
    assert refused.headers["Upload-Offset"] == "3"
    assert tus.offset(path) == 3
    assert is_absent(tus)

    tus.patch(path, 3, b"4567890")
    assert read(tus) == b"1234567890"


@pytest.mark.parametrize("offset", [1, 9, 10, 2**62])
def test_case_52_first_part_beyond_the_offset(tus: Tus, offset: int) -> None:
    """A part beyond the offset is 409."""
    path = tus.start(10)

    assert tus.patch(path, offset, b"x", status=409).headers["Upload-Offset"] == "0"


def test_case_53_resent_after_the_end(tus: Tus) -> None:
    """A part of a finished upload is 404, and the content stays."""
    path = tus.start(5)
    tus.patch(path, 0, b"12345")

    tus.patch(path, 0, b"xxxxx", status=404)
    tus.patch(path, 5, b"x", status=404)

    assert read(tus) == b"12345"


def test_c19_a_page_learns_that_it_is_done(tus: Tus) -> None:
    """Browsers send again by themselves; their scripts go on only after a 409."""
    path = tus.start(5)
    tus.patch(path, 0, b"12345")
    page = "https://example.org"

    again = tus.patch(path, 0, b"12345", status=409, Origin=page)

    assert again.headers["Upload-Offset"] == "5"
    assert tus.head(path, Origin=page).headers["ETag"]
    assert read(tus) == b"12345"


def test_f13_empty_part_at_the_end_replays_the_answer(tus: Tus) -> None:
    """Who lost the final answer gets it again, by PATCH or HEAD; one file is made."""
    path = tus.start(5)
    final = tus.patch(path, 0, b"12345")

    again = tus.patch(path, 5, b"")
    head = tus.head(path)

    for name in ("ETag", "OC-ETag", "OC-FileId", "OC-Perm", "Last-Modified"):
        assert again.headers[name] == head.headers[name] == final.headers[name]


def test_case_54_ten_parts_of_one_byte(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Parts may be as small as one likes, and leave no versions."""
    path = tus.start(10)
    for offset in range(10):
        assert tus.patch(path, offset, b"%d" % offset).headers["Upload-Offset"] == str(
            offset + 1
        )

    assert read(tus) == b"0123456789"
    assert version_count(library, admin, home, "file.bin") == 0


@pytest.mark.parametrize(
    "media_type", [None, "application/octet-stream", "text/plain", "*/*"]
)
def test_case_55_wrong_type(tus: Tus, media_type: str | None) -> None:
    """A body that is not declared as a part is 415."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Content_Type=media_type or "", status=415)

    assert tus.offset(path) == 0


@pytest.mark.parametrize(
    "media_type",
    ["Application/Offset+Octet-Stream", "application/offset+octet-stream; charset=x"],
)
def test_type_is_read_as_http_says(tus: Tus, media_type: str) -> None:
    """Case and parameters of the type make no difference."""
    path = tus.start(5)

    tus.patch(path, 0, b"12345", Content_Type=media_type)


@pytest.mark.parametrize(
    "offset", [None, "", "-1", "abc", "1.5", "+0", "0x0", "9" * 30, "0,0", "0 0", "٣"]
)
def test_case_56_offset_is_no_number(tus: Tus, offset: str | None) -> None:
    """An offset that is no non-negative integer is 400 and moves nothing."""
    path = tus.start(5)
    if offset is not None and not offset.isascii():
        offset = offset.encode().decode("latin-1")

    tus.patch(path, offset, b"12345", status=400)

    assert tus.offset(path) == 0


def test_case_57_no_version(tus: Tus) -> None:
    """A PATCH without Tus-Resumable is 412 and not processed."""
    path = tus.start(5)

    response = tus.patch(path, 0, b"12345", Tus_Resumable=None, status=412)

    assert response.headers["Tus-Version"] == "1.0.0"
    assert tus.offset(path) == 0


def test_case_58_body_beyond_the_length(tus: Tus) -> None:
    """Nothing of a body that is too long is stored."""
    path = tus.start(5)
    tus.patch(path, 0, b"12")

    tus.patch(path, 2, b"3456789", status=413)

    assert tus.offset(path) == 2
    tus.patch(path, 2, b"345")
    assert read(tus) == b"12345"


def test_case_70_two_uploads_of_one_new_name(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Who finishes second meets 409: no file made meanwhile is overwritten."""
    first, second = tus.start(5), tus.start(5)
    tus.patch(second, 0, b"22222")

    response = tus.patch(first, 0, b"11111", status=409)

    assert response.headers["Upload-Offset"]
    assert read(tus) == b"22222"
    assert version_count(library, admin, home, "file.bin") == 0
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0


def test_case_71_two_uploads_of_one_existing_file(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Both finish, the last one wins, each leaves a version."""
    tus.create(3, body=b"old")
    first, second = tus.start(5), tus.start(5)

    tus.patch(second, 0, b"22222")
    tus.patch(first, 0, b"11111")

    assert read(tus) == b"11111"
    assert version_count(library, admin, home, "file.bin") == 2


def test_if_match_is_checked_again_at_the_end(tus: Tus) -> None:
    """A file that changed since the upload began is not overwritten."""
    etag = tus.create(3, body=b"old").headers["ETag"]
    path = tus.start(5, if_match=etag)
    tus.create(5, body=b"newer")

    tus.patch(path, 0, b"stale", status=412)

    assert read(tus) == b"newer"
    tus.head(path, status=410)


@pytest.mark.parametrize("method", ["PATCH", "patch"])
def test_case_72_method_override(app: TestApp, tus: Tus, method: str) -> None:
    """POST with an override is what the override says, on data URLs."""
    path = tus.start(5)
    headers = {
        "Tus-Resumable": "1.0.0",
        "X-HTTP-Method-Override": method,
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }

    app.post(path, b"12345", headers=headers, status=204)

    assert read(tus) == b"12345"


@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND", ""])
def test_c11_other_overrides_are_refused(app: TestApp, tus: Tus, method: str) -> None:
    """Only an upload's own methods can be meant."""
    path = tus.start(5)
    headers = {"Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": method}

    app.post(path, b"", headers=headers, status=400)


def test_any_chunk_size_is_taken(tus: Tus) -> None:
    """Rclone sends more at once than is announced; nothing is refused for that."""
    data = bytes(range(256)) * 40_960 + b"tail"
    path = tus.start(len(data))

    tus.patch(path, 0, data[:10_485_760])
    tus.patch(path, 10_485_760, data[10_485_760:])

    assert read(tus) == data


def test_rights_are_checked_with_every_part(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """Who loses the role in the middle writes no more, whatever URL they hold."""
    space = library.catalog.create_project(admin.actor, "Project")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)
    url = f"/dav/spaces/{library.storage_id}${space.id}"
    path = Tus(app, url, alice.basic).start(10)
    tus = Tus(app, url, alice.basic)
    tus.patch(path, 0, b"01234")

    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)
    tus.patch(path, 5, b"56789", status=403)
    library.catalog.remove_member(admin.actor, space.id, alice.actor.user_id)
    tus.patch(path, 5, b"56789", status=404)
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)

    tus.patch(path, 5, b"56789")


def test_disabled_accounts_write_no_more(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """A disabled account's upload takes no bytes."""
    home = library.catalog.personal(alice.actor)
    url = f"/dav/spaces/{library.storage_id}${home.id}"
    tus = Tus(app, url, alice.basic)
    path = tus.start(5)

    library.accounts.disable(alice.actor.user_id)

    tus.patch(path, 0, b"12345", status=403)


def test_overwrite_keeps_the_id(tus: Tus) -> None:
    """The reserved id of an overwrite is the file's own."""
    first = tus.create(3, body=b"old").headers["OC-FileId"]
    path = tus.start(5)

    assert tus.patch(path, 0, b"12").headers["OC-FileId"] == first
    assert tus.patch(path, 2, b"345").headers["OC-FileId"] == first


def test_file_removed_while_it_is_overwritten(app: TestApp, tus: Tus) -> None:
    """What was to be replaced is gone: the content becomes a new file."""
    old = tus.create(3, body=b"old").headers["OC-FileId"]
    path = tus.start(5)
    app.delete(f"{tus.url}/file.bin", headers=dict(tus.auth), status=204)

    final = tus.patch(path, 0, b"12345")

    assert final.headers["OC-FileId"] != old
    assert read(tus) == b"12345"
