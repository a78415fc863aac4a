"""The properties of versions, and of a node asked for its path."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ocsync.dav.node_properties import UNKNOWN_TYPE, checksum_text
from ocsync.dav.property_table import Property, Render
from ocsync.wire.dates import format_http_date
from ocsync.wire.sabre import escape
from spaces.model import Entry, Extras, Version


@dataclass(frozen=True, slots=True)
class PathContext:
    """The storage that ids are of."""

    storage_id: str


@dataclass(frozen=True, slots=True)
class VersionContext:
    """The file whose versions are asked."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class VersionRow:
    """The list of versions (without one), or a version."""

    version: Version | None

    def is_list(self) -> bool:
        """Whether it is the list itself."""
        return self.version is None


_PathRow = Property[PathContext, Entry]
_VersionRow = Property[VersionContext, VersionRow]


def _path(_context: PathContext) -> Render[Entry]:
    def render(entry: Entry, _extras: Extras) -> str:
        path = escape("/" + "/".join(entry.path))
        return f"<oc:meta-path-for-user>{path}</oc:meta-path-for-user>"

    return render


def _id(name: str) -> _PathRow:
    def make(context: PathContext) -> Render[Entry]:
        def render(entry: Entry, _extras: Extras) -> str:
            text = f"{context.storage_id}${entry.space.id}!{entry.node.id}"
            return f"<oc:{name}>{text}</oc:{name}>"

        return render

    return _PathRow(make)


def _space(context: PathContext) -> Render[Entry]:
    def render(entry: Entry, _extras: Extras) -> str:
        return f"<oc:spaceid>{context.storage_id}${entry.space.id}</oc:spaceid>"

    return render


def _name(_context: PathContext) -> Render[Entry]:
    def render(entry: Entry, _extras: Extras) -> str:
        name = entry.space.name if entry.node.is_root else entry.node.name
        return f"<oc:name>{escape(name)}</oc:name>"

    return render


def _of_version(element: str, show: Callable[[Version], str]) -> _VersionRow:
    def make(_context: VersionContext) -> Render[VersionRow]:
        def render(row: VersionRow, _extras: Extras) -> str:
            assert row.version is not None
            return f"<{element}>{escape(show(row.version))}</{element}>"

        return render

    return _VersionRow(make)


def _resource_type(text: str) -> Callable[[VersionContext], Render[VersionRow]]:
    return lambda _context: lambda _row, _extras: text


def _file_name(context: VersionContext) -> Render[VersionRow]:
    name = f"<d:displayname>{escape(context.entry.node.name)}</d:displayname>"
    return lambda _row, _extras: name


def _version_checksums(version: Version) -> str:
    return checksum_text(version.content.checksums)


def _checksums(_context: VersionContext) -> Render[VersionRow]:
    def render(row: VersionRow, _extras: Extras) -> str:
        assert row.version is not None
        text = _version_checksums(row.version)
        return f"<oc:checksums><oc:checksum>{text}</oc:checksum></oc:checksums>"

    return render


_OC: Final = "{http://owncloud.org/ns}"
PATH_PROPERTIES: Final[dict[str, _PathRow]] = {
    f"{_OC}meta-path-for-user": _PathRow(_path),
    f"{_OC}id": _id("id"),
    f"{_OC}fileid": _id("fileid"),
    f"{_OC}spaceid": _PathRow(_space),
    f"{_OC}name": _PathRow(_name),
}
VERSION_PROPERTIES: Final[dict[str, _VersionRow]] = {
    "{DAV:}displayname": _VersionRow(_file_name, _file_name),
    "{DAV:}resourcetype": _VersionRow(
        _resource_type("<d:resourcetype/>"),
        _resource_type("<d:resourcetype><d:collection/></d:resourcetype>"),
    ),
    "{DAV:}getlastmodified": _of_version(
        "d:getlastmodified", lambda version: format_http_date(version.modified_at)
    ),
    "{DAV:}getcontentlength": _of_version(
        "d:getcontentlength", lambda version: str(version.content.size)
    ),
    "{DAV:}getcontenttype": _of_version(
        "d:getcontenttype", lambda version: version.media_type or UNKNOWN_TYPE
    ),
    "{DAV:}getetag": _of_version("d:getetag", lambda version: f'"{version.etag}"'),
    f"{_OC}size": _of_version("oc:size", lambda version: str(version.content.size)),
    f"{_OC}checksums": _VersionRow(_checksums),
}
