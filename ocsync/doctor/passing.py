"""What a proxy in front lets through: tried for real, with small uploads.

An upload is cut in the middle: if nothing of it has reached the server, the proxy kept
it for itself, and no client can ever resume. Nothing is left behind: the upload is
ended, and the small file that was written is removed for good.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from ocsync.client import tus
from ocsync.client.connection import Bytes
from ocsync.client.errors import ClientError, Refused, Temporary
from ocsync.client.urls import child_url
from ocsync.doctor.findings import Finding, problem, warning, well
from ocsync.doctor.outside import Visit

_WHOLE: Final = 2_000_000
_CUT: Final = 6_000_000
_SENT: Final = 4_000_000
_BLOCK: Final = bytes(65_536)
_PAUSE_SECONDS: Final = 0.5
_ATTEMPTS: Final = 20
_TOO_LARGE: Final = 413
_CHUNKED: Final = {"Transfer-Encoding": "chunked"}
_CHUNKED_BODY: Final = Bytes(b"6\r\nocsync\r\n0\r\n\r\n")


class _Half:
    """A body of which only a part is ever sent."""

    length: Final = _CUT

    def blocks(self) -> Iterator[bytes]:
        """The part, and then the connection breaks."""
        for _ in range(0, _SENT, len(_BLOCK)):
            yield _BLOCK
        # What was sent should be out of this machine before it hangs up.
        time.sleep(_PAUSE_SECONDS)
        raise ConnectionAbortedError("cut by the doctor")


def examine_buffering(visit: Visit) -> Iterator[Finding]:
    """Whether what was sent before a cut has reached the server."""
    check = "proxy buffering"
    try:
        made = tus.create(
            visit.http,
            child_url(f"{visit.url}/dav/files", visit.user),
            length=_WHOLE + _CUT,
            metadata={"filename": f".ocsync-doctor-{secrets.token_hex(8)}"},
            headers={},
        )
    except ClientError as error:
        yield problem(
            check,
            f"no upload can be made through {visit.url}: {error}",
            "the proxy must pass on POST, PATCH, HEAD and DELETE with all headers; see"
            " config/ for sites that do",
        )
        return
    try:
        yield _cut(visit, made.url)
    finally:
        with suppress(ClientError):
            tus.abandon(visit.http, made.url)


def _cut(visit: Visit, url: str) -> Finding:
    check = "proxy buffering"
    try:
        whole = Bytes(bytes(_WHOLE))
        tus.append(visit.http, url, offset=0, body=whole, checksum=None)
    except Refused as error:
        return _refused(error)
    except ClientError as error:
        return problem(check, str(error), "see what is in front of the server")
    with suppress(ClientError):
        tus.append(visit.http, url, offset=_WHOLE, body=_Half(), checksum=None)
    try:
        offset = _settled_offset(visit, url)
    except ClientError as error:
        return problem(
            check, f"the upload is lost: {error}", "its log says why (X-Request-Id)"
        )
    if offset > _WHOLE:
        words = f"{offset - _WHOLE} bytes of a request that was cut had arrived"
        return well(check, words)
    return problem(
        check,
        "nothing of a request that was cut had arrived: the proxy keeps request bodies"
        " until they are whole, so uploads begin anew instead of going on",
        "nginx: `proxy_request_buffering off;` and `proxy_http_version 1.1;`"
        " (config/nginx.conf); other proxies have a setting like it",
    )


def _refused(error: Refused) -> Finding:
    check = "proxy buffering"
    if error.status == _TOO_LARGE:
        return problem(
            check,
            f"a body of {_WHOLE} bytes is refused: {error}",
            "let the proxy bound bodies by nothing (nginx: `client_max_body_size 0;`)",
        )
    return problem(check, f"a PATCH is refused: {error}", "let the proxy pass on PATCH")


def _settled_offset(visit: Visit, url: str) -> int:
    """The offset, once the server has noticed that the connection is gone."""
    for attempt in range(_ATTEMPTS):
        try:
            offset = tus.find_offset(visit.http, url)
        except Temporary:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            if offset > _WHOLE:
                return offset
        time.sleep(_PAUSE_SECONDS / 2)
    return _WHOLE


def examine_methods(visit: Visit) -> Iterator[Finding]:
    """Whether a body of unknown length passes, and a Destination is understood."""
    check = "WebDAV"
    root = child_url(f"{visit.url}/dav/files", visit.user)
    name = f".ocsync-doctor-{secrets.token_hex(8)}"
    first, second = f"{root}/{name}", f"{root}/{name}-moved"
    file_id = ""
    try:
        put = visit.http.ask("PUT", first, _CHUNKED, _CHUNKED_BODY)
        file_id = put.get("OC-FileId") or ""
        moved = visit.http.ask("MOVE", first, {"Destination": second})
        got = visit.http.ask("GET", second)
    except ClientError as error:
        yield problem(
            check,
            f"WebDAV does not get through: {error}",
            "the proxy must pass on every method and header",
        )
        return
    finally:
        _remove(visit, first, second, file_id=file_id)
    if not put.is_done:
        yield problem(
            check,
            f"a body of unknown length is refused ({put.status}): Finder and davfs2"
            " cannot write",
            "let the proxy take `Transfer-Encoding: chunked` (nginx:"
            " `proxy_http_version 1.1;`)",
        )
    elif not moved.is_done:
        yield problem(
            check,
            f"MOVE to {second} is refused ({moved.status}): nothing can be renamed",
            "OCSYNC_URL must be what clients use, and the proxy must not change"
            " Destination",
        )
    elif got.body != b"ocsync":
        yield warning(
            check, "what was written reads otherwise", "let the proxy change no bodies"
        )
    else:
        yield well(check, "bodies of unknown length pass, MOVE is understood")


def _remove(visit: Visit, *urls: str, file_id: str) -> None:
    """Remove a file under whichever name it has, and then from the trash."""
    space, _, node = file_id.partition("!")
    trash = f"{visit.url}/dav/spaces/trash-bin/{space}"
    for url in (*urls, child_url(trash, node)):
        with suppress(ClientError):
            visit.http.ask("DELETE", url)
