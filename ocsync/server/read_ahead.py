"""Reading the next blocks of a file while the last one is sent.

To read and prove a block takes about as long as to send it. Where the client takes
bytes that fast, another thread does the one while this one does the other. What the
bytes are, and how they are sent, is not known here.
"""

from collections.abc import Generator
from queue import SimpleQueue
from threading import Thread
from typing import Final

from ocsync.wire.filebody import BLOCK_BYTES, FileBody

_BLOCKS: Final = 3

_Read = tuple[memoryview, int] | BaseException | None
"""A block, or why there is none, or the end."""


def read_ahead(file: FileBody, left: int) -> Generator[memoryview, None, None]:
    """The next blocks, up to so many bytes; each is valid until the next is asked for.

    To be closed before the file is: until then the other thread may read it. What
    reading raises is raised after all blocks before it were given out.
    """
    read: SimpleQueue[_Read] = SimpleQueue()
    free: SimpleQueue[memoryview | None] = SimpleQueue()
    for _ in range(_BLOCKS):
        free.put(memoryview(bytearray(BLOCK_BYTES)))
    thread = Thread(
        target=_fill, args=(file, left, free, read), name="read-ahead", daemon=True
    )
    thread.start()
    try:
        while (item := read.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            buffer, count = item
            yield buffer[:count]
            free.put(buffer)
    finally:
        free.put(None)
        thread.join()


def _fill(
    file: FileBody,
    left: int,
    free: SimpleQueue[memoryview | None],
    read: SimpleQueue[_Read],
) -> None:
    try:
        while left and (buffer := free.get()) is not None:
            count = file.readinto(buffer[:left])
            if not count:
                break
            left -= count
            read.put((buffer, count))
    except BaseException as error:  # noqa: BLE001  raised by whoever sends
        read.put(error)
    else:
        read.put(None)
