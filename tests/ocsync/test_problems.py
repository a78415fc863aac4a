"""The error table: classes to status, code and exception name; how they look."""

import json
from collections.abc import Callable

import pytest
from lxml import etree

from ocsync.problems import HttpProblem, describe, is_expected, problem_of
from ocsync.renderings import Form, answer_problem
from ocsync.wire.body import BodyInterrupted, TruncatedBody
from ocsync.wsgi import ExceptionInfo, Headers
from spaces import errors


@pytest.mark.parametrize(
    ("error", "status", "code", "sabre"),
    [
        (errors.NodeNotFound("a"), 404, "item_not_found", "NotFound"),
        (errors.ParentNotFound(), 409, "parent_not_found", "Conflict"),
        (errors.NameRefused("a/", "no"), 400, "name_refused", "BadRequest"),
        (errors.QuotaExceeded(2, 1), 507, "quota_exceeded", "InsufficientStorage"),
        (errors.Forbidden(), 403, "forbidden", "Forbidden"),
        (errors.PreconditionFailed(), 412, "precondition_failed", "PreconditionFailed"),
        (errors.Locked(), 423, "locked", "Locked"),
        (errors.RootRefused(), 405, "root_refused", "MethodNotAllowed"),
        (TruncatedBody(), 400, "body_truncated", "BadRequest"),
        (BodyInterrupted(), 503, "body_interrupted", "Busy"),
    ],
)
def test_errors_have_their_row(
    error: Exception, status: int, code: str, sabre: str
) -> None:
    """Each refusal has the status and names that clients know."""
    problem = describe(error)

    assert (problem.status, problem.code, problem.sabre) == (status, code, sabre)
    assert is_expected(error)


def test_a_subclass_has_the_row_of_its_base() -> None:
    """A class without a row of its own is described by its nearest base."""

    class VeryLocked(errors.Locked):
        """It is locked for good."""

    assert describe(VeryLocked()).status == 423


def test_unknown_errors_tell_nothing() -> None:
    """What nobody expected is 500 without any detail."""
    problem = describe(RuntimeError("/etc/secret is broken"))

    assert problem.status == 500
    assert "secret" not in problem.message
    assert not is_expected(RuntimeError())


def test_busy_is_not_maintenance() -> None:
    """The desktop aborts its run on ServiceUnavailable; being busy passes."""
    problem = describe(errors.Busy())

    assert problem.status == 503
    assert problem.sabre != "ServiceUnavailable"
    assert ("Retry-After", "1") in problem.headers


def test_a_problem_follows_from_its_status() -> None:
    """What an edge does not say follows from the status."""
    problem = HttpProblem(415, "Send XML").problem

    assert problem.code == "unsupported_media_type"
    assert problem.sabre_exception == "Sabre\\DAV\\Exception\\UnsupportedMediaType"
    assert problem.status_line == "415 Unsupported Media Type"


@pytest.mark.parametrize(
    ("status", "ocs_code"), [(401, 997), (404, 998), (500, 996), (400, 400)]
)
def test_ocs_has_codes_of_its_own(status: int, ocs_code: int) -> None:
    """OCS v1 says 997 for 401, 998 for 404, 996 for the server's faults."""
    assert problem_of(status).ocs_code == ocs_code


@pytest.mark.parametrize("status", [402, 418, 451, 460, 502, 599])
def test_any_status_has_a_line(status: int) -> None:
    """Even statuses without a row of their own can be answered."""
    assert problem_of(status).status_line.startswith(f"{status} ")


def render(form: Form, query: str = "", method: str = "GET") -> tuple[str, bytes]:
    """Status line and body of a 404 with a message that wants escaping."""
    seen: list[str] = []

    def start_response(
        status: str, _headers: Headers, _exc_info: ExceptionInfo | None = None, /
    ) -> Callable[[bytes], object]:
        seen.append(status)
        return print

    environ = {"REQUEST_METHOD": method, "QUERY_STRING": query}
    problem = problem_of(404, "No <file> & nothing")
    body = answer_problem(problem, form, environ, start_response)
    return seen[0], b"".join(body)


def test_dav_form_is_sabre_xml() -> None:
    """Clients of ownCloud read exception and message by these very prefixes."""
    _, body = render(Form.DAV)

    root = etree.fromstring(body)
    names = {"s": "http://sabredav.org/ns"}
    assert root.tag == "{DAV:}error"
    assert root.findtext("s:message", namespaces=names) == "No <file> & nothing"
    assert root.findtext("s:exception", namespaces=names) == (
        "Sabre\\DAV\\Exception\\NotFound"
    )


def test_ocs_form_in_both_formats() -> None:
    """OCS answers XML, or JSON when asked."""
    _, xml = render(Form.OCS)
    _, document = render(Form.OCS, "format=json")

    assert etree.fromstring(xml).findtext("meta/statuscode") == "998"
    assert json.loads(document)["ocs"]["meta"]["statuscode"] == 998


def test_graph_form_has_an_error_object() -> None:
    """OData clients look for error.code."""
    _, body = render(Form.GRAPH)

    assert json.loads(body)["error"]["code"] == "itemNotFound"


def test_json_and_text_forms() -> None:
    """The other forms carry code and message."""
    assert json.loads(render(Form.JSON)[1])["code"] == "not_found"
    assert render(Form.TEXT) == ("404 Not Found", b"No <file> & nothing\n")


def test_head_has_no_body() -> None:
    """An answer to HEAD is its head."""
    assert render(Form.DAV, method="HEAD")[1] == b""
