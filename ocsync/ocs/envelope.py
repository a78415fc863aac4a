"""The envelope around every OCS answer: `meta` and `data`, as XML or JSON.

Version 1 says 100 when all is well and leaves the HTTP status at 200 for everything
but a missing login; version 2 uses HTTP status codes in both places. The answer is
XML unless `format=json` is asked for: clients send an Accept header for JSON where
they read XML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from ocsync.endpoints import json_response
from ocsync.problems import Problem

Data = Mapping[str, object] | Sequence[object]

FIRST_VERSION: Final = "v1.php"

_UNAUTHORISED: Final = 401
_XML_TYPE: Final = "text/xml; charset=utf-8"
_XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_IN_XML: Final = {
    code: None
    for codes in (range(0x20), range(0xD800, 0xE000), range(0xFFFE, 0x10000))
    for code in codes
    if chr(code) not in "\t\n\r"
}
"""Characters that XML 1.0 cannot carry, as `str.translate` drops them."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What the envelope says about the answer, and the HTTP status beside it."""

    http_status: int
    code: int
    message: str

    @property
    def is_ok(self) -> bool:
        """Whether the request succeeded."""
        return self.code in {100, 200}


def success(version: str) -> Meta:
    """The meta of an answer that says yes."""
    return Meta(200, 100 if version == FIRST_VERSION else 200, "OK")


def failure(version: str, problem: Problem) -> Meta:
    """The meta of a refusal."""
    if problem.status == _UNAUTHORISED or version == FIRST_VERSION:
        status = problem.status if problem.status == _UNAUTHORISED else 200
        return Meta(status, problem.ocs_code, problem.message)
    return Meta(problem.status, problem.status, problem.message)


def wrap(meta: Meta, data: Data, *, as_json: bool) -> Response:
    """The whole answer."""
    head = {
        "status": "ok" if meta.is_ok else "failure",
        "statuscode": meta.code,
        "message": meta.message,
    }
    document = {"ocs": {"meta": head, "data": data}}
    if as_json:
        return json_response(document, meta.http_status)
    text = f"{_XML_HEAD}{_elements(document)}\n"
    return Response(text, status=meta.http_status, content_type=_XML_TYPE)


def _elements(document: Mapping[str, object]) -> str:
    return "".join(
        f"<{name}>{_content(value)}</{name}>" for name, value in document.items()
    )


def _content(value: object) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, list | tuple):
        return "".join(_elements({"element": item}) for item in value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else escape(str(value).translate(_NOT_IN_XML))
