"""What the server says about itself: structured lines on standard error.

`open_log` makes a logger from the settings, without touching anything global;
`capture_logging` sends what libraries say through the standard `logging` module the
same way, and is called by whoever owns the process. Each line carries the id of the
request it belongs to. What looks like a credential is cut short in every line
(`ocsync.redaction`); access lines come here without any.
"""

import json
import logging
import sys
import time
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, Protocol, TextIO

import structlog

from ocsync.redaction import Redactor
from ocsync.settings import LogSettings, Settings

REQUEST_ID: Final[ContextVar[str]] = ContextVar("ocsync_request_id", default="")
"""The id of the request this thread is serving."""

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_NUMBERS: Final = (int, float)


class Access(NamedTuple):
    """What the line of one request says, in this order."""

    method: str
    path: str
    query: str
    status: int
    bytes: int
    ms: float
    user: str
    address: str
    agent: str
    request_id: str


class Log(Protocol):
    """What the rest of the service needs of a logger."""

    def debug(self, event: str, /, **fields: object) -> object:
        """Say what only a developer wants to know."""
        ...

    def info(self, event: str, /, **fields: object) -> object:
        """Say what happened."""
        ...

    def warning(self, event: str, /, **fields: object) -> object:
        """Say what an operator should look at some time."""
        ...

    def error(self, event: str, /, **fields: object) -> object:
        """Say what an operator should look at now; `exc_info` adds a traceback."""
        ...

    def access(self, request: Access, /) -> None:
        """Write the line of one request."""
        ...


def open_log(
    settings: LogSettings,
    *,
    stream: TextIO | None = None,
    redactor: Redactor | None = None,
) -> Log:
    """A logger as the settings want it; thread-safe, one write for each line.

    The redactor is that of the server's URLs; without one, that of the usual URLs.
    """
    redactor = redactor or Redactor.of(Settings())
    return _StructuredLog(settings, stream or sys.stderr, redactor)


class _StructuredLog:
    """structlog, but for access lines: those are many, and made without detours."""

    def __init__(
        self, settings: LogSettings, stream: TextIO, redactor: Redactor
    ) -> None:
        level = _LEVELS[settings.level]
        logger: Log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=_processors(settings.format, redactor),
            wrapper_class=structlog.make_filtering_bound_logger(level),
            context_class=dict,
            cache_logger_on_first_use=True,
        )
        self.debug = logger.debug
        self.info = logger.info
        self.warning = logger.warning
        self.error = logger.error
        self._stream = stream
        self._clock = _Clock()
        self._is_json = settings.format == "json"
        self._writes_access = settings.access and level <= logging.INFO

    def access(self, request: Access, /) -> None:
        """Write the line, unless it is not wanted."""
        if not self._writes_access:
            return
        now = self._clock.now()
        if self._is_json:
            fields = request._asdict()
            fields |= {"event": "request", "level": "info", "timestamp": now}
            line = json.dumps(fields) + "\n"
        else:
            line = f"{now} INFO request {_render_access(request)}\n"
        self._stream.write(line)
        self._stream.flush()


class _Clock:
    """The time as text; all but its end is made once a second."""

    def __init__(self) -> None:
        self._made: tuple[int, str] = (0, "")

    def now(self) -> str:
        """ISO 8601 in UTC, to the microsecond."""
        nanoseconds = time.time_ns()
        second, fraction = divmod(nanoseconds // 1000, 1_000_000)
        made, text = self._made
        if made != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._made = (second, text)
        return f"{text}.{fraction:06d}Z"


def capture_logging(log: Log, *, level: str) -> None:
    """Send what libraries say through `logging` into the log of this process."""
    root = logging.getLogger()
    root.handlers[:] = [_Bridge(log)]
    root.setLevel(max(_LEVELS[level], logging.INFO))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


class _Bridge(logging.Handler):
    """Passes records of the standard library on."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, object] = {"logger": record.name}
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        say = self._log.info
        if record.levelno >= logging.ERROR:
            say = self._log.error
        elif record.levelno >= logging.WARNING:
            say = self._log.warning
        say(record.getMessage(), **fields)


def _processors(form: str, redactor: Redactor) -> list[structlog.typing.Processor]:
    def redact(
        _logger: Any, _method: str, fields: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for key, value in fields.items():
            if isinstance(value, str):
                fields[key] = redactor.text(value)
        return fields

    first: list[structlog.typing.Processor] = [
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    if form == "json":
        return [
            *first,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ]
    return [*first, _render_text]


def _add_request_id(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    request_id = REQUEST_ID.get()
    if request_id:
        fields.setdefault("request_id", request_id)
    return fields


def _render_text(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> str:
    """`time level event key=value …`, the traceback on lines of its own."""
    at = fields.pop("timestamp")
    level = fields.pop("level").upper()
    event = _quiet(str(fields.pop("event")))
    trace = fields.pop("exception", None)
    pairs = "".join(f" {key}={_value(value)}" for key, value in fields.items())
    lines = f"{at} {level} {event}{pairs}"
    return f"{lines}\n{trace}" if trace else lines


def _render_access(request: Access) -> str:
    """`key=value …`, written out: a loop over the names would cost twice as much."""
    method, path, query, status, sent, ms, user, address, agent, request_id = request
    return (
        f"method={_value(method)} path={_value(path)} query={_value(query)}"
        f" status={status} bytes={sent} ms={ms} user={_value(user)}"
        f" address={_value(address)} agent={_value(agent)}"
        f" request_id={_value(request_id)}"
    )


def _value(value: object) -> str:
    if type(value) is not str:
        if isinstance(value, _NUMBERS):
            return str(value)
        value = str(value)
    if not value:
        return '""'
    if " " not in value and '"' not in value:
        return value if value.isprintable() else _quiet(value)
    # Else a client could end the value, and add fields of its own.
    escaped = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{_quiet(escaped)}"'


def _quiet(text: str) -> str:
    """No control characters: a client's text must not draw on a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else f"\\x{ord(character):02x}"
        for character in text
    )
