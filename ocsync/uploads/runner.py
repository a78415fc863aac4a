"""Doing what the rules decide: the one place where commands meet rows and bytes.

`Engine` has one method per command. Each returns the upload as it is then, or raises
what the dialects turn into their own answers: `UploadRefused` for what the rules
refuse, `FinishFailed` for what kept a complete upload from becoming a file, and the
domain's own errors for what kept it from being made.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from ocsync.uploads.beginning import is_plain, is_whole, new_upload
from ocsync.uploads.commands import Abort, Append, Chunk, Create, Probe, Received
from ocsync.uploads.holds import Connection
from ocsync.uploads.joining import Joining, find_upload
from ocsync.uploads.leases import Lease, Leases
from ocsync.uploads.performing import Performance
from ocsync.uploads.receiving import Body, Pace, Receiver
from ocsync.uploads.rules import (
    ABSENT,
    Effect,
    Finish,
    Join,
    Limits,
    Phase,
    Reason,
    Refuse,
    Replay,
    Report,
    State,
    decide,
)
from ocsync.uploads.terms import (
    FinishFailed,
    Target,
    Terms,
    Transfer,
    UploadRefused,
)
from ocsync.uploads.writing import Depot, Writing
from ocsync.wire.body import BLOCK_BYTES, BodyError, BodyTooLarge
from spaces import errors
from spaces.clock import Instant
from spaces.ids import UploadId
from spaces.model import Actor, Content, Place
from spaces.room import Room
from spaces.upload_model import (
    NewUpload,
    Upload,
    UploadHeld,
    UploadKind,
    UploadState,
)

_NO_CHUNK: Final = Chunk(0)
_ANSWERS: Final = ((Replay(),), (Report(),))
"""Effects that change nothing, so that nobody needs to hold the upload."""
_FINISH_TRIES: Final = 50
_FINISH_PAUSE_SECONDS: Final = 0.1
_DRAIN_BYTES: Final = 64 * 1024 * 1024


class _EndedMeanwhile(Exception):
    """The upload has been finished or given up since it was looked at."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload


class Engine:
    """Uploads for all dialects.

    A file of up to `small_bytes` that comes whole with its creation costs one
    transaction.
    """

    def __init__(
        self,
        *,
        depot: Depot,
        leases: Leases,
        pace: Pace,
        room: Room,
        small_bytes: int,
    ) -> None:
        self._depot = depot
        self._room = room
        self._uploads = depot.uploads
        self._leases = leases
        self._pace = pace
        self._small_bytes = small_bytes
        self._joining = Joining(depot=depot, leases=leases, pace=pace, room=room)

    def now(self) -> Instant:
        """The time by which uploads expire."""
        return self._uploads.now()

    def find(self, upload_id: UploadId, terms: Terms) -> Upload | None:
        """The upload, if it belongs to the dialect."""
        return find_upload(self._uploads, upload_id, terms)

    def create(
        self, command: Create, target: Target, terms: Terms, transfer: Transfer
    ) -> Upload:
        """Begin an upload, with the bytes that come along.

        Raises:
            UploadRefused, FinishFailed: with the upload, if one was made.
            SpacesError: nothing was made, for the domain does not allow it.
        """
        effects = decide(ABSENT, command, terms.limits)
        _raise_refusal(effects, None)
        if command.kind is UploadKind.FINAL:
            return self._joining.create(command, target, terms)
        new = new_upload(command, target, terms)
        if is_whole(command) and is_plain(target, transfer):
            if (new.length or 0) <= self._small_bytes:
                return self._create_at_once(new, command.chunk, target, transfer)
        elif terms.reuses_content:
            reused = self._reuse(new, target, transfer)
            if reused is not None:
                return reused
        upload = self._reserve(new, target)
        if transfer.on_created is not None:
            transfer.on_created(upload)
            _mark_resumable(transfer, command.chunk)
        if effects[-1] == Report():
            return upload
        chunk = command.chunk or _NO_CHUNK
        try:
            with self._leases.lease(upload, transfer.connection) as lease:
                performance = self._performance(lease, terms, transfer, chunk)
                return performance.perform(effects)
        except (UploadRefused, FinishFailed, errors.SpacesError):
            if transfer.on_created is None:  # nobody will ever know its URL
                self._uploads.end(upload, UploadState.FAILED)
            raise

    def append(
        self, upload: Upload | None, command: Append, terms: Terms, transfer: Transfer
    ) -> Upload:
        """Add bytes to an upload, and finish it if they are the last.

        Raises:
            UploadRefused, FinishFailed: with the upload as it is then.
            SpacesError: its owner may no longer write there, or has no quota.
        """
        if upload is None or upload.holder is None:
            command = _measured(command, upload, transfer)
            effects = decide(state_of(upload), command, terms.limits)
            _raise_refusal(effects, upload)
            if upload is None or effects in _ANSWERS:
                return _require(upload)
        try:
            with self._lease(upload, terms, transfer.connection) as lease:
                effects = decide(state_of(lease.upload), command, terms.limits)
                _raise_refusal(effects, lease.upload)
                _mark_resumable(transfer, command.chunk)
                performance = self._performance(lease, terms, transfer, command.chunk)
                appended = performance.perform(effects)
        except _EndedMeanwhile as ended:
            return self.append(ended.upload, command, terms, transfer)
        if appended.kind is UploadKind.PARTIAL and appended.is_received:
            self._joining.join_waiting(appended, terms)
        return appended

    def probe(
        self, upload: Upload | None, terms: Terms, connection: Connection | None
    ) -> Upload:
        """The upload as a client may see it: finished first if all bytes are there.

        Raises:
            UploadRefused, FinishFailed: with the upload as it is then.
            SpacesError: its owner may no longer write there.
        """
        if upload is None or upload.holder is None:
            effects = decide(state_of(upload), Probe(), terms.limits)
            _raise_refusal(effects, upload)
            if effects == (Join(),):
                return self._joining.join(_require(upload), terms)
            if upload is None or effects != (Finish(),):
                return _require(upload)
        try:
            with self._lease(upload, terms, connection) as lease:
                effects = decide(state_of(lease.upload), Probe(), terms.limits)
                transfer = Transfer(open_body=_no_body, connection=connection)
                performance = self._performance(lease, terms, transfer, _NO_CHUNK)
                return performance.perform(effects)
        except _EndedMeanwhile as ended:
            return self.probe(ended.upload, terms, connection)

    def finish(self, upload: Upload, terms: Terms) -> Upload:
        """Finish an upload whose bytes are all there, for dialects that say when.

        Another request that is finishing it just now is waited for, for a while.

        Raises:
            UploadRefused, FinishFailed: with the upload as it is then.
        """
        limits = replace(terms.limits, finishes_by_length=True)
        if upload.state is UploadState.OPEN and not upload.is_received:
            raise UploadRefused(Reason.NOT_COMPLETE, upload)
        terms = replace(terms, limits=limits)
        for _ in range(_FINISH_TRIES):
            try:
                return self.probe(upload, terms, None)
            except UploadRefused as refusal:
                present = self.find(upload.id, terms)
                if state_of(present).phase in {Phase.ABSENT, Phase.GONE}:
                    raise
                if refusal.reason not in {Reason.HELD, Reason.GONE}:
                    raise
            upload = _require(present)
            time.sleep(_FINISH_PAUSE_SECONDS)
        raise UploadRefused(Reason.HELD, upload)

    def abort(self, upload: Upload | None, terms: Terms) -> None:
        """Give an upload up, whoever is writing to it.

        Raises:
            UploadRefused: there is none.
        """
        _raise_refusal(decide(state_of(upload), Abort(), terms.limits), upload)
        upload = _require(upload)
        self._leases.interrupt(upload)
        ended = self._uploads.end(upload, UploadState.ABORTED)
        if ended is not None and ended.epoch != upload.epoch:  # a writer came meanwhile
            self._leases.interrupt(ended)

    def _performance(
        self, lease: Lease, terms: Terms, transfer: Transfer, chunk: Chunk
    ) -> Performance:
        return Performance(
            depot=self._depot,
            pace=self._pace,
            lease=lease,
            terms=terms,
            transfer=transfer,
            chunk=chunk,
        )

    @contextmanager
    def _lease(
        self, upload: Upload, terms: Terms, connection: Connection | None
    ) -> Iterator[Lease]:
        try:
            with self._leases.lease(upload, connection) as lease:
                yield lease
        except UploadHeld as held:
            raise UploadRefused(Reason.HELD, held.upload) from None
        except errors.UploadNotFound:
            present = self.find(upload.id, terms)
            if present is None or present.state is UploadState.OPEN:
                raise UploadRefused(Reason.GONE, present) from None  # time is up
            raise _EndedMeanwhile(present) from None

    def _reserve(self, new: NewUpload, target: Target) -> Upload:
        self._room.require(new.length)
        if target.actor is None or target.place is None:
            return self._uploads.create_unbound(new)
        if new.kind is UploadKind.PARTIAL or not target.place.path:
            space_id = target.place.space_id
            return self._uploads.create_part(target.actor, new, space_id)
        return self._uploads.create(target.actor, new, target.place)

    def _create_at_once(
        self, new: NewUpload, chunk: Chunk | None, target: Target, transfer: Transfer
    ) -> Upload:
        """Receive the whole content first, then make file and record together."""
        actor, place = _require_bound(target)
        self._room.require(new.length)
        draft = self._uploads.draft(actor, new, place)
        with Writing(self._depot, draft, in_one_go=True) as writing:
            writing.open()
            try:
                if chunk is not None and chunk.length:
                    self._receive_whole(writing, chunk, transfer)
                return self._complete(writing, actor, new, place)
            except BaseException:
                writing.discard()
                raise

    def _receive_whole(
        self, writing: Writing, chunk: Chunk, transfer: Transfer
    ) -> None:
        receiver = Receiver(
            writing,
            chunk,
            pace=self._pace,
            hold=None,
            read_trailer=transfer.read_trailer,
        )
        outcome = receiver.receive(transfer.open_body(chunk.length))
        length = writing.upload.length
        state = State(Phase.OPEN, offset=writing.size, length=length)
        effects = decide(state, Received(chunk, 0, outcome), _AT_ONCE)
        _raise_refusal(effects[-1:], None)

    def _complete(
        self, writing: Writing, actor: Actor, new: NewUpload, place: Place
    ) -> Upload:
        try:
            content: Content = writing.seal()
            finished = self._uploads.complete(actor, new, place, content)
        except errors.SpacesError as cause:
            self._depot.blobs.remove(writing.upload.blob_id)
            raise FinishFailed(None, cause) from cause
        self._depot.drop_duplicate(finished, content.blob_id)
        return finished

    def _reuse(
        self, new: NewUpload, target: Target, transfer: Transfer
    ) -> Upload | None:
        """The finished upload, if the space has its content already."""
        if target.actor is None or target.place is None or not new.length:
            return None
        upload = self._uploads.adopt(target.actor, new, target.place)
        if upload is not None:
            _drain(transfer.open_body(None))
        return upload


_AT_ONCE: Final = Limits()


def state_of(upload: Upload | None) -> State:
    """The upload as the rules look at it."""
    if upload is None:
        return ABSENT
    phase = Phase.GONE
    if upload.state is UploadState.FINISHED:
        phase = Phase.FINISHED
    elif upload.state is UploadState.OPEN:
        is_part = upload.kind is UploadKind.PARTIAL
        is_received = upload.is_received and not is_part
        phase = Phase.RECEIVED if is_received else Phase.OPEN
    return State(phase, upload.kind, upload.offset, upload.length)


def _measured(command: Append, upload: Upload | None, transfer: Transfer) -> Append:
    """The command with its length, if it may be an empty one after the last byte.

    Its end alone tells the length of a body in chunks, and tus-java-client sends no
    other: it ends with an empty one, and so it begins with an empty file.
    """
    is_finished = upload is not None and upload.state is UploadState.FINISHED
    if not is_finished or command.chunk.length is not None:
        return command
    try:
        count = transfer.open_body(0).readinto(bytearray(1))
    except BodyTooLarge:
        return command
    return replace(command, chunk=replace(command.chunk, length=count))


def _mark_resumable(transfer: Transfer, chunk: Chunk | None) -> None:
    """Let the server stop at once where the client can go on with what was kept."""
    is_kept = chunk is not None and not chunk.is_verified
    if transfer.connection is not None and is_kept:
        transfer.connection.mark_resumable()


def _require(upload: Upload | None) -> Upload:
    if upload is None:
        raise UploadRefused(Reason.NOT_FOUND)
    return upload


def _require_bound(target: Target) -> tuple[Actor, Place]:
    if target.actor is None or target.place is None:
        raise UploadRefused(Reason.PARTS_REFUSED)
    return target.actor, target.place


def _raise_refusal(effects: tuple[Effect, ...], upload: Upload | None) -> None:
    if effects and isinstance(effects[0], Refuse):
        raise UploadRefused(effects[0].reason, upload)


def _no_body(limit: int | None) -> Body:
    raise AssertionError(f"no body of {limit} bytes was announced")


def _drain(body: Body) -> None:
    """Read what nobody needs, so that the connection can be used again."""
    buffer, drained = bytearray(BLOCK_BYTES), 0
    with suppress(BodyError):
        while drained < _DRAIN_BYTES and (count := body.readinto(buffer)):
            drained += count
