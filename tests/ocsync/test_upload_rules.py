"""The rules of uploads: every state against every command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from ocsync.uploads.rules import (
    ABSENT,
    CutBack,
    Declare,
    Discard,
    Effect,
    Finish,
    Forget,
    Join,
    Keep,
    Limits,
    Phase,
    Reason,
    Receive,
    Refuse,
    Replay,
    Report,
    Reserve,
    State,
    decide,
)
from ocsync.wire.checksum import Checksum
from spaces.upload_model import UploadKind

TUS = Limits()
DRAFT = Limits(finishes_by_length=False)
SMALL = Limits(max_size=10)
CHUNKY = Limits(min_chunk=5)
SUM = Checksum("sha1", b"x" * 20)
OPEN = State(Phase.OPEN, offset=4, length=10)
RECEIVED = State(Phase.RECEIVED, offset=10, length=10)
FINISHED = State(Phase.FINISHED, offset=10, length=10)
GONE = State(Phase.GONE, offset=4, length=10)
DEFERRED = State(Phase.OPEN, offset=4)
PARTIAL, FINAL = UploadKind.PARTIAL, UploadKind.FINAL


def refuse(reason: Reason) -> tuple[Effect, ...]:
    """A refusal alone."""
    return (Refuse(reason),)


CREATIONS: list[tuple[Create, Limits, tuple[Effect, ...]]] = [
    (Create(10), TUS, (Reserve(), Report())),
    (Create(None), TUS, (Reserve(), Report())),
    (Create(0), TUS, (Reserve(), Finish())),
    (Create(0), DRAFT, (Reserve(), Report())),
    (Create(0, kind=PARTIAL), TUS, (Reserve(), Report())),
    (Create(None, kind=FINAL), TUS, (Reserve(), Join())),
    (Create(11), SMALL, refuse(Reason.TOO_LARGE)),
    (Create(10), SMALL, (Reserve(), Report())),
    (Create(10, chunk=Chunk(5)), TUS, (Reserve(), Receive(10))),
    (Create(10, chunk=Chunk(None)), TUS, (Reserve(), Receive(10))),
    (Create(None, chunk=Chunk(5)), TUS, (Reserve(), Receive(None))),
    (Create(None, chunk=Chunk(5)), SMALL, (Reserve(), Receive(10))),
    (Create(None, chunk=Chunk(11)), SMALL, refuse(Reason.TOO_LARGE)),
    (Create(10, chunk=Chunk(11)), TUS, refuse(Reason.PAST_LENGTH)),
    (Create(10, chunk=Chunk(0)), TUS, (Reserve(), Report())),
    (Create(0, chunk=Chunk(0)), TUS, (Reserve(), Finish())),
    (Create(None, chunk=Chunk(0, is_last=True)), DRAFT, (Reserve(), Finish())),
    (
        Create(10, chunk=Chunk(5, is_last=True)),
        DRAFT,
        refuse(Reason.LENGTH_INCONSISTENT),
    ),
    (Create(10, chunk=Chunk(4)), CHUNKY, refuse(Reason.CHUNK_TOO_SMALL)),
    (Create(10, chunk=Chunk(5)), CHUNKY, (Reserve(), Receive(10))),
    (Create(4, chunk=Chunk(4)), CHUNKY, (Reserve(), Receive(4))),
    (Create(None, chunk=Chunk(4, is_last=True)), CHUNKY, (Reserve(), Receive(None))),
]


@pytest.mark.parametrize(("command", "limits", "effects"), CREATIONS)
def test_create(command: Create, limits: Limits, effects: tuple[Effect, ...]) -> None:
    """What a creation leads to."""
    assert decide(ABSENT, command, limits) == effects


APPENDS: list[tuple[State, Append, Limits, tuple[Effect, ...]]] = [
    (ABSENT, Append(0, Chunk(1)), TUS, refuse(Reason.NOT_FOUND)),
    (GONE, Append(4, Chunk(1)), TUS, refuse(Reason.GONE)),
    (FINISHED, Append(10, Chunk(0)), TUS, (Replay(),)),
    (FINISHED, Append(10, Chunk(1)), TUS, refuse(Reason.COMPLETE)),
    (FINISHED, Append(0, Chunk(1)), TUS, refuse(Reason.COMPLETE)),
    (FINISHED, Append(0, Chunk(0)), TUS, refuse(Reason.COMPLETE)),
    (OPEN, Append(4, Chunk(6)), TUS, (Receive(6),)),
    (OPEN, Append(4, Chunk(None)), TUS, (Receive(6),)),
    (OPEN, Append(4, Chunk(0)), TUS, (Report(),)),
    (OPEN, Append(4, Chunk(0, SUM)), TUS, (Receive(6),)),
    (OPEN, Append(4, Chunk(7)), TUS, refuse(Reason.PAST_LENGTH)),
    (OPEN, Append(3, Chunk(1)), TUS, refuse(Reason.OFFSET_MISMATCH)),
    (OPEN, Append(5, Chunk(1)), TUS, refuse(Reason.OFFSET_MISMATCH)),
    (OPEN, Append(4, Chunk(1), 10), TUS, (Receive(6),)),
    (OPEN, Append(4, Chunk(1), 11), TUS, refuse(Reason.LENGTH_FIXED)),
    (DEFERRED, Append(4, Chunk(1)), TUS, (Receive(None),)),
    (DEFERRED, Append(4, Chunk(1)), SMALL, (Receive(6),)),
    (DEFERRED, Append(4, Chunk(1), 10), TUS, (Declare(10), Receive(6))),
    (DEFERRED, Append(4, Chunk(0), 10), TUS, (Declare(10), Report())),
    (DEFERRED, Append(4, Chunk(0), 4), TUS, (Declare(4), Finish())),
    (DEFERRED, Append(4, Chunk(0), 3), TUS, refuse(Reason.LENGTH_BELOW_OFFSET)),
    (DEFERRED, Append(4, Chunk(0), 11), SMALL, refuse(Reason.TOO_LARGE)),
    (DEFERRED, Append(4, Chunk(0, is_last=True)), DRAFT, (Finish(),)),
    (OPEN, Append(4, Chunk(1)), CHUNKY, refuse(Reason.CHUNK_TOO_SMALL)),
    (RECEIVED, Append(10, Chunk(0)), TUS, (Finish(),)),
    (RECEIVED, Append(10, Chunk(0, is_last=False)), DRAFT, (Report(),)),
    (RECEIVED, Append(10, Chunk(0, is_last=True)), DRAFT, (Finish(),)),
    (RECEIVED, Append(10, Chunk(1)), TUS, refuse(Reason.PAST_LENGTH)),
    (
        State(Phase.FINISHED, FINAL, 5, 5),
        Append(5, Chunk(0)),
        TUS,
        refuse(Reason.FINAL_IS_FIXED),
    ),
    (
        State(Phase.OPEN, FINAL),
        Append(0, Chunk(1)),
        TUS,
        refuse(Reason.FINAL_IS_FIXED),
    ),
    (State(Phase.OPEN, PARTIAL, 5, 5), Append(5, Chunk(0)), TUS, (Report(),)),
]


@pytest.mark.parametrize(("state", "command", "limits", "effects"), APPENDS)
def test_append(
    state: State, command: Append, limits: Limits, effects: tuple[Effect, ...]
) -> None:
    """What bytes at an offset lead to."""
    assert decide(state, command, limits) == effects


CUT_BACK = CutBack(2)
BODIES: list[tuple[State, Chunk, Outcome, Limits, tuple[Effect, ...]]] = [
    (OPEN, Chunk(2), Outcome.WHOLE, TUS, (Keep(), Report())),
    (RECEIVED, Chunk(8), Outcome.WHOLE, TUS, (Keep(), Finish())),
    (RECEIVED, Chunk(8, is_last=False), Outcome.WHOLE, DRAFT, (Keep(), Report())),
    (DEFERRED, Chunk(2, is_last=True), Outcome.WHOLE, DRAFT, (Keep(), Finish())),
    (
        OPEN,
        Chunk(None, is_last=True),
        Outcome.WHOLE,
        DRAFT,
        (CUT_BACK, Refuse(Reason.LENGTH_INCONSISTENT)),
    ),
    (OPEN, Chunk(6), Outcome.CUT, TUS, (Keep(), Refuse(Reason.BODY_CUT))),
    (OPEN, Chunk(6, SUM), Outcome.CUT, TUS, (CUT_BACK, Refuse(Reason.BODY_CUT))),
    (OPEN, Chunk(6), Outcome.STOPPED, TUS, (Keep(), Refuse(Reason.STOPPING))),
    (OPEN, Chunk(6, SUM), Outcome.STOPPED, TUS, (CUT_BACK, Refuse(Reason.STOPPING))),
    (OPEN, Chunk(6), Outcome.LOST, TUS, refuse(Reason.TAKEN_OVER)),
    (
        OPEN,
        Chunk(None),
        Outcome.OVERRUN,
        TUS,
        (CUT_BACK, Refuse(Reason.PAST_LENGTH)),
    ),
    (
        DEFERRED,
        Chunk(None),
        Outcome.OVERRUN,
        SMALL,
        (CUT_BACK, Refuse(Reason.TOO_LARGE)),
    ),
    (
        OPEN,
        Chunk(6, SUM),
        Outcome.MISMATCH,
        TUS,
        (CUT_BACK, Refuse(Reason.CHECKSUM_MISMATCH)),
    ),
    (
        OPEN,
        Chunk(None, has_trailer=True),
        Outcome.UNVERIFIED,
        TUS,
        (CUT_BACK, Refuse(Reason.CHECKSUM_MISSING)),
    ),
    (
        OPEN,
        Chunk(None),
        Outcome.UNANNOUNCED,
        TUS,
        (CUT_BACK, Refuse(Reason.CHECKSUM_UNANNOUNCED)),
    ),
    (OPEN, Chunk(6), Outcome.STORE_FULL, TUS, (Keep(), Refuse(Reason.STORE_FULL))),
    (
        OPEN,
        Chunk(6, SUM),
        Outcome.STORE_FULL,
        TUS,
        (CUT_BACK, Refuse(Reason.STORE_FULL)),
    ),
    (
        DEFERRED,
        Chunk(6),
        Outcome.QUOTA_FULL,
        TUS,
        (Keep(), Refuse(Reason.QUOTA_FULL)),
    ),
]


@pytest.mark.parametrize(("state", "chunk", "outcome", "limits", "effects"), BODIES)
def test_received(
    state: State,
    chunk: Chunk,
    outcome: Outcome,
    limits: Limits,
    effects: tuple[Effect, ...],
) -> None:
    """What the end of a body leads to."""
    assert decide(state, Received(chunk, 2, outcome), limits) == effects


@pytest.mark.parametrize(
    ("state", "limits", "effects"),
    [
        (ABSENT, TUS, refuse(Reason.NOT_FOUND)),
        (GONE, TUS, refuse(Reason.GONE)),
        (OPEN, TUS, (Report(),)),
        (RECEIVED, TUS, (Finish(),)),
        (RECEIVED, DRAFT, (Report(),)),
        (State(Phase.OPEN, FINAL), TUS, (Join(),)),
        (FINISHED, TUS, (Replay(),)),
    ],
)
def test_probe(state: State, limits: Limits, effects: tuple[Effect, ...]) -> None:
    """What asking leads to: an upload with all its bytes is finished first."""
    assert decide(state, Probe(), limits) == effects


@pytest.mark.parametrize(
    ("state", "effects"),
    [
        (ABSENT, refuse(Reason.NOT_FOUND)),
        (GONE, refuse(Reason.GONE)),
        (OPEN, (Discard(),)),
        (RECEIVED, (Discard(),)),
        (FINISHED, (Forget(),)),
    ],
)
def test_abort(state: State, effects: tuple[Effect, ...]) -> None:
    """What giving up leads to."""
    assert decide(state, Abort(), TUS) == effects


SIZES = st.integers(0, 20)
CHUNKS = st.builds(
    Chunk,
    st.none() | SIZES,
    st.none() | st.just(SUM),
    has_trailer=st.booleans(),
    is_last=st.none() | st.booleans(),
)
LIMITS = st.builds(
    Limits,
    max_size=st.none() | SIZES,
    min_chunk=st.integers(0, 3),
    finishes_by_length=st.booleans(),
)
KINDS = st.sampled_from(UploadKind)


@st.composite
def states(draw: st.DrawFn) -> State:
    """States that rows can have."""
    length = draw(st.none() | SIZES)
    offset = draw(SIZES if length is None else st.integers(0, length))
    phase = draw(st.sampled_from(Phase))
    if phase in {Phase.RECEIVED, Phase.FINISHED}:
        length = offset
    return State(phase, draw(KINDS), offset, length)


COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Create, st.none() | SIZES, chunk=st.none() | CHUNKS, kind=KINDS),
    st.builds(Append, SIZES, CHUNKS, st.none() | SIZES),
    st.builds(Received, CHUNKS, SIZES, st.sampled_from(Outcome)),
    st.just(Probe()),
    st.just(Abort()),
)


@given(states(), COMMANDS, LIMITS)
def test_every_state_has_an_answer(
    state: State, command: Command, limits: Limits
) -> None:
    """The rules are total, and end in exactly one answer."""
    effects = decide(state, command, limits)

    assert effects
    answers = [
        effect
        for effect in effects
        if isinstance(effect, Refuse | Report | Replay | Finish | Receive | Join)
    ]
    if not isinstance(command, Abort) or isinstance(effects[0], Refuse):
        assert len(answers) == 1
        assert effects[-1] is answers[0]


@given(states(), st.builds(Append, SIZES, CHUNKS, st.none() | SIZES), LIMITS)
def test_bytes_are_received_only_at_the_offset_and_within_the_length(
    state: State, command: Append, limits: Limits
) -> None:
    """Nothing is read for an upload that could not take it."""
    for effect in decide(state, command, limits):
        if isinstance(effect, Receive):
            assert command.offset == state.offset
            assert state.phase in {Phase.OPEN, Phase.RECEIVED}
            length = command.length if state.length is None else state.length
            if length is not None:
                assert effect.limit == length - state.offset
            if effect.limit is not None and command.chunk.length is not None:
                assert command.chunk.length <= effect.limit


@given(states(), COMMANDS)
def test_complete_uploads_are_never_just_reported(
    state: State, command: Command
) -> None:
    """A client that saw offset and length equal would stop: finish first."""
    if state.phase is Phase.RECEIVED and isinstance(command, Probe):
        assert decide(state, command, TUS) == (Finish(),)
