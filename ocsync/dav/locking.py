"""LOCK and UNLOCK over the domain's locks, which every process sees.

wsgidav's lock manager is keyed by path and lives in one process; the domain's locks
sit on nodes and are enforced inside the transactions they guard.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Final
from wsgiref.types import StartResponse

from lxml import etree

from ocsync.dav.lock_xml import active_locks
from ocsync.dav.node_rows import LockRootPaths
from ocsync.dav.property_update import serialise
from ocsync.dav.refusals import LOCK_TOKEN_MATCHES, ConditionProblem
from ocsync.dav.request import DavRequest, respond
from ocsync.dav.xml_body import Element, read_xml
from ocsync.dav.xml_names import DECLARATIONS
from ocsync.problems import HttpProblem
from ocsync.wire.dav_headers import Depth, parse_lock_token, parse_timeout
from ocsync.wire.media_types import media_type_of
from ocsync.wire.sabre import CONTENT_TYPE
from spaces.errors import AlreadyExists, LockNotFound, NodeNotFound
from spaces.library import Library
from spaces.model import Entry, Lock, Place

_NO_OWNER: Final = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a DAV:lockinfo asks for."""

    is_exclusive: bool
    owner_xml: str


def read_lockinfo(root: Element) -> Wish:
    """Read the body of a LOCK.

    Raises:
        HttpProblem: 400, it lacks what RFC 4918 §14.11 demands.
    """
    scope = root.find("{DAV:}lockscope")
    kind = root.find("{DAV:}locktype")
    scopes = set() if scope is None else {str(child.tag) for child in scope}
    if kind is None or [str(child.tag) for child in kind] != ["{DAV:}write"]:
        raise HttpProblem(400, "DAV:locktype: only write locks exist")
    if scopes not in ({"{DAV:}exclusive"}, {"{DAV:}shared"}):
        raise HttpProblem(400, "DAV:lockscope: expected exclusive or shared")
    owner = root.find("{DAV:}owner")
    return Wish(
        scopes == {"{DAV:}exclusive"},
        _NO_OWNER if owner is None else _serialise_owner(owner),
    )


def _serialise_owner(owner: Element) -> str:
    """The owner as it is shown again, under the prefix that clients read."""
    renamed = etree.Element("{DAV:}owner", nsmap={"d": "DAV:"})
    renamed.text = owner.text
    renamed.extend(deepcopy(child) for child in owner)
    return serialise(renamed)


@dataclass(frozen=True, slots=True)
class Locking:
    """One LOCK or UNLOCK at a place."""

    library: Library
    request: DavRequest
    place: Place

    def lock(self, start_response: StartResponse) -> Iterable[bytes]:
        """Take or refresh a lock; a LOCK of nothing makes an empty file.

        Raises:
            HttpProblem, MalformedHeader: the request makes no sense.
            SpacesError: the domain refuses.
        """
        request = self.request
        depth = request.depth(Depth.INFINITY)
        if depth is Depth.ONE:
            raise HttpProblem(400, "Depth: a lock takes 0 or infinity")
        root = read_xml(request.environ, root="{DAV:}lockinfo")
        timeout = parse_timeout(request.header("Timeout"))
        if root is None:
            return self._answer(start_response, 200, self._refresh(timeout))
        wish = read_lockinfo(root)
        is_new = self._make_empty_file()
        lock = self.library.locks.create(
            request.actor,
            self.place,
            owner_xml=wish.owner_xml,
            exclusive=wish.is_exclusive,
            deep=depth is Depth.INFINITY,
            timeout_seconds=timeout,
            guard=request.lock_guard() if is_new else request.guard(),
        )
        return self._answer(
            start_response,
            201 if is_new else 200,
            lock,
            headers=[("Lock-Token", f"<{lock.token}>")],
        )

    def unlock(self, start_response: StartResponse) -> Iterable[bytes]:
        """Give a lock up.

        Raises:
            MalformedHeader: there is no Lock-Token.
            SpacesError: the domain refuses.
        """
        token = parse_lock_token(self.request.header("Lock-Token"))
        self.library.locks.release(self.request.actor, self.place, token)
        return respond(start_response, 204)

    def _refresh(self, timeout: int | None) -> Lock:
        """Refresh the lock whose token the If header submits (RFC 4918 §9.10.2)."""
        tokens = sorted(self.request.lock_tokens)
        if not tokens:
            raise HttpProblem(400, "LOCK needs a body, or a lock token in If")
        for token in tokens:
            try:
                return self.library.locks.refresh(
                    self.request.actor, self.place, token, timeout_seconds=timeout
                )
            except LockNotFound:
                continue
        # RFC 4918 §9.10.6: the token does not match: the precondition is not met.
        raise ConditionProblem(
            412, "The lock token is not of this URL", LOCK_TOKEN_MATCHES
        )

    def _make_empty_file(self) -> bool:
        """Make what is to be locked if nothing is there (RFC 4918 §7.3)."""
        request, files = self.request, self.library.files
        try:
            self.library.tree.get(request.actor, self.place)
        except NodeNotFound:
            if not self.place.path:
                raise
        else:
            return False
        files.check(request.actor, self.place, 0, guard=request.guard())
        with files.stage() as writer:
            content = writer.finish()
        try:
            files.commit(
                request.actor,
                self.place,
                content,
                media_type=media_type_of(self.place.path[-1]),
                guard=request.guard(),
                expect_new=True,
            )
        except AlreadyExists:
            return False
        request.etag_seen = None
        return True

    def _answer(
        self,
        start_response: StartResponse,
        status: int,
        lock: Lock,
        *,
        headers: list[tuple[str, str]] | None = None,
    ) -> Iterable[bytes]:
        entry: Entry = self.library.tree.get(self.request.actor, self.place)
        roots = LockRootPaths(self.request, entry, len(self.place.path))
        body = (
            f'<?xml version="1.0" encoding="utf-8"?>\n<d:prop {DECLARATIONS}>'
            f"<d:lockdiscovery>{active_locks((lock,), roots)}</d:lockdiscovery>"
            "</d:prop>\n"
        )
        return respond(
            start_response,
            status,
            [("Content-Type", CONTENT_TYPE), *(headers or [])],
            body.encode(),
        )
