"""The OpenAPI document of Libre Graph, served at `/graph/openapi.json`.

One row for each operation; a test holds that the rows are the routes, and schemathesis
that the answers are as described.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ocsync._version import __version__
from ocsync.graph.documents import Version
from ocsync.graph.openapi_schemas import (
    SCHEMAS,
    TEXT,
    Schema,
    collection,
    listed,
    ref,
)

_ALWAYS: Final = (400, 401, 429)
_FOUND: Final = (403, 404)
_MEANINGS: Final[Mapping[int, str]] = {
    200: "Done",
    201: "Created",
    204: "Done, with nothing to say",
    400: "The request makes no sense",
    401: "Nobody is logged in",
    403: "The role does not allow it",
    404: "There is no such thing, or not for whoever asks",
    409: "In conflict with what is there",
    412: "The drive is in another state than If-Match says",
    413: "The body is too large",
    429: "Too many failed logins; see Retry-After",
}
_QUERY: Final = ("$filter", "$orderby", "$select", "$expand", "$top", "$skip")
_ONE: Final = ("$select", "$expand")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, below that of the version."""

    method: str
    path: str
    summary: str
    answers: int = 200
    answer: Schema | None = None
    body: str | None = None
    refusals: tuple[int, ...] = ()
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    tag: str = field(default="drives", kw_only=True)


_DRIVE: Final = "/drives/{drive}"
_PERMISSION: Final = f"{_DRIVE}/root/permissions/{{permission}}"
_CHANGED: Final = (*_FOUND, 409, 413)

OPERATIONS: Final = (
    Operation(
        "GET", "/me/drives", "One's own drives", 200, collection("drive"), query=_QUERY
    ),
    Operation(
        "GET", "/me/drive", "One's personal drive", 200, ref("drive"), query=_ONE
    ),
    Operation(
        "GET", "/me/drive/root", "The root of the personal drive", 200, ref("driveItem")
    ),
    Operation(
        "GET",
        "/me/drive/sharedWithMe",
        "Nothing: files are not shared by themselves",
        200,
        collection("driveItem"),
    ),
    Operation(
        "GET",
        "/me/drive/sharedByMe",
        "Nothing: files are not shared by themselves",
        200,
        collection("driveItem"),
    ),
    Operation(
        "GET",
        "/drives",
        "All drives for administrators, else one's own",
        200,
        collection("drive"),
        query=_QUERY,
    ),
    Operation(
        "POST",
        "/drives",
        "Make a project space",
        201,
        ref("drive"),
        "newDrive",
        (403, 409, 413),
        _ONE,
    ),
    Operation("GET", _DRIVE, "A drive", 200, ref("drive"), None, _FOUND, _ONE),
    Operation(
        "PATCH",
        _DRIVE,
        "Change a drive; with the header Restore open it again",
        200,
        ref("drive"),
        "driveChange",
        (*_CHANGED, 412),
        _ONE,
        ("Restore", "If-Match"),
    ),
    Operation(
        "DELETE",
        _DRIVE,
        "Disable a drive; with the header Purge delete it",
        204,
        refusals=(*_FOUND, 409, 412),
        headers=("Purge", "If-Match"),
    ),
    Operation(
        "GET",
        f"{_DRIVE}/root",
        "The root of a drive",
        200,
        ref("driveItem"),
        refusals=_FOUND,
    ),
    Operation(
        "GET",
        f"{_DRIVE}/root/permissions",
        "The members of a space, and the roles there are",
        200,
        ref("permissions"),
        None,
        _FOUND,
        ("$filter", "$select"),
        tag="members",
    ),
    Operation(
        "POST",
        f"{_DRIVE}/root/invite",
        "Make users members",
        200,
        collection("permission"),
        "invitation",
        _CHANGED,
        tag="members",
    ),
    Operation(
        "GET",
        _PERMISSION,
        "A membership",
        200,
        ref("permission"),
        None,
        _FOUND,
        tag="members",
    ),
    Operation(
        "PATCH",
        _PERMISSION,
        "Give a member another role",
        200,
        ref("permission"),
        "permissionChange",
        _CHANGED,
        tag="members",
    ),
    Operation(
        "DELETE",
        _PERMISSION,
        "End a membership",
        204,
        refusals=(*_FOUND, 409),
        tag="members",
    ),
    Operation(
        "GET",
        f"{_DRIVE}/items/{{item}}/permissions",
        "What one may do with a file or folder",
        200,
        ref("permissions"),
        None,
        _FOUND,
        ("$filter", "$select"),
        tag="members",
    ),
    Operation(
        "GET",
        "/roleManagement/permissions/roleDefinitions",
        "The roles of spaces",
        200,
        listed(ref("roleDefinition")),
        tag="members",
    ),
    Operation(
        "GET",
        "/roleManagement/permissions/roleDefinitions/{role}",
        "A role",
        200,
        ref("roleDefinition"),
        refusals=(404,),
        tag="members",
    ),
    Operation("GET", "/me", "Oneself", 200, ref("user"), query=_ONE, tag="users"),
    Operation(
        "PATCH",
        "/me",
        "Change how one is called",
        200,
        ref("user"),
        "ownChange",
        (413,),
        _ONE,
        tag="users",
    ),
    Operation(
        "POST",
        "/me/changePassword",
        "Give oneself a new password",
        204,
        None,
        "passwordChange",
        (413,),
        tag="users",
    ),
    Operation(
        "GET",
        "/users",
        "All accounts for administrators; others search by three letters",
        200,
        collection("user"),
        None,
        (403,),
        ("$search", *_QUERY),
        tag="users",
    ),
    Operation(
        "POST",
        "/users",
        "Make an account",
        201,
        ref("user"),
        "newUser",
        (403, 409, 413),
        _ONE,
        tag="users",
    ),
    Operation(
        "GET",
        "/users/{user}",
        "An account, by id or name",
        200,
        ref("user"),
        None,
        _FOUND,
        _ONE,
        tag="users",
    ),
    Operation(
        "PATCH",
        "/users/{user}",
        "Change an account",
        200,
        ref("user"),
        "userChange",
        _CHANGED,
        _ONE,
        tag="users",
    ),
    Operation(
        "DELETE",
        "/users/{user}",
        "Delete an account with its personal space",
        204,
        refusals=(*_FOUND, 409),
        tag="users",
    ),
    Operation("GET", "/groups", "None", 200, collection("user"), tag="users"),
)


def openapi_document(base_url: str) -> dict[str, object]:
    """The document, for a server that is reached under the URL."""
    paths: dict[str, dict[str, object]] = {}
    for version in Version:
        for operation in OPERATIONS:
            path = f"/{version.value}{operation.path}"
            described = _described(operation, version)
            paths.setdefault(path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Libre Graph of ocsync",
            "version": __version__,
            "description": "Users, and spaces as drives, in OData-shaped JSON.",
        },
        "servers": [{"url": f"{base_url}/graph"}],
        "security": [{"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _described(operation: Operation, version: Version) -> dict[str, object]:
    words = operation.path.replace("{", "").replace("}", "").split("/")
    name = "".join(word[:1].upper() + word[1:] for word in words)
    document: dict[str, object] = {
        "operationId": f"{operation.method.lower()}{name}_{version.value}",
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.body is not None:
        document["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": ref(operation.body)}},
        }
    return document


def _parameters(operation: Operation) -> list[Schema]:
    in_path = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": TEXT}
        for part in operation.path.split("/")
        if part.startswith("{")
    ]
    in_query = [
        {"name": name, "in": "query", "schema": TEXT} for name in operation.query
    ]
    in_header = [
        {"name": name, "in": "header", "schema": TEXT} for name in operation.headers
    ]
    return [*in_path, *in_query, *in_header]


def _responses(operation: Operation) -> dict[str, object]:
    responses: dict[str, object] = {}
    for status in sorted({operation.answers, *_ALWAYS, *operation.refusals}):
        schema = operation.answer if status == operation.answers else ref("error")
        answer: dict[str, object] = {"description": _MEANINGS[status]}
        if schema is not None:
            answer["content"] = {"application/json": {"schema": schema}}
        responses[str(status)] = answer
    return responses
