"""The live properties of files and folders in spaces: the table clients ask from.

Each row makes the renderers of one property. Which names are listed without a
renderer is deliberate: clients ask for them on every listing, and knowing that they
never exist here spares the look into the dead properties.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ocsync.dav.lock_xml import LockRoots, active_locks
from ocsync.dav.property_table import Property, Render
from ocsync.dav.sync_tokens import SyncToken
from ocsync.wire.dates import format_http_date, format_iso_date
from ocsync.wire.permissions import permission_letters, share_permissions
from ocsync.wire.sabre import escape
from ocsync.wire.url_paths import quote_segment
from spaces.model import Actor, Checksums, Extras, Node, Space

UNKNOWN_TYPE: Final = "application/octet-stream"
NO_LIMIT: Final = -3
"""What quota-available-bytes says for a space without a quota."""


@dataclass(frozen=True, slots=True)
class NodeContext:
    """What the properties of one space's nodes have in common."""

    space: Space
    actor: Actor
    storage_id: str
    base_url: str
    lock_roots: LockRoots
    sync_seq: int | None = None

    @property
    def id_prefix(self) -> str:
        """What stands before a node's own id."""
        return f"{self.storage_id}${self.space.id}!"


Row = Property[NodeContext, Node]
_Render = Render[Node]


def checksum_text(checksums: Checksums) -> str:
    """The digests that are known, as `oc:checksum` lists them."""
    md5 = f" MD5:{checksums.md5}" if checksums.md5 else ""
    return f"SHA1:{checksums.sha1}{md5} ADLER32:{checksums.adler32}"


_escaped_type = lru_cache(maxsize=512)(escape)


def _id(name: str) -> Row:
    def make(context: NodeContext) -> _Render:
        head, tail = f"<oc:{name}>{context.id_prefix}", f"</oc:{name}>"
        return lambda node, _extras: head + node.id + tail

    return Row(make, make)


def _space_id(context: NodeContext) -> _Render:
    text = f"<oc:spaceid>{context.storage_id}${context.space.id}</oc:spaceid>"
    return lambda _node, _extras: text


def _parent(context: NodeContext) -> _Render:
    head = f"<oc:file-parent>{context.id_prefix}"

    def render(node: Node, _extras: Extras) -> str | None:
        if node.parent_id is None:
            return None
        return f"{head}{node.parent_id}</oc:file-parent>"

    return render


def _name(element: str) -> Row:
    def of_file(_context: NodeContext) -> _Render:
        return lambda node, _extras: f"<{element}>{escape(node.name)}</{element}>"

    def of_folder(context: NodeContext) -> _Render:
        root_name = escape(context.space.name)

        def render(node: Node, _extras: Extras) -> str:
            name = root_name if node.is_root else escape(node.name)
            return f"<{element}>{name}</{element}>"

        return render

    return Row(of_file, of_folder)


def _fixed(of_file: str | None, of_folder: str | None, **kinds: bool) -> Row:
    def constant(text: str) -> _Render:
        return lambda _node, _extras: text

    return Row(
        None if of_file is None else (lambda _context: constant(of_file)),
        None if of_folder is None else (lambda _context: constant(of_folder)),
        **kinds,
    )


def _permissions() -> Row:
    def make(context: NodeContext, *, is_folder: bool) -> _Render:
        letters = permission_letters(context.space.role, is_folder=is_folder)
        text = f"<oc:permissions>{letters}</oc:permissions>"
        return lambda _node, _extras: text

    return Row(
        lambda context: make(context, is_folder=False),
        lambda context: make(context, is_folder=True),
    )


def _share_permissions() -> Row:
    def make(context: NodeContext, *, is_folder: bool) -> _Render:
        number = share_permissions(context.space.role, is_folder=is_folder)
        text = f"<ocs:share-permissions>{number}</ocs:share-permissions>"
        return lambda _node, _extras: text

    return Row(
        lambda context: make(context, is_folder=False),
        lambda context: make(context, is_folder=True),
        in_allprop=False,
    )


def _size(_context: NodeContext) -> _Render:
    return lambda node, _extras: f"<oc:size>{node.size}</oc:size>"


def _length(_context: NodeContext) -> _Render:
    return lambda node, _extras: f"<d:getcontentlength>{node.size}</d:getcontentlength>"


def _content_type(_context: NodeContext) -> _Render:
    def render(node: Node, _extras: Extras) -> str:
        media_type = _escaped_type(node.media_type or UNKNOWN_TYPE)
        return f"<d:getcontenttype>{media_type}</d:getcontenttype>"

    return render


def _etag(_context: NodeContext) -> _Render:
    return lambda node, _extras: f'<d:getetag>"{node.etag}"</d:getetag>'


def _modified(_context: NodeContext) -> _Render:
    def render(node: Node, _extras: Extras) -> str:
        date = format_http_date(node.modified_at)
        return f"<d:getlastmodified>{date}</d:getlastmodified>"

    return render


def _created(_context: NodeContext) -> _Render:
    def render(node: Node, _extras: Extras) -> str:
        return f"<d:creationdate>{format_iso_date(node.created_at)}</d:creationdate>"

    return render


def _checksums(_context: NodeContext) -> _Render:
    def render(node: Node, _extras: Extras) -> str | None:
        if node.content is None:
            return None
        text = checksum_text(node.content.checksums)
        return f"<oc:checksums><oc:checksum>{text}</oc:checksum></oc:checksums>"

    return render


def _favorite(_context: NodeContext) -> _Render:
    def render(_node: Node, extras: Extras) -> str:
        return f"<oc:favorite>{int(extras.is_favorite)}</oc:favorite>"

    return render


def _tags(_context: NodeContext) -> _Render:
    def render(_node: Node, extras: Extras) -> str:
        return f"<oc:tags>{escape(','.join(extras.tags))}</oc:tags>"

    return render


def _private_link(context: NodeContext) -> _Render:
    head = f"<oc:privatelink>{escape(context.base_url)}/f/"
    head += quote_segment(context.id_prefix)

    return lambda node, _extras: f"{head}{node.id}</oc:privatelink>"


def _owner(element: str, *, is_display: bool) -> Row:
    def make(context: NodeContext) -> _Render:
        actor = context.actor
        text: str | None = None
        if context.space.owner_id == actor.user_id:
            name = (actor.display_name or actor.name) if is_display else actor.name
            text = f"<oc:{element}>{escape(name)}</oc:{element}>"
        return lambda _node, _extras: text

    return Row(make, make, is_certain=False, in_allprop=False)


def _quota_used(context: NodeContext) -> _Render:
    text = f"<d:quota-used-bytes>{context.space.quota.used}</d:quota-used-bytes>"
    return lambda _node, _extras: text


def _quota_available(context: NodeContext) -> _Render:
    remaining = context.space.quota.remaining
    number = NO_LIMIT if remaining is None else remaining
    text = f"<d:quota-available-bytes>{number}</d:quota-available-bytes>"
    return lambda _node, _extras: text


def _lock_discovery(context: NodeContext) -> _Render:
    def render(_node: Node, extras: Extras) -> str | None:
        if not extras.locks:
            return None
        locks = active_locks(extras.locks, context.lock_roots)
        return f"<d:lockdiscovery>{locks}</d:lockdiscovery>"

    return render


def _sync_token(context: NodeContext) -> _Render:
    seq = context.sync_seq

    def render(node: Node, _extras: Extras) -> str | None:
        if seq is None:
            return None
        return f"<d:sync-token>{SyncToken(node.id, seq)}</d:sync-token>"

    return render


_SUPPORTED_LOCK: Final = "<d:supportedlock>{}</d:supportedlock>".format(
    "".join(
        f"<d:lockentry><d:lockscope><d:{scope}/></d:lockscope>"
        "<d:locktype><d:write/></d:locktype></d:lockentry>"
        for scope in ("exclusive", "shared")
    )
)
_SEARCHES: Final = ("oc:search-files", "oc:filter-files")


def _reports(*names: str) -> str:
    inside = "".join(
        f"<d:supported-report><d:report><{name}/></d:report></d:supported-report>"
        for name in names
    )
    return f"<d:supported-report-set>{inside}</d:supported-report-set>"


SYNC_TOKEN: Final = "{DAV:}sync-token"  # noqa: S105 -- a property's name

_OC: Final = "{http://owncloud.org/ns}"
_NEVER: Final = Row()
NODE_PROPERTIES: Final[dict[str, Row]] = {
    f"{_OC}id": _id("id"),
    f"{_OC}fileid": _id("fileid"),
    f"{_OC}spaceid": Row(_space_id, _space_id),
    f"{_OC}file-parent": Row(_parent, _parent, is_certain=False),
    f"{_OC}name": _name("oc:name"),
    "{DAV:}displayname": _name("d:displayname"),
    "{DAV:}resourcetype": _fixed(
        "<d:resourcetype/>", "<d:resourcetype><d:collection/></d:resourcetype>"
    ),
    "{DAV:}getetag": Row(_etag, _etag),
    "{DAV:}getlastmodified": Row(_modified, _modified),
    "{DAV:}creationdate": Row(_created, _created),
    "{DAV:}getcontentlength": Row(_length, None),
    "{DAV:}getcontenttype": Row(_content_type, None),
    f"{_OC}permissions": _permissions(),
    f"{_OC}size": Row(_size, _size),
    f"{_OC}checksums": Row(_checksums, None),
    f"{_OC}favorite": Row(_favorite, _favorite, needs_extras=True),
    f"{_OC}tags": Row(_tags, _tags, needs_extras=True),
    "{DAV:}lockdiscovery": Row(
        _lock_discovery, _lock_discovery, is_certain=False, needs_extras=True
    ),
    "{DAV:}supportedlock": _fixed(
        _SUPPORTED_LOCK, _SUPPORTED_LOCK, in_allprop=False
    ),
    f"{_OC}privatelink": Row(_private_link, _private_link, in_allprop=False),
    f"{_OC}owner-id": _owner("owner-id", is_display=False),
    f"{_OC}owner-display-name": _owner("owner-display-name", is_display=True),
    # RFC 4331 would leave them out of allprop, where npm's `webdav` looks for them.
    "{DAV:}quota-used-bytes": Row(None, _quota_used),
    "{DAV:}quota-available-bytes": Row(None, _quota_available),
    SYNC_TOKEN: Row(None, _sync_token, is_certain=False, in_allprop=False),
    "{DAV:}supported-report-set": _fixed(
        _reports(), _reports("d:sync-collection", *_SEARCHES), in_allprop=False
    ),
    "{http://open-collaboration-services.org/ns}share-permissions": (
        _share_permissions()
    ),
} | {
    f"{_OC}{name}": _NEVER
    for name in (
        "audio", "dDC", "data-fingerprint", "downloadURL", "image", "location",
        "photo", "public-link-expiration", "public-link-item-type",
        "public-link-permission", "public-link-share-datetime",
        "public-link-share-owner", "remote-item-id", "share-types", "shareid",
        "shareroot", "signature-auth", "comments-unread", "zsync",
    )
} | {"{DAV:}activelock": _NEVER}  # fmt: skip
