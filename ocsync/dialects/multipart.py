"""The file in a `multipart/form-data` body, read while it arrives (RFC 7578)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    File,
    MultipartDecoder,
    NeedData,
)

from ocsync.wire.body import BodyTooLarge, BoundedBody, MalformedBody

_MOST_OVERHEAD: Final = 64 * 1024
"""Bytes that everything beside the file may take."""
_READ_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class FilePart:
    """The first file of a form; its bytes are read from `body`."""

    name: str
    media_type: str | None
    body: "PartBody"


class PartBody:
    """The bytes of a file within a form; see `ocsync.uploads.receiving.Body`."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._limit: int | None = None
        self._received = 0
        self._left = memoryview(b"")
        self._is_ended = False

    @property
    def trailers(self) -> Mapping[str, str]:
        """A part has none."""
        return {}

    def limited(self, limit: int | None) -> Self:
        """Itself; of its bytes so many are taken at most."""
        self._limit = limit
        return self

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Read once into the buffer; 0 only at the end of the whole form.

        Raises:
            BodyError: the form is malformed or breaks off.
        """
        while not self._left and not self._is_ended:
            self._advance()
        count = min(len(self._left), len(buffer))
        memoryview(buffer)[:count] = self._left[:count]
        self._left = self._left[count:]
        self._received += count
        if self._limit is not None and self._received > self._limit:
            raise BodyTooLarge(f"the file has more than {self._limit} bytes")
        return count

    def _advance(self) -> None:
        event = next(self._events)
        if isinstance(event, File):
            raise MalformedBody("the form has more than one file")
        if isinstance(event, Data):
            self._left = memoryview(event.data)
            if not event.more_data:
                self._drain()
        self._is_ended = isinstance(event, Epilogue) or self._is_ended

    def _drain(self) -> None:
        """Pass over whatever follows the file, to know that the form is whole."""
        for event in self._events:
            if isinstance(event, File):
                raise MalformedBody("the form has more than one file")
        self._is_ended = True


def open_file(content_type: str, body: BoundedBody) -> FilePart | None:
    """The file of the form, up to where its bytes begin; None if it has none.

    Raises:
        BodyError: the form is malformed or breaks off.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if not boundary:
        raise MalformedBody("multipart/form-data without a boundary")
    events = _events(boundary.encode("latin-1", "replace"), body)
    for event in events:
        if isinstance(event, File):
            media_type = event.headers.get("Content-Type")
            return FilePart(event.filename, media_type, PartBody(events))
    return None


def most_bytes(most_file_bytes: int | None) -> int | None:
    """How long a form may be whose file has at most so many bytes."""
    return None if most_file_bytes is None else most_file_bytes + _MOST_OVERHEAD


def _events(boundary: bytes, body: BoundedBody) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary, max_form_memory_size=_MOST_OVERHEAD)
    buffer = bytearray(_READ_BYTES)
    try:
        while True:
            event = decoder.next_event()
            if isinstance(event, NeedData):
                count = body.readinto(buffer)
                decoder.receive_data(bytes(buffer[:count]) if count else None)
                continue
            yield event
            if isinstance(event, Epilogue):
                return
    except (RequestEntityTooLarge, ValueError) as error:
        raise MalformedBody(f"the form is malformed: {error}") from None
