"""tus 1.0.0 as a client speaks it: one function for each request.

https://tus.io/protocols/resumable-upload. Nothing here tries again or remembers.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ocsync.client.answers import problem, require
from ocsync.client.connection import NOTHING, Answer, Body, Http
from ocsync.client.errors import ClientError, Refused, Temporary
from ocsync.client.numbers import parse_count
from ocsync.client.urls import origin_of, resolve

VERSION: Final = "1.0.0"
_VERSION: Final = {"Tus-Resumable": VERSION}
_CONTENT: Final = {"Content-Type": "application/offset+octet-stream"}
_ALGORITHMS: Final = ("sha1", "sha256", "md5")
"""Of those that Python has, the one that most servers know first."""

_GONE: Final = frozenset({403, 404, 410})
"""How servers say that an upload has expired or was ended. On a space it is 403."""

_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class TusServer:
    """What a server announces about uploads at one URL."""

    extensions: frozenset[str]
    checksum_algorithm: str | None
    max_size: int | None

    def can(self, extension: str) -> bool:
        """Whether it is announced."""
        return extension in self.extensions


@dataclass(frozen=True, slots=True)
class Created:
    """A new upload: its URL, and how much of it arrived with its creation."""

    url: str
    offset: int
    answer: Answer


class UploadGone(Refused):
    """The upload has expired or was ended: only a new one will do."""


def read_announcement(answer: Answer) -> TusServer | None:
    """What the answer to OPTIONS says; None without a word of tus."""
    if VERSION not in _words(answer, "Tus-Version", "Tus-Resumable"):
        return None
    extensions = frozenset(_words(answer, "Tus-Extension"))
    known = _words(answer, "Tus-Checksum-Algorithm")
    usable = [each for each in _ALGORITHMS if each in known]
    return TusServer(
        extensions=extensions,
        checksum_algorithm=usable[0] if usable and "checksum" in extensions else None,
        max_size=parse_count(answer.get("Tus-Max-Size")) or None,
    )


def create(
    http: Http,
    url: str,
    *,
    length: int,
    metadata: Mapping[str, str],
    headers: Mapping[str, str],
    body: Body | None = None,
) -> Created:
    """Make an upload of this length, perhaps with all its bytes at once.

    Raises:
        Temporary, Refused: the server does not want it, now or ever.
        ClientError: it answers what nobody can go on with.
    """
    asked = {
        **_VERSION,
        "Upload-Length": str(length),
        "Upload-Metadata": format_metadata(metadata),
        **(_CONTENT if body is not None else {}),
        **headers,
    }
    answer = require(http.ask("POST", url, asked, body or NOTHING), 200, 201)
    location = answer.get("Location")
    if location is None:
        raise ClientError(f"{url} made an upload but does not say where")
    target = resolve(url, location)
    if origin_of(url)[0] == "https" and origin_of(target)[0] == "http":
        raise ClientError(
            "the server sends uploads to http although it is asked by https: its"
            " operator should set OCSYNC_URL, or the proxy X-Forwarded-Proto"
        )
    return Created(target, _offset(answer) or 0, answer)


def find_offset(http: Http, url: str) -> int:
    """How much of the upload has arrived.

    Raises:
        UploadGone: there is no such upload any more.
        Temporary, Refused: it cannot be told.
    """
    answer = http.ask("HEAD", url, _VERSION)
    if answer.status in _GONE:
        raise UploadGone("the upload has expired", status=answer.status)
    offset = _offset(require(answer, 200, 204))
    if offset is None:
        raise ClientError("the server does not say how much has arrived")
    return offset


def append(
    http: Http, url: str, *, offset: int, body: Body, checksum: str | None
) -> Created:
    """Send the bytes that come at the offset.

    Raises:
        UploadGone: there is no such upload any more.
        Temporary: try again, after asking for the offset; also when it was wrong.
        Refused: the server does not want them.
    """
    headers = {**_VERSION, **_CONTENT, "Upload-Offset": str(offset)}
    if checksum is not None:
        headers["Upload-Checksum"] = checksum
    answer = http.ask("PATCH", url, headers, body)
    if not answer.is_done:
        if answer.status in _GONE:
            raise UploadGone("the upload has expired", status=answer.status)
        if answer.status == _CONFLICT:
            raise Temporary("the server has another offset", retry_after=0)
        raise problem(answer)
    new = _offset(answer)
    if new is None or not offset <= new <= offset + body.length:
        raise ClientError("the server does not say how much has arrived")
    return Created(url, new, answer)


def abandon(http: Http, url: str) -> None:
    """Tell the server that nothing more will come; it need not agree."""
    http.ask("DELETE", url, _VERSION)


def format_metadata(metadata: Mapping[str, str]) -> str:
    """`Upload-Metadata`: keys with values in base64."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in metadata.items()
    )


def format_checksum(algorithm: str, digest: bytes) -> str:
    """`Upload-Checksum`: the algorithm and the digest in base64."""
    return f"{algorithm} {base64.b64encode(digest).decode()}"


def _offset(answer: Answer) -> int | None:
    return parse_count(answer.get("Upload-Offset"))


def _words(answer: Answer, *names: str) -> list[str]:
    texts = [answer.get(name) or "" for name in names]
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]
