"""Requests for properties, as clients send them."""

from collections.abc import Mapping, Sequence
from typing import Final

# What stock wsgidav knows of a file.
PLAIN: Final = (
    "d:resourcetype",
    "d:displayname",
    "d:creationdate",
    "d:getlastmodified",
    "d:getcontentlength",
    "d:getcontenttype",
    "d:getetag",
)
# What a sync client wants to know, permissions and checksums among it.
SYNCING: Final = (
    *PLAIN,
    "oc:id",
    "oc:fileid",
    "oc:size",
    "oc:permissions",
    "oc:checksums",
    "oc:share-types",
    "oc:favorite",
    "oc:owner-display-name",
)


def body(names: Sequence[str]) -> bytes:
    """The body of a PROPFIND for these properties."""
    inside = "".join(f"<{name}/>" for name in names)
    return (
        '<?xml version="1.0"?><d:propfind xmlns:d="DAV:"'
        f' xmlns:oc="http://owncloud.org/ns"><d:prop>{inside}</d:prop></d:propfind>'
    ).encode()


def headers(depth: str) -> Mapping[str, str]:
    """The headers of a PROPFIND of that depth."""
    return {"Depth": depth, "Content-Type": "application/xml"}
