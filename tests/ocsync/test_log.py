"""The log: one line per event, in two forms, without secrets or terminal tricks."""

import io
import json
import logging

import pytest

from ocsync.log import REQUEST_ID, Access, capture_logging, open_log
from ocsync.settings import LogSettings

ACCESS = Access("GET", "/a", "", 404, 3, 0.4, "-", "192.0.2.1", "curl/8", "r-1")


def test_json_lines_carry_fields_and_request_id() -> None:
    """Each line is one JSON object with the id of its request."""
    stream = io.StringIO()
    log = open_log(LogSettings(format="json"), stream=stream)
    token = REQUEST_ID.set("r-1")

    log.info("moved", path="/a", bytes=3)
    REQUEST_ID.reset(token)

    line = json.loads(stream.getvalue())
    assert line["event"] == "moved"
    assert line["bytes"] == 3
    assert line["request_id"] == "r-1"


def test_text_lines_are_for_people() -> None:
    """Time, level and event, then the fields."""
    stream = io.StringIO()

    open_log(LogSettings(), stream=stream).warning("slow", ms=12, path="/a b")

    time, level, event, *fields = stream.getvalue().rstrip("\n").split(" ", 3)
    assert time.endswith("Z")
    assert (level, event) == ("WARNING", "slow")
    assert fields == ['ms=12 path="/a b"']


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A client's text cannot draw on the operator's screen or forge lines."""
    stream = io.StringIO()

    open_log(LogSettings(), stream=stream).info("x", agent="\x1b[2Jevil\nINFO fake")

    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ('x" user="admin', r'"x\" user=\"admin"'),
        ('x"user="admin', r'"x\"user=\"admin"'),
        ("ends with \\", r'"ends with \\"'),
        (r"a\b", r"a\b"),
    ],
)
def test_quotes_do_not_end_a_value(agent: str, shown: str) -> None:
    """A client's text cannot add fields to its line or swallow those after it."""
    stream = io.StringIO()

    open_log(LogSettings(), stream=stream).access(ACCESS._replace(agent=agent))

    assert stream.getvalue().endswith(f" agent={shown} request_id=r-1\n")


@pytest.mark.parametrize("field", ["method", "path", "query", "user", "address"])
def test_every_text_of_an_access_line_is_quoted(field: str) -> None:
    """Whatever a client can choose stays within its value."""
    stream = io.StringIO()

    evil = Access(**{**ACCESS._asdict(), field: 'x" status=200 \x1b'})
    open_log(LogSettings(), stream=stream).access(evil)

    assert rf' {field}="x\" status=200 \x1b" ' in stream.getvalue()


def test_access_lines_in_both_forms() -> None:
    """The same fields by the same names; what is empty is written as such."""
    text, lines = io.StringIO(), io.StringIO()

    open_log(LogSettings(), stream=text).access(ACCESS)
    open_log(LogSettings(format="json"), stream=lines).access(ACCESS)

    assert text.getvalue().partition(" INFO request ")[2] == (
        'method=GET path=/a query="" status=404 bytes=3 ms=0.4 user=-'
        " address=192.0.2.1 agent=curl/8 request_id=r-1\n"
    )
    line = json.loads(lines.getvalue())
    assert ACCESS._asdict().items() <= line.items()
    assert (line["event"], line["level"]) == ("request", "info")


def test_the_level_is_kept() -> None:
    """What is less severe than the level is not written."""
    stream = io.StringIO()
    log = open_log(LogSettings(level="warning"), stream=stream)

    log.info("chatter")
    log.debug("chatter")

    assert stream.getvalue() == ""


def test_tracebacks_are_written() -> None:
    """An error with its exception is written with the traceback."""
    stream = io.StringIO()
    log = open_log(LogSettings(), stream=stream)

    try:
        json.loads("{")
    except ValueError as error:
        log.error("failed", exc_info=error)  # noqa: TRY400  # as the middleware does

    assert "Traceback (most recent call last)" in stream.getvalue()


def test_libraries_log_the_same_way(caplog: pytest.LogCaptureFixture) -> None:
    """What comes through the standard library's logging lands in the same log."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        capture_logging(
            open_log(LogSettings(format="json"), stream=stream), level="info"
        )
        logging.getLogger("alembic").warning("migrating %s", "x")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)

    line = json.loads(stream.getvalue())
    assert (line["event"], line["logger"]) == ("migrating x", "alembic")


def test_credentials_in_messages_are_cut_short() -> None:
    """Neither what a library says nor a traceback shows them."""
    stream = io.StringIO()
    log = open_log(LogSettings(format="json"), stream=stream)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

    cause = ValueError(f"Authorization: Bearer {token}")
    message = f"PATCH /data/{token} failed"

    log.error(message, exc_info=cause)

    assert "eyJzdWIi" not in stream.getvalue()
    assert "c2lnbmF0dXJl" not in stream.getvalue()
    assert "PATCH /data/eyJ" in json.loads(stream.getvalue())["event"]
