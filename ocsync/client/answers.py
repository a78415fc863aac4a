"""Telling from an answer what to do next: it is done, try again, or give up.

The text for the user comes from the body, in whichever form the server has it.
"""

import json
import re
from datetime import UTC, datetime
from typing import Final

from ocsync.client.connection import Answer
from ocsync.client.credentials import TOKEN_VARIABLE
from ocsync.client.dates import parse_date
from ocsync.client.errors import ClientError, LoggedOut, Refused, Temporary

_PASSING: Final = frozenset({408, 423, 425, 429, 460, 500, 502, 503, 504})
"""What may be gone at the next attempt; 460 is a checksum that did not match."""

_UNAUTHORIZED: Final = 401
_NOBODY: Final = (
    f"the server wants to know who you are: put an app token into {TOKEN_VARIABLE}"
)
_ADVICE: Final = {
    _UNAUTHORIZED: "the server does not accept these credentials",
    403: "not allowed",
    404: "there is nothing at this URL",
    405: "the server does not take uploads at this URL",
    409: "in conflict with what is there",
    412: "it is there already, or its folder is not",
    413: "larger than the server takes",
    423: "locked by somebody else",
    460: "the bytes were changed on their way",
    502: "the proxy cannot reach the server",
    503: "the server is busy or being maintained",
    504: "the proxy waited too long for the server",
    507: "no room is left there (quota or disk)",
}
_TAGS: Final = re.compile(rb"<[^>]*message[^>]*>([^<]+)<", re.IGNORECASE)
_SHOWN_CHARACTERS: Final = 160


def require(answer: Answer, *statuses: int) -> Answer:
    """The answer, if it has one of the statuses; any 2xx if none is named.

    Raises:
        Temporary: it may be so at the next attempt.
        Refused: it will not.
    """
    if answer.status in statuses or (not statuses and answer.is_done):
        return answer
    raise problem(answer)


def problem(answer: Answer) -> ClientError:
    """What an answer says that is not what was asked for."""
    text = explain(answer)
    if answer.status in _PASSING:
        return Temporary(text, retry_after=retry_after(answer))
    kind = LoggedOut if answer.status == _UNAUTHORIZED else Refused
    return kind(text, status=answer.status)


def explain(answer: Answer) -> str:
    """One line: the server's own words, else what the status means."""
    advice = _ADVICE.get(answer.status)
    if answer.status == _UNAUTHORIZED:
        words = _NOBODY if answer.is_anonymous else advice
    else:
        words = _own_words(answer.body) or advice
    return f"{words or 'an answer that makes no sense here'} ({answer.status})"


def retry_after(answer: Answer) -> float | None:
    """How many seconds the server asks to wait (RFC 9110 §10.2.3)."""
    text = answer.get("Retry-After")
    if text is None:
        return None
    if text.isdecimal():
        return float(text)
    moment = parse_date(text)
    if moment is None:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _own_words(body: bytes) -> str:
    """The message in a body of JSON, DAV XML or plain text."""
    body = body.strip()
    if body.startswith(b"{"):
        text = _message_of_json(body)
    elif body.startswith(b"<"):
        match = _TAGS.search(body)
        text = match[1].decode(errors="replace") if match else ""
    else:
        text = body.decode(errors="replace")
    line = " ".join(text.split())
    line = "".join(each for each in line if each.isprintable())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"


def _message_of_json(body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(document, dict):
        return ""
    found = document.get("error", document.get("message", ""))
    if isinstance(found, dict):
        found = found.get("message", "")
    return found if isinstance(found, str) else ""
