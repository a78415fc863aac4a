"""Uploads against a model: any order of requests, cuts, restarts and expiries."""

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from webtest import TestApp, TestResponse

from ocsync.app import create_app
from ocsync.log import open_log
from ocsync.settings import Settings, load_settings
from ocsync.wire.body import TruncatedBody
from spaces.clock import DAY, HOUR, SECOND, Instant
from spaces.db.engine import open_database
from spaces.db.revision import upgrade
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Actor, Quota
from spaces.policy import Policy
from tests.memory_blobs import MemoryBlobStore
from tests.wire.tus_client import CHUNK, Tus, path_of

BODIES = st.binary(max_size=12)
LENGTHS = st.integers(0, 24)


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        """Begin some day."""
        self.at = Instant(1_700_000_000 * SECOND)

    def __call__(self) -> Instant:
        """The time."""
        return self.at


@dataclass(frozen=True)
class World:
    """What outlives the single run: data, clock and account."""

    library: Library
    settings: Settings
    clock: Clock
    actor: Actor

    def open_app(self) -> TestApp:
        """A server as it is after a start: nothing remembered but the data."""
        log = open_log(self.settings.log, stream=io.StringIO())
        return TestApp(create_app(self.settings, library=self.library, log=log))


class CutBody:
    """A body whose connection breaks after the bytes it has."""

    waited = 0.0

    def __init__(self, data: bytes, length: int) -> None:
        """Keep what will arrive, and what was announced."""
        self.length = length
        self.trailers: dict[str, str] = {}
        self._data = io.BytesIO(data)

    @property
    def received(self) -> int:
        """Bytes handed out."""
        return self._data.tell()

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        """Hand bytes out, then break."""
        count = self._data.readinto(buffer)
        if not count:
            raise TruncatedBody("cut")
        return count


@dataclass
class Model:
    """What an upload should be."""

    path: str
    length: int | None
    data: bytes = b""
    is_open: bool = True

    @property
    def is_finished(self) -> bool:
        """Whether it has become a file."""
        return self.length == len(self.data)


class UploadMachine(RuleBasedStateMachine):
    """One user's uploads at `/files`."""

    uploads = Bundle("uploads")
    world: World

    @initialize()
    def begin(self) -> None:
        """Start with an empty space."""
        self.steps = 0
        self.models: list[Model] = []
        self.used = self.quota().used
        self.restart()

    @rule()
    def restart(self) -> None:
        """The server begins anew."""
        token = base64.b64encode(b"admin:admin-admin").decode()
        auth = {"Authorization": f"Basic {token}"}
        self.tus = Tus(self.world.open_app(), "/files", auth)

    @rule(target=uploads, length=LENGTHS)
    def create(self, length: int) -> Model:
        """Begin an upload of known length."""
        return self.add(self.tus.create(length), length)

    @rule(target=uploads)
    def create_deferred(self) -> Model:
        """Begin an upload whose length is told later."""
        return self.add(self.tus.create(None, Upload_Defer_Length="1"), None)

    @rule(target=uploads, length=LENGTHS, body=BODIES)
    def create_with_upload(self, length: int, body: bytes) -> object:
        """Begin with the first bytes."""
        if len(body) > length:
            self.tus.create(length, body=body, status=413)
            return multiple()
        model = self.add(self.tus.create(length, body=body), length)
        model.data = body
        return model

    @rule(upload=uploads, body=BODIES)
    def patch(self, upload: Model, body: bytes) -> None:
        """Append at the right offset."""
        offset = len(upload.data)
        if not upload.is_open:
            self.tus.patch(upload.path, offset, body, status=410)
        elif upload.is_finished:
            status = 409 if body else 204
            self.tus.patch(upload.path, offset, body, status=status)
        elif upload.length is not None and offset + len(body) > upload.length:
            self.tus.patch(upload.path, offset, body, status=413)
        else:
            response = self.tus.patch(upload.path, offset, body)
            upload.data += body
            assert response.headers["Upload-Offset"] == str(len(upload.data))

    @rule(upload=uploads, body=BODIES, shift=st.integers(-3, 3).filter(bool))
    def patch_elsewhere(self, upload: Model, body: bytes, shift: int) -> None:
        """Append at a wrong offset."""
        offset = max(len(upload.data) + shift, 0)
        if offset == len(upload.data):
            return
        status = 409 if upload.is_open else 410
        response = self.tus.patch(upload.path, offset, body, status=status)
        if upload.is_open:
            assert response.headers["Upload-Offset"] == str(len(upload.data))

    @rule(upload=uploads, body=BODIES.filter(bool), is_right=st.booleans())
    def patch_verified(self, upload: Model, body: bytes, is_right: bool) -> None:
        """Append with a checksum, right or wrong."""
        if not self.has_room(upload, len(body)):
            return
        digest = hashlib.sha1(body if is_right else body + b"x").digest()
        text = f"sha1 {base64.b64encode(digest).decode()}"
        self.tus.patch(
            upload.path,
            len(upload.data),
            body,
            Upload_Checksum=text,
            status=204 if is_right else 460,
        )
        if is_right:
            upload.data += body

    @rule(
        upload=uploads, body=BODIES, missing=st.integers(1, 5), verified=st.booleans()
    )
    def cut(self, upload: Model, body: bytes, missing: int, verified: bool) -> None:
        """The connection breaks in the middle of a PATCH."""
        length = len(body) + missing
        if not self.has_room(upload, length):
            return
        given: dict[str, str | None] = {
            "Upload-Offset": str(len(upload.data)),
            "Content-Type": CHUNK,
            "Content-Length": str(length),
        }
        if verified:
            given["Upload-Checksum"] = "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="
        app = self.tus.app
        request = app.RequestClass.blank(
            upload.path, method="PATCH", headers=self.tus.headers(given)
        )
        request.environ["ocsync.body"] = CutBody(body, length)
        app.do_request(request, status=400)
        if not verified:
            upload.data += body

    @rule(upload=uploads)
    def declare(self, upload: Model) -> None:
        """Say that what is there is all."""
        if not upload.is_open or upload.length is not None:
            return
        length = len(upload.data)
        self.tus.patch(upload.path, length, b"", Upload_Length=str(length))
        upload.length = length

    @rule(upload=uploads)
    def head(self, upload: Model) -> None:
        """Ask, and compare everything."""
        if not upload.is_open:
            self.tus.head(upload.path, status=410)
            return
        headers = self.tus.head(upload.path).headers
        assert headers["Upload-Offset"] == str(len(upload.data))
        length = headers.get("Upload-Length")
        assert length == (None if upload.length is None else str(upload.length))
        if upload.is_finished:
            auth = dict(self.tus.auth)
            assert self.tus.app.get(upload.path, headers=auth).body == upload.data

    @rule(upload=consumes(uploads))
    def delete(self, upload: Model) -> None:
        """Give up."""
        self.tus.delete(upload.path, status=204 if upload.is_open else 410)
        self.close(upload)
        self.tus.head(upload.path, status=410)

    @rule(hours=st.integers(1, 30))
    def pass_time(self, hours: int) -> None:
        """Time passes; uploads without activity for a day expire."""
        self.world.clock.at = Instant(self.world.clock.at + hours * HOUR)
        for model in self.models:
            upload = self.world.library.uploads.get(
                UploadId(model.path.rpartition("/")[2])
            )
            is_due = upload.expires_at <= self.world.clock.at
            if model.is_open and is_due and not model.is_finished:
                self.close(model)
        self.world.library.uploads.sweep(100 * DAY)

    @invariant()
    def quota_adds_up(self) -> None:
        """The space holds what was finished, and has promised what is open."""
        self.steps += 1
        finished = sum(len(m.data) for m in self.models if m.is_finished)
        known = sum(
            m.length
            for m in self.models
            if m.is_open and not m.is_finished and m.length is not None
        )
        quota = self.quota()
        assert quota.used - self.used == finished
        if all(m.length is not None for m in self.models if m.is_open):
            assert quota.reserved == known
        else:
            assert quota.reserved >= known

    def teardown(self) -> None:
        """Give up what is left, so that the next run begins empty."""
        for model in self.models:
            if model.is_open:
                self.tus.delete(model.path)

    def add(self, response: TestResponse, length: int | None) -> Model:
        """Remember a new upload."""
        model = Model(path_of(response), length)
        self.models.append(model)
        return model

    def close(self, upload: Model) -> None:
        """Remember that an upload has ended; its file stays."""
        upload.is_open = False

    def has_room(self, upload: Model, count: int) -> bool:
        """Whether the upload takes so many bytes more."""
        if not upload.is_open or upload.is_finished:
            return False
        return upload.length is None or len(upload.data) + count <= upload.length

    def quota(self) -> Quota:
        """What the space holds."""
        return self.world.library.catalog.personal(self.world.actor).quota


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Data that lies in one folder and in memory, and an account."""
    chosen = load_settings(
        environ={},
        overrides={"storage.data": tmp_path, "storage.durability": "fast"},
    ).settings
    upgrade(chosen.database_url)
    clock = Clock()
    database = open_database(chosen.database_url, durability="fast", clock=clock)
    try:
        library = Library.open(
            database=database, blobs=MemoryBlobStore(), policy=Policy()
        )
        user = library.accounts.create(
            "admin",
            "admin-admin",
            display_name="Admin",
            mail="admin@example.org",
            is_admin=True,
        )
        actor = Actor(user.id, user.name, user.display_name, user.is_admin)
        yield World(library, chosen, clock, actor)
    finally:
        database.close()


def test_uploads_keep_to_the_model(world: World) -> None:
    """More than a thousand steps in any order."""
    steps = 0

    class Machine(UploadMachine):
        def teardown(self) -> None:
            nonlocal steps
            steps += self.steps
            super().teardown()

    Machine.world = world
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert steps >= 1000
