"""The example of a new dialect in the docs, taken from the page and run."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from webtest import TestApp

from ocsync.datadir import read_secrets
from ocsync.dialects.mounts import Workshop
from ocsync.log import open_log
from ocsync.middleware.errors import Errors
from ocsync.middleware.origin import Origin
from ocsync.routes import Router, Routes
from ocsync.settings import Settings
from ocsync.tus.mounts import open_engine
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of

PAGE = Path(__file__).parents[2] / "docs" / "dialects.md"
MOST_LINES = 80


@pytest.fixture
def source() -> str:
    """The program in the page."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def example(source: str) -> Iterator[Any]:
    """The program as a module."""
    module = ModuleType("example_dialect")
    sys.modules[module.__name__] = module
    exec(compile(source, str(PAGE), "exec"), module.__dict__)
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def drop(
    example: Any, settings: Settings, library: Library, admin: Person, home: Space
) -> TestApp:
    """A server with this dialect only, over the library of the test."""
    workshop = Workshop(
        settings=settings,
        library=library,
        engine=open_engine(settings, library),
        keys=read_secrets(settings).url_keys,
    )
    mount = example.dropbox_mount(workshop, admin.actor, "please")
    app = Errors(Router(Routes([mount])), log=open_log(settings.log))
    origin = Origin(app, settings=settings.server, open_paths=frozenset())
    return TestApp(origin, extra_environ={"REMOTE_ADDR": "127.0.0.1"})


def test_it_is_short(source: str) -> None:
    """A dialect is data and small functions."""
    assert len(source.splitlines()) < MOST_LINES


def test_it_takes_uploads(drop: TestApp, app: TestApp, admin: Person) -> None:
    """Cut, resumed and finished; the file is there over WebDAV."""
    tus = Tus(drop, "/drop", {"X-Word": "please"})
    path = path_of(tus.create(10, "a.txt"))
    tus.patch(path, 0, b"12345")

    refused = tus.patch(path, 0, b"12345", status=409)
    tus.patch(path, tus.offset(path), b"67890")

    assert refused.json == {"problem": "offset_mismatch"}
    found = app.get("/dav/files/admin/Dropped/a.txt", headers=admin.basic)
    assert found.body == b"1234567890"


def test_its_rules_are_its_own(drop: TestApp) -> None:
    """The word, the largest size, and the form of its errors."""
    nobody = Tus(drop, "/drop")
    guest = Tus(drop, "/drop", {"X-Word": "please"})

    assert nobody.create(5, status=401).json == {"problem": "not_authenticated"}
    assert guest.create(10_000_001, status=413).json == {"problem": "too_large"}
    options = drop.options("/drop", status=204)
    assert options.headers["Tus-Extension"] == "creation,expiration"
    assert options.headers["Tus-Max-Size"] == "10000000"
