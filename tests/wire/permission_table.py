"""Who may do what, on every surface: the table behind test and documentation.

Each row is an operation with the status that each kind of person gets. Run as a
program it writes the table as Markdown: `python -m tests.wire.permission_table`.
"""

import base64
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

PEOPLE: Final = ("manager", "editor", "viewer", "admin", "stranger", "nobody")
"""Three roles in the space; an administrator and a user who are no members; and
somebody who is not logged in."""


@dataclass(frozen=True)
class Scene:
    """A project space prepared for one request. Ids are those that clients see."""

    drive: str
    file_id: str
    version: str
    trashed: str
    member: str
    """The id of a further member's account, a viewer."""
    guest: str
    """The id of an account that is no member."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """An operation, how it is asked for, and who gets which status."""

    surface: str
    operation: str
    statuses: tuple[int, int, int, int, int, int]
    ask: Callable[[Scene], Asked]

    @property
    def cells(self) -> Iterator[tuple[str, int]]:
        """Each kind of person with the status expected."""
        return iter(zip(PEOPLE, self.statuses, strict=True))


def _dav(
    method: str, path: str = "", body: bytes = b"", **headers: str
) -> Callable[[Scene], Asked]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda scene: Asked(method, f"/dav/spaces/{scene.drive}{path}", body, named)


def _relocation(method: str, source: str, target: str) -> Callable[[Scene], Asked]:
    return lambda scene: Asked(
        method,
        f"/dav/spaces/{scene.drive}{source}",
        headers={"Destination": f"/dav/spaces/{scene.drive}{target}"},
    )


def _graph(method: str, path: str = "", body: str = "") -> Callable[[Scene], Asked]:
    def ask(scene: Scene) -> Asked:
        filled = body.replace("MEMBER", scene.member).replace("GUEST", scene.guest)
        return Asked(
            method,
            f"/graph/v1.0/drives/{scene.drive}{path}".replace("MEMBER", scene.member),
            filled.encode(),
            {"Content-Type": "application/json"} if body else {},
        )

    return ask


def _tus(path: str, name: str) -> Callable[[Scene], Asked]:
    encoded = base64.b64encode(name.encode()).decode()
    return lambda scene: Asked(
        "POST",
        f"/dav/spaces/{scene.drive}{path}",
        b"12345",
        {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "5",
            "Upload-Metadata": f"filename {encoded}",
            "Content-Type": "application/offset+octet-stream",
        },
    )


_LOCK: Final = (
    b'<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope>'
    b"<d:locktype><d:write/></d:locktype></d:lockinfo>"
)
_PATCH: Final = (
    b'<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop>'
    b'<x:y xmlns:x="urn:x">z</x:y></d:prop></d:set></d:propertyupdate>'
)
_VIEWER_ROLE: Final = "a8d5fe5e-96e3-418d-825b-534dbdf22b99"
_EDITOR_ROLE: Final = "58c63c02-1d89-4572-916a-870abc5a1b7d"
_INVITE: Final = (
    f'{{"recipients": [{{"objectId": "GUEST"}}], "roles": ["{_VIEWER_ROLE}"]}}'
)
_PERMISSION: Final = "/root/permissions/u:MEMBER"

_READ: Final = (200, 200, 200, 404, 404, 401)
_READ_MANY: Final = (207, 207, 207, 404, 404, 401)
_CREATE: Final = (201, 201, 403, 404, 404, 401)
_CHANGE: Final = (204, 204, 403, 404, 404, 401)
_SEE: Final = (200, 200, 200, 200, 404, 401)
_MANAGE: Final = (200, 403, 403, 200, 404, 401)
_END: Final = (204, 403, 403, 204, 404, 401)

ROWS: Final = (
    Row("WebDAV", "list a folder", _READ_MANY, _dav("PROPFIND", Depth="1")),
    Row("WebDAV", "read a file", _READ, _dav("GET", "/file.txt")),
    Row("WebDAV", "look at a file (HEAD)", _READ, _dav("HEAD", "/file.txt")),
    Row("WebDAV", "write a new file", _CREATE, _dav("PUT", "/new.txt", b"x")),
    Row("WebDAV", "overwrite a file", _CHANGE, _dav("PUT", "/file.txt", b"x")),
    Row("WebDAV", "make a folder", _CREATE, _dav("MKCOL", "/new folder")),
    Row("WebDAV", "delete a file", _CHANGE, _dav("DELETE", "/file.txt")),
    Row("WebDAV", "delete a folder", _CHANGE, _dav("DELETE", "/folder")),
    Row("WebDAV", "rename", _CREATE, _relocation("MOVE", "/file.txt", "/new.txt")),
    Row("WebDAV", "copy", _CREATE, _relocation("COPY", "/file.txt", "/new.txt")),
    Row(
        "WebDAV",
        "set a property",
        (207, 207, 403, 404, 404, 401),
        _dav("PROPPATCH", "/file.txt", _PATCH, Content_Type="application/xml"),
    ),
    Row(
        "WebDAV",
        "lock a file",
        (200, 200, 403, 404, 404, 401),
        _dav("LOCK", "/file.txt", _LOCK, Timeout="Second-60"),
    ),
    Row(
        "WebDAV",
        "read by the file's id",
        _READ,
        lambda scene: Asked("GET", f"/dav/spaces/{scene.file_id}"),
    ),
    Row(
        "Versions",
        "list them",
        (207, 207, 403, 404, 404, 401),
        lambda scene: Asked("PROPFIND", f"/dav/meta/{scene.file_id}/v"),
    ),
    Row(
        "Versions",
        "read one",
        (200, 200, 403, 404, 404, 401),
        lambda scene: Asked("GET", f"/dav/meta/{scene.file_id}/v/{scene.version}"),
    ),
    Row(
        "Versions",
        "restore one",
        _CHANGE,
        lambda scene: Asked(
            "COPY",
            f"/dav/meta/{scene.file_id}/v/{scene.version}",
            headers={"Destination": f"/dav/spaces/{scene.drive}/file.txt"},
        ),
    ),
    Row(
        "Trash",
        "list it",
        _READ_MANY,
        lambda scene: Asked("PROPFIND", f"/dav/spaces/trash-bin/{scene.drive}"),
    ),
    Row(
        "Trash",
        "restore something",
        _CREATE,
        lambda scene: Asked(
            "MOVE",
            f"/dav/spaces/trash-bin/{scene.drive}/{scene.trashed}",
            headers={"Destination": f"/dav/spaces/{scene.drive}/back.txt"},
        ),
    ),
    Row(
        "Trash",
        "delete something for good",
        (204, 403, 403, 404, 404, 401),
        lambda scene: Asked(
            "DELETE", f"/dav/spaces/trash-bin/{scene.drive}/{scene.trashed}"
        ),
    ),
    Row(
        "Trash",
        "empty it",
        (204, 403, 403, 404, 404, 401),
        lambda scene: Asked("DELETE", f"/dav/spaces/trash-bin/{scene.drive}"),
    ),
    Row("tus", "upload a new file", _CREATE, _tus("", "new.txt")),
    Row("tus", "upload over a file", _CREATE, _tus("", "file.txt")),
    Row("tus", "upload into a folder", _CREATE, _tus("/folder", "new.txt")),
    Row(
        "Archive",
        "download the space",
        _READ,
        lambda scene: Asked("GET", f"/archiver?id={scene.drive}"),
    ),
    Row(
        "Archive",
        "download a file",
        _READ,
        lambda scene: Asked("GET", f"/archiver?id={scene.file_id}"),
    ),
    Row("Graph", "see the space", _SEE, _graph("GET")),
    Row("Graph", "see its root", _SEE, _graph("GET", "/root")),
    Row("Graph", "see its members", _SEE, _graph("GET", "/root/permissions")),
    Row("Graph", "see one membership", _SEE, _graph("GET", _PERMISSION)),
    Row(
        "Graph",
        "see the permissions of a file",
        _READ,
        lambda scene: Asked(
            "GET", f"/graph/v1.0/drives/{scene.drive}/items/{scene.file_id}/permissions"
        ),
    ),
    Row("Graph", "rename it", _MANAGE, _graph("PATCH", "", '{"name": "New"}')),
    Row("Graph", "describe it", _MANAGE, _graph("PATCH", "", '{"description": "d"}')),
    Row(
        "Graph",
        "change its quota",
        (403, 403, 403, 200, 404, 401),
        _graph("PATCH", "", '{"quota": {"total": 5000}}'),
    ),
    Row("Graph", "invite somebody", _MANAGE, _graph("POST", "/root/invite", _INVITE)),
    Row(
        "Graph",
        "change a member's role",
        _MANAGE,
        _graph("PATCH", _PERMISSION, f'{{"roles": ["{_EDITOR_ROLE}"]}}'),
    ),
    Row("Graph", "remove a member", _END, _graph("DELETE", _PERMISSION)),
    Row("Graph", "disable it", _END, _graph("DELETE")),
)


def markdown() -> str:
    """The table as a page of the documentation."""
    lines = [
        "# Permissions",
        "",
        "Who gets which answer, on every surface alike.",
        "The roles are those in a project space;",
        "an administrator and a stranger are no members of it,",
        "and nobody is logged in as nobody.",
        "Whoever has no access hears 404, as if there were nothing.",
        "",
        "This page is made from the table that the tests run, by",
        "`python -m tests.wire.permission_table > docs/permissions.md`.",
        "",
    ]
    surface = ""
    for row in ROWS:
        if row.surface != surface:
            surface = row.surface
            lines += ["", f"## {surface}", ""] if lines[-1] else [f"## {surface}", ""]
            lines.append(f"| operation | {' | '.join(PEOPLE)} |")
            lines.append(f"| --- |{' --- |' * len(PEOPLE)}")
        cells = " | ".join(_shown(status) for _, status in row.cells)
        lines.append(f"| {row.operation} | {cells} |")
    return "\n".join(lines) + "\n"


def _shown(status: int) -> str:
    return f"**{status}**" if status < 300 else str(status)


if __name__ == "__main__":
    sys.stdout.write(markdown())
