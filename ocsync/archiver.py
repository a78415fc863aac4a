"""Downloading several files and folders as one archive: `/archiver`.

`?id=…&id=…` names files, folders or whole spaces, `path=` something in one's personal
space, `output-format=` zip or tar. What goes in is listed and counted first, so a
request beyond the limits is refused before the first byte.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from werkzeug.wrappers import Response

from ocsync.archives import FORMATS, MEDIA_TYPES, ArchiveEntry
from ocsync.endpoints import Call, Endpoints, Route
from ocsync.ocs.capabilities import ArchiveLimits
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Mount
from ocsync.wire.disposition import format_attachment
from spaces.clock import to_seconds
from spaces.errors import SpaceNotFound
from spaces.ids import ResourceId
from spaces.library import Library
from spaces.model import Actor, Entry, Node, Place

_MAX_NAMED: Final = 1000
_PLAIN_NAME: Final = "download"


def archiver_mounts(*, library: Library, limits: ArchiveLimits) -> tuple[Mount, ...]:
    """The mount of this module."""
    archiver = Archiver(library=library, limits=limits)
    return (
        Mount(
            prefix="/archiver",
            app=Endpoints((Route("GET", "/", archiver.download),)),
            form=Form.JSON,
            is_exact=True,
        ),
    )


class Archiver:
    """Makes archives of what a user may read."""

    def __init__(self, *, library: Library, limits: ArchiveLimits) -> None:
        self._library = library
        self._limits = limits

    def download(self, call: Call) -> Response:
        """Stream the archive."""
        actor = call.require_actor()
        kind = _format_of(call)
        tops = self._tops(actor, call)
        entries = self._entries(actor, tops)
        name = _top_name(tops[0]) if len(tops) == 1 else _PLAIN_NAME
        response = Response(
            FORMATS[kind](entries),
            content_type=MEDIA_TYPES[kind],
            direct_passthrough=True,
        )
        response.headers["Content-Disposition"] = format_attachment(f"{name}.{kind}")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _tops(self, actor: Actor, call: Call) -> list[Entry]:
        ids = call.request.args.getlist("id")
        paths = call.request.args.getlist("path")
        if not ids and not paths:
            raise HttpProblem(400, "Name what to download by id or path")
        if len(ids) + len(paths) > _MAX_NAMED:
            raise HttpProblem(413, f"At most {_MAX_NAMED} things can be named")
        found = [self._by_id(actor, text) for text in ids]
        return found + [self._by_path(actor, text) for text in paths]

    def _by_id(self, actor: Actor, text: str) -> Entry:
        try:
            resource = ResourceId.parse(text)
        except ValueError:
            raise HttpProblem(400, "An id is malformed") from None
        if resource.storage != self._library.storage_id:
            raise SpaceNotFound
        place = Place(resource.space, anchor=resource.node)
        return self._library.tree.get(actor, place)

    def _by_path(self, actor: Actor, text: str) -> Entry:
        names = tuple(name for name in text.split("/") if name)
        space = self._library.catalog.personal(actor)
        return self._library.tree.get(actor, Place(space.id, names))

    def _entries(self, actor: Actor, tops: list[Entry]) -> list[ArchiveEntry]:
        """Everything below the named, within the limits.

        Raises:
            HttpProblem: 413, it is too much.
        """
        entries: list[ArchiveEntry] = []
        total = 0
        names = _UniqueNames()
        for top in tops:
            for entry in self._tree(actor, top, names.take(_top_name(top))):
                entries.append(entry)
                total += entry.size
                if total > self._limits.max_bytes:
                    limit = f"{self._limits.max_bytes} bytes"
                    raise HttpProblem(413, f"An archive holds at most {limit}")
                if len(entries) > self._limits.max_files:
                    limit = f"{self._limits.max_files} files and folders"
                    raise HttpProblem(413, f"An archive holds at most {limit}")
        return entries

    def _tree(self, actor: Actor, top: Entry, name: str) -> Iterator[ArchiveEntry]:
        yield self._entry(name, top.node)
        if top.node.is_folder:
            for path, node in self._library.tree.descendants(actor, top.node):
                yield self._entry(f"{name}/{path}", node)

    def _entry(self, path: str, node: Node) -> ArchiveEntry:
        content = node.content
        modified_at = to_seconds(node.modified_at)
        if content is None:
            return ArchiveEntry(path, 0, modified_at, None)
        return ArchiveEntry(
            path, content.size, modified_at, lambda: self._library.files.open(content)
        )


class _UniqueNames:
    """Names at the top of the archive, where things of several folders meet."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """The name, or one like it that is free."""
        parts = PurePosixPath(name)
        number = 1
        free = name
        while free.casefold() in self._taken:
            number += 1
            free = f"{parts.stem} ({number}){parts.suffix}"
        self._taken.add(free.casefold())
        return free


def _format_of(call: Call) -> str:
    """What is asked for; else zip on Windows, tar elsewhere, as oCIS does."""
    wanted = call.args.get("output-format", "").lower()
    if not wanted:
        agent = call.request.headers.get("User-Agent", "")
        return "zip" if "Windows" in agent else "tar"
    if wanted not in FORMATS:
        raise HttpProblem(400, f"The formats are {' and '.join(FORMATS)}")
    return wanted


def _top_name(top: Entry) -> str:
    """A name that stays inside the folder where the archive is unpacked."""
    name = top.space.name if top.node.is_root else top.node.name
    safe = name.replace("/", "_").replace("\\", "_").replace("\0", "_").strip()
    return safe if safe.strip(".") else _PLAIN_NAME
