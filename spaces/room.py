"""Whether there is room for what somebody announces.

Asked once, when bytes begin to come, so that nobody is promised what cannot be kept: a
length beyond all disks would otherwise be held in a space without a quota. Nothing is
set aside; a disk that fills up meanwhile is found out by who writes to it.
"""

from spaces.blobs.base import BlobStore
from spaces.errors import StorageFull


class Room:
    """The room of a blob store, of which some is to stay free."""

    def __init__(self, blobs: BlobStore, *, spare_bytes: int) -> None:
        self._blobs = blobs
        self._spare_bytes = spare_bytes

    def require(self, length: int | None) -> None:
        """Refuse so many bytes, or the first of nobody knows how many.

        Raises:
            StorageFull: too little would be left.
        """
        try:
            free = self._blobs.free_bytes()
        except OSError:
            return  # what is wrong with the store, it will say itself
        if free is not None and free - (length or 0) < self._spare_bytes:
            raise StorageFull
