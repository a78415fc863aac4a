"""A WebDAV client for the wire tests: requests by method, answers as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from lxml import etree
from webtest import TestApp, TestRequest, TestResponse

from spaces.ids import NodeId, SpaceId
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person

D = "{DAV:}"
OC = "{http://owncloud.org/ns}"
_OPEN = (
    '<?xml version="1.0"?><d:{root} xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"'
    ' xmlns:ocs="http://open-collaboration-services.org/ns">'
)


def xml(root: str, inside: str) -> bytes:
    """A request document in the `d:` namespace."""
    return f"{_OPEN.format(root=root)}{inside}</d:{root}>".encode()


def prop(*names: str) -> str:
    """A DAV:prop with empty elements, by prefixed names."""
    return "<d:prop>" + "".join(f"<{name}/>" for name in names) + "</d:prop>"


@dataclass(frozen=True)
class Row:
    """One DAV:response: its href, and its properties by status."""

    href: str
    found: Mapping[str, Any]
    missing: frozenset[str]
    status: int | None

    @property
    def path(self) -> str:
        """The href, decoded."""
        return unquote(self.href)

    def text(self, name: str) -> str:
        """The text of a property that was found."""
        return self.found[name].text or ""


def rows_of(answer: TestResponse) -> list[Row]:
    """The responses of a multi-status answer, which must be valid in form."""
    assert answer.status_int == 207, answer.text
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(answer.body)
    assert root.tag == f"{D}multistatus"
    return [_row(element) for element in root.findall(f"{D}response")]


def _row(element: Any) -> Row:
    found: dict[str, Any] = {}
    missing: set[str] = set()
    for propstat in element.findall(f"{D}propstat"):
        status = int(propstat.findtext(f"{D}status").split()[1])
        for child in propstat.find(f"{D}prop"):
            if status == 200:
                assert child.tag not in found
                found[child.tag] = child
            elif status == 404:
                missing.add(child.tag)
            else:
                found[child.tag] = status
    status_text = element.findtext(f"{D}status")
    return Row(
        element.findtext(f"{D}href"),
        found,
        frozenset(missing),
        int(status_text.split()[1]) if status_text else None,
    )


def sync_token_of(answer: TestResponse) -> str:
    """The DAV:sync-token at the end of a report."""
    return str(etree.fromstring(answer.body).findtext(f"{D}sync-token"))


@dataclass(frozen=True)
class Refused:
    """The parts of a DAV:error document."""

    exception: str
    message: str
    code: str
    conditions: tuple[str, ...]


def error_of(answer: TestResponse) -> Refused:
    """The refusal in an answer, which must have sabre's form."""
    assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(answer.body)
    assert root.tag == f"{D}error"
    sabre = "{http://sabredav.org/ns}"
    exception = str(root.findtext(f"{sabre}exception"))
    assert exception.startswith("Sabre\\DAV\\Exception\\")
    return Refused(
        exception.rpartition("\\")[2],
        str(root.findtext(f"{sabre}message")),
        str(root.findtext(f"{sabre}errorcode")),
        tuple(str(child.tag) for child in root if str(child.tag).startswith(D)),
    )


class Dav:
    """One person's WebDAV connection, below one base URL."""

    def __init__(
        self, app: TestApp, library: Library, person: Person, base: str
    ) -> None:
        self.app = app
        self.library = library
        self.person = person
        self.base = base

    def url(self, path: str) -> str:
        """The encoded URL path of decoded names below the base."""
        return self.base + quote(path)

    def send(
        self,
        method: str,
        path: str = "",
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        raw: str | None = None,
        environ: Mapping[str, Any] | None = None,
    ) -> TestResponse:
        """Any request; `raw` is a whole URL path instead of one below the base."""
        request = TestRequest.blank(
            self.url(path) if raw is None else raw,
            environ=dict(self.app.extra_environ),
            method=method,
            body=body,
            headers={**self.person.basic, **(headers or {})},
        )
        request.environ.update(environ or {})
        return self.app.do_request(request, expect_errors=True)

    def put(self, path: str, body: bytes = b"", **headers: str) -> TestResponse:
        """PUT; header names with underscores."""
        return self.send("PUT", path, body, headers=_headers(headers))

    def get(self, path: str, **headers: str) -> TestResponse:
        """GET."""
        return self.send("GET", path, headers=_headers(headers))

    def mkcol(self, path: str, **headers: str) -> TestResponse:
        """MKCOL."""
        return self.send("MKCOL", path, headers=_headers(headers))

    def delete(self, path: str, **headers: str) -> TestResponse:
        """DELETE."""
        return self.send("DELETE", path, headers=_headers(headers))

    def move(self, path: str, target: str, **headers: str) -> TestResponse:
        """MOVE below the same base."""
        destination = {"Destination": self.url(target), **_headers(headers)}
        return self.send("MOVE", path, headers=destination)

    def copy(self, path: str, target: str, **headers: str) -> TestResponse:
        """COPY below the same base."""
        destination = {"Destination": self.url(target), **_headers(headers)}
        return self.send("COPY", path, headers=destination)

    def propfind(
        self,
        path: str = "",
        *names: str,
        depth: str = "0",
        raw: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """PROPFIND for some properties, all if none is named."""
        body = xml("propfind", prop(*names) if names else "<d:allprop/>")
        all_headers = {"Depth": depth, **(headers or {})}
        return self.send("PROPFIND", path, body, headers=all_headers, raw=raw)

    def row(self, path: str, *names: str) -> Row:
        """The properties of one resource."""
        (row,) = rows_of(self.propfind(path, *names))
        return row

    def names(self, path: str = "") -> list[str]:
        """What is in a folder, by its PROPFIND."""
        rows = rows_of(self.propfind(path, "d:displayname", depth="1"))[1:]
        return sorted(row.text(f"{D}displayname") for row in rows)

    def etag(self, path: str = "") -> str:
        """The getetag of a resource, quoted."""
        return self.row(path, "d:getetag").text(f"{D}getetag")

    def lock(
        self, path: str, *, scope: str = "exclusive", **headers: str
    ) -> TestResponse:
        """LOCK."""
        body = xml(
            "lockinfo",
            f"<d:lockscope><d:{scope}/></d:lockscope>"
            "<d:locktype><d:write/></d:locktype><d:owner>me</d:owner>",
        )
        return self.send("LOCK", path, body, headers=_headers(headers))

    def proppatch(self, path: str, inside: str, **headers: str) -> TestResponse:
        """PROPPATCH."""
        body = xml("propertyupdate", inside)
        return self.send("PROPPATCH", path, body, headers=_headers(headers))


def _headers(named: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in named.items()}


def space_url(
    library: Library, space_id: SpaceId, node_id: NodeId | None = None
) -> str:
    """`/dav/spaces/…` of a space, or of a node in it."""
    tail = "" if node_id is None else f"!{node_id}"
    return f"/dav/spaces/{library.storage_id}${space_id}{tail}/"


def dav_on(app: TestApp, library: Library, person: Person, space: Space) -> Dav:
    """The person's connection to a space."""
    return Dav(app, library, person, space_url(library, space.id))


def furnished(dav: Dav) -> Dav:
    """The connection, with `folder` and `folder/a.txt` of 2001 in its space."""
    dav.mkcol("folder")
    dav.put("folder/a.txt", b"hello", X_OC_Mtime="1000000000")
    return dav
