"""What the wire tests share: the whole application over a fresh data folder.

Settings are those of a plain start, but for the `fast` durability (no fsync) and a
quiet log. Use `admin` as `headers=admin.basic`, or `authorize(app)` once.

With OCSYNC_TEST_DATABASE_URL the same tests run over PostgreSQL, which is emptied, and
with OCSYNC_TEST_BLOB_URL over a bucket, in which PREFIX is replaced.
"""

import base64
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4
from wsgiref.types import WSGIApplication

import pytest
from webtest import TestApp

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.settings import Settings, load_settings
from spaces.library import Library
from spaces.model import Actor, Space
from tests.domain import empty_tables


@dataclass(frozen=True)
class Person:
    """Someone with an account, and their credentials."""

    actor: Actor
    password: str

    @property
    def name(self) -> str:
        """The name to log in with."""
        return self.actor.name

    @property
    def basic(self) -> dict[str, str]:
        """A Basic header."""
        pair = f"{self.name}:{self.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def authorize(self, app: TestApp) -> None:
        """Send the credentials with every further request of the test app."""
        app.authorization = ("Basic", (self.name, self.password))


@pytest.fixture
def overrides() -> dict[str, object]:
    """Settings by key (`uploads.expiry`) that a test module wants otherwise."""
    return {}


@pytest.fixture
def settings(tmp_path: Path, overrides: dict[str, object]) -> Settings:
    """A plain server's settings over a folder of this test."""
    defaults: dict[str, object] = {
        "storage.data": tmp_path / "data",
        "storage.durability": "fast",
    }
    if database_url := os.environ.get("OCSYNC_TEST_DATABASE_URL"):
        defaults["storage.database_url"] = database_url
    if blob_url := os.environ.get("OCSYNC_TEST_BLOB_URL"):
        defaults["storage.blob_url"] = blob_url.replace("PREFIX", str(uuid4()))
    return load_settings(environ={}, overrides=defaults | overrides).settings


@pytest.fixture(scope="session")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that has just been installed."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    overrides = {"storage.data": folder, "storage.durability": "fast"}
    settings = load_settings(environ={}, overrides=overrides).settings
    with open_library(settings, create=True):
        return folder


@pytest.fixture
def library(settings: Settings, empty_data: Path) -> Iterator[Library]:
    """An empty library with its schema; copied, which takes a tenth of the time."""
    if settings.storage.database_url is None and not settings.data.exists():
        shutil.copytree(empty_data, settings.data)
    is_new = not settings.data.exists()
    if settings.storage.database_url is not None:
        with open_library(settings, create=True) as opened:
            empty_tables(opened.database)
    with open_library(settings, create=is_new) as opened:
        yield opened


@pytest.fixture
def wsgi_app(settings: Settings, library: Library) -> WSGIApplication:
    """The whole service."""
    return create_app(
        settings, library=library, log=open_log(settings.log, stream=io.StringIO())
    )


@pytest.fixture
def app(wsgi_app: WSGIApplication) -> TestApp:
    """The whole service behind webtest; checks WSGI itself on every call.

    webtest complains of methods that it does not know (PROPFIND); that is no fault.
    """
    return TestApp(wsgi_app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})


def make_person(library: Library, name: str, *, is_admin: bool = False) -> Person:
    """An account with a password that is its name twice."""
    password = f"{name}-{name}"
    user = library.accounts.create(
        name,
        password,
        display_name=name.title(),
        mail=f"{name}@example.org",
        is_admin=is_admin,
    )
    return Person(Actor(user.id, user.name, user.display_name, user.is_admin), password)


@pytest.fixture
def admin(library: Library) -> Person:
    """The first account."""
    return make_person(library, "admin", is_admin=True)


@pytest.fixture
def alice(library: Library) -> Person:
    """Someone without special rights."""
    return make_person(library, "alice")


@pytest.fixture
def home(library: Library, admin: Person) -> Space:
    """The admin's personal space."""
    return library.catalog.personal(admin.actor)
