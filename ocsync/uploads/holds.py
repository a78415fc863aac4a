"""Who writes to which upload in this process, and asking other processes to let go.

The lease in the upload's row says which process holds an upload; here is what makes
it give way: a writer that has received nothing for a while, or whose client is gone,
stops reading, keeps what arrived and releases its lease. Nothing here knows the rows;
fencing off a writer that does not answer is up to `leases`.
"""

import hashlib
import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final, Protocol

from ocsync.uploads import signals
from spaces.ids import UploadId

_ANSWER_SECONDS: Final = 0.5
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Answer(Enum):
    """What became of the wish to take an upload over."""

    BUSY = "busy"
    """Its writer is receiving bytes just now."""
    YIELDING = "yielding"
    """Its writer has been told to stop and will release its lease."""
    GONE = "gone"
    """Nobody writes any more: the process has ended, or has done with it."""
    SILENT = "silent"
    """The process is there but does not answer."""
    REMOTE = "remote"
    """The writer is on another machine."""


class Connection(Protocol):
    """What ocsync's own server offers as `environ["ocsync.connection"]`."""

    def shut_reading(self) -> None:
        """Let the present body end; thread-safe."""
        ...

    def is_gone(self) -> bool:
        """Whether the client has closed or reset the connection; thread-safe."""
        ...

    def mark_resumable(self) -> None:
        """Let the present body end as soon as the server stops."""
        ...


class Hold:
    """One upload that a request of this process is writing to."""

    __slots__ = ("_connection", "_heard_at", "_is_pinned", "_is_revoked")

    def __init__(self, connection: Connection | None) -> None:
        self._connection = connection
        self._heard_at = time.monotonic()
        self._is_pinned = False
        self._is_revoked = False

    @property
    def is_revoked(self) -> bool:
        """Whether the writer shall stop and keep what it has."""
        return self._is_revoked

    def touch(self) -> None:
        """Note that bytes have come."""
        self._heard_at = time.monotonic()

    def pin(self) -> None:
        """Stop for nobody any more: all bytes are there, the file is being made."""
        self._is_pinned = True

    def ask(self, *, patience: float, insists: bool) -> Answer:
        """Revoke the hold if it has stalled, its client is gone, or one insists."""
        is_idle = time.monotonic() - self._heard_at >= patience
        connection = self._connection
        is_gone = connection is not None and connection.is_gone()
        is_wanted = is_idle or is_gone or insists or self._is_revoked
        if self._is_pinned or not is_wanted:
            return Answer.BUSY
        self._is_revoked = True
        if connection is not None:
            connection.shut_reading()
        return Answer.YIELDING


class Holds:
    """All holds of this process, and its ear for other processes.

    Works across a fork: each process has a name and a socket of its own, made when
    it first needs them. Without a folder only this process can be asked.
    """

    def __init__(self, *, folder: Path | None, patience: float) -> None:
        self._folder = folder
        self._patience = patience
        self._guard = threading.RLock()
        self._pid: int | None = None
        self._name = ""
        self._holds: dict[str, list[Hold]] = {}
        self._ear: signals.Ear | None = None

    @property
    def name(self) -> str:
        """What stands in the rows of uploads that this process holds."""
        if self._pid != os.getpid():
            self._begin()
        return self._name

    @contextmanager
    def holding(
        self, upload_id: UploadId, connection: Connection | None
    ) -> Iterator[Hold]:
        """Be known as a writer of the upload."""
        if self._pid != os.getpid():
            self._begin()
        hold = Hold(connection)
        with self._guard:
            self._holds.setdefault(upload_id, []).append(hold)
        try:
            yield hold
        finally:
            with self._guard:
                holds = self._holds[upload_id]
                holds.remove(hold)
                if not holds:
                    del self._holds[upload_id]

    def ask(self, holder: str, upload_id: UploadId, *, insists: bool) -> Answer:
        """Ask the holder, wherever it is, to give way."""
        if holder == self.name:
            return self.ask_here(upload_id, insists=insists)
        node, _, token = holder.partition("/")
        if self._folder is None or node != _node(self._folder):
            return Answer.REMOTE
        try:
            word = signals.ask(
                self._folder,
                token,
                upload_id,
                insists=insists,
                seconds=_ANSWER_SECONDS,
            )
        except signals.Gone:
            return Answer.GONE
        except signals.Silent:
            return Answer.SILENT
        return Answer(word)

    def ask_here(self, upload_id: str, *, insists: bool) -> Answer:
        """Ask a writer in this process to give way."""
        with self._guard:
            holds = list(self._holds.get(upload_id, ()))
        answers = {hold.ask(patience=self._patience, insists=insists) for hold in holds}
        if Answer.BUSY in answers:
            return Answer.BUSY
        return Answer.YIELDING if answers else Answer.GONE

    def _begin(self) -> None:
        with self._guard:
            if self._pid == os.getpid():
                return
            token = secrets.token_hex(8)
            self._holds = {}
            if self._folder is None:
                self._name = f"-/{token}"
            else:
                self._ear = signals.Ear(self._folder, token, _answerer(self))
                weakref.finalize(self, self._ear.close)
                self._name = f"{_node(self._folder)}/{token}"
            self._pid = os.getpid()


def _answerer(holds: Holds) -> Callable[[str, bool], str]:
    """Answers for the holds as long as anybody else needs them."""
    known = weakref.ref(holds)

    def answer(upload_id: str, insists: bool) -> str:
        present = known()
        if present is None:
            return Answer.GONE.value
        return present.ask_here(upload_id, insists=insists).value

    return answer


def _node(folder: Path) -> str:
    """Which processes can hear each other: those that share a machine and a folder."""
    boot = ""
    with suppress(OSError):
        boot = _BOOT_ID.read_text().strip()
    status = folder.stat()
    identity = f"{boot} {status.st_dev} {status.st_ino}"
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
