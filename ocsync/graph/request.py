"""What the parts of a Libre Graph request mean: ids, preconditions, typed fields.

Text and JSON in, checked domain values out, or a refusal that names the field.
"""

from collections.abc import Mapping
from typing import Any, Final

from ocsync.endpoints import Call
from ocsync.problems import HttpProblem
from spaces.errors import NodeNotFound, PreconditionFailed, SpaceNotFound
from spaces.ids import NodeId, ResourceId, SpaceId, UserId, is_id
from spaces.model import Space

MAX_QUOTA_BYTES: Final = 2**63 - 1
_MAX_TEXT: Final = 4096


def require_resource(text: str, storage_id: str) -> ResourceId:
    """The id of something in a space of this server.

    Raises:
        HttpProblem: 400, it does not look like one.
        SpaceNotFound: it belongs to another storage.
    """
    try:
        resource = ResourceId.parse(text)
    except ValueError:
        raise HttpProblem(400, "The id is malformed") from None
    if resource.storage != storage_id:
        raise SpaceNotFound
    return resource


def require_space_id(text: str, storage_id: str) -> SpaceId:
    """The id of a space of this server, as a drive's id or that of its root.

    Raises:
        HttpProblem: 400, it does not look like one.
        SpaceNotFound: it names something else.
    """
    resource = require_resource(text, storage_id)
    if resource.node is not None and str(resource.node) != str(resource.space):
        raise SpaceNotFound
    return resource.space


def require_node_id(text: str, space_id: SpaceId, storage_id: str) -> NodeId:
    """The id of a node in the space.

    Raises:
        HttpProblem: 400, it does not look like one.
        NodeNotFound: it lies in another space.
    """
    resource = require_resource(text, storage_id)
    if resource.space != space_id:
        raise NodeNotFound
    return resource.node or NodeId(resource.space)


def require_user_id(text: object) -> UserId:
    """The id of a user.

    Raises:
        HttpProblem: 400, it does not look like one.
    """
    if not isinstance(text, str) or not is_id(text):
        raise HttpProblem(400, "The user's id is malformed")
    return UserId(text)


def require_match(call: Call, space: Space) -> None:
    """Check If-Match against the space's eTag (RFC 9110 §13.1.1).

    Raises:
        PreconditionFailed: the space is in another state.
    """
    wanted = call.request.if_match
    if wanted and space.etag not in wanted:
        raise PreconditionFailed(etag=space.etag)


def is_flagged(call: Call, header: str) -> bool:
    """Whether the header (`Purge`, `Restore`) is there and says yes."""
    return call.request.headers.get(header, "").strip().lower() in {"t", "true", "1"}


def text_field(document: Mapping[str, Any], name: str) -> str | None:
    """A text; None where it is absent or null.

    Raises:
        HttpProblem: 400, it is something else, or far too long.
    """
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MAX_TEXT or "\0" in value:
        raise HttpProblem(400, f"{name} must be a text of at most {_MAX_TEXT} letters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise HttpProblem(400, f"{name} is not valid Unicode") from None
    return value


def object_field(document: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An object; None where it is absent or null.

    Raises:
        HttpProblem: 400, it is something else.
    """
    value = document.get(name)
    if value is not None and not isinstance(value, dict):
        raise HttpProblem(400, f"{name} must be an object")
    return value


def list_field(document: Mapping[str, Any], name: str) -> list[Any]:
    """A list; empty where it is absent or null.

    Raises:
        HttpProblem: 400, it is something else.
    """
    value = document.get(name)
    if value is not None and not isinstance(value, list):
        raise HttpProblem(400, f"{name} must be a list")
    return value or []


def quota_field(document: Mapping[str, Any]) -> tuple[bool, int | None]:
    """Whether a quota is given, and its total; None for no limit.

    Raises:
        HttpProblem: 400, it is no number of bytes.
    """
    quota = object_field(document, "quota")
    if quota is None or quota.get("total") is None:
        return False, None
    total = quota["total"]
    is_number = isinstance(total, int) and not isinstance(total, bool)
    if not is_number or not 0 <= total <= MAX_QUOTA_BYTES:
        raise HttpProblem(400, "quota.total must be a number of bytes")
    return True, total or None
