"""Everything the domain refuses, as typed errors with fields and no status codes.

    SpacesError
    ├── NotFound                     or not visible to the one who asks
    │   ├── SpaceNotFound
    │   ├── NodeNotFound
    │   ├── ParentNotFound           the folder that should hold the target
    │   ├── VersionNotFound
    │   ├── TrashItemNotFound
    │   ├── UploadNotFound
    │   ├── UserNotFound
    │   ├── TokenNotFound
    │   ├── LockNotFound
    │   ├── VideoNotFound            announced for its bytes to come
    │   └── BlobNotFound             content that a row promises: corruption
    ├── Refused                      well formed, but against the rules
    │   ├── NameRefused
    │   ├── TooDeep
    │   ├── NotAFolder
    │   ├── NotAFile
    │   ├── IntoItself               move or copy of a folder below itself
    │   ├── RootRefused              the root of a space stays where it is
    │   ├── LastManager              a project space keeps one manager
    │   ├── LastAdmin                the installation keeps one active administrator
    │   ├── PasswordRefused
    │   ├── QueryRefused             a search that cannot be understood
    │   └── LimitExceeded            more or larger than is kept
    ├── Forbidden                    visible, but the role does not allow it
    ├── SpaceDisabled
    ├── AlreadyExists                the name, alias or account is taken
    ├── PreconditionFailed           If-Match / If-None-Match no longer holds
    ├── Locked                       by a WebDAV lock whose token was not given
    ├── LockConflict                 the lock asked for meets another
    ├── QuotaExceeded
    ├── StorageFull                  the disk, not the quota
    ├── ChecksumMismatch
    ├── LengthMismatch               fewer or more bytes than announced
    ├── ContentDamaged               stored bytes differ from their checksum
    ├── StoreUnavailable             content is kept elsewhere, which does not answer
    ├── Busy                         a writer could not get its turn in time
    ├── SyncTokenExpired
    └── SchemaMismatch               the database is newer or older than the code

The service maps each leaf to status, header and body in one table
(`ocsync.problems`); a test holds that none is missing.
"""

from dataclasses import dataclass


class SpacesError(Exception):
    """Base of all errors the domain raises on purpose."""

    def __str__(self) -> str:
        """The docstring's first line, unless the class says more."""
        return (type(self).__doc__ or type(self).__name__).splitlines()[0]


class NotFound(SpacesError):
    """The resource could not be found."""


class SpaceNotFound(NotFound):
    """The space could not be found."""


@dataclass(eq=False)
class NodeNotFound(NotFound):
    """The file or folder could not be found."""

    name: str = ""

    def __str__(self) -> str:
        """Name what was looked for."""
        return f"{self.name!r} could not be found" if self.name else super().__str__()


@dataclass(eq=False)
class ParentNotFound(NotFound):
    """The folder that should hold the target does not exist."""

    name: str = ""


class VersionNotFound(NotFound):
    """The version could not be found."""


class TrashItemNotFound(NotFound):
    """The item is not in the trash."""


class UploadNotFound(NotFound):
    """The upload could not be found."""


class UserNotFound(NotFound):
    """The user could not be found."""


class TokenNotFound(NotFound):
    """The token could not be found."""


class LockNotFound(NotFound):
    """The lock could not be found."""


class VideoNotFound(NotFound):
    """The video could not be found."""


class BlobNotFound(NotFound):
    """The content of the file is missing in the store."""


class Refused(SpacesError):
    """The request is against the rules."""


@dataclass(eq=False)
class NameRefused(Refused):
    """The name is not allowed."""

    name: str
    reason: str

    def __str__(self) -> str:
        """Say what is wrong with the name."""
        return self.reason


class TooDeep(Refused):
    """The folders are nested too deeply."""


class NotAFolder(Refused):
    """The target is a file, not a folder."""


class NotAFile(Refused):
    """The target is a folder, not a file."""


class IntoItself(Refused):
    """A folder cannot be moved or copied into itself."""


class RootRefused(Refused):
    """The root of a space cannot be moved, removed or replaced."""


class LastManager(Refused):
    """A space needs at least one manager."""


class LastAdmin(Refused):
    """The last active administrator cannot be disabled or deleted."""


@dataclass(eq=False)
class PasswordRefused(Refused):
    """The password is not allowed."""

    reason: str

    def __str__(self) -> str:
        """Say what is wrong with the password."""
        return self.reason


@dataclass(eq=False)
class QueryRefused(Refused):
    """The search query cannot be understood."""

    reason: str

    def __str__(self) -> str:
        """Say what is wrong with the query."""
        return self.reason


@dataclass(eq=False)
class LimitExceeded(Refused):
    """There is more of something than can be kept."""

    what: str
    limit: int

    def __str__(self) -> str:
        """Say what there is too much of."""
        return f"{self.what}: at most {self.limit} can be kept"


@dataclass(eq=False)
class Forbidden(SpacesError):
    """Your role in this space does not allow this."""

    permission: str = ""


class SpaceDisabled(SpacesError):
    """The space is disabled."""


@dataclass(eq=False)
class AlreadyExists(SpacesError):
    """The name is taken."""

    name: str = ""

    def __str__(self) -> str:
        """Name what is taken."""
        return f"{self.name!r} already exists" if self.name else super().__str__()


@dataclass(eq=False)
class PreconditionFailed(SpacesError):
    """The resource is not in the state the request expects."""

    header: str = "If-Match"
    etag: str | None = None


@dataclass(eq=False)
class Locked(SpacesError):
    """The resource is locked."""

    node_id: str = ""
    owner: str = ""


@dataclass(eq=False)
class LockConflict(SpacesError):
    """The resource is locked already."""

    node_id: str = ""


@dataclass(eq=False)
class QuotaExceeded(SpacesError):
    """The space has not enough quota left."""

    needed_bytes: int
    available_bytes: int

    def __str__(self) -> str:
        """Say how much is missing."""
        return (
            f"the space has {max(self.available_bytes, 0)} bytes left,"
            f" {self.needed_bytes} are needed"
        )


class StorageFull(SpacesError):
    """The server has no room left."""


@dataclass(eq=False)
class ChecksumMismatch(SpacesError):
    """The computed checksum does not match the one received from the client."""

    algorithm: str
    expected: str
    computed: str


@dataclass(eq=False)
class LengthMismatch(SpacesError):
    """The content is not as long as announced."""

    expected: int
    received: int


class ContentDamaged(SpacesError):
    """The stored content is damaged."""


@dataclass(eq=False)
class StoreUnavailable(SpacesError):
    """The store of file content cannot be used."""

    reason: str = ""

    def __str__(self) -> str:
        """Say why, for whoever runs the server."""
        return self.reason or super().__str__()


class Busy(SpacesError):
    """The server is busy; try again."""


class SyncTokenExpired(SpacesError):
    """The sync token is unknown or too old."""


@dataclass(eq=False)
class SchemaMismatch(SpacesError):
    """The database does not fit this version of the program."""

    found: str
    expected: str

    def __str__(self) -> str:
        """Name both revisions."""
        return (
            f"the database has schema {self.found}, this program needs {self.expected}"
        )
