"""Uploads that are refused, or told of their URL, before their bytes have come.

Tests are named by the rows of the tus checklist and the fault matrix (`docs/tus.md`).
"""

from pathlib import Path

import pytest

from tests.live.harness import Serve
from tests.live.tus_site import AUTH, VERSION, Site, open_site


@pytest.mark.parametrize(
    ("field", "status"),
    [("Upload-Offset: 7", 409), ("Upload-Offset: x", 400), ("Upload-Offset: 0", 413)],
)
def test_c29_refused_before_the_body_is_sent(
    site: Site, field: str, status: int
) -> None:
    """With Expect: 100-continue a bad request costs no body."""
    path = site.start(10)
    with site.connect() as client:
        client.request(
            f"PATCH {path}",
            AUTH,
            VERSION,
            "Content-Type: application/offset+octet-stream",
            "Content-Length: 1000000",
            "Expect: 100-continue",
            field,
        )

        assert client.read_answer().status == status


def test_c29_asked_for_when_it_is_right(site: Site) -> None:
    """A good request is asked to go on."""
    path = site.start(5)
    with site.connect() as client:
        site.begin(client, path, 0, 5, "Expect: 100-continue")
        assert client.read_answer().status == 100
        client.send(b"12345")
        assert client.read_answer().status == 204


def test_c30_refused_while_the_body_is_being_sent(site: Site) -> None:
    """The refusal of a large body can be read, and the server does not read it all."""
    path = site.start(10)
    with site.connect() as client:
        site.begin(client, path, 7, 1 << 30)
        client.send(b"x" * 100_000)

        assert client.read_answer().status == 409


def test_507_is_readable_on_a_kept_connection(site: Site) -> None:
    """Case 33: a client that is out of quota reads why, and may go on."""
    site.library.catalog.update(site.actor, site.home.id, quota=10)
    with site.connect() as client:
        refused = client.ask(
            "POST /files",
            AUTH,
            VERSION,
            "Upload-Length: 24",
            "Content-Type: application/offset+octet-stream",
            body=b"x" * 24,
        )
        accepted = client.ask(
            "POST /files", AUTH, VERSION, "Upload-Length: 0", "Content-Length: 0"
        )

    assert refused.status == 507
    assert accepted.status == 201


def test_w05_too_large_a_creation_is_refused_before_its_body(
    tmp_path: Path, serve: Serve
) -> None:
    """With Expect: 100-continue the body is never asked for."""
    with (
        open_site(tmp_path / "data", serve, **{"uploads.max_size": "10B"}) as site,
        site.connect() as client,
    ):
        client.request(
            "POST /files",
            AUTH,
            VERSION,
            "Upload-Length: 1000",
            "Content-Type: application/offset+octet-stream",
            "Content-Length: 1000",
            "Expect: 100-continue",
        )

        assert client.read_answer().status == 413


def test_draft_client_is_told_the_url_before_its_body(site: Site) -> None:
    """A 104 with the Location comes first, and the upload survives a cut."""
    with site.connect() as client:
        client.request(
            "POST /files",
            AUTH,
            "Upload-Complete: ?1",
            "Upload-Draft-Interop-Version: 8",
            "Content-Length: 10",
        )
        interim = client.read_answer()
        path = "/files/" + interim["location"].rpartition("/")[2]
        client.send(b"01234")
        client.end_sending()
        client.read_answer()
    with site.connect() as client:
        draft = ("Upload-Draft-Interop-Version: 8", "Upload-Complete: ?1")
        head = client.ask(f"HEAD {path}", AUTH, draft[0])
        done = client.ask(
            f"PATCH {path}",
            AUTH,
            *draft,
            "Upload-Offset: 5",
            "Content-Type: application/partial-upload",
            body=b"56789",
        )
        content = client.ask(f"GET {path}", AUTH).body

    assert interim.status == 104
    assert head["upload-offset"] == "5"
    assert done.status == 200
    assert content == b"0123456789"
