"""What a WebDAV URL names: a place in a space, the trash, a version, or a listing.

Pure: segments in, a location out, and the encoded path of a location back. Knows
the five families of URLs (spaces, files, webdav, trash-bin, meta); whether anything
is there is for the domain to say.
"""

from dataclasses import dataclass
from enum import Enum

from ocsync.problems import HttpProblem
from spaces.errors import SpaceNotFound
from spaces.ids import NodeId, ResourceId, SpaceId, is_id
from spaces.model import Actor, Place


class Listing(Enum):
    """A URL above all spaces, whose members are not listed over WebDAV."""

    DAV = "dav"
    SPACES = "spaces"
    FILES = "files"
    TRASH = "trash-bin"
    META = "meta"


@dataclass(frozen=True, slots=True)
class InSpace:
    """A file or folder, or where one may come to be."""

    place: Place


@dataclass(frozen=True, slots=True)
class InTrash:
    """The trash of a space, an item in it, or something inside an item."""

    space_id: SpaceId
    item: NodeId | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InMeta:
    """A node asked by id: for its path, its versions, or one of them."""

    node_id: NodeId
    space_id: SpaceId
    is_versions: bool = False
    version: str | None = None


Location = Listing | InSpace | InTrash | InMeta


@dataclass(frozen=True, slots=True)
class Naming:
    """How URLs are read for one request: who asks, and which storage is ours."""

    actor: Actor | None
    storage_id: str

    def locate(self, mount: str, segments: tuple[str, ...]) -> Location:
        """What the segments below a mount (`dav` or `webdav`) name.

        Raises:
            HttpProblem: 404 for what does not exist by its form, 400 for ids that
                are none, 405 for what is below no space.
            SpaceNotFound: the id is of another storage.
        """
        if mount == "webdav":
            return InSpace(Place(self._personal(), segments))
        if not segments:
            return Listing.DAV
        rest = segments[1:]
        match segments[0]:
            case "spaces":
                return self._in_spaces(rest)
            case "files":
                return self._in_files(rest)
            case "trash-bin":
                return self._in_trash_bin(rest)
            case "meta":
                return self._in_meta(rest[0], rest[1:]) if rest else Listing.META
            case _:
                raise HttpProblem(404, "There is nothing at this URL")

    def _in_files(self, segments: tuple[str, ...]) -> Location:
        if not segments:
            return Listing.FILES
        user, rest = segments[0], segments[1:]
        if user == "spaces" and rest and "$" in rest[0]:
            return self._in_spaces(rest)
        self._require_self(user)
        return InSpace(Place(self._personal(), rest))

    def _in_trash_bin(self, segments: tuple[str, ...]) -> Location:
        if not segments:
            return Listing.TRASH
        self._require_self(segments[0])
        return _in_trash(self._personal(), segments[1:])

    def _in_spaces(self, segments: tuple[str, ...]) -> Location:
        match segments:
            case ():
                return Listing.SPACES
            case ("trash-bin",):
                return Listing.TRASH
            case ("trash-bin", text, *rest):
                return _in_trash(self._resource_id(text).space, tuple(rest))
            case (text, *rest):
                resource = self._resource_id(text)
                anchor = resource.node
                if anchor == NodeId(resource.space):
                    anchor = None
                return InSpace(Place(resource.space, tuple(rest), anchor))
            case _:
                raise AssertionError(segments)

    def _in_meta(self, text: str, rest: tuple[str, ...]) -> InMeta:
        resource = self._resource_id(text)
        node_id = resource.node or NodeId(resource.space)
        match rest:
            case ():
                return InMeta(node_id, resource.space)
            case ("v",):
                return InMeta(node_id, resource.space, is_versions=True)
            case ("v", version):
                return InMeta(
                    node_id, resource.space, is_versions=True, version=version
                )
            case _:
                raise HttpProblem(404, "There is nothing at this URL")

    def _resource_id(self, text: str) -> ResourceId:
        try:
            resource = ResourceId.parse(text.lower())
        except ValueError:
            raise HttpProblem(
                400, f"{text[:100]!r} is not the id of a space or a file"
            ) from None
        if resource.storage != self.storage_id:
            raise SpaceNotFound
        return resource

    def _personal(self) -> SpaceId:
        if self.actor is None:
            raise HttpProblem(401, "Authentication error")
        return SpaceId(self.actor.user_id)

    def _require_self(self, user: str) -> None:
        actor = self.actor
        if actor is None:
            raise HttpProblem(401, "Authentication error")
        if user in (actor.name, actor.user_id):
            return
        if user.casefold() != actor.name.casefold():
            raise HttpProblem(
                404, "File not found in root", code="ERR_FILE_NOT_FOUND_IN_ROOT"
            )


def _in_trash(space_id: SpaceId, rest: tuple[str, ...]) -> InTrash:
    match rest:
        case ():
            return InTrash(space_id)
        case (key, *path) if is_id(key.lower()):
            return InTrash(space_id, NodeId(key.lower()), tuple(path))
        case _:
            raise HttpProblem(404, "The item is not in the trash")
