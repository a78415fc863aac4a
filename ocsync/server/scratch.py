"""A buffer for each thread, through which content goes on its way out.

Made when a thread first needs it and kept, since new memory must be filled with zeros.
There is room before the content, so that the head of an answer goes out in one piece
with it and neither is copied. It knows nothing of what is in it.
"""

import threading
from typing import Final

from ocsync.wire.filebody import BLOCK_BYTES

_ROOM_BYTES: Final = 4096


class Scratch(threading.local):
    """The calling thread's buffer."""

    def __init__(self) -> None:
        self._whole = memoryview(bytearray(_ROOM_BYTES + BLOCK_BYTES))
        self.content = self._whole[_ROOM_BYTES:]
        """Where content is read to."""

    def joined(self, head: bytes, count: int) -> memoryview | None:
        """The head and so much of the content in one piece; None if it has no room."""
        start = _ROOM_BYTES - len(head)
        if start < 0:
            return None
        self._whole[start:_ROOM_BYTES] = head
        return self._whole[start : _ROOM_BYTES + count]
