"""A reference sync client: a mirror kept up to date by DAV:sync-collection alone.

It knows what RFC 6578 says and nothing of the server: it lists once, then asks what
changed since the last token, in pages if it likes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.wire.dav_client import OC, D, Dav, Row, error_of, rows_of, sync_token_of, xml

_PROPERTIES = "<d:prop><d:resourcetype/><d:getetag/><oc:id/><oc:size/></d:prop>"


@dataclass
class Mirror:
    """What the client believes to be below a folder: id and ETag by path."""

    dav: Dav
    folder: str = ""
    limit: int | None = None
    token: str = ""
    state: dict[str, tuple[str, str]] = field(default_factory=dict)
    reported: int = 0
    """Responses in the answers to the last `sync`."""

    def sync(self) -> None:
        """Ask until there is no more."""
        self.reported = 0
        for _ in range(10_000):
            if not self._page():
                return
        raise AssertionError("the server never comes to an end")

    def _page(self) -> bool:
        """One report; whether there is more."""
        limit = ""
        if self.limit is not None:
            limit = f"<d:limit><d:nresults>{self.limit}</d:nresults></d:limit>"
        body = xml(
            "sync-collection",
            f"<d:sync-token>{self.token}</d:sync-token>"
            f"<d:sync-level>infinite</d:sync-level>{limit}{_PROPERTIES}",
        )
        answer = self.dav.send("REPORT", self.folder, body, headers={"Depth": "0"})
        if answer.status_int == 403 and self.token:
            # RFC 6578 §3.2: a token that is no good means to begin anew.
            assert error_of(answer).conditions == (f"{D}valid-sync-token",)
            self.token = ""
            self.state.clear()
            return True
        rows = rows_of(answer)
        base = self.dav.url(self.folder).rstrip("/") + "/"
        is_truncated = any(row.status == 507 for row in rows)
        told = [row for row in rows if row.status != 507]
        hrefs = [row.href for row in told]
        assert len(hrefs) == len(set(hrefs)), "a member is reported once"
        assert all(href.startswith(base) and href != base for href in hrefs)
        if self.limit is not None and not self.token:
            assert len(told) <= self.limit
        self.reported += len(told)
        for row in told:
            if row.status == 404:
                self._remove(self._path(row))
        for row in sorted(told, key=lambda row: row.path):
            if row.status is None:
                self._write(row)
        self.token = sync_token_of(answer)
        return is_truncated

    def _path(self, row: Row) -> str:
        base = self.dav.url(self.folder).rstrip("/") + "/"
        return Row(row.href.removeprefix(base), {}, frozenset(), None).path.rstrip("/")

    def _write(self, row: Row) -> None:
        path, node_id = self._path(row), row.text(f"{OC}id")
        is_folder = len(row.found[f"{D}resourcetype"]) > 0
        known = self.state.get(path)
        if known is not None and (known[0] != node_id or not is_folder):
            self._remove(path)
        self.state[path] = (node_id, row.text(f"{D}getetag") if not is_folder else "")

    def _remove(self, path: str) -> None:
        for known in self._at_or_below(path):
            del self.state[known]

    def _at_or_below(self, path: str) -> list[str]:
        return [
            known
            for known in self.state
            if known == path or known.startswith(f"{path}/")
        ]


def truth(dav: Dav, folder: str = "") -> dict[str, tuple[str, str]]:
    """What is really below a folder, walked level by level."""
    return dict(_walk(dav, folder.rstrip("/"), ""))


def _walk(dav: Dav, folder: str, prefix: str) -> Iterator[tuple[str, tuple[str, str]]]:
    names = ("d:resourcetype", "d:getetag", "oc:id", "oc:name")
    for row in rows_of(dav.propfind(folder, *names, depth="1"))[1:]:
        name = row.text(f"{OC}name")
        is_folder = len(row.found[f"{D}resourcetype"]) > 0
        etag = "" if is_folder else row.text(f"{D}getetag")
        yield prefix + name, (row.text(f"{OC}id"), etag)
        if is_folder:
            below = f"{folder}/{name}" if folder else name
            yield from _walk(dav, below, f"{prefix}{name}/")
