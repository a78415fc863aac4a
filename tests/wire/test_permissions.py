"""The permission matrix: role by surface by operation, as the table says."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from webtest import TestApp

from ocsync.app import create_app
from ocsync.library import open_library
from ocsync.log import open_log
from ocsync.settings import load_settings
from spaces.library import Library
from spaces.model import Place, Role
from tests.domain import seal
from tests.wire.conftest import Person, make_person
from tests.wire.permission_table import PEOPLE, ROWS, Row, Scene, markdown

ROLES = {"manager": Role.MANAGER, "editor": Role.EDITOR, "viewer": Role.VIEWER}

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "permissions.md"


class Stage:
    """One server with everybody on it, and a fresh space for each request."""

    def __init__(self, library: Library, app: TestApp) -> None:
        self.library = library
        self.app = app
        self._numbers = count()
        self._owner = make_person(library, "owner", is_admin=True)
        self.people = {
            name: make_person(library, name, is_admin=name == "admin")
            for name in (*PEOPLE[:-1], "member", "guest")
        }

    def scene(self) -> Scene:
        """A space with a file that has a version, a folder, and something removed."""
        owner, library = self._owner.actor, self.library
        space = library.catalog.create_project(owner, f"Space {next(self._numbers)}")
        for name, role in (*ROLES.items(), ("member", Role.VIEWER)):
            user_id = self.people[name].actor.user_id
            library.catalog.set_member(owner, space.id, user_id, role)
        place = Place(space.id, ("file.txt",))
        for text in (b"first", b"second"):
            written = library.files.commit(owner, place, seal(library, text))
        library.tree.make_folder(owner, Place(space.id, ("folder",)))
        removed = library.tree.make_folder(owner, Place(space.id, ("removed",)))
        library.tree.remove(owner, Place(space.id, ("removed",)))
        drive = f"{library.storage_id}${space.id}"
        return Scene(
            drive=drive,
            file_id=f"{drive}!{written.node.id}",
            version=library.versions.list(owner, written.node.id)[0].id,
            trashed=removed.id,
            member=self.people["member"].actor.user_id,
            guest=self.people["guest"].actor.user_id,
        )

    def credentials(self, name: str) -> dict[str, str]:
        """The header of somebody; none for nobody."""
        person: Person | None = self.people.get(name)
        return {} if person is None else person.basic


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The server."""
    settings = load_settings(
        environ={},
        overrides={
            "storage.data": tmp_path_factory.mktemp("matrix") / "data",
            "storage.durability": "fast",
        },
    ).settings
    with open_library(settings, create=True) as library:
        log = open_log(settings.log, stream=io.StringIO())
        wsgi_app = create_app(settings, library=library, log=log)
        yield Stage(
            library, TestApp(wsgi_app, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        )


CELLS = [
    pytest.param(row, who, status, id=f"{row.surface}-{row.operation}-{who}")
    for row in ROWS
    for who, status in row.cells
]


@pytest.mark.parametrize(("row", "who", "status"), CELLS)
def test_cell(stage: Stage, row: Row, who: str, status: int) -> None:
    """Each person gets the status of the table."""
    asked = row.ask(stage.scene())

    answer = stage.app.request(
        asked.url,
        method=asked.method,
        body=asked.body,
        headers={**asked.headers, **stage.credentials(who)},
        status="*",
    )

    assert answer.status_int == status, answer.text


def test_matrix_is_wide() -> None:
    """Enough cells that no surface is forgotten."""
    assert len(CELLS) >= 150
    assert {row.surface for row in ROWS} == {
        "WebDAV",
        "Versions",
        "Trash",
        "tus",
        "Archive",
        "Graph",
    }


def test_documentation_is_the_table() -> None:
    """What is documented is what is tested."""
    assert DOCUMENT.read_text() == markdown()
