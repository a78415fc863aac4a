"""`ocsync.client` sends files to a real server, which fails now and then."""

import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from ocsync.client.connection import Http
from ocsync.client.credentials import Credentials
from ocsync.client.discovery import find_destination
from ocsync.client.errors import ClientError, LoggedOut, Stopped
from ocsync.client.events import Started, Waiting
from ocsync.client.stopping import Stop
from tests.cutting_proxy import CuttingProxy
from tests.live.transfer_site import Faults, Refusal, Transfers, always, content, nth
from tests.live.tus_site import Site
from tests.live.uploading.sent import DATA, stored


@pytest.mark.parametrize(
    "refusal",
    [
        ("503 Service Unavailable", [("Retry-After", "0")], b""),
        ("500 Internal Server Error", [("Retry-After", "0")], b"oops"),
        ("423 Locked", [("Retry-After", "0")], b""),
        ("429 Too Many Requests", [("Retry-After", "0")], b""),
        ("460 Checksum Mismatch", [("Retry-After", "0")], b""),
        ("409 Conflict", [], b""),
    ],
)
def test_what_passes_is_waited_for(
    transfers: Transfers, site: Site, path: Path, faults: Faults, refusal: Refusal
) -> None:
    """A moment later the same is asked again, from the offset that the server has."""
    for method, number in (("POST", 1), ("PATCH", 2), ("PATCH", 7), ("HEAD", 1)):
        if method == "PATCH" or not refusal[0].startswith("409"):
            faults.rules.append(nth(method, number, lambda: refusal))

    failures, log = transfers.send(path)

    assert failures == 0
    assert stored(site, "big.bin") == DATA
    assert len(log.of(Waiting)) >= 2


def test_a_lost_answer(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """The bytes had arrived, and are not sent twice."""
    app = faults.app
    assert app is not None

    def lose(environ: dict[str, object]) -> Refusal | None:
        if environ["REQUEST_METHOD"] == "PATCH" and faults.count("PATCH") == 3:
            for _ in app(environ, lambda *_: None):  # type: ignore[arg-type]
                pass
            return "502 Bad Gateway", [("Retry-After", "0")], b""
        return None

    faults.rules.append(lose)

    assert transfers.send(path)[0] == 0
    assert faults.count("PATCH") == 10
    assert stored(site, "big.bin") == DATA


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "403 Forbidden"])
def test_an_expired_upload_is_begun_anew(
    transfers: Transfers, site: Site, path: Path, faults: Faults, status: str
) -> None:
    """Also when it expired between two runs."""
    stop = Stop()
    faults.rules.append(nth("PATCH", 4, stop.now))
    with pytest.raises(Stopped):
        transfers.send(path, stop=stop)
    faults.rules[:] = [nth("HEAD", 1, lambda: (status, [], b""))]

    failures, log = transfers.send(path)

    assert failures == 0
    assert [each.offset for each in log.of(Started)] == [0]
    assert stored(site, "big.bin") == DATA
    assert faults.count("POST") == 2


def test_a_file_that_was_damaged_at_the_server(
    transfers: Transfers, path: Path, faults: Faults, site: Site
) -> None:
    """The whole file's checksum is the server's to verify; then it is sent anew."""
    stop = Stop()
    faults.rules.append(nth("PATCH", 4, stop.now))
    with pytest.raises(Stopped):
        transfers.send(path, stop=stop)
    times = path.stat()
    path.write_bytes(b"x" * 950_000)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert transfers.send(path)[0] == 0

    assert stored(site, "big.bin") == b"x" * 950_000


def test_no_room_is_said_at_once(
    transfers: Transfers, path: Path, faults: Faults
) -> None:
    """Nothing is gained by asking again."""
    faults.rules.append(always("POST", "507 Insufficient Storage"))

    failures, log = transfers.send(path)

    assert failures == 1
    assert "no room" in log.reasons()[0]
    assert faults.count("POST") == 1


def test_wrong_credentials_end_everything(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """Before the first file, and in the middle of one."""
    wrong = Transfers(transfers.url, transfers.folder, password="wrong")
    with pytest.raises(LoggedOut, match="credentials"):
        wrong.send(path)
    faults.rules.append(nth("PATCH", 3, lambda: ("401 Unauthorized", [], b"")))

    with pytest.raises(LoggedOut):
        transfers.send(path)
    failures, log = transfers.send(path)

    assert failures == 0
    assert [each.offset for each in log.of(Started)] == [200_000]


def test_no_credentials(transfers: Transfers) -> None:
    """Who says nothing hears what to say, and not that it was wrong."""
    nobody = Http(credentials=Credentials(), stop=Stop(), timeout=20)

    with closing(nobody), pytest.raises(LoggedOut, match="OCSYNC_TOKEN"):
        find_destination(nobody, f"{transfers.url}/dav/files/admin/", is_single=True)


def test_half_the_id_of_a_space(transfers: Transfers, path: Path) -> None:
    """As a shell leaves it of an id outside of single quotes; the server's words."""
    with pytest.raises(ClientError, match="'1284' is not the id of a space"):
        transfers.send(path, to="/dav/spaces/1284/")


def test_a_proxy_that_bounds_bodies(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """Chunks become smaller until they pass."""

    def bound(environ: dict[str, object]) -> Refusal | None:
        is_large = int(str(environ.get("CONTENT_LENGTH") or 0)) > 200_000
        return ("413 Content Too Large", [], b"") if is_large else None

    faults.rules.append(bound)

    assert transfers.send(path, chunk_bytes=900_000)[0] == 0
    assert stored(site, "big.bin") == DATA


def test_credentials_stay_where_they_belong(
    transfers: Transfers, path: Path, faults: Faults
) -> None:
    """An upload that a server sends to another place goes there without them."""

    def elsewhere() -> Refusal:
        other = transfers.url.replace("127.0.0.1", "localhost")
        location = ("Location", f"{other}/files/stolen")
        return "201 Created", [("Tus-Resumable", "1.0.0"), location], b""

    faults.rules.append(nth("POST", 1, elsewhere))

    with pytest.raises(LoggedOut):
        transfers.send(path, to="/files")

    asked = zip(faults.seen, faults.authorizations, strict=True)
    assert [login for each, login in asked if "stolen" in each] == [None]


@pytest.mark.parametrize("to", ["/status.php", "/web/", "http://127.0.0.1:1/"])
def test_no_place_for_uploads(transfers: Transfers, path: Path, to: str) -> None:
    """One line before anything is sent."""
    with pytest.raises(ClientError, match=r"takes no|nothing listens"):
        transfers.send(path, to=to, attempts=0)


def test_a_connection_that_is_cut_again_and_again(
    transfers: Transfers, site: Site, tmp_path: Path
) -> None:
    """In the middle of requests, and before their answers."""
    data = content(6_000_000, "cut")
    path = tmp_path / "cut.bin"
    path.write_bytes(data)

    with CuttingProxy(
        transfers.url, cuts=8, least=300_000, most=900_000, seed=7
    ) as proxy:
        through = Transfers(proxy.url, tmp_path)
        failures, log = through.send(path, chunk_bytes=700_000, attempts=30)

    assert failures == 0, log.reasons()
    assert proxy.cut_count >= 4
    assert stored(site, "cut.bin") == data


def test_a_server_that_can_do_little(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """Tus without checksums, without creation-with-upload, and without chunk sizes."""
    app = faults.app
    assert app is not None

    def plain(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Announce only what must be announced."""
        hidden = {"tus-extension", "tus-checksum-algorithm"}
        assert "HTTP_UPLOAD_CHECKSUM" not in environ
        if environ["PATH_INFO"].startswith("/ocs/"):
            start_response("404 Not Found", [("Content-Length", "0")])
            return []

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            """Leave out what is not to be known."""
            shown = [each for each in headers if each[0].lower() not in hidden]
            return start_response(status, shown)

        return app(environ, start)  # type: ignore[arg-type]

    faults.app = plain

    assert transfers.send(path, to="/files", chunk_bytes=None)[0] == 0
    assert stored(site, "Uploads/big.bin") == DATA
    assert (faults.count("POST"), faults.count("PATCH")) == (1, 1)
