"""Free memory that has been in use a moment ago.

On a virtual machine a page that nobody has used for a while may have to come from the
host first, which takes longer than all that is measured: the system tells the host
every two seconds which large pieces are free (free page reporting), and the host takes
them back. So pieces are left here that are too small to be told of.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PIECE: Final = memoryview(bytes(64 * 1024))
_SPARE_BYTES: Final = 64 * 1024 * 1024


@contextmanager
def warm_pages(folder: Path, size: int) -> Iterator[None]:
    """Have so much of it, between pages that are held until the block ends.

    `folder` is on a tmpfs. Two files are written by turns, and one of them is removed.
    """
    given, held = folder / "given", folder / "held"
    try:
        with (
            given.open("wb", buffering=0) as first,
            held.open("wb", buffering=0) as then,
        ):
            for _ in range((size + _SPARE_BYTES) // len(_PIECE)):
                first.write(_PIECE)
                then.write(_PIECE)
        given.unlink()
        yield
    finally:
        given.unlink(missing_ok=True)
        held.unlink(missing_ok=True)
