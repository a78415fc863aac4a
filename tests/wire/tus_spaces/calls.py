"""What is asked about a space that was uploaded to."""

import jwt

from spaces.errors import NodeNotFound
from spaces.library import Library
from spaces.model import Node, Place, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus


def base_path(library: Library, space: Space) -> str:
    """The WebDAV URL of a space."""
    return f"/remote.php/dav/spaces/{library.storage_id}${space.id}"


def exists(library: Library, person: Person, space: Space, *path: str) -> bool:
    """Whether there is something at the path."""
    try:
        library.tree.get(person.actor, Place(space.id, path))
    except NodeNotFound:
        return False
    return True


def read(tus: Tus, name: str = "file.bin") -> bytes:
    """The content of a file; fails if there is none."""
    response = tus.app.get(f"{tus.url}/{name}", headers=dict(tus.auth))
    return bytes(response.body)


def is_absent(tus: Tus, name: str = "file.bin") -> bool:
    """Whether there is no such file."""
    response = tus.app.get(
        f"{tus.url}/{name}", headers=dict(tus.auth), expect_errors=True
    )
    return bool(response.status_int == 404)


def claims_of(path: str) -> dict[str, object]:
    """What the token of a data URL says."""
    return dict(
        jwt.decode(
            path.rsplit("/", maxsplit=1)[-1], options={"verify_signature": False}
        )
    )


def node(library: Library, person: Person, space: Space, *path: str) -> Node:
    """The node at a path."""
    return library.tree.get(person.actor, Place(space.id, path)).node


def version_count(library: Library, person: Person, space: Space, *path: str) -> int:
    """How many former contents a file has."""
    found = node(library, person, space, *path)
    return len(library.versions.list(person.actor, found.id))
