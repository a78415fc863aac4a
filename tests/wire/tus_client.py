"""A small tus client for wire tests: one method per request, statuses checked."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from webtest import TestApp, TestResponse

CHUNK = "application/offset+octet-stream"


def encode(text: str | bytes) -> str:
    """A metadata value."""
    data = text.encode() if isinstance(text, str) else text
    return base64.b64encode(data).decode()


def metadata(**pairs: str | bytes) -> str:
    """An Upload-Metadata header."""
    return ",".join(f"{key} {encode(value)}".strip() for key, value in pairs.items())


def path_of(response: TestResponse) -> str:
    """The path of the Location."""
    return str(urlsplit(response.headers["Location"]).path)


@dataclass
class Tus:
    """Speaks tus to one creation URL; `auth` goes with every request."""

    app: TestApp
    url: str
    auth: Mapping[str, str] = field(default_factory=dict)
    version: str | None = "1.0.0"

    def headers(self, given: Mapping[str, str | None]) -> dict[str, str]:
        """What is sent: names with `_` for `-`; None leaves a header out."""
        merged: dict[str, str | None] = {
            **self.auth,
            "Tus-Resumable": self.version,
            **{name.replace("_", "-"): value for name, value in given.items()},
        }
        return {name: value for name, value in merged.items() if value is not None}

    def create(
        self,
        length: int | str | None,
        name: str | None = "file.bin",
        *,
        body: bytes | None = None,
        pairs: Mapping[str, str | bytes] | None = None,
        status: int | str = 201,
        **headers: str | None,
    ) -> TestResponse:
        """POST a creation, with its first bytes if there are any."""
        given: dict[str, str | None] = {}
        if length is not None:
            given["Upload-Length"] = str(length)
        named = {} if name is None else {"filename": name}
        if named or pairs:
            given["Upload-Metadata"] = metadata(**named, **(pairs or {}))
        if body is not None:
            given["Content-Type"] = CHUNK
        sent = self.headers(given | headers)
        return self.app.post(self.url, body or b"", headers=sent, status=status)

    def start(
        self, length: int, name: str = "file.bin", *, if_match: str | None = None
    ) -> str:
        """The path of a new upload."""
        return path_of(self.create(length, name, If_Match=if_match))

    def patch(
        self,
        path: str,
        offset: int | str | None,
        body: bytes,
        *,
        status: int | str = 204,
        **headers: str | None,
    ) -> TestResponse:
        """Append bytes."""
        given: dict[str, str | None] = {"Content-Type": CHUNK}
        if offset is not None:
            given["Upload-Offset"] = str(offset)
        sent = self.headers(given | headers)
        return self.app.patch(path, body, headers=sent, status=status)

    def head(
        self, path: str, *, status: int | str = 200, **headers: str | None
    ) -> TestResponse:
        """Ask how far an upload is."""
        return self.app.head(path, headers=self.headers(headers), status=status)

    def delete(
        self, path: str, *, status: int | str = 204, **headers: str | None
    ) -> TestResponse:
        """Give an upload up."""
        return self.app.delete(path, headers=self.headers(headers), status=status)

    def offset(self, path: str) -> int:
        """How far an upload is."""
        return int(self.head(path).headers["Upload-Offset"])
