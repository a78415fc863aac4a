"""What each kind of client asks first, asked as they do."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from ocsync.client import tus
from ocsync.client.connection import Answer
from ocsync.client.errors import ClientError
from ocsync.client.webdav import children
from ocsync.doctor.findings import Finding, problem, well
from ocsync.doctor.outside import Visit

_LOG: Final = "its log says why; the answer's X-Request-Id finds the line"


class _NotReadyError(Exception):
    """A client would give up here, for the reason that the text tells."""


def examine_clients(visit: Visit) -> Iterator[Finding]:
    """Desktop, rclone, web page and tus clients, one after the other."""
    for name, ask in _CLIENTS.items():
        check = f"client: {name}"
        try:
            words = ask(visit)
        except _NotReadyError as error:
            yield problem(check, str(error), _advice(str(error)))
        except ClientError as error:
            yield problem(check, str(error), _LOG)
        else:
            yield well(check, words)


def _advice(words: str) -> str:
    if "does not begin with" in words:
        return "set OCSYNC_URL to the URL that clients use"
    return _LOG


def _desktop(visit: Visit) -> str:
    """The ownCloud desktop client: status, login, capabilities, spaces, their files."""
    status = _document(visit, "/status.php")
    if not status.get("installed") or status.get("maintenance"):
        raise _NotReadyError("/status.php says that the server is not ready")
    issuer = visit.http.ask("GET", f"{visit.url}/.well-known/openid-configuration")
    if issuer.is_done:
        _require_ours(visit, str(json.loads(issuer.body).get("issuer", "")))
    path = "/ocs/v2.php/cloud/capabilities?format=json"
    support = _document(visit, path)["ocs"]["data"]["capabilities"]["files"]
    if not support.get("tus_support"):
        raise _NotReadyError("the capabilities do not tell of resumable uploads")
    drives = _document(visit, "/graph/v1.0/me/drives")["value"]
    for drive in drives:
        url = str(drive["root"]["webDavUrl"])
        _require_ours(visit, url)
        next(iter(children(visit.http, url)), None)
    how = "by browser" if issuer.is_done else "by password only"
    return f"signs in {how}, and lists {len(drives)} spaces"


def _rclone(visit: Visit) -> str:
    """Rclone and other WebDAV programs: OPTIONS, then a listing."""
    url = f"{visit.url}/remote.php/webdav/"
    options = _require(visit.http.ask("OPTIONS", url))
    if "1" not in (options.get("DAV") or "").replace(" ", "").split(","):
        raise _NotReadyError(f"{url} does not say that it is WebDAV")
    count = sum(1 for _ in children(visit.http, url))
    return f"lists {count} files and folders"


def _web(visit: Visit) -> str:
    """The web page: the page itself, and what ownCloud Web reads first."""
    page = _require(visit.http.ask("GET", f"{visit.url}/"))
    if "html" not in (page.get("Content-Type") or ""):
        raise _NotReadyError("there is no page at /")
    config = _document(visit, "/config.json")
    _require_ours(visit, str(config.get("server", visit.url)))
    return "the page is there"


def _tus(visit: Visit) -> str:
    """Any tus client: what the server announces."""
    answer = _require(visit.http.ask("OPTIONS", f"{visit.url}/files"))
    found = tus.read_announcement(answer)
    if found is None or not found.can("creation"):
        raise _NotReadyError("/files does not announce tus: its headers are lost")
    return f"announces {', '.join(sorted(found.extensions))}"


_CLIENTS: Final[dict[str, Callable[[Visit], str]]] = {
    "desktop": _desktop,
    "rclone": _rclone,
    "web": _web,
    "tus": _tus,
}


def _require(answer: Answer) -> Answer:
    if not answer.is_done:
        path = urlsplit(answer.url).path
        raise _NotReadyError(f"{path} answers {answer.status}")
    return answer


def _document(visit: Visit, path: str) -> Any:
    answer = _require(visit.http.ask("GET", f"{visit.url}{path}"))
    try:
        return json.loads(answer.body)
    except ValueError:
        raise _NotReadyError(f"{path} answers no JSON") from None


def _require_ours(visit: Visit, url: str) -> None:
    """A client goes on to where an answer sends it."""
    if not url.startswith(visit.url):
        raise _NotReadyError(
            f"it is sent to {url}, which does not begin with {visit.url}"
        )
