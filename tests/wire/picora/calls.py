"""What Picora's tests ask of the server, and how its refusals look."""

from webtest import TestResponse

from ocsync.dialects.mounts import picora_keys
from spaces.api_key_model import ApiKey
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of

MIB = 1024 * 1024
CHUNK = 5 * MIB
MISSING = "11111111-2222-4333-8444-555555555555"


def make_key(library: Library, person: Person, space: Space) -> tuple[ApiKey, str]:
    """A key as the command line makes it."""
    return picora_keys(library).create(
        person.actor, space.id, folder="Picora", label="test"
    )


def bearer(secret: str) -> dict[str, str]:
    """What the document's clients send."""
    return {"Authorization": f"Bearer {secret}", "X-Picora-Client": "web-tus"}


def begin(
    tus: Tus,
    length: int | str | None,
    name: str = "photo.jpg",
    *,
    kind: str | None = "image",
    status: int | str = 201,
    **headers: str | None,
) -> TestResponse:
    """Create a session with the document's metadata."""
    pairs = {} if kind is None else {"resourceType": kind}
    return tus.create(length, name, body=None, pairs=pairs, status=status, **headers)


def send(tus: Tus, content: bytes, name: str = "photo.jpg") -> TestResponse:
    """Send a small file; the last answer."""
    return tus.patch(path_of(begin(tus, len(content), name)), 0, content)


def reserved(library: Library, person: Person, space: Space) -> int:
    """The bytes that open sessions hold."""
    return library.catalog.get(person.actor, space.id).quota.reserved


def refuse(answer: TestResponse, code: str) -> None:
    """The body that the public SDK reads."""
    assert answer.json["success"] is False
    assert answer.json["code"] == code
    assert answer.json["error"]
    assert answer.headers["Tus-Resumable"] == "1.0.0"
