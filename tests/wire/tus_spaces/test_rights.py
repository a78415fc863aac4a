"""POST on WebDAV URLs: preconditions, roles and locks.

Tests are named by the rows of the oCIS case table (`docs/tus.md`).
"""

from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus
from tests.wire.tus_spaces.calls import base_path


def test_case_27_28_29_if_match(
    tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """If-Match must name the file's present ETag; without a file it never does."""
    etag = tus.create(1, "file", body=b"x").headers["ETag"]

    tus.create(5, "file", If_Match=etag)
    tus.create(5, "file", If_Match='"stale"', status=412)
    tus.create(5, "absent", If_Match=etag, status=412)
    tus.create(5, "absent", If_Match="*", status=412)


def test_case_30_if_none_match(tus: Tus) -> None:
    """If-None-Match: * refuses to overwrite."""
    tus.create(1, "file", body=b"x")

    tus.create(5, "file", If_None_Match="*", status=412)
    tus.create(5, "other", If_None_Match="*")


def test_malformed_conditions_are_refused(tus: Tus) -> None:
    """A condition that cannot be read is not taken for fulfilled."""
    tus.create(5, "file", If_Match="@@ @@", status=400)


def test_case_31_viewers_may_not_upload(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """A role without writing is 403."""
    space = library.catalog.create_project(admin.actor, "Project")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, Role.VIEWER)

    Tus(app, base_path(library, space), alice.basic).create(5, status=403)


def test_case_32_unknown_spaces(
    app: TestApp, library: Library, admin: Person, alice: Person
) -> None:
    """A space one may not see is 404, a malformed id 400."""
    space = library.catalog.create_project(admin.actor, "Project")

    Tus(app, base_path(library, space), alice.basic).create(5, status=404)
    Tus(app, "/dav/spaces/nonsense", alice.basic).create(5, status=400)


def test_case_36_locked_files(
    app: TestApp, tus: Tus, library: Library, admin: Person
) -> None:
    """A locked file needs the lock's token, at the beginning and at the end."""
    tus.create(1, "file", body=b"x")
    response = app.request(
        f"{tus.url}/file",
        method="LOCK",
        body=b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        b"<D:locktype><D:write/></D:locktype></D:lockinfo>",
        headers={**admin.basic, "Content-Type": "application/xml"},
        expect_errors=True,
    )
    assert response.status_int == 200
    token = response.headers["Lock-Token"]

    refused = tus.create(2, "file", body=b"yy", status=423)
    tus.create(2, "file", body=b"yy", If=f"({token})")

    assert refused.headers["Retry-After"]
