"""What an API key is: the snapshot of its row. Its secret is not part of it."""

from dataclasses import dataclass

from spaces.clock import Instant
from spaces.ids import SpaceId, TokenId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A credential of another upload API, for one folder of one space.

    `folder` is a path of names joined by `/`.
    """

    id: TokenId
    api: str
    user_id: UserId
    space_id: SpaceId
    folder: str
    label: str
    created_at: Instant
    expires_at: Instant | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the folder's path."""
        return tuple(self.folder.split("/"))
