"""What is sent to `/files`, and what is asked about it."""

import base64
import hashlib

from spaces.errors import NodeNotFound
from spaces.library import Library
from spaces.model import Place, Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus


def landed(library: Library, person: Person, space: Space) -> dict[str, int]:
    """What lies in the landing folder: names and sizes."""
    try:
        folder = library.tree.get(person.actor, Place(space.id, ("Uploads",))).node
    except NodeNotFound:
        return {}
    children = library.tree.children(person.actor, folder)
    return {node.name: node.size for node in children}


def read(tus: Tus, path: str) -> bytes:
    """The content of a finished upload."""
    return bytes(tus.app.get(path, headers=dict(tus.auth)).body)


def sha1(data: bytes) -> str:
    """An Upload-Checksum."""
    return f"sha1 {base64.b64encode(hashlib.sha1(data).digest()).decode()}"


def part(tus: Tus, data: bytes, *, name: str | None = None) -> str:
    """The Location of a finished part."""
    response = tus.create(len(data), name, body=data, Upload_Concat="partial")
    return str(response.headers["Location"])
