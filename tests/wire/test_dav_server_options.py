"""`OPTIONS *` is about the server as a whole (RFC 9110 §9.3.7)."""

from wsgiref.types import WSGIApplication

import pytest

from ocsync.server import ServerOptions, ServerThread
from tests.live.raw_http import RawClient


@pytest.mark.live
def test_it_says_what_is_spoken_here(wsgi_app: WSGIApplication) -> None:
    """204 with Allow over a real connection, without credentials; others are 400."""
    options = ServerOptions(port=0, grace_seconds=0.5)
    with ServerThread(wsgi_app, options=options) as server:
        with RawClient(server.port) as client:
            answer = client.ask("OPTIONS *")
            again = client.ask("OPTIONS *")
        with RawClient(server.port) as client:
            refused = client.ask("GET *")

    methods = set(answer["allow"].split(", "))
    assert (answer.status, answer.body) == (204, b"")
    assert {"GET", "PUT", "OPTIONS", "PROPFIND", "LOCK", "REPORT", "PATCH"} <= methods
    assert "www-authenticate" not in answer
    assert again.status == 204
    assert refused.status == 400
