"""Uploads when the network fails: what arrived is kept, and told.

Tests are named by the rows of the tus checklist and the fault matrix (`docs/tus.md`).
"""

import hashlib
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

import pytest

from ocsync.server import ServerThread
from spaces.model import Place
from tests.live.harness import Serve, until
from tests.live.tus_faults.staging import DATA, received, staged
from tests.live.tus_site import AUTH, VERSION, Site, open_site


@pytest.mark.parametrize("end", ["fin", "rst"])
@pytest.mark.parametrize("count", [0, 1, 5000, 70_000])
def test_c23_f11_broken_connections_keep_their_bytes(
    site: Site, end: str, count: int
) -> None:
    """What arrived before the connection broke counts, to the byte."""
    path = site.start(len(DATA))
    client = site.connect()
    site.begin(client, path, 0, len(DATA))
    client.send(DATA[:count])
    if count:
        until(lambda: received(site, path) == count)

    if end == "rst":
        client.reset()
    else:
        client.end_sending()
    until(lambda: not any(u.holder for u in site.library.uploads.list_open()))

    client.close()

    assert site.offset(path) == count
    assert site.patch(path, count, DATA[count:]).status == 204
    assert site.read(path) == DATA


@pytest.mark.parametrize("end", ["fin", "rst"])
def test_case_74_connection_to_a_space_broken(site: Site, end: str) -> None:
    """The same on a data URL: HEAD tells the new offset, and the upload goes on."""
    space = f"{site.library.storage_id}${site.home.id}"
    made = site.ask(
        f"POST /dav/spaces/{space}",
        f"Upload-Length: {len(DATA)}",
        "Upload-Metadata: filename Y3V0LmJpbg==",
        "Content-Length: 0",
    )
    path = urlsplit(made["location"]).path
    client = site.connect()
    site.begin(client, path, 0, len(DATA))
    client.send(DATA[:5000])
    until(lambda: [staged(site, u) for u in site.library.uploads.list_open()] == [5000])

    if end == "rst":
        client.reset()
    else:
        client.end_sending()
    until(lambda: not any(u.holder for u in site.library.uploads.list_open()))
    client.close()

    assert site.offset(path) == 5000
    assert site.patch(path, 5000, DATA[5000:]).status == 204
    assert site.ask(f"GET /dav/spaces/{space}/cut.bin").body == DATA


def test_interrupted_request_is_told_so(site: Site) -> None:
    """Who only closed its sending side hears where the upload stands."""
    path = site.start(10)
    with site.connect() as client:
        site.begin(client, path, 0, 10)
        client.send(b"01234")
        client.end_sending()
        answer = client.read_answer()

    assert answer.status == 400
    assert answer["upload-offset"] == "5"


def test_s07_f21_cut_chunks_that_cannot_be_verified_are_discarded(site: Site) -> None:
    """A checksummed chunk counts as a whole or not at all."""
    path = site.start(10)
    digest = b64encode(hashlib.sha1(b"0123456789").digest()).decode()
    with site.connect() as client:
        site.begin(client, path, 0, 10, f"Upload-Checksum: sha1 {digest}")
        client.send(b"01234")
        client.end_sending()
        answer = client.read_answer()

    assert answer.status == 400
    assert site.offset(path) == 0
    answer = site.patch(path, 0, b"0123456789", f"Upload-Checksum: sha1 {digest}")
    assert answer.status == 204


def test_w04_creation_cut_in_the_middle(site: Site) -> None:
    """Nobody ever learned the URL: nothing is left of it."""
    with site.connect() as client:
        client.request(
            "POST /files",
            AUTH,
            VERSION,
            "Upload-Length: 50000000",
            "Content-Type: application/offset+octet-stream",
            "Content-Length: 50000000",
        )
        client.send(b"x" * 5000)
        client.end_sending()
        assert client.read_answer().status == 400

    assert site.library.uploads.list_open() == []
    assert list(site.library.blobs.staged_ids()) == []
    assert site.library.catalog.get(site.actor, site.home.id).quota.reserved == 0


def test_f20_staged_bytes_removed_by_hand(site: Site) -> None:
    """An upload whose bytes are gone is gone, never a short file."""
    path = site.start(10)
    site.patch(path, 0, b"01234")
    (upload,) = site.library.uploads.list_open()
    site.library.blobs.discard(upload.blob_id)

    answer = site.patch(path, 5, b"56789")

    assert answer.status == 410
    assert site.ask(f"HEAD {path}").status == 410
    folder = site.library.tree.get(site.actor, Place(site.home.id, ("Uploads",))).node
    assert list(site.library.tree.children(site.actor, folder)) == []


def test_c24_silent_connections_are_closed_and_their_bytes_kept(
    tmp_path: Path, serve: Serve
) -> None:
    """A client that sends nothing for too long loses its connection, no bytes."""

    def impatient(app: WSGIApplication) -> ServerThread:
        return serve(app, read_seconds=0.3)

    with open_site(tmp_path / "data", impatient) as site:
        path = site.start(10)
        with site.connect() as client:
            site.begin(client, path, 0, 10)
            client.send(b"01234")
            answer = client.read_answer()
            assert client.is_at_end()

        assert answer.status == 400
        assert answer["upload-offset"] == "5"
        assert site.offset(path) == 5
