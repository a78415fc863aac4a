"""The headers of tus 1.0.0 and of the IETF draft, as commands."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocsync.problems import HttpProblem
from ocsync.tus import ietf_headers as draft
from ocsync.tus.headers import (
    CHUNK_TYPE,
    GetHeader,
    Grammar,
    effective_method,
    has_body,
    header_reader,
    parse_append,
    parse_create,
    parse_number,
    require_version,
    trailer_reader,
)
from ocsync.uploads.commands import Append, Chunk
from spaces.clock import Instant
from spaces.upload_model import UploadKind

PLAIN = Grammar()
SPACE = Grammar(
    is_lenient=True,
    defers_length=False,
    concatenates=False,
    no_length=412,
)
ZERO_SHA1 = "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="


def reading(headers: Mapping[str, str]) -> GetHeader:
    """Headers by name, in any case."""
    lower = {name.lower(): value for name, value in headers.items()}
    return lambda name: lower.get(name.lower())


def status_of(problem: pytest.ExceptionInfo[HttpProblem]) -> int:
    """The status of a refusal."""
    return problem.value.problem.status


def test_header_reader() -> None:
    """Names are those of HTTP; empty types and lengths are none."""
    get = header_reader(
        {"CONTENT_TYPE": "", "CONTENT_LENGTH": "5", "HTTP_UPLOAD_OFFSET": ""}
    )

    assert get("Content-Type") is None
    assert get("Content-Length") == "5"
    assert get("Upload-Offset") == ""
    assert get("Upload-Length") is None


@given(st.integers(0, 2**63 - 1))
def test_numbers_round_trip(number: int) -> None:
    """Every size a file can have is read."""
    assert parse_number(f" {number}\t", "X") == number


@given(st.text(max_size=30))
def test_numbers_are_digits(text: str) -> None:
    """Whatever is not only ASCII digits is refused."""
    if text.strip(" \t").isascii() and text.strip(" \t").isdigit():
        return
    with pytest.raises(HttpProblem) as problem:
        parse_number(text, "X")
    assert status_of(problem) == 400


def test_numbers_are_bounded() -> None:
    """What no file can have is refused."""
    with pytest.raises(HttpProblem):
        parse_number(str(2**63), "X")


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "OPTIONS", "TRACE", ""])
def test_overrides_are_bounded(method: str) -> None:
    """POST can stand for an upload's methods only."""
    with pytest.raises(HttpProblem):
        effective_method("POST", reading({"X-HTTP-Method-Override": method}))
    override = reading({"X-HTTP-Method-Override": "DELETE"})
    assert effective_method("GET", override) == "GET"
    assert effective_method("POST", override) == "DELETE"
    assert effective_method("POST", reading({})) == "POST"


def test_version() -> None:
    """1.0.0 is spoken, nothing else."""
    require_version(reading({"Tus-Resumable": " 1.0.0 "}))
    for version in ("", "1.0", "1.0.0,1.0.0"):
        with pytest.raises(HttpProblem) as problem:
            require_version(reading({"Tus-Resumable": version}))
        assert dict(problem.value.problem.headers)["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    ("headers", "is_there"),
    [
        ({}, False),
        ({"Content-Length": "0"}, False),
        ({"Content-Length": ""}, False),
        ({"Content-Length": "1"}, True),
        ({"Transfer-Encoding": "chunked"}, True),
    ],
)
def test_has_body(headers: dict[str, str], *, is_there: bool) -> None:
    """A body has a length or comes in chunks."""
    assert has_body(reading(headers)) is is_there


CREATIONS: list[tuple[dict[str, str], Grammar, int]] = [
    ({}, PLAIN, 400),
    ({}, SPACE, 412),
    ({"Upload-Defer-Length": "1"}, SPACE, 412),
    ({"Upload-Defer-Length": "2"}, PLAIN, 400),
    ({"Upload-Defer-Length": "1", "Upload-Length": "1"}, PLAIN, 400),
    ({"Upload-Length": "5", "Upload-Offset": "1"}, PLAIN, 400),
    ({"Upload-Length": "5", "Upload-Metadata": "a,,b"}, PLAIN, 400),
    ({"Upload-Length": "5", "Upload-Concat": "partial"}, SPACE, 400),
    ({"Upload-Concat": "final;a", "Upload-Length": "5"}, PLAIN, 400),
    ({"Upload-Concat": "final;a", "Upload-Defer-Length": "1"}, PLAIN, 400),
    ({"Upload-Concat": "final;"}, PLAIN, 400),
    ({"Upload-Concat": "nonsense"}, PLAIN, 400),
    ({"Upload-Length": "5", "Content-Length": "5"}, PLAIN, 415),
    (
        {
            "Upload-Concat": "final;a",
            "Content-Length": "5",
            "Content-Type": CHUNK_TYPE,
        },
        PLAIN,
        400,
    ),
    (
        {
            "Upload-Length": "5",
            "Content-Length": "x",
            "Content-Type": CHUNK_TYPE,
        },
        PLAIN,
        400,
    ),
]


@pytest.mark.parametrize(("headers", "grammar", "status"), CREATIONS)
def test_creations_that_are_refused(
    headers: dict[str, str], grammar: Grammar, status: int
) -> None:
    """What contradicts itself or the dialect is refused."""
    with pytest.raises(HttpProblem) as problem:
        parse_create(reading(headers), grammar)
    assert status_of(problem) == status


def test_creations() -> None:
    """What a creation can say."""
    whole = parse_create(reading({"Upload-Length": "5"}), PLAIN)
    deferred = parse_create(reading({"Upload-Defer-Length": "1"}), PLAIN)
    final = parse_create(reading({"Upload-Concat": "final; a  b"}), PLAIN)
    partial = parse_create(
        reading({"Upload-Concat": "partial", "Upload-Length": "0"}), PLAIN
    )
    chunked = parse_create(
        reading(
            {
                "Upload-Length": "5",
                "Transfer-Encoding": "chunked",
                "Content-Type": f"{CHUNK_TYPE}; x=y",
                "Trailer": "X, upload-checksum",
            }
        ),
        PLAIN,
    )
    foreign = parse_create(
        reading({"Upload-Length": "5", "Content-Length": "5"}), SPACE
    )

    assert (whole.length, whole.kind, whole.chunk) == (5, UploadKind.WHOLE, None)
    assert deferred.length is None
    assert (final.kind, final.parts) == (UploadKind.FINAL, ("a", "b"))
    assert partial.kind is UploadKind.PARTIAL
    assert chunked.chunk == Chunk(None, has_trailer=True)
    assert foreign.chunk is None


def test_appends() -> None:
    """A checksum in the header makes a trailer unnecessary."""
    headers = {
        "Upload-Offset": "3",
        "Upload-Length": "9",
        "Content-Type": CHUNK_TYPE,
        "Upload-Checksum": ZERO_SHA1,
        "Trailer": "Upload-Checksum",
    }
    command = parse_append(reading(headers), PLAIN)

    assert command.offset == 3
    assert command.length == 9
    assert command.chunk.length == 0
    assert command.chunk.checksum is not None
    assert not command.chunk.has_trailer
    with pytest.raises(HttpProblem) as problem:
        parse_append(reading({"Content-Type": CHUNK_TYPE}), PLAIN)
    assert status_of(problem) == 400


def test_unknown_checksums_say_which_are_known() -> None:
    """The refusal of an algorithm lists the others."""
    headers = {
        "Upload-Offset": "0",
        "Content-Type": CHUNK_TYPE,
        "Upload-Checksum": "foo AAAA",
    }
    with pytest.raises(HttpProblem) as problem:
        parse_append(reading(headers), PLAIN)
    assert "sha1" in dict(problem.value.problem.headers)["Tus-Checksum-Algorithm"]


def test_trailers() -> None:
    """A trailer is a checksum, or counts as missing."""
    read = trailer_reader(PLAIN)

    assert read({}) is None
    assert read({"upload-checksum": "nonsense"}) is None
    checksum = read({"upload-checksum": ZERO_SHA1})
    assert checksum is not None
    assert checksum.algorithm == "sha1"


@pytest.mark.parametrize(
    ("headers", "is_draft"),
    [
        ({}, False),
        ({"Upload-Complete": "?1"}, True),
        ({"Upload-Draft-Interop-Version": "8"}, True),
        ({"Upload-Complete": "?1", "Tus-Resumable": "1.0.0"}, False),
    ],
)
def test_draft_is_known_by_its_headers(
    headers: dict[str, str], *, is_draft: bool
) -> None:
    """Both protocols share their URLs."""
    assert draft.speaks_draft(reading(headers)) is is_draft


def test_draft_creations() -> None:
    """A creation may bring nothing, a part, or everything."""
    empty = draft.parse_create(reading({"Upload-Complete": "?0"}))
    nothing = draft.parse_create(reading({"Upload-Complete": "?1"}))
    chunked = draft.parse_create(
        reading({"Upload-Complete": " ?1 ", "Transfer-Encoding": "chunked"})
    )

    assert empty.chunk is None
    assert nothing.chunk == Chunk(0, is_last=True)
    assert chunked.chunk == Chunk(None, is_last=True)


def test_draft_appends() -> None:
    """An append says offset, completeness and perhaps the length."""
    headers = {
        "Content-Type": "application/partial-upload",
        "Upload-Offset": "3",
        "Upload-Length": "9",
        "Upload-Complete": "?0",
        "Content-Length": "6",
    }
    assert draft.parse_append(reading(headers)) == Append(3, Chunk(6, is_last=False), 9)
    del headers["Upload-Offset"]
    with pytest.raises(HttpProblem):
        draft.parse_append(reading(headers))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", None),
        ("attachment", None),
        ("attachment; filename=a.txt", "a.txt"),
        ('attachment; filename="a\\"b"', 'a"b'),
        ("attachment; filename=\"x\"; filename*=utf-8'en'%C3%A4", "ä"),
        ('attachment; filename="Ã¤"', "ä"),
    ],
)
def test_draft_names(text: str, name: str | None) -> None:
    """The file's name, in every form of Content-Disposition."""
    assert draft.file_name(reading({"Content-Disposition": text})) == name


def test_draft_digests() -> None:
    """The strongest digest that can be verified counts."""
    field = "md5=:AAAAAAAAAAAAAAAAAAAAAA==:, sha=:AAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
    checksum = draft.whole_checksum(reading({"Repr-Digest": field}))

    assert checksum is not None
    assert checksum.algorithm == "sha1"
    assert draft.whole_checksum(reading({"Repr-Digest": "x=:AA==:"})) is None
    assert draft.whole_checksum(reading({})) is None
    with pytest.raises(HttpProblem):
        draft.whole_checksum(reading({"Repr-Digest": "nonsense"}))


def test_draft_limit_without_an_upload() -> None:
    """What every upload may be."""
    assert draft.format_limit(None, 10, Instant(0)) == "min-size=0, max-size=10"
