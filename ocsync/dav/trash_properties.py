"""The properties of what lies in the trash."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ocsync.dav.node_properties import UNKNOWN_TYPE
from ocsync.dav.property_table import Property, Render
from ocsync.wire.dates import format_http_date
from ocsync.wire.permissions import permission_letters
from ocsync.wire.sabre import escape
from spaces.clock import Instant, to_seconds
from spaces.model import Extras, Node, Role

FOLDER_TYPE: Final = "httpd/unix-directory"


@dataclass(frozen=True, slots=True)
class TrashRow:
    """The trash itself (without a node), an item, or something inside one."""

    node: Node | None
    original_path: tuple[str, ...] = ()
    removed_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class TrashContext:
    """What the rows of one space's trash have in common."""

    space_id: str
    """With the storage's: `storage$space`."""
    role: Role | None


Row = Property[TrashContext, TrashRow]
_Render = Render[TrashRow]


def is_trash_folder(row: TrashRow) -> bool:
    """Whether the row is shown as a folder."""
    return row.node is None or row.node.is_folder


def _text(element: str, value: str) -> str:
    return f"<{element}>{escape(value)}</{element}>"


def _of_node(element: str, show: Callable[[Node], str]) -> Row:
    def make(_context: TrashContext) -> _Render:
        def render(row: TrashRow, _extras: Extras) -> str | None:
            return None if row.node is None else _text(element, show(row.node))

        return render

    return Row(make, make, is_certain=False)


def _of_row(element: str, show: Callable[[TrashRow], str | None]) -> Row:
    def make(_context: TrashContext) -> _Render:
        def render(row: TrashRow, _extras: Extras) -> str | None:
            value = show(row)
            return None if value is None else _text(element, value)

        return render

    return Row(make, make, is_certain=False)


def _id(element: str) -> Row:
    def make(context: TrashContext) -> _Render:
        def render(row: TrashRow, _extras: Extras) -> str | None:
            if row.node is None:
                return None
            return _text(element, f"{context.space_id}!{row.node.id}")

        return render

    return Row(make, make, is_certain=False)


def _parent(context: TrashContext) -> _Render:
    def render(row: TrashRow, _extras: Extras) -> str | None:
        if row.node is None or row.node.parent_id is None:
            return None
        return _text("oc:file-parent", f"{context.space_id}!{row.node.parent_id}")

    return render


def _space(context: TrashContext) -> _Render:
    text = _text("oc:spaceid", context.space_id)
    return lambda _row, _extras: text


def _permissions(context: TrashContext) -> _Render:
    def render(row: TrashRow, _extras: Extras) -> str:
        letters = permission_letters(context.role, is_folder=is_trash_folder(row))
        return _text("oc:permissions", letters)

    return render


def _kind(_context: TrashContext) -> _Render:
    def render(row: TrashRow, _extras: Extras) -> str:
        inside = "<d:collection/>" if is_trash_folder(row) else ""
        return f"<d:resourcetype>{inside}</d:resourcetype>"

    return render


def _length(_context: TrashContext) -> _Render:
    def render(row: TrashRow, _extras: Extras) -> str | None:
        if row.node is None:
            return None
        return _text("d:getcontentlength", str(row.node.size))

    return render


def _location(row: TrashRow) -> str | None:
    return None if row.node is None else "/".join(row.original_path)


def _name(row: TrashRow) -> str | None:
    return None if row.node is None else row.original_path[-1]


def _removed_seconds(row: TrashRow) -> str | None:
    return None if row.removed_at is None else str(to_seconds(row.removed_at))


def _removed_date(row: TrashRow) -> str | None:
    return None if row.removed_at is None else format_http_date(row.removed_at)


def _type(node: Node) -> str:
    return FOLDER_TYPE if node.is_folder else node.media_type or UNKNOWN_TYPE


_OC: Final = "{http://owncloud.org/ns}"
TRASH_PROPERTIES: Final[dict[str, Row]] = {
    f"{_OC}trashbin-original-filename": _of_row("oc:trashbin-original-filename", _name),
    f"{_OC}trashbin-original-location": _of_row(
        "oc:trashbin-original-location", _location
    ),
    f"{_OC}trashbin-delete-timestamp": _of_row(
        "oc:trashbin-delete-timestamp", _removed_seconds
    ),
    f"{_OC}trashbin-delete-datetime": _of_row(
        "oc:trashbin-delete-datetime", _removed_date
    ),
    f"{_OC}id": _id("oc:id"),
    f"{_OC}fileid": _id("oc:fileid"),
    f"{_OC}spaceid": Row(_space, _space),
    f"{_OC}file-parent": Row(_parent, _parent, is_certain=False),
    f"{_OC}name": _of_row("oc:name", _name),
    f"{_OC}size": _of_node("oc:size", lambda node: str(node.size)),
    f"{_OC}permissions": Row(_permissions, _permissions),
    "{DAV:}displayname": _of_row("d:displayname", _name),
    "{DAV:}resourcetype": Row(_kind, _kind),
    "{DAV:}getcontentlength": Row(_length, None),
    "{DAV:}getcontenttype": _of_node("d:getcontenttype", _type),
    "{DAV:}getlastmodified": _of_node(
        "d:getlastmodified", lambda node: format_http_date(node.modified_at)
    ),
    "{DAV:}getetag": _of_node("d:getetag", lambda node: f'"{node.etag}"'),
}
