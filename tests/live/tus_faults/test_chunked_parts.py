"""Parts in chunked coding, with checksums in their trailers.

Tests are named by the rows of the tus checklist and the fault matrix (`docs/tus.md`).
"""

import hashlib
from base64 import b64encode

import pytest

from tests.live.tus_site import AUTH, CHUNK, VERSION, Site


def test_c28_s10_chunked_body_with_a_trailer(site: Site) -> None:
    """The checksum may follow a body in chunks."""
    path = site.start(10)
    digest = b64encode(hashlib.sha1(b"0123456789").digest()).decode()
    for trailer, status in ((b"AAAA", 400), (digest.encode(), 204)):
        with site.connect() as client:
            client.request(
                f"PATCH {path}",
                AUTH,
                VERSION,
                "Content-Type: application/offset+octet-stream",
                "Upload-Offset: 0",
                "Transfer-Encoding: chunked",
                "Trailer: Upload-Checksum",
            )
            client.send(b"5\r\n01234\r\n5\r\n56789\r\n0\r\n")
            client.send(b"Upload-Checksum: sha1 ", trailer, b"\r\n\r\n")
            assert client.read_answer().status == status

    assert site.read(path) == b"0123456789"


@pytest.mark.parametrize("length", [0, 5])
def test_f13_empty_chunked_part_at_the_end(site: Site, length: int) -> None:
    """It replays the answer, though its length is known at its end only.

    So tus-java-client ends where the file is a multiple of its part, or empty, by
    Java's own HTTP client, which knows no PATCH and waits to be told to continue.
    """
    path = site.start(length)
    if length:
        site.patch(path, 0, b"01234")
    override = "X-HTTP-Method-Override: PATCH"
    offset = f"Upload-Offset: {length}"
    head = (AUTH, VERSION, CHUNK, override, offset, "Transfer-Encoding: chunked")
    with site.connect() as client:
        client.request(f"POST {path}", *head, "Expect: 100-continue")
        assert client.read_answer().status == 100
        client.send(b"0\r\n\r\n")
        empty = client.read_answer()
        client.request(f"POST {path}", *head)
        client.send(b"1\r\nx\r\n0\r\n\r\n")
        more = client.read_answer()

    assert (empty.status, empty["upload-offset"]) == (204, str(length))
    assert (more.status, more["upload-offset"]) == (409, str(length))
    assert site.read(path) == b"01234"[:length]


def test_s10_a_trailer_that_was_not_announced(site: Site) -> None:
    """A checksum that nobody could compute in time is refused, never passed over."""
    path = site.start(10)
    head = (AUTH, VERSION, CHUNK, "Upload-Offset: 0", "Transfer-Encoding: chunked")
    with site.connect() as client:
        client.request(f"PATCH {path}", *head)
        client.send(b"5\r\n01234\r\n0\r\nUpload-Checksum: sha1 ")
        client.send(b64encode(bytes(20)), b"\r\n\r\n")
        refused = client.read_answer()
        client.request(f"PATCH {path}", *head)
        client.send(b"5\r\n01234\r\n0\r\nX-Other: nothing\r\n\r\n")
        taken = client.read_answer()

    assert (refused.status, refused["upload-offset"]) == (400, "0")
    assert b"Trailer" in refused.body
    assert (taken.status, taken["upload-offset"]) == (204, "5")
