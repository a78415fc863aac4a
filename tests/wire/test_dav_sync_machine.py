"""sync-collection: any edits in any order, against mirrors that ask what changed."""

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import Dav, dav_on
from tests.wire.mirror import Mirror, truth

NAMES = st.sampled_from(["sub", "x", "y"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space."""
    return dav_on(app, library, admin, home)


class Edits(RuleBasedStateMachine):
    """Random edits; a mirror that syncs now and then always ends up right."""

    dav: ClassVar[Dav]

    def __init__(self) -> None:
        super().__init__()
        for name in self.dav.names():
            self.dav.delete(name)
        self.dav.mkcol("sub")
        self.mirrors = [
            Mirror(self.dav),
            Mirror(self.dav, limit=2),
            Mirror(self.dav, folder="sub"),
        ]
        for mirror in self.mirrors[:2]:
            mirror.sync()

    @rule(path=PATHS)
    def put(self, path: str) -> None:
        """Write a file."""
        self.dav.put(path, b"x")

    @rule(path=PATHS)
    def mkcol(self, path: str) -> None:
        """Make a folder."""
        self.dav.mkcol(path)

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        """Remove a file or folder."""
        self.dav.delete(path)

    @rule(path=PATHS, onto=PATHS)
    def move(self, path: str, onto: str) -> None:
        """Rename, over whatever is there."""
        self.dav.move(path, onto)

    @rule(path=PATHS, onto=PATHS)
    def copy(self, path: str, onto: str) -> None:
        """Copy, over whatever is there."""
        self.dav.copy(path, onto)

    @rule(which=st.integers(0, 2))
    def sync(self, which: int) -> None:
        """One of the mirrors asks what changed."""
        mirror = self.mirrors[which]
        if self._is_folder(mirror.folder):
            mirror.sync()
            assert mirror.state == truth(self.dav, mirror.folder)

    def _is_folder(self, path: str) -> bool:
        answer = self.dav.propfind(path, "d:resourcetype")
        return answer.status_int == 207 and "<d:collection/>" in answer.text

    def teardown(self) -> None:
        """In the end all of them know all."""
        for mirror in self.mirrors[:2]:
            mirror.sync()
            assert mirror.state == truth(self.dav)


def test_mirrors_converge_under_random_edits(dav: Dav) -> None:
    """Whatever is done, a client that asks what changed ends with what is there."""
    run_state_machine_as_test(
        type("EditsHere", (Edits,), {"dav": dav}),
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
