"""Uploads when the network fails, when clients fight, and when they are slow.

Tests are named by the rows of the tus checklist and the fault matrix (`docs/tus.md`).
"""

import hashlib
import random
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

import pytest

from ocsync.server import ServerThread
from ocsync.settings import load_settings
from ocsync.tus.mounts import open_engine
from ocsync.tus.plain import plain_dialect
from spaces.clock import DAY
from spaces.errors import BlobNotFound
from spaces.ids import UploadId
from spaces.model import Place
from spaces.upload_model import Lifetime, Upload
from tests.live.harness import Serve, until
from tests.live.raw_http import RawClient
from tests.live.tus_site import AUTH, CHUNK, VERSION, Site, open_site

DATA = bytes(range(256)) * 400


@pytest.fixture
def site(tmp_path: Path, serve: Serve) -> Iterator[Site]:
    """A running service."""
    with open_site(tmp_path / "data", serve) as opened:
        yield opened


def received(site: Site, path: str) -> int:
    """Bytes that lie in the staging area of an upload, recorded or not."""
    upload = next(
        upload
        for upload in site.library.uploads.list_open()
        if upload.id == path.rpartition("/")[2]
    )
    return staged(site, upload)


def staged(site: Site, upload: Upload) -> int:
    """Bytes that lie in the staging area, recorded or not."""
    try:
        with site.library.blobs.open_staged(upload.blob_id) as reader:
            return reader.size
    except BlobNotFound:
        return 0


def stall(
    site: Site, path: str, data: bytes, length: int, offset: int = 0
) -> RawClient:
    """A connection whose PATCH stops after some bytes, which have all arrived."""
    client = site.connect()
    site.begin(client, path, 0, length)
    client.send(data)
    until(lambda: received(site, path) == len(data))
    return client


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


def test_f09_head_takes_over_a_stalled_patch(site: Site) -> None:
    """A HEAD ends a PATCH that has stalled, and tells an offset that can be used."""
    path = site.start(len(DATA))
    stalled = stall(site, path, DATA[:5000], len(DATA))
    time.sleep(0.25)  # longer than the patience of this site: the fault itself

    assert site.offset(path) == 5000
    assert stalled.read_answer().status == 423
    assert site.patch(path, 5000, DATA[5000:]).status == 204
    assert site.read(path) == DATA
    stalled.close()


def test_patch_takes_over_a_stalled_patch(site: Site) -> None:
    """The client that lost its connection goes on over a new one."""
    path = site.start(len(DATA))
    stalled = stall(site, path, DATA[:5000], len(DATA))
    time.sleep(0.25)  # as above

    assert site.patch(path, 5000, DATA[5000:]).status == 204

    assert site.read(path) == DATA
    stalled.close()


def test_f19_a_stop_ends_patches_at_once(tmp_path: Path, serve: Serve) -> None:
    """They hear when to come back, what came is kept, and nobody waits for them."""

    def patient(app: WSGIApplication) -> ServerThread:
        return serve(app, grace_seconds=3600)

    with open_site(tmp_path / "data", patient) as site:
        paths = [site.start(len(DATA)) for _ in range(5)]
        clients = [stall(site, path, DATA[:5000], len(DATA)) for path in paths]
        seen = [UploadId(path.rpartition("/")[2]) for path in paths]
        site.stop()
        answers = [client.read_answer() for client in clients]
        uploads = [site.library.uploads.get(upload_id) for upload_id in seen]

    for answer, upload, client in zip(answers, uploads, clients, strict=True):
        assert answer.status == 503
        assert answer["retry-after"]
        assert answer["upload-offset"] == "5000"
        assert (upload.offset, upload.holder) == (5000, None)
        assert client.is_at_end()
        client.close()


def test_case_73_second_patch_meets_an_active_one(site: Site) -> None:
    """While bytes arrive, nobody else may write; the refusal says when and where."""
    path = site.start(len(DATA))
    with site.connect() as client:
        site.begin(client, path, 0, len(DATA))
        stop = threading.Event()

        def trickle() -> None:
            for at in range(len(DATA) - 1):
                client.send(DATA[at : at + 1])
                if stop.wait(0.01):
                    client.send(DATA[at + 1 :])
                    return

        sender = threading.Thread(target=trickle)
        sender.start()
        until(lambda: received(site, path) > 3)
        second = site.patch(path, 0, b"x" * 10)
        head = site.ask(f"HEAD {path}")
        stop.set()
        sender.join()
        first = client.read_answer()

    for refused in (second, head):
        assert refused.status == 423
        assert refused["retry-after"]
        assert refused["upload-offset"]
    assert first.status == 204
    assert site.read(path) == DATA


def test_t05_f10_delete_ends_a_running_patch(site: Site) -> None:
    """Who gives an upload up is obeyed at once; nothing of it is left."""
    path = site.start(len(DATA))
    running = stall(site, path, DATA[:5000], len(DATA))

    assert site.ask(f"DELETE {path}").status == 204

    assert running.read_answer().status in {410, 423}
    assert site.ask(f"HEAD {path}").status == 410
    quota = site.library.catalog.get(site.actor, site.home.id).quota
    assert (quota.used, quota.reserved) == (0, 0)
    until(lambda: not list(site.library.blobs.staged_ids()))
    running.close()


def test_t05_a_delete_looked_before_the_patch_came(site: Site, tmp_path: Path) -> None:
    """A writer that came between a DELETE's look and its deed is ended as well."""
    path = site.start(len(DATA))
    seen = site.library.uploads.get(UploadId(path.rpartition("/")[2]))
    running = stall(site, path, DATA[:5000], len(DATA))

    overrides = {"storage.data": tmp_path / "data"}
    settings = load_settings(environ={}, overrides=overrides).settings
    terms = plain_dialect(lifetime=Lifetime(DAY), max_size=None).terms
    open_engine(settings, site.library).abort(seen, terms)

    assert running.read_answer().status in {410, 423}
    until(lambda: not list(site.library.blobs.staged_ids()))
    running.close()


def test_f08_many_patches_at_one_offset(site: Site) -> None:
    """Of many that send the same bytes, exactly one is heard."""
    path = site.start(len(DATA))
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def send(fill: int) -> None:
        barrier.wait()
        body = bytes([fill]) * len(DATA)
        statuses.append(site.patch(path, 0, body).status)

    threads = [threading.Thread(target=send, args=(fill,)) for fill in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(statuses) <= {204, 409, 423}
    assert statuses.count(204) == 1
    content = site.read(path)
    assert content == content[:1] * len(DATA)


def test_two_clients_fighting_over_one_upload(site: Site) -> None:
    """Whoever wins at each offset, the bytes there are of exactly one."""
    length, step = 40_000, 1000
    path = site.start(length)

    def fight(fill: bytes) -> None:
        while True:
            head = site.ask(f"HEAD {path}")
            if head.status != 200:
                continue
            offset = int(head["upload-offset"])
            if offset == length:
                return
            site.patch(path, offset, fill * step)

    threads = [threading.Thread(target=fight, args=(fill,)) for fill in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    content = site.read(path)
    assert len(content) == length
    for at in range(0, length, step):
        assert len(set(content[at : at + step])) == 1


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


def test_f22_many_clients_with_many_files(site: Site) -> None:
    """Parallel uploads with random cuts: every file is right, nothing is 5xx."""
    statuses: set[int] = set()

    def upload(number: int) -> None:
        chance = random.Random(number)
        for _ in range(4):
            data = chance.randbytes(chance.randrange(1, 200_000))
            path, offset = site.start(len(data)), 0
            while offset < len(data):
                end = min(offset + chance.randrange(1, 100_000), len(data))
                with site.connect() as client:
                    site.begin(client, path, offset, end - offset)
                    if chance.random() < 0.3:
                        client.send(data[offset : (offset + end) // 2])
                        client.reset()
                    else:
                        client.send(data[offset:end])
                        statuses.add(client.read_answer().status)
                head = site.ask(f"HEAD {path}")
                while head.status == 423:
                    statuses.add(423)
                    head = site.ask(f"HEAD {path}")
                offset = int(head["upload-offset"])
            assert site.read(path) == data

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses <= {204, 409, 423}
    quota = site.library.catalog.get(site.actor, site.home.id).quota
    assert quota.reserved == 0
    folder = site.library.tree.get(site.actor, Place(site.home.id, ("Uploads",))).node
    assert len(list(site.library.tree.children(site.actor, folder))) == 32
