"""Fetching one file: into a part file, checked, and only then under its name.

The part file's name tells which content it is the beginning of, by URL and ETag, so
that a later run takes it up without having remembered anything. `If-Range` sees to it
that the rest is of the same content (RFC 9110 §13.1.5).
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from ocsync.client.answers import problem
from ocsync.client.connection import Answer, Http
from ocsync.client.errors import ClientError, Temporary
from ocsync.client.events import Finished, Listener, Moved, Skipped, Started, Waiting
from ocsync.client.numbers import parse_count
from ocsync.client.patience import Patience
from ocsync.client.stopping import Stop
from ocsync.client.upload import IfExists
from ocsync.client.webdav import Remote

_BLOCK: Final = 256 * 1024
_BEGINNINGS: Final = 4
_OK: Final = 200
_PARTIAL: Final = 206
_UNSATISFIABLE: Final = 416
_ALGORITHMS: Final = ("sha256", "sha1", "md5")
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRules:
    """What the user wants."""

    if_exists: IfExists = IfExists.REPLACE
    checksums: bool = True
    attempts: int = 8
    file_mode: int = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloader:
    """Fetches files, one after the other, over its own connections."""

    http: Http
    rules: DownloadRules
    listener: Listener
    stop: Stop

    def fetch(self, remote: Remote, target: Path, label: str) -> None:
        """Fetch the file to the path, which has it whole or as it was before.

        Raises:
            ClientError: it is not there.
            Stopped: the user wants to end; the next run goes on from here.
        """
        if _exists(target) and not self._is_wanted(remote, target, label):
            return
        with _reporting(target):
            part = _Part(target.parent, remote)
            with part.hold() as file:
                _Fetching(self, remote, label, file).run()
                self._put_in_place(part.path, target, remote, file)
        self.listener.tell(
            Finished(
                name=label,
                size=target.stat().st_size,
                place=str(target),
                checksum=_known_checksum(remote.checksums),
            )
        )

    def _is_wanted(self, remote: Remote, target: Path, label: str) -> bool:
        rules = self.rules
        if target.is_dir():
            raise ClientError("there is a folder of this name")
        if rules.if_exists is IfExists.FAIL:
            raise ClientError("it is there already")
        if rules.if_exists is IfExists.SKIP:
            self.listener.tell(Skipped(name=label, reason="it is there"))
            return False
        known = remote.checksum("sha1")
        if rules.checksums and known and target.stat().st_size == remote.size:
            with target.open("rb") as file:
                found = hashlib.file_digest(file, lambda: _new_digest("sha1"))
            if found.hexdigest() == known:
                self.listener.tell(Skipped(name=label, reason="unchanged"))
                return False
        return True

    def _put_in_place(
        self, part: Path, target: Path, remote: Remote, file: BinaryIO
    ) -> None:
        """Make it durable, then visible, in one step."""
        os.fchmod(file.fileno(), self.rules.file_mode)
        if remote.modified_at is not None:
            seconds = remote.modified_at.timestamp()
            with suppress(OSError, OverflowError):
                os.utime(file.fileno(), (seconds, seconds))
        os.fsync(file.fileno())
        if self.rules.if_exists is IfExists.REPLACE:
            part.replace(target)
            return
        try:
            target.hardlink_to(part)
        except FileExistsError:
            raise ClientError("it is there already") from None
        part.unlink()


class _Part:
    """The file that has what arrived so far, locked by whoever writes it."""

    def __init__(self, folder: Path, remote: Remote) -> None:
        self._folder = folder
        self._prefix = f".ocsync-{_short(remote.url + remote.name)}-"
        self._can_resume = _is_strong(remote.etag)
        self.path = folder / f"{self._prefix}{_short(remote.etag or '')}.part"

    @contextmanager
    def hold(self) -> Iterator[BinaryIO]:
        """The file, open and locked; it stays when the fetching fails."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(self.path, flags, 0o600), "r+b", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ClientError("another ocsync fetches this file just now") from None
            self._remove_older()
            if not self._can_resume:
                file.truncate(0)
            yield file

    def _remove_older(self) -> None:
        """Parts of what the file was before are of no use."""
        for each in self._folder.glob(f"{self._prefix}*.part"):
            if each != self.path:
                each.unlink(missing_ok=True)


class _Fetching:
    """One file on its way into its part file."""

    def __init__(
        self, downloader: Downloader, remote: Remote, label: str, file: BinaryIO
    ) -> None:
        self._http = downloader.http
        self._rules = downloader.rules
        self._listener = downloader.listener
        self._stop = downloader.stop
        self._remote = remote
        self._label = label
        self._file = file
        self._is_told = False
        self._patience = Patience(
            attempts=self._rules.attempts,
            stop=self._stop,
            on_wait=lambda reason, seconds: self._listener.tell(
                Waiting(name=label, reason=reason, seconds=seconds)
            ),
        )

    def run(self) -> None:
        """Fetch until it is whole and right."""
        for _ in range(_BEGINNINGS):
            checksum = self._patience.keep_trying(self._fetch)
            if checksum is None or self._matches(checksum):
                return
            self._file.truncate(0)
        raise ClientError("its bytes do not have the checksum that the server tells")

    def _fetch(self) -> str | None:
        """Fetch what is missing; the checksum that the whole should have."""
        size = self._file.seek(0, os.SEEK_END)
        # The last byte is fetched again, so that there is always something to ask for.
        start = max(0, size - 1)
        headers = {}
        if start:
            assert self._remote.etag is not None
            headers = {"Range": f"bytes={start}-", "If-Range": self._remote.etag}
        with self._http.stream("GET", self._remote.url, headers) as answer:
            if answer.status == _UNSATISFIABLE and start:
                self._file.truncate(0)
                raise Temporary("the file became shorter", retry_after=0)
            if answer.status not in {_OK, _PARTIAL}:
                body = answer.read(65536)
                raise problem(replace(answer, body=body))
            whole = self._begin(answer, start)
            self._receive(answer, whole)
            sums = (answer.get("OC-Checksum") or "").split()
        return _known_checksum((*sums, *self._remote.checksums))

    def _begin(self, answer: Answer, start: int) -> int | None:
        """Cut the file to where the answer goes on; how long it will be."""
        whole = parse_count(answer.get("Content-Length"))
        if answer.status == _PARTIAL:
            match = _CONTENT_RANGE.fullmatch(answer.get("Content-Range") or "")
            if match is None or parse_count(match[1]) != start:
                raise ClientError("the server sends another part than was asked for")
            whole = parse_count(match[3])
        else:
            start = 0
        self._file.truncate(start)
        self._file.seek(start)
        if not self._is_told:
            self._is_told = True
            self._listener.tell(Started(name=self._label, size=whole, offset=start))
        return whole

    def _receive(self, answer: Answer, whole: int | None) -> None:
        offset = self._file.tell()
        while block := answer.read(_BLOCK):
            self._stop.check()
            if whole is not None and offset + len(block) > whole:
                raise ClientError("the server sends more than it announced")
            _write_all(self._file, block)
            offset += len(block)
            self._patience.renew()
            self._listener.tell(Moved(name=self._label, size=whole, offset=offset))
        self._stop.check()
        if whole is not None and offset < whole:
            raise Temporary("the connection broke off")

    def _matches(self, checksum: str) -> bool:
        if not self._rules.checksums:
            return True
        algorithm, _, digest = checksum.partition(":")
        found = _new_digest(algorithm)
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            self._stop.check()
            found.update(block)
        return found.hexdigest() == digest


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _known_checksum(sums: tuple[str, ...]) -> str | None:
    """Of `SHA1:…` and its like, the strongest that can be checked."""
    found: dict[str, str] = {}
    for each in sums:
        name, _, digest = each.partition(":")
        found.setdefault(name.lower(), digest.lower())
    for name in _ALGORITHMS:
        if name in found:
            return f"{name}:{found[name]}"
    return None


def _new_digest(algorithm: str) -> "hashlib._Hash":
    return hashlib.new(algorithm, usedforsecurity=False)


def _short(text: str) -> str:
    data = text.encode(errors="surrogateescape")
    return hashlib.sha256(data).hexdigest()[:16]


def _is_strong(etag: str | None) -> bool:
    return etag is not None and not etag.startswith("W/")


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


@contextmanager
def _reporting(target: Path) -> Iterator[None]:
    """Say which path the file system refuses."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ClientError(f"cannot write {target}: {reason}") from None
