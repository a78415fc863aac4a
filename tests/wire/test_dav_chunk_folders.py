"""Uploads in a folder of chunks, as ownCloud 10 and Nextcloud take them."""

import hashlib
import io
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Semaphore
from typing import Any
from wsgiref.types import WSGIApplication

import pytest
from lxml import etree
from sqlalchemy import text
from webtest import TestApp, TestResponse

from spaces.blobs.base import BlobStore, Staged
from spaces.clock import DAY, HOUR, MINUTE
from spaces.ids import BlobId
from spaces.library import Library
from spaces.model import Place, Space
from spaces.upload_model import Upload, UploadState
from tests.wire.conftest import Person

PARTS = (b"a" * 1000, b"b" * 1000, b"c" * 37)
WHOLE = b"".join(PARTS)
FOLDER = "/remote.php/dav/uploads/admin/4711"
TARGET = "/remote.php/dav/files/admin/f.txt"


@dataclass(frozen=True)
class Client:
    """Sends what Nextcloud's clients send."""

    app: TestApp

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> TestResponse:
        """One request, and what it must be answered with."""
        extra: dict[str, Any] = {"body": body} if body else {}
        return self.app.request(
            url,
            method=method,
            headers=dict(headers or {}),
            expect_errors=status is None,
            status=status,
            **extra,
        )

    def begin(self, folder: str = FOLDER) -> None:
        """Make the folder."""
        self.send("MKCOL", folder, status=201)

    def put(self, name: str, body: bytes, **expected: Any) -> TestResponse:
        """Send a chunk."""
        return self.app.put(f"{FOLDER}/{name}", body, **({"status": 201} | expected))

    def move(self, *, status: int = 201, **headers: str) -> TestResponse:
        """Make the file."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.send(
            "MOVE",
            f"{FOLDER}/.file",
            headers={"Destination": TARGET} | sent,
            status=status,
        )


@pytest.fixture
def client(app: TestApp, admin: Person, home: Space) -> Client:
    """The admin's client."""
    admin.authorize(app)
    return Client(app)


@pytest.mark.parametrize(
    "names",
    [
        ("00001", "00002", "00003"),
        ("9", "10", "100"),
        ("0000000000000000", "0000000000001000", "0000000000002000"),
        (
            "000000000000000-000000000000999",
            "000000000001000-000000000001999",
            "000000000002000-000000000002036",
        ),
    ],
)
def test_chunks_are_joined_by_their_numbers(
    client: Client, names: tuple[str, ...]
) -> None:
    """Whatever order they come in, and however a client writes the numbers."""
    client.begin()
    for at in (2, 0, 1):
        client.put(names[at], PARTS[at])
    made = client.move(OC_Total_Length=str(len(WHOLE)), X_OC_Mtime="1")

    got = client.app.get(TARGET)
    assert got.body == WHOLE
    assert made.headers["OC-ETag"] == made.headers["ETag"] == got.headers["ETag"]
    assert made.headers["OC-FileId"] == got.headers["OC-FileId"]
    assert made.headers["X-OC-Mtime"] == "accepted"
    assert got.headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:01 GMT"


def test_nothing_is_left_behind(
    client: Client, library: Library, home: Space, admin: Person
) -> None:
    """No chunk is a file, none holds quota, and the transfer is gone."""
    for status in (201, 204):
        client.begin()
        for at, part in enumerate(PARTS):
            client.put(str(at), part)
        client.move(status=status)

    space = library.catalog.get(admin.actor, home.id)
    root = library.tree.get(admin.actor, Place(home.id)).node
    assert [node.name for node in library.tree.children(admin.actor, root)] == ["f.txt"]
    assert (space.quota.used, space.quota.reserved) == (len(WHOLE), 0)
    assert library.uploads.list_open() == []
    client.move(status=404)


def test_the_quota_holds_the_file_once(
    client: Client, library: Library, home: Space, admin: Person
) -> None:
    """What fits once is taken; the chunk that is too much is refused."""
    library.catalog.update(admin.actor, home.id, quota=len(WHOLE) + 10)
    client.begin()
    for at, part in enumerate(PARTS):
        client.put(str(at), part)
    client.put("9", b"d" * 11, status=507)
    client.put("0", PARTS[0])

    client.move(OC_Total_Length=str(len(WHOLE)))

    assert client.app.get(TARGET).body == WHOLE


def test_a_client_sees_what_has_arrived(client: Client) -> None:
    """PROPFIND tells the chunks and their lengths, so that an upload goes on."""
    client.begin()
    client.put("0000000000001000", PARTS[1])
    client.put("0000000000000000", PARTS[0])
    body = (
        b'<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/>'
        b"</d:prop></d:propfind>"
    )

    answer = client.send(
        "PROPFIND", FOLDER, body=body, headers={"Depth": "1"}, status=207
    )

    rows = etree.fromstring(answer.body).findall("{DAV:}response")
    seen = [
        (row.findtext("{DAV:}href"), row.findtext(".//{DAV:}getcontentlength") or "")
        for row in rows
    ]
    assert seen == [
        (f"{FOLDER}/", ""),
        (f"{FOLDER}/0000000000000000", "1000"),
        (f"{FOLDER}/0000000000001000", "1000"),
    ]
    assert len(rows[0].findall(".//{DAV:}collection")) == 1


def test_a_chunk_may_be_sent_again_or_taken_back(client: Client) -> None:
    """The later one counts, and what was deleted does not."""
    client.begin()
    client.put("1", b"wrong")
    client.put("1", b"right")
    client.put("10", b"too much")
    client.send("DELETE", f"{FOLDER}/10", status=204)
    client.send("DELETE", f"{FOLDER}/10", status=404)
    client.move()

    assert client.app.get(TARGET).body == b"right"


def test_a_chunk_that_breaks_off_replaces_none(client: Client) -> None:
    """A request of a cut connection may be served after the one that came instead."""
    client.begin()
    client.put("1", PARTS[0])
    cut = {"CONTENT_LENGTH": "1000", "webob.is_body_seekable": False}
    client.app.request(
        f"{FOLDER}/1",
        method="PUT",
        environ={"wsgi.input": io.BytesIO(b"x"), **cut},
        status=400,
    )

    client.move()

    assert client.app.get(TARGET).body == PARTS[0]


def test_a_chunk_taken_back_before_its_first_byte(
    client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its sender still writes is removed, for nobody else knows of it."""
    client.begin()
    stage = type(library.blobs).stage

    def taken_back(blobs: BlobStore, blob_id: BlobId) -> Staged:
        client.send("DELETE", f"{FOLDER}/1", status=204)
        return stage(blobs, blob_id)

    with monkeypatch.context() as patch:
        patch.setattr(type(library.blobs), "stage", taken_back)
        client.put("1", PARTS[0], status=423)

    assert list(library.blobs.staged_ids()) == []


def test_an_upload_is_given_up(client: Client, library: Library) -> None:
    """DELETE of the folder takes everything away; the name is free again."""
    client.begin()
    client.send("MKCOL", FOLDER, status=405)
    client.put("1", PARTS[0])
    client.send("DELETE", FOLDER, status=204)

    assert library.uploads.list_open() == []
    client.send("DELETE", FOLDER, status=404)
    client.send("PROPFIND", FOLDER, status=404)
    client.put("1", PARTS[0], status=404)
    client.begin()


def test_an_empty_file(client: Client) -> None:
    """A transfer without chunks is one of no bytes."""
    client.begin()
    client.move(OC_Total_Length="0")

    assert client.app.get(TARGET).body == b""


def test_the_checksum_of_the_whole_is_checked(client: Client) -> None:
    """A wrong one leaves the chunks, so that a client may think again."""
    client.begin()
    for at, part in enumerate(PARTS):
        client.put(str(at), part)
    client.move(status=400, OC_Checksum=f"SHA1:{'0' * 40}")
    client.app.get(TARGET, status=404)
    digest = hashlib.sha1(WHOLE, usedforsecurity=False).hexdigest()

    client.move(OC_Checksum=f"SHA1:{digest}")

    assert client.app.get(TARGET).body == WHOLE


def test_conditions_are_of_the_destination(client: Client) -> None:
    """The desktop names the file and the ETag that it saw; Overwrite is heeded."""
    old = client.app.put(TARGET, b"old").headers["ETag"]
    client.begin()
    client.put("0", WHOLE)

    client.move(status=412, If=f'<{TARGET}> (["another"])')
    client.move(status=412, Overwrite="F")
    assert client.app.get(TARGET).body == b"old"
    client.move(status=204, If=f"<{TARGET}> ([{old}])")

    assert client.app.get(TARGET).body == WHOLE


def test_into_another_space(
    client: Client, library: Library, admin: Person, home: Space
) -> None:
    """The chunks may have been charged to the own space before anybody knew."""
    project = library.catalog.create_project(admin.actor, "Orbit")
    target = f"/dav/spaces/{library.storage_id}${project.id}/f.txt"
    client.begin()
    client.put("0", PARTS[0])
    client.put("1", PARTS[1], headers={"Destination": target})

    client.move(Destination=target)

    assert client.app.get(target).body == PARTS[0] + PARTS[1]
    assert library.catalog.get(admin.actor, home.id).quota.reserved == 0
    assert library.catalog.get(admin.actor, project.id).quota.reserved == 0


def test_refused_elsewhere_it_lands_where_it_is_sent_next(
    client: Client, library: Library, admin: Person
) -> None:
    """A MOVE that had no room begins nothing that another MOVE goes on with."""
    project = library.catalog.create_project(admin.actor, "Orbit", quota=10)
    elsewhere = f"/dav/spaces/{library.storage_id}${project.id}/f.txt"
    client.begin()
    client.put("0", WHOLE)

    client.move(status=507, Destination=elsewhere)
    client.move()

    assert client.app.get(TARGET).body == WHOLE
    client.app.get(elsewhere, status=404)


def test_a_chunk_sent_twice_at_once_counts_once(
    client: Client, library: Library
) -> None:
    """Neither of two PUTs may have seen the other begin; the later one is taken."""
    client.begin()
    for name, body in (("1", PARTS[0]), ("2", b"a" * 999), ("3", PARTS[1])):
        client.put(name, body)
    library.database.write(
        lambda connection: connection.execute(
            text("UPDATE uploads SET label = 'chunk/4711/2' WHERE label LIKE '%/3'")
        )
    )

    client.move(OC_Total_Length="2000")

    assert client.app.get(TARGET).body == PARTS[0] + PARTS[1]
    assert library.uploads.list_open() == []


def test_what_a_crash_left_is_no_part_of_the_next(
    client: Client, library: Library
) -> None:
    """A folder of the same name begins empty, though its former chunks are there."""
    client.begin()
    client.put("1", PARTS[0])
    client.put("2", PARTS[1])
    mark = library.uploads.list_open()[0]
    library.uploads.end(mark, UploadState.ABORTED)
    client.begin()
    client.put("1", PARTS[2])

    client.move()

    assert client.app.get(TARGET).body == PARTS[2]


@pytest.mark.parametrize("method", ["MOVE", "DELETE"])
def test_nobody_sees_some_of_the_chunks(
    client: Client, library: Library, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """While they go one by one, a MOVE that comes now would make another file."""
    client.begin()
    for at, part in enumerate(PARTS):
        client.put(str(at), part)
    end, seen = library.uploads.end, list[int]()

    def watched(upload: Upload, *args: Any, **options: Any) -> Upload | None:
        seen.append(client.send("PROPFIND", FOLDER).status_int)
        return end(upload, *args, **options)

    monkeypatch.setattr(library.uploads, "end", watched)
    if method == "MOVE":
        client.move()
    else:
        client.send("DELETE", FOLDER, status=204)

    assert seen == [207, 404, 404, 404]


def test_whoever_asks_again_waits_for_the_file(
    client: Client,
    wsgi_app: WSGIApplication,
    library: Library,
    admin: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All get the same answer; when too many wait, others are told to come later."""
    client.begin()
    client.put("1", WHOLE)
    absorb, sleep = library.uploads.absorb, time.sleep
    joining, done, waiting = Event(), Event(), Semaphore(0)

    def slow(*args: Any) -> Upload:
        joining.set()
        assert done.wait(60)
        return absorb(*args)

    def watched(seconds: float) -> None:
        waiting.release()
        sleep(seconds)

    def move() -> TestResponse:
        app = TestApp(wsgi_app)
        admin.authorize(app)
        return Client(app).move()

    monkeypatch.setattr(library.uploads, "absorb", slow)
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(move)]
        assert joining.wait(60)
        monkeypatch.setattr("time.sleep", watched)
        for _ in range(4):
            answers.append(pool.submit(move))
            assert waiting.acquire(timeout=60)
        refused = client.move(status=423)
        done.set()
        etags = {answer.result(60).headers["ETag"] for answer in answers}

    assert refused.headers["Retry-After"]
    assert etags == {client.app.get(TARGET).headers["ETag"]}


def test_a_chunk_taken_back_while_it_is_joined(
    client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wrong with the server then; what is left may be joined."""
    client.begin()
    client.put("1", PARTS[0])
    client.put("2", PARTS[1])
    absorb = library.uploads.absorb

    def taken_back(*args: Any) -> Upload:
        client.send("DELETE", f"{FOLDER}/2", status=204)
        return absorb(*args)

    with monkeypatch.context() as patch:
        patch.setattr(library.uploads, "absorb", taken_back)
        client.move(status=423)
    client.app.get(TARGET, status=404)
    client.move()

    assert client.app.get(TARGET).body == PARTS[0]
    assert library.uploads.list_open() == []


def test_sizes_must_add_up(client: Client) -> None:
    """A total that the chunks do not make is refused."""
    client.begin()
    client.put("0", PARTS[0])

    client.move(status=400, OC_Total_Length=str(len(WHOLE)))


@pytest.mark.parametrize("name", ["a", "1-", "1-2-3", "-1", "0" * 21, "1.5", "%D9%A1"])
def test_what_names_no_chunk_is_refused(client: Client, name: str) -> None:
    """A chunk has a number, or nobody would know where it belongs."""
    client.begin()

    client.put(name, b"x", status=400)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/admin/4711/1", 405),
        ("PUT", "/admin/4711", 405),
        ("MKCOL", "/admin/4711/1", 405),
        ("PROPFIND", "/admin", 405),
        ("MOVE", "/admin/4711/1", 405),
        ("MKCOL", "/alice/4711", 404),
        ("PUT", "/admin/unknown/1", 404),
    ],
)
def test_what_does_not_answer(
    client: Client, method: str, path: str, status: int
) -> None:
    """Each with an Allow that says what does, or as if nothing were there."""
    client.begin()
    answer = client.send(method, f"/dav/uploads{path}", status=status)

    assert ("Allow" in answer.headers) == (status == 405)
    assert b"<s:exception>" in answer.body


def test_nobody_sees_the_chunks_of_another(client: Client, alice: Person) -> None:
    """The same transfer of somebody else is another one."""
    client.begin()
    client.put("1", PARTS[0])
    alice.authorize(client.app)

    client.send("PROPFIND", "/dav/uploads/admin/4711", status=404)
    client.send("PROPFIND", "/dav/uploads/alice/4711", status=404)


def test_a_destination_is_needed_and_must_be_a_place(client: Client) -> None:
    """400 without one or above all spaces, 404 where there is no folder of files."""
    client.begin()
    client.put("1", PARTS[0])

    client.send("MOVE", f"{FOLDER}/.file", status=400)
    client.move(status=400, Destination="/dav/spaces")
    client.move(status=404, Destination=FOLDER + "/elsewhere")
    client.move(status=409, Destination="/dav/files/admin/missing/f.txt")
    client.move()


def test_it_is_announced(client: Client) -> None:
    """Where clients look before they choose how to upload."""
    answer = client.app.get("/ocs/v2.php/cloud/capabilities?format=json")

    told = answer.json["ocs"]["data"]["capabilities"]
    assert told["dav"]["chunking"] == "1.0"
    assert told["files"]["bigfilechunking"] is True
    options = client.send("OPTIONS", FOLDER, status=204)
    assert options.headers["Allow"] == "OPTIONS, MKCOL, PROPFIND, DELETE"


def pass_time(library: Library, microseconds: int) -> None:
    """Let all that has happened to uploads have happened so much earlier."""
    columns = ("created_at", "active_at", "expires_at")
    moved = ", ".join(f"{name} = {name} - {microseconds}" for name in columns)
    library.database.write(
        lambda connection: connection.execute(text(f"UPDATE uploads SET {moved}"))
    )


def test_each_chunk_gives_all_of_them_new_time(
    client: Client, library: Library
) -> None:
    """A transfer of days goes on, as long as no day passes without a chunk."""
    client.begin()
    for at, part in enumerate(PARTS):
        client.put(str(at), part)
        pass_time(library, DAY - MINUTE)
        assert library.sweeper.sweep().counts["uploads"] == 0

    client.move(OC_Total_Length=str(len(WHOLE)))

    assert client.app.get(TARGET).body == WHOLE


def test_without_a_chunk_it_expires_at_once(client: Client, library: Library) -> None:
    """Nothing is joined of what is left then, whether or not it has been swept."""
    client.begin()
    client.put("1", PARTS[0])
    pass_time(library, DAY - MINUTE)
    client.put("2", PARTS[1])
    pass_time(library, DAY + HOUR)

    client.move(status=404)
    client.put("3", PARTS[2], status=404)
    library.sweeper.sweep()

    assert library.uploads.list_open() == []


def test_chunks_for_ever_expire(client: Client, library: Library) -> None:
    """A transfer is no older than `uploads.max_age`, however often a chunk comes."""
    client.begin()
    for number in range(7):
        client.put(str(number), b"x")
        pass_time(library, DAY - MINUTE)
    client.put("7", b"x")
    pass_time(library, HOUR)

    client.put("8", b"x", status=404)
    client.move(status=404)


def test_few_chunks_write_the_new_time(client: Client, library: Library) -> None:
    """A transfer of minutes gives nothing new time; one of hours does so each hour."""
    client.begin()
    epochs = []
    for number in range(10):
        if number >= 4:
            pass_time(library, 40 * MINUTE)
        client.put(str(number), b"x")
        epochs.append(library.uploads.list_open()[0].epoch)

    assert epochs == [0, 0, 0, 0, 0, 1, 1, 2, 2, 3]
