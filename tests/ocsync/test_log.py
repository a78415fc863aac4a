"""The log: one line per event, in two forms, without secrets or terminal tricks."""

import io
import json
import logging

import pytest

from ocsync.log import REQUEST_ID, capture_logging, open_log, redact_path, redact_query
from ocsync.settings import LogSettings


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


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/data/eyJhbGciOi.payload.sig", "/data/eyJhbGci…"),
        ("/files/0123456789abcdef", "/files/01234567…"),
        ("/v1/uploads/0123456789abcdef", "/v1/uploads/01234567…"),
        ("/dav/spaces/a$b/file.txt", "/dav/spaces/a$b/file.txt"),
        ("/data/", "/data/…"),
    ],
)
def test_tokens_in_paths_are_cut_short(path: str, shown: str) -> None:
    """A URL that is a credential is not written whole."""
    assert redact_path(path) == shown


def test_secret_parameters_are_taken_out() -> None:
    """Parameters that grant something are not written."""
    query = "a=1&OC-Signature=abc&code=xyz&id_token_hint=t&b=2"

    shown = redact_query(query)

    assert "abc" not in shown
    assert "xyz" not in shown
    assert shown.startswith("a=1&")
    assert shown.endswith("&b=2")
