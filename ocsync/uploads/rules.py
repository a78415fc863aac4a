"""The rules of resumable uploads: from a state and a command to effects.

Pure and total: `decide` does no I/O, reads no clock and never raises. The phases:

    ABSENT     no such upload, or not this dialect's
    OPEN       bytes are wanted
    RECEIVED   all bytes are there, the file is not yet committed
    FINISHED   committed; the answer can be replayed
    GONE       failed, aborted or expired

A client that sees its offset equal the length stops and reports success, so an
upload in RECEIVED is never reported as it is: whoever asks finishes it first.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, assert_never

from ocsync.uploads.commands import (
    Abort,
    Append,
    Chunk,
    Command,
    Create,
    Outcome,
    Probe,
    Received,
)
from spaces.upload_model import UploadKind


class Phase(Enum):
    """Where an upload stands."""

    ABSENT = auto()
    OPEN = auto()
    RECEIVED = auto()
    FINISHED = auto()
    GONE = auto()


class Reason(Enum):
    """Why a request is refused; each dialect has its status for each."""

    NOT_FOUND = "the upload could not be found"
    GONE = "the upload is no longer there"
    TOO_LARGE = "the upload exceeds the largest size"
    CHUNK_TOO_SMALL = "only the last part may be so small"
    PAST_LENGTH = "the body goes beyond the length of the upload"
    OFFSET_MISMATCH = "the offset is not where the upload stands"
    COMPLETE = "the upload is complete already"
    LENGTH_FIXED = "the length of the upload is fixed already"
    LENGTH_BELOW_OFFSET = "more bytes than the length are there already"
    LENGTH_INCONSISTENT = "the lengths of body and upload contradict each other"
    FINAL_IS_FIXED = "a concatenated upload takes no bytes"
    BODY_CUT = "the body broke off"
    STOPPING = "the server is stopping; the upload can go on later"
    TAKEN_OVER = "another request has taken the upload over"
    HELD = "another request is writing to the upload"
    CHECKSUM_MISMATCH = "the checksum does not match the bytes received"
    CHECKSUM_MISSING = "the checksum that was announced did not follow the body"
    CHECKSUM_UNANNOUNCED = "a checksum after the body must be announced by Trailer"
    STORE_FULL = "the server has no room left"
    QUOTA_FULL = "the quota of the space is used up"
    NOT_COMPLETE = "the upload is not complete"
    PARTS_REFUSED = "the parts cannot be joined"


@dataclass(frozen=True, slots=True)
class State:
    """An upload as far as the rules look at it."""

    phase: Phase
    kind: UploadKind = UploadKind.WHOLE
    offset: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a dialect and the settings add to the rules.

    `finishes_by_length`: reaching the length finishes the upload, with no further
    word from the client.
    """

    max_size: int | None = None
    min_chunk: int = 0
    finishes_by_length: bool = True


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with a refusal."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Reserve:
    """Make the upload, its node id and its hold on the quota."""


@dataclass(frozen=True, slots=True)
class Join:
    """Make the upload from its parts and finish it, if they are all there."""


@dataclass(frozen=True, slots=True)
class Declare:
    """Fix the length."""

    length: int


@dataclass(frozen=True, slots=True)
class Receive:
    """Read the body, at most so many bytes (None: no bound known)."""

    limit: int | None


@dataclass(frozen=True, slots=True)
class Keep:
    """Make what arrived durable and move the offset."""


@dataclass(frozen=True, slots=True)
class CutBack:
    """Throw away what came after the offset."""

    offset: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Verify, commit the file and answer with it; harmless if that is done."""


@dataclass(frozen=True, slots=True)
class Discard:
    """End the upload and give back what it held."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove the record of an upload whose file stays."""


@dataclass(frozen=True, slots=True)
class Report:
    """Answer with the state of the upload."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Answer as the finish was answered."""


Effect = (
    Refuse
    | Reserve
    | Join
    | Declare
    | Receive
    | Keep
    | CutBack
    | Finish
    | Discard
    | Forget
    | Report
    | Replay
)

ABSENT: Final = State(Phase.ABSENT)


def decide(state: State, command: Command, limits: Limits) -> tuple[Effect, ...]:
    """What follows from the command; effects are to be done in order."""
    match command:
        case Create():
            return _create(command, limits)
        case Append():
            return _append(state, command, limits)
        case Received():
            return _received(state, command, limits)
        case Probe():
            return _probe(state, limits)
        case Abort():
            return _abort(state)
        case _:
            assert_never(command)


def _create(command: Create, limits: Limits) -> tuple[Effect, ...]:
    if command.kind is UploadKind.FINAL:
        return (Reserve(), Join())
    length, chunk = command.length, command.chunk
    refusal = _refuse_chunk(0, length, chunk, limits)
    if refusal is not None:
        return (refusal,)
    if chunk is not None and chunk.length != 0:
        return (Reserve(), Receive(_room(0, length, limits)))
    if _is_complete(0, length, chunk, command.kind, limits):
        return (Reserve(), Finish())
    return (Reserve(), Report())


def _append(state: State, command: Append, limits: Limits) -> tuple[Effect, ...]:
    match state.phase:
        case Phase.ABSENT:
            return (Refuse(Reason.NOT_FOUND),)
        case Phase.GONE:
            return (Refuse(Reason.GONE),)
        case Phase.FINISHED:
            return (_append_late(state, command),)
        case Phase.OPEN | Phase.RECEIVED:
            return _append_open(state, command, limits)
        case _:
            assert_never(state.phase)


def _append_late(state: State, command: Append) -> Effect:
    if state.kind is UploadKind.FINAL:
        return Refuse(Reason.FINAL_IS_FIXED)
    if command.offset == state.offset and command.chunk.length == 0:
        return Replay()
    return Refuse(Reason.COMPLETE)


def _append_open(state: State, command: Append, limits: Limits) -> tuple[Effect, ...]:
    if state.kind is UploadKind.FINAL:
        return (Refuse(Reason.FINAL_IS_FIXED),)
    if command.offset != state.offset:
        return (Refuse(Reason.OFFSET_MISMATCH),)
    length, effects = state.length, list[Effect]()
    if command.length is not None and command.length != length:
        if length is not None:
            return (Refuse(Reason.LENGTH_FIXED),)
        length = command.length
        effects.append(Declare(length))
    refusal = _refuse_chunk(state.offset, length, command.chunk, limits)
    if refusal is not None:
        return (refusal,)
    if command.chunk.length != 0 or command.chunk.is_verified:
        return (*effects, Receive(_room(state.offset, length, limits)))
    if _is_complete(state.offset, length, command.chunk, state.kind, limits):
        return (*effects, Finish())
    return (*effects, Report())


_SPOILT: Final = {
    Outcome.OVERRUN: Reason.PAST_LENGTH,
    Outcome.MISMATCH: Reason.CHECKSUM_MISMATCH,
    Outcome.UNVERIFIED: Reason.CHECKSUM_MISSING,
    Outcome.UNANNOUNCED: Reason.CHECKSUM_UNANNOUNCED,
}
"""Bodies of which nothing is kept."""
_BROKEN_OFF: Final = {
    Outcome.CUT: Reason.BODY_CUT,
    Outcome.STOPPED: Reason.STOPPING,
    Outcome.STORE_FULL: Reason.STORE_FULL,
    Outcome.QUOTA_FULL: Reason.QUOTA_FULL,
}
"""Bodies of which everything is kept, unless it cannot be verified."""


def _received(state: State, command: Received, limits: Limits) -> tuple[Effect, ...]:
    chunk, outcome = command.chunk, command.outcome
    if outcome is Outcome.LOST:
        return (Refuse(Reason.TAKEN_OVER),)
    cut_back = CutBack(command.start)
    if outcome is Outcome.OVERRUN and state.length is None:
        return (cut_back, Refuse(Reason.TOO_LARGE))
    if outcome in _SPOILT:
        return (cut_back, Refuse(_SPOILT[outcome]))
    if outcome in _BROKEN_OFF:
        kept = cut_back if chunk.is_verified else Keep()
        return (kept, Refuse(_BROKEN_OFF[outcome]))
    if chunk.is_last and state.length not in {None, state.offset}:
        return (cut_back, Refuse(Reason.LENGTH_INCONSISTENT))
    if _is_complete(state.offset, state.length, chunk, state.kind, limits):
        return (Keep(), Finish())
    return (Keep(), Report())


def _probe(state: State, limits: Limits) -> tuple[Effect, ...]:
    match state.phase:
        case Phase.ABSENT:
            return (Refuse(Reason.NOT_FOUND),)
        case Phase.GONE:
            return (Refuse(Reason.GONE),)
        case Phase.OPEN if state.kind is UploadKind.FINAL:
            return (Join(),)
        case Phase.RECEIVED if limits.finishes_by_length:
            return (Finish(),)
        case Phase.OPEN | Phase.RECEIVED:
            return (Report(),)
        case Phase.FINISHED:
            return (Replay(),)
        case _:
            assert_never(state.phase)


def _abort(state: State) -> tuple[Effect, ...]:
    match state.phase:
        case Phase.ABSENT:
            return (Refuse(Reason.NOT_FOUND),)
        case Phase.GONE:
            return (Refuse(Reason.GONE),)
        case Phase.OPEN | Phase.RECEIVED:
            return (Discard(),)
        case Phase.FINISHED:
            return (Forget(),)
        case _:
            assert_never(state.phase)


def _refuse_chunk(
    offset: int, length: int | None, chunk: Chunk | None, limits: Limits
) -> Refuse | None:
    if length is not None and length < offset:
        return Refuse(Reason.LENGTH_BELOW_OFFSET)
    if length is not None and limits.max_size is not None and length > limits.max_size:
        return Refuse(Reason.TOO_LARGE)
    if chunk is None or chunk.length is None:
        return None
    end = offset + chunk.length
    if length is not None:
        if end > length:
            return Refuse(Reason.PAST_LENGTH)
        if chunk.is_last and end != length:
            return Refuse(Reason.LENGTH_INCONSISTENT)
    if limits.max_size is not None and end > limits.max_size:
        return Refuse(Reason.TOO_LARGE)
    if 0 < chunk.length < limits.min_chunk and end != length and not chunk.is_last:
        return Refuse(Reason.CHUNK_TOO_SMALL)
    return None


def _room(offset: int, length: int | None, limits: Limits) -> int | None:
    bound = limits.max_size if length is None else length
    return None if bound is None else bound - offset


def _is_complete(
    offset: int,
    length: int | None,
    chunk: Chunk | None,
    kind: UploadKind,
    limits: Limits,
) -> bool:
    """Whether the upload ends here; parts never end, they wait to be joined."""
    if kind is UploadKind.PARTIAL:
        return False
    if chunk is not None and chunk.is_last is not None:
        return chunk.is_last
    return limits.finishes_by_length and offset == length
