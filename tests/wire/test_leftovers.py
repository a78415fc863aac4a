"""A quota that seems full: what a killed client left behind gives way, nothing else."""

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from wsgiref.types import WSGIApplication

import pytest
from sqlalchemy import text
from webtest import TestApp

from spaces.clock import HOUR, MINUTE
from spaces.errors import UploadNotFound
from spaces.library import Library
from spaces.model import Role, Space
from spaces.upload_model import Claim, Upload, UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus

QUOTA = 100_000
LARGE = 60_000


@pytest.fixture
def space(library: Library, admin: Person) -> Space:
    """A space for one large file and a bit."""
    return library.catalog.create_project(admin.actor, "Small", quota=QUOTA)


@pytest.fixture
def tus(app: TestApp, library: Library, admin: Person, space: Space) -> Tus:
    """A client on that space."""
    url = f"/remote.php/dav/spaces/{library.storage_id}${space.id}"
    return Tus(app, url, admin.basic)


def put(tus: Tus, name: str, size: int, *, status: int) -> None:
    """Send a file in one piece."""
    tus.app.put(f"{tus.url}/{name}", b"p" * size, headers=tus.auth, status=status)


def age(library: Library, microseconds: int = MINUTE) -> None:
    """Let all that has happened to uploads have happened earlier."""
    columns = ("created_at", "active_at", "expires_at")
    moved = ", ".join(f"{name} = {name} - {microseconds}" for name in columns)
    library.database.write(
        lambda connection: connection.execute(text(f"UPDATE uploads SET {moved}"))
    )


def leave(tus: Tus, library: Library, name: str = "large.bin") -> str:
    """Begin a large upload, and be killed amid it, a minute ago."""
    path = tus.start(LARGE, name)
    tus.patch(path, 0, b"x" * 10)
    age(library)
    return path


def reserved(library: Library, admin: Person, space: Space) -> int:
    """What the space has promised."""
    return library.catalog.get(admin.actor, space.id).quota.reserved


def test_a_file_sent_anew_frees_what_was_left(
    tus: Tus,
    library: Library,
    admin: Person,
    space: Space,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The upload that its file has overtaken ends, as one that was given up."""
    left = leave(tus, library)
    given_up = tus.start(10, "other.bin")
    tus.delete(given_up)
    upload = library.uploads.list_open()[0]
    put(tus, "large.bin", 30_000, status=201)

    with caplog.at_level("INFO", logger="spaces.leftovers"):
        put(tus, "tiny.txt", 20_000, status=201)

    assert caplog.messages == ["leftover uploads ended: 1, holding 60000 bytes"]
    assert reserved(library, admin, space) == 0
    assert library.uploads.get(upload.id).state is UploadState.ABORTED
    assert upload.blob_id not in set(library.blobs.staged_ids())
    for answer in (tus.head, tus.delete):
        assert answer(left, status="*").status == answer(given_up, status="*").status
    ended = tus.patch(left, 10, b"y", status="*").status
    assert ended == tus.patch(given_up, 0, b"y", status="*").status


def test_the_same_file_may_be_sent_anew_at_once(
    tus: Tus, library: Library, admin: Person, space: Space
) -> None:
    """The second upload of a file too large for two makes the first one end."""
    left = leave(tus, library)

    again = tus.start(LARGE, "large.bin")
    tus.patch(again, 0, b"x" * LARGE)

    tus.head(left, status=410)
    quota = library.catalog.get(admin.actor, space.id).quota
    assert (quota.used, quota.reserved) == (LARGE, 0)


def test_an_upload_begun_anew_supersedes(tus: Tus, library: Library) -> None:
    """Also before it is finished, and for the sake of any other file."""
    left = tus.start(30_000, "large.bin")
    age(library)
    again = tus.start(30_000, "large.bin")

    put(tus, "tiny.txt", 50_000, status=201)

    tus.head(left, status=410)
    assert tus.offset(again) == 0


def test_nothing_ends_while_there_is_room(tus: Tus, library: Library) -> None:
    """What is superseded stays as long as it is in nobody's way."""
    left = leave(tus, library)
    put(tus, "large.bin", 10, status=201)
    put(tus, "tiny.txt", 10, status=201)
    tus.start(1000, "another.bin")

    assert tus.offset(left) == 10


def test_what_may_still_go_on_stays(
    tus: Tus, library: Library, admin: Person, space: Space
) -> None:
    """An upload whose file nobody has sent since keeps its promise."""
    left = leave(tus, library)
    put(tus, "other.bin", 10, status=201)

    put(tus, "tiny.txt", 50_000, status=507)
    tus.create(50_000, "another.bin", status=507)

    assert reserved(library, admin, space) == LARGE
    tus.patch(left, 10, b"x" * (LARGE - 10))


def test_bytes_that_came_later_count(tus: Tus, library: Library) -> None:
    """A file that was there before the upload's last bytes supersedes nothing."""
    put(tus, "large.bin", 10, status=201)
    left = tus.start(LARGE, "large.bin")
    tus.patch(left, 0, b"x")

    put(tus, "tiny.txt", 50_000, status=507)

    assert tus.offset(left) == 1


def test_a_pause_is_no_end(tus: Tus) -> None:
    """Just after its last byte an upload does not give way to one of its file."""
    left = tus.start(LARGE, "large.bin")

    tus.create(LARGE, "large.bin", status=507)

    assert tus.offset(left) == 0


def test_the_file_of_another_ends_no_pause(
    tus: Tus, library: Library, admin: Person, space: Space, alice: Person
) -> None:
    """Who has sent a byte just now sends more, whatever has become of the file."""
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)
    live = tus.start(LARGE, "large.bin")
    tus.patch(live, 0, b"x" * 10)
    put(Tus(tus.app, tus.url, alice.basic), "large.bin", 30_000, status=201)

    put(tus, "tiny.txt", 20_000, status=507)

    assert tus.offset(live) == 10


def test_nobody_ends_the_uploads_of_others(
    tus: Tus, library: Library, admin: Person, space: Space, alice: Person
) -> None:
    """However much is in the way, it is somebody else's."""
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)
    left = leave(tus, library)
    hers = Tus(tus.app, tus.url, alice.basic)
    put(hers, "large.bin", 30_000, status=201)

    put(hers, "tiny.txt", 20_000, status=507)
    hers.create(LARGE, "large.bin", status=507)

    assert tus.offset(left) == 10


def test_an_upload_that_keeps_both_is_not_superseded(
    app: TestApp, library: Library, admin: Person
) -> None:
    """Files of one name stand beside each other at `/files`."""
    home = library.catalog.personal(admin.actor)
    library.catalog.update(admin.actor, home.id, quota=QUOTA)
    plain = Tus(app, "/files", admin.basic)
    left = plain.start(LARGE, "large.bin")
    age(library)
    plain.create(30_000, "large.bin")

    plain.create(LARGE, "large.bin", status=507)

    assert plain.offset(left) == 0


def test_what_has_expired_is_in_nobodys_way(
    tus: Tus, library: Library, admin: Person, space: Space, alice: Person
) -> None:
    """Its quota is free at once, also before the sweeper comes, and for others."""
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.EDITOR)
    tus.start(LARGE, "large.bin")
    left = library.uploads.list_open()[0]
    age(library, 25 * HOUR)

    put(Tus(tus.app, tus.url, alice.basic), "other.bin", 50_000, status=201)

    assert library.uploads.get(left.id).state is UploadState.EXPIRED
    assert left.blob_id not in set(library.blobs.staged_ids())
    assert reserved(library, admin, space) == 0


def superseded(tus: Tus, library: Library) -> Upload:
    """An upload that would end if anybody needed room."""
    leave(tus, library)
    put(tus, "large.bin", 30_000, status=201)
    return library.uploads.list_open()[0]


def test_a_writer_keeps_its_upload(tus: Tus, library: Library) -> None:
    """What somebody writes to is no leftover, and can be finished."""
    held = library.uploads.claim(superseded(tus, library), "somebody", Claim.FREE)

    put(tus, "tiny.txt", 20_000, status=507)

    assert library.uploads.get(held.id) == held


def test_whoever_saw_it_before_its_end_comes_too_late(
    tus: Tus, library: Library
) -> None:
    """A claim of what has been ended since is refused, and revives nothing."""
    seen = superseded(tus, library)
    put(tus, "tiny.txt", 20_000, status=201)

    with pytest.raises(UploadNotFound):
        library.uploads.claim(seen, "somebody", Claim.FREE)
    assert library.uploads.get(seen.id).state is UploadState.ABORTED


def test_a_body_of_unknown_length_makes_room_for_the_next(
    tus: Tus, library: Library
) -> None:
    """Its bytes cannot be had again, so only its sender can try once more."""
    superseded(tus, library)
    unknown = {
        "webob.is_body_seekable": False,
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
    }

    for status in (507, 201):
        tus.app.request(
            f"{tus.url}/tiny.txt",
            method="PUT",
            headers=tus.auth,
            environ={"wsgi.input": io.BytesIO(b"p" * 20_000), **unknown},
            status=status,
        )


def test_ended_or_finished_but_never_both(
    wsgi_app: WSGIApplication,
    tus: Tus,
    library: Library,
    admin: Person,
    space: Space,
) -> None:
    """The last bytes and the need for room come at once: one of them wins."""
    for number in range(12):
        put(tus, f"large-{number}.bin", 1, status=201)
        left = leave(tus, library, f"large-{number}.bin")
        upload = library.uploads.list_open()[0]
        put(tus, f"large-{number}.bin", 30_000, status=204)
        barrier = Barrier(2, timeout=60)

        def finish(path: str = left, barrier: Barrier = barrier) -> int:
            barrier.wait()
            own = Tus(TestApp(wsgi_app), tus.url, tus.auth)
            answer = own.patch(path, 10, b"x" * (LARGE - 10), status="*")
            return int(answer.status_int)

        def need_room(barrier: Barrier = barrier) -> int:
            barrier.wait()
            headers, url = dict(tus.auth), f"{tus.url}/tiny.txt"
            app = TestApp(wsgi_app)
            answer = app.put(url, b"p" * 20_000, headers=headers, status="*")
            return int(answer.status_int)

        with ThreadPoolExecutor(2) as pool:
            finishing, needing = pool.submit(finish), pool.submit(need_room)
            patched, written = finishing.result(60), needing.result(60)

        state = library.uploads.get(upload.id).state
        quota = library.catalog.get(admin.actor, space.id).quota
        tiny = 20_000 if written == 201 else 0
        if patched == 204:
            assert (state, written) in {
                (UploadState.FINISHED, 201),
                (UploadState.FINISHED, 507),
            }
            assert (quota.used, quota.reserved) == (LARGE + tiny, 0)
        else:
            assert (state, written) == (UploadState.ABORTED, 201)
            assert patched in {404, 410}
            assert (quota.used, quota.reserved) == (30_000 + tiny, 0)
        for name in (f"large-{number}.bin", "tiny.txt"):
            tus.app.delete(f"{tus.url}/{name}", headers=tus.auth, status="*")
