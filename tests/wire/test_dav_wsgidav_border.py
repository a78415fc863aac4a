"""What we found at wsgidav's border, each finding held by a test.

The first half are facts about the wsgidav that is installed: where one changes, the
code that leans on it or works around it wants a look. The second half is what our
side of the border makes of them.
"""

import gc
import io
from collections.abc import Iterable
from typing import Any

import pytest
from webtest import TestApp
from wsgidav.dav_error import DAVError
from wsgidav.dav_provider import DAVProvider
from wsgidav.request_server import RequestServer

from ocsync.dav.provider import SpacesProvider
from ocsync.dav.refusals import dav_problem, unwrapped
from ocsync.dav.request import KEY, DavRequest
from ocsync.dav.request_server import SpacesRequestServer
from spaces.errors import Locked
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import Dav, dav_on, error_of


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space."""
    return dav_on(app, library, admin, home)


@pytest.fixture
def server(library: Library) -> SpacesRequestServer:
    """Our request server."""
    provider = SpacesProvider(library=library, create_upload=None)
    return SpacesRequestServer(
        provider,
        announcement=(),
        allows_infinity=False,
        takes_posts=False,
        chunked=None,
    )


def test_stock_put_takes_a_short_body_for_a_whole_one() -> None:
    """Row 1: its loop ends at the first empty read, whatever was announced."""
    stock = RequestServer(_Nothing())
    environ = {"wsgi.input": io.BytesIO(b"short"), "CONTENT_LENGTH": "100"}

    assert b"".join(stock._stream_data(environ, 8)) == b"short"


def test_our_put_does_not(dav: Dav) -> None:
    """Row 1: 400, and no file."""
    answer = dav.send(
        "PUT",
        "a",
        environ={"wsgi.input": io.BytesIO(b"short"), "CONTENT_LENGTH": "100"},
    )

    assert answer.status_int == 400
    assert dav.names() == []


def test_our_put_is_ours(server: SpacesRequestServer) -> None:
    """Rows 1 to 3, 5 and 6: no begin_write, end_write or empty resource is used."""
    for name in ("do_PUT", "do_GET", "do_HEAD", "do_PROPFIND", "do_PROPPATCH"):
        assert getattr(type(server), name) is not getattr(RequestServer, name)


def test_errors_are_found_inside_wsgidavs_own() -> None:
    """Rows 2 and 4: what wsgidav wrapped as 500 is the domain's refusal again."""
    wrapped = DAVError(500, src_exception=DAVError(500, src_exception=Locked("x")))

    assert isinstance(unwrapped(wrapped), Locked)
    assert dav_problem(wrapped).status == 423


def test_a_refused_delete_is_no_500(dav: Dav) -> None:
    """Row 4: wsgidav answers what handle_delete raises; ours is phrased by us."""
    dav.put("a", b"x")
    dav.lock("a")

    answer = dav.delete("a")

    assert answer.status_int == 423
    assert error_of(answer).exception == "Locked"


def test_resources_are_asked_for_more_than_once_and_found_once(
    dav: Dav, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 7: MKCOL asks for the target and its parent; each is looked up once."""
    asked: list[str] = []
    find = SpacesProvider._find

    def counting(self: SpacesProvider, path: str, *rest: Any) -> Any:
        asked.append(path)
        return find(self, path, *rest)

    monkeypatch.setattr(SpacesProvider, "_find", counting)

    assert dav.mkcol("new").status_int == 201
    assert len(asked) == 3, "the target, its parent, and the target when it is made"


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "PUT", "DELETE"])
def test_nothing_is_left_for_the_garbage_collector(dav: Dav, method: str) -> None:
    """Resources hold the environ, which holds the request: that circle is broken."""
    dav.put("a", b"x")
    gc.collect()
    gc.disable()
    try:
        assert dav.send(method, "a").status_int < 300
        left = [item for item in gc.get_objects() if isinstance(item, DavRequest)]
    finally:
        gc.enable()

    assert left == []


def test_methods_that_stock_refuses_first(server: SpacesRequestServer) -> None:
    """Row 8: REPORT is in the table of methods, so it is dispatched like the others."""
    stock = RequestServer(_Nothing())

    assert "REPORT" not in stock._possible_methods
    assert "REPORT" in server.methods
    assert "POST" not in server.methods, "only where uploads are mounted"


def test_post_enters_by_the_custom_request_handler(library: Library) -> None:
    """Row 8: the provider's seam hands POST on, and nothing else."""
    seen: list[str] = []

    def create_upload(environ: dict[str, Any], _start: object) -> Iterable[bytes]:
        seen.append(environ["REQUEST_METHOD"])
        return [b"upload"]

    def default(environ: dict[str, Any], _start: object) -> Iterable[bytes]:
        seen.append("default " + environ["REQUEST_METHOD"])
        return []

    provider = SpacesProvider(library=library, create_upload=create_upload)
    for method in ("POST", "GET"):
        environ = {"REQUEST_METHOD": method, "REQUEST_URI": "/dav/spaces"}
        environ["SCRIPT_NAME"] = "/dav"
        request = DavRequest.parse(environ, storage_id=library.storage_id)
        provider.custom_request_handler(
            {**environ, KEY: request}, _never_called, default
        )

    assert seen == ["POST", "default GET"]


def test_replies_carry_what_stock_leaves_out(dav: Dav) -> None:
    """Row 10: OC-FileId and OC-ETag beside ETag, and no page of HTML on success."""
    made, put = dav.mkcol("folder"), dav.put("folder/a", b"x")

    for answer in (made, put):
        assert {"ETag", "OC-ETag", "OC-FileId"} <= set(answer.headers)
        assert answer.body == b""


def test_paths_keep_their_case(dav: Dav) -> None:
    """Row 10: wsgidav's share matching folds case; its resolver is not in use."""
    dav.put("A", b"upper")
    dav.put("a", b"lower")

    assert dav.get("A").body == b"upper"
    assert dav.send("GET", raw=dav.base.replace("/dav/", "/DAV/")).status_int == 404


class _Nothing(DAVProvider):
    """A provider of nothing, for looking at stock wsgidav."""

    def get_resource_inst(self, path: str, environ: dict[str, Any]) -> None:
        """There is nothing."""


def _never_called(*_args: object) -> Any:
    raise AssertionError("nobody answers here")
