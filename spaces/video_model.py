"""What a video is before and after its bytes have come: the snapshot of its row."""

from dataclasses import dataclass

from spaces.clock import Instant
from spaces.ids import NodeId, SpaceId, UploadId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """An object that one upload may fill.

    `upload_id` is the latest upload for it, `node_id` the file that it makes.
    """

    id: str
    user_id: UserId
    space_id: SpaceId
    folder: str
    title: str
    created_at: Instant
    upload_id: UploadId | None = None
    node_id: NodeId | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The names of the folder's path."""
        return tuple(self.folder.split("/"))
