"""REPORT DAV:sync-collection (RFC 6578): what changed below a folder.

The domain's change log says what; here it becomes responses: 404 for what is gone,
properties for what is there, one DAV:sync-token at the end, and a 507 on the folder
itself while there is more. At level 1 a member folder counts as changed whenever
anything below it changed, since its ETag did.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.multistatus import send_multistatus, status_response
from ocsync.dav.node_rows import NodeRenderer, NodeRows, node_href
from ocsync.dav.property_request import read_prop
from ocsync.dav.property_table import Wanted
from ocsync.dav.request import DavRequest
from ocsync.dav.sync_tokens import SyncToken, parse_sync_token
from ocsync.dav.xml_body import Element
from ocsync.problems import HttpProblem, status_line
from ocsync.wire.url_paths import join_path
from spaces.changes import ChangePage
from spaces.errors import NodeNotFound
from spaces.library import Library
from spaces.model import NO_EXTRAS, Entry, Extras, Node

_INSUFFICIENT: Final = 507
_GONE: Final = 404
_MAX_LIMIT: Final = 1_000_000
_EXTRAS_AT_ONCE: Final = 256

Change = tuple[tuple[str, ...], Node]


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What a DAV:sync-collection asks for; `token` empty: from the beginning."""

    token: str
    is_deep: bool
    limit: int | None
    wanted: Wanted


def read_sync_request(root: Element) -> SyncRequest:
    """Read the body.

    Raises:
        HttpProblem: 400, it lacks what RFC 6578 §6.1 demands.
    """
    level = (root.findtext("{DAV:}sync-level") or "").strip().lower()
    if level not in {"1", "infinite"}:
        raise HttpProblem(400, "DAV:sync-level: expected 1 or infinite")
    token = root.findtext("{DAV:}sync-token")
    if token is None:
        raise HttpProblem(400, "DAV:sync-token is missing")
    return SyncRequest(
        token.strip(),
        level == "infinite",
        _read_limit(root),
        read_prop(root.find("{DAV:}prop")),
    )


def _read_limit(root: Element) -> int | None:
    text = root.findtext("{DAV:}limit/{DAV:}nresults")
    if text is None:
        return None
    text = text.strip()
    if not (text.isascii() and text.isdigit() and int(text[:10])):
        raise HttpProblem(400, "DAV:nresults: expected a number above 0")
    return min(int(text[:10]), _MAX_LIMIT)


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer: what is there, what is gone, and where the client stands then."""

    changed: Iterable[tuple[Change, Extras]]
    removed: Iterable[str]
    token: SyncToken
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class SyncReport:
    """One DAV:sync-collection on a folder."""

    library: Library
    request: DavRequest
    entry: Entry
    asked: SyncRequest

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 207.

        Raises:
            SyncTokenExpired: the token is not one of this folder, or is too old.
        """
        rows = NodeRows(self.library, self.request, self.asked.wanted)
        page = self._page(rows)
        token = f"<d:sync-token>{page.token}</d:sync-token>"
        return send_multistatus(
            start_response,
            self._responses(page, rows),
            tail=token,
            accept_encoding=self.request.header("Accept-Encoding") or "",
        )

    def _page(self, rows: NodeRows) -> _Page:
        folder = self.entry.node
        if not self.asked.token:
            seq = self.library.changes.token(self.request.actor, folder)
            return self._listing(rows, SyncToken(folder.id, seq, ()))
        token = parse_sync_token(self.asked.token, folder_id=folder.id)
        if token.reached is not None:
            return self._listing(rows, token)
        changes = self.library.changes.since(
            self.request.actor, folder, token.seq, limit=self.asked.limit
        )
        return _Page(
            changed=self._with_extras(rows, self._changed(changes)),
            removed=self._removed(changes),
            token=SyncToken(folder.id, changes.token),
            is_truncated=changes.is_truncated,
        )

    def _listing(self, rows: NodeRows, token: SyncToken) -> _Page:
        """The next page of everything that is there, by path.

        Paths order the pages because nothing else stays put: what is renamed or
        made meanwhile has changes after the token's, which are told in the end.
        """
        reached, limit = token.reached or (), self.asked.limit
        members: Iterator[Change] = (
            member for member in self._members() if member[0] > reached
        )
        done = SyncToken(token.folder_id, token.seq)
        is_truncated = False
        if limit is not None:
            page = heapq.nsmallest(limit + 1, members, key=_by_path)
            if is_truncated := len(page) > limit:
                page.pop()
                done = SyncToken(token.folder_id, token.seq, page[-1][0])
            members = iter(page)
        return _Page(
            changed=self._with_extras(rows, members),
            removed=(),
            token=done,
            is_truncated=is_truncated,
        )

    def _members(self) -> Iterator[Change]:
        actor, tree, folder = self.request.actor, self.library.tree, self.entry.node
        if self.asked.is_deep:
            for path, node in tree.descendants(actor, folder):
                yield tuple(path.split("/")), node
        else:
            for node in tree.children(actor, folder):
                yield (node.name,), node

    def _changed(self, changes: ChangePage) -> Iterator[Change]:
        if self.asked.is_deep:
            for path, node in changes.changed:
                yield tuple(path.split("/")), node
            return
        seen: set[str] = set()
        told: Iterable[tuple[str, Node | None]] = chain(
            changes.changed, ((path, None) for path in changes.removed)
        )
        for path, its_node in told:
            top, _, below = path.partition("/")
            if top in seen or (its_node is None and not below):
                continue
            seen.add(top)
            member = self._member(top) if below or its_node is None else its_node
            if member is not None:
                yield (top,), member

    def _member(self, name: str) -> Node | None:
        """A member folder in which something changed; None if it is gone since."""
        try:
            return self.library.tree.child(self.request.actor, self.entry.node, name)
        except NodeNotFound:
            return None

    def _removed(self, changes: ChangePage) -> Iterable[str]:
        if self.asked.is_deep:
            return changes.removed
        return [path for path in changes.removed if "/" not in path]

    def _with_extras(
        self, rows: NodeRows, changes: Iterable[Change]
    ) -> Iterator[tuple[Change, Extras]]:
        """Changes with what is kept beside them, read for many at once."""
        if not rows.with_extras:
            yield from ((change, NO_EXTRAS) for change in changes)
            return
        actor, coming = self.request.actor, iter(changes)
        while batch := list(islice(coming, _EXTRAS_AT_ONCE)):
            nodes = [node for _, node in batch]
            extras = self.library.properties.extras_among(actor, nodes)
            for change in batch:
                yield change, extras.get(change[1].id, NO_EXTRAS)

    def _responses(self, page: _Page, rows: NodeRows) -> Iterator[str]:
        base, renderer = self.request.href, rows.renderer(self.entry)
        if page.is_truncated:
            yield _truncated(f"{base}/")
        for path in page.removed:
            yield status_response(base + join_path(path.split("/")), _GONE)
        for change, extras in page.changed:
            yield self._response(renderer, change, extras)

    def _response(self, renderer: NodeRenderer, change: Change, extras: Extras) -> str:
        path, node = change
        href = node_href(self.request.href + join_path(path), node)
        return renderer.response(href, node, extras)


def _by_path(change: Change) -> tuple[str, ...]:
    return change[0]


def _truncated(href: str) -> str:
    """The response that says there is more (RFC 6578 §3.6)."""
    return (
        f"<d:response><d:href>{href}</d:href>"
        f"<d:status>HTTP/1.1 {status_line(_INSUFFICIENT)}</d:status>"
        "<d:error><d:number-of-matches-within-limits/></d:error></d:response>"
    )
