"""A whole service on a real socket, and a client that sends uploads to it by hand."""

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.settings import load_settings
from spaces.library import Library
from spaces.model import Actor, Space
from tests.live.raw_http import Answer, RawClient

AUTH = "Authorization: Basic " + base64.b64encode(b"admin:secret-word").decode()
VERSION = "Tus-Resumable: 1.0.0"
CHUNK = "Content-Type: application/offset+octet-stream"


@dataclass(frozen=True)
class Site:
    """A running service."""

    library: Library
    actor: Actor
    home: Space
    port: int
    stop: Callable[[], None]

    def connect(self) -> RawClient:
        """A new connection."""
        return RawClient(self.port)

    def ask(self, line: str, *fields: str, body: bytes = b"") -> Answer:
        """One request on a connection of its own."""
        with self.connect() as client:
            return client.ask(line, AUTH, VERSION, *fields, body=body)

    def start(self, length: int, *fields: str) -> str:
        """The path of a new upload at `/files`."""
        answer = self.ask(
            "POST /files", f"Upload-Length: {length}", "Content-Length: 0", *fields
        )
        assert answer.status == 201, answer
        return "/files/" + answer["location"].rpartition("/")[2]

    def offset(self, path: str) -> int:
        """How far an upload is."""
        answer = self.ask(f"HEAD {path}")
        assert answer.status == 200, answer
        return int(answer["upload-offset"])

    def patch(self, path: str, offset: int, body: bytes, *fields: str) -> Answer:
        """Append bytes, on a connection of its own."""
        with self.connect() as client:
            self.begin(client, path, offset, len(body), *fields)
            client.send(body)
            return client.read_answer()

    def begin(
        self, client: RawClient, path: str, offset: int, length: int, *fields: str
    ) -> None:
        """Send the head of a PATCH."""
        client.request(
            f"PATCH {path}",
            AUTH,
            VERSION,
            CHUNK,
            f"Upload-Offset: {offset}",
            f"Content-Length: {length}",
            *fields,
        )

    def read(self, path: str) -> bytes:
        """The content of a finished upload."""
        answer = self.ask(f"GET {path}")
        assert answer.status == 200, answer
        return answer.body


@contextmanager
def open_site(folder: Path, serve: object, **changes: object) -> Iterator[Site]:
    """A service over the folder, served by the fixture of that name."""
    assert callable(serve)
    overrides = {
        "storage.data": folder,
        "storage.durability": "fast",
        "uploads.takeover_after": "200ms",
    }
    settings = load_settings(environ={}, overrides=overrides | changes).settings
    with open_library(settings, create=True) as library:
        user = library.accounts.create(
            "admin",
            "secret-word",
            display_name="Admin",
            mail="admin@example.org",
            is_admin=True,
        )
        actor = Actor(user.id, user.name, user.display_name, user.is_admin)
        log = open_log(settings.log, stream=io.StringIO())
        server = serve(create_app(settings, library=library, log=log))
        home = library.catalog.personal(actor)
        yield Site(library, actor, home, server.port, server.stop)
        server.stop()
