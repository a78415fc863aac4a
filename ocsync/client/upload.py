"""Sending one file: made, cut off, taken up again, and finished once.

What an earlier run began is gone on with if the file is still the same. The server is
asked for the offset after every failure; it is the only one who knows. A file that
changes on its way is sent anew, a few times.
"""

import enum
import mimetypes
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final

from ocsync.client import tus
from ocsync.client.connection import Http
from ocsync.client.discovery import Destination
from ocsync.client.errors import Changed, ClientError, Refused, Temporary
from ocsync.client.events import (
    Checking,
    Finished,
    Listener,
    Moved,
    Skipped,
    Started,
    Waiting,
)
from ocsync.client.journal import Entry, Journal, Memory
from ocsync.client.local_files import Chunk, LocalFile, Look, open_file, sha1_of
from ocsync.client.patience import Patience
from ocsync.client.stopping import Stop
from ocsync.client.urls import child_url
from ocsync.client.webdav import Remote

_BEGINNINGS: Final = 4
"""How often one run begins a file anew, because it changed or its upload is gone."""

_SMALLEST_CHUNK: Final = 64 * 1024
_TAKEN: Final = frozenset({409, 412})
_TOO_LARGE: Final = 413
_NS: Final = 1_000_000_000


class IfExists(enum.Enum):
    """What to do with a name that is taken."""

    REPLACE = "replace"
    SKIP = "skip"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRules:
    """What the user wants."""

    if_exists: IfExists = IfExists.REPLACE
    checksums: bool = True
    chunk_bytes: int | None = None
    attempts: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Sends files to one destination, one after the other, over its own connections."""

    http: Http
    destination: Destination
    journal: Journal
    rules: UploadRules
    listener: Listener
    stop: Stop

    def send(self, local: LocalFile, folder_url: str, there: Remote | None) -> None:
        """Send the file into the folder, where perhaps something has its name.

        Raises:
            ClientError: it is not there now.
            Stopped: the user wants to end; the next run goes on from here.
        """
        key = (folder_url, local.name, str(local.path.resolve()))
        with self.journal.hold(*key) as entry, open_file(local.path) as file:
            _Sending(self, local, folder_url, there, entry=entry, file=file).run()


class _Sending:
    """One file on its way."""

    def __init__(
        self,
        uploader: Uploader,
        local: LocalFile,
        folder_url: str,
        there: Remote | None,
        *,
        entry: Entry,
        file: BinaryIO,
    ) -> None:
        self._file = file
        self._local = local
        self._folder_url = folder_url
        self._there = there
        self._entry = entry
        self._http = uploader.http
        self._server = uploader.destination.server
        self._is_folder = uploader.destination.is_folder
        self._rules = uploader.rules
        self._listener = uploader.listener
        self._stop = uploader.stop
        self._chunk_bytes = self._rules.chunk_bytes or uploader.destination.chunk_bytes
        self._look = Look.at(file)
        self._checksum: str | None = None
        self._patience = Patience(
            attempts=self._rules.attempts, stop=self._stop, on_wait=self._tell_wait
        )

    @property
    def _name(self) -> str:
        return self._local.label

    def run(self) -> None:
        """Send it, whatever it takes."""
        memory = self._recall()
        if memory is None and not self._is_wanted():
            return
        for _ in range(_BEGINNINGS):
            try:
                self._run_once(memory)
            except tus.UploadGone:
                self._entry.forget()
            except Changed:
                self._abandon()
            else:
                return
            memory = None
            self._look = Look.at(self._file)
            self._checksum = None
        raise ClientError("it changes all the time, or the server forgets it: given up")

    def _recall(self) -> Memory | None:
        """What an earlier run began with this very file; anything else is given up."""
        memory = self._entry.read()
        if memory is None:
            return None
        if (memory.size, memory.mtime_ns) == (self._look.size, self._look.mtime_ns):
            self._checksum = memory.checksum
            return memory
        self._abandon()
        return None

    def _is_wanted(self) -> bool:
        """Whether to send it at all, as far as can be seen beforehand."""
        there, rules = self._there, self._rules
        if there is None:
            return True
        if there.is_folder:
            raise ClientError("there is a folder of this name")
        if rules.if_exists is IfExists.SKIP:
            self._skip("it is there")
            return False
        if rules.if_exists is IfExists.FAIL:
            raise ClientError("it is there already")
        known = there.checksum("sha1")
        if rules.checksums and known and there.size == self._look.size:
            self._checksum = self._make_checksum()
            if self._checksum == known:
                self._skip("unchanged")
                return False
        return True

    def _run_once(self, memory: Memory | None) -> None:
        limit = self._server.max_size
        if limit is not None and self._look.size > limit:
            raise ClientError(f"the server takes files up to {limit} bytes only")
        if memory is None:
            if self._rules.checksums and self._checksum is None:
                self._checksum = self._make_checksum()
            self._started(0)
            url, offset = self._create()
        else:
            url, offset = memory.url, None
        is_told = memory is None
        while offset is None or offset < self._look.size:
            try:
                if offset is None:
                    offset = tus.find_offset(self._http, url)
                    if offset > self._look.size:
                        raise tus.UploadGone("not this file's upload", status=409)
                    if not is_told:
                        self._started(offset)
                        is_told = True
                    self._moved(offset)
                    continue
                offset = self._append(url, offset)
            except Temporary as error:
                self._patience.bear(error)
                offset = None
        self._entry.forget()
        self._finish()

    def _append(self, url: str, offset: int) -> int:
        """Send the next chunk; the new offset."""
        length = self._look.size - offset
        if self._chunk_bytes is not None:
            length = min(length, self._chunk_bytes)
        chunk = self._chunk(offset, length)
        algorithm = self._server.checksum_algorithm if self._rules.checksums else None
        checksum = None
        if algorithm is not None:
            checksum = tus.format_checksum(algorithm, chunk.digest(algorithm))
        self._require_unchanged()
        try:
            done = tus.append(
                self._http, url, offset=offset, body=chunk, checksum=checksum
            )
        except Refused as error:
            if error.status != _TOO_LARGE or length <= _SMALLEST_CHUNK:
                raise
            # A proxy in between bounds bodies: smaller ones may pass.
            self._chunk_bytes = max(_SMALLEST_CHUNK, length // 2)
            return offset
        if done.offset > offset:
            self._patience.renew()
        self._moved(done.offset)
        return done.offset

    def _create(self) -> tuple[str, int]:
        """A new upload; small files go along with it."""
        headers = {}
        if self._is_folder and self._rules.if_exists is not IfExists.REPLACE:
            headers["If-None-Match"] = "*"
        size, body = self._look.size, None
        limit = self._chunk_bytes
        if self._server.can("creation-with-upload") and size and limit is not None:
            body = self._chunk(0, size) if size <= limit else None
        create = partial(
            tus.create,
            self._http,
            self._folder_url,
            length=size,
            metadata=self._metadata(),
            headers=headers,
            body=body,
        )
        try:
            made = self._patience.keep_trying(create)
        except Refused as error:
            if headers and error.status in _TAKEN:
                raise ClientError("it is there already") from None
            raise
        if made.offset < size:
            self._remember(made.url)
        return made.url, made.offset

    def _metadata(self) -> dict[str, str]:
        kind, _ = mimetypes.guess_type(self._local.name)
        found = {"filename": self._local.name}
        if kind is not None:
            found["filetype"] = kind
        if self._is_folder:
            found["mtime"] = f"{self._look.mtime_ns / _NS:.6f}"
        elif self._local.folders:
            found["relativePath"] = self._local.label
        if self._checksum is not None:
            found["checksum"] = f"sha1 {self._checksum}"
        return found

    def _make_checksum(self) -> str:
        size = self._look.size

        def tell(read: int) -> None:
            self._stop.check()
            self._listener.tell(Checking(name=self._name, size=size, offset=read))

        return sha1_of(self._file, told=tell)

    def _chunk(self, start: int, length: int) -> Chunk:
        return Chunk(file=self._file, start=start, length=length, told=self._moved)

    def _require_unchanged(self) -> None:
        if Look.at(self._file) != self._look:
            raise Changed("it was changed while it was being sent")

    def _remember(self, url: str) -> None:
        memory = Memory(
            path=str(self._local.path),
            size=self._look.size,
            mtime_ns=self._look.mtime_ns,
            url=url,
            checksum=self._checksum,
        )
        self._entry.write(memory)

    def _abandon(self) -> None:
        """Give up what was begun, and tell the server, if it listens."""
        memory = self._entry.read()
        if memory is not None:
            with suppress(ClientError):
                tus.abandon(self._http, memory.url)
        self._entry.forget()

    def _skip(self, reason: str) -> None:
        self._listener.tell(Skipped(name=self._name, reason=reason))

    def _started(self, offset: int) -> None:
        self._listener.tell(
            Started(name=self._name, size=self._look.size, offset=offset)
        )

    def _moved(self, offset: int) -> None:
        self._listener.tell(Moved(name=self._name, size=self._look.size, offset=offset))

    def _tell_wait(self, reason: str, seconds: float) -> None:
        self._listener.tell(Waiting(name=self._name, reason=reason, seconds=seconds))

    def _finish(self) -> None:
        place = self._folder_url
        if self._is_folder:
            place = child_url(place, self._local.name)
        self._listener.tell(
            Finished(
                name=self._name,
                size=self._look.size,
                place=place,
                checksum=f"sha1:{self._checksum}" if self._checksum else None,
            )
        )
