"""Which writers have been silent for so long that they must be gone.

A writer records that it lives in its upload's row every few seconds. How long it has
not is measured between two looks, by time that only runs: the clock that stamps the
rows may be set forward under a writer that is well. It knows no rows and ends nothing.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from spaces.clock import Instant
from spaces.ids import UploadId
from spaces.upload_model import Upload

_PATIENCE_SECONDS: Final = 300.0

_Sign = tuple[UploadId, int, Instant | None]
"""A sign of life: it changes with each that the writer gives."""


class Silence:
    """Remembers since when each writer has been silent."""

    def __init__(self, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._since: dict[_Sign, float] = {}

    def unheld(self, uploads: Sequence[Upload]) -> list[Upload]:
        """Those of the uploads that nobody writes to any more, as far as is known."""
        now = self._elapsed()
        signs = {
            upload.id: (upload.id, upload.epoch, upload.held_at) for upload in uploads
        }
        self._since = {sign: self._since.get(sign, now) for sign in signs.values()}
        return [
            upload
            for upload in uploads
            if upload.holder is None
            or now - self._since[signs[upload.id]] >= _PATIENCE_SECONDS
        ]
