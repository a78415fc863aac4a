"""`ocsync.client` fetches files from a real server, which fails now and then."""

import os
import threading
from pathlib import Path

import pytest

from ocsync.client.errors import Stopped
from ocsync.client.events import Failed, Finished, Started
from ocsync.client.stopping import Stop
from ocsync.client.upload import IfExists
from tests.live.transfer_site import Faults, Refusal, Transfers, content, nth, tree_of
from tests.live.tus_site import Site

DATA = content(3_000_000, "download")
URL = "/dav/files/admin/big.bin"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where to put what is fetched."""
    made = tmp_path / "here"
    made.mkdir()
    return made


@pytest.fixture
def big(site: Site) -> None:
    """A file at the server."""
    put(site, "big.bin", DATA)


def put(site: Site, name: str, data: bytes) -> None:
    """Make a file in the user's own space."""
    assert site.ask(f"PUT /dav/files/admin/{name}", body=data).status in {201, 204}


def cut(faults: Faults, at: int) -> None:
    """See that the first answer to GET breaks off after so many bytes."""
    app = faults.app
    assert app is not None
    gets: list[None] = []

    def broken(environ, start_response):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        """Pass on what comes, up to there."""
        answer = app(environ, start_response)
        if environ["REQUEST_METHOD"] != "GET" or gets:
            return answer
        gets.append(None)
        return _cut(answer, at)

    faults.app = broken


def _cut(answer, left: int):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    for block in answer:
        yield block[:left]
        left -= len(block)
        if left <= 0:
            raise ConnectionAbortedError("cut by the test")


@pytest.mark.usefixtures("big")
def test_a_file_is_fetched(transfers: Transfers, here: Path) -> None:
    """Into a folder, under its name, with its time."""
    failures, log = transfers.fetch(URL, to=here)

    assert failures == 0
    assert tree_of(here) == {"big.bin": DATA}
    assert [each.place for each in log.of(Finished)] == [str(here / "big.bin")]
    assert (here / "big.bin").stat().st_mode & 0o777 == 0o644


@pytest.mark.usefixtures("big")
def test_a_file_can_be_given_a_name(transfers: Transfers, here: Path) -> None:
    """By a destination that is no folder."""
    assert transfers.fetch(URL, to=here / "other")[0] == 0

    assert tree_of(here) == {"other": DATA}


def test_a_mangled_url_is_told_in_words(transfers: Transfers, here: Path) -> None:
    """What the server says of it, which the answer to a HEAD cannot carry."""
    failures, log = transfers.fetch("/dav/spaces/mangled", to=here)

    assert failures == 1
    assert [each.reason for each in log.of(Failed)] == [
        "'mangled' is not the id of a space or a file (400)"
    ]


@pytest.mark.usefixtures("big")
def test_a_cut_answer_goes_on(transfers: Transfers, here: Path, faults: Faults) -> None:
    """In the same run, from where it broke off."""
    cut(faults, 1_000_000)

    failures, _ = transfers.fetch(URL, to=here)

    assert failures == 0
    assert tree_of(here) == {"big.bin": DATA}
    assert faults.count("GET") == 2


@pytest.mark.usefixtures("big")
def test_the_next_run_goes_on(transfers: Transfers, here: Path, faults: Faults) -> None:
    """Until then nothing is seen under the file's name."""
    stop = Stop()
    cut(faults, 2_000_000)
    faults.rules.append(nth("GET", 2, stop.now))
    with pytest.raises(Stopped):
        transfers.fetch(URL, to=here, stop=stop)
    (part,) = tree_of(here).values()

    failures, log = transfers.fetch(URL, to=here)

    assert DATA.startswith(part)
    assert failures == 0
    assert [each.offset for each in log.of(Started)] == [len(part) - 1]
    assert tree_of(here) == {"big.bin": DATA}


@pytest.mark.usefixtures("big")
def test_a_file_that_changed_is_fetched_anew(
    transfers: Transfers, site: Site, here: Path, faults: Faults
) -> None:
    """No file is ever put together of two, between runs or within one."""
    stop = Stop()
    cut(faults, 2_000_000)
    faults.rules.append(nth("GET", 2, stop.now))
    with pytest.raises(Stopped):
        transfers.fetch(URL, to=here, stop=stop)
    faults.rules.clear()
    put(site, "big.bin", DATA[::-1])

    failures, log = transfers.fetch(URL, to=here)

    assert failures == 0
    assert [each.offset for each in log.of(Started)] == [0]
    assert tree_of(here) == {"big.bin": DATA[::-1]}

    other = here / "other"
    cut(faults, 2_000_000)
    faults.rules.append(nth("GET", 2, lambda: put(site, "big.bin", DATA * 2)))
    assert transfers.fetch(URL, to=other, checksums=False)[0] == 0
    assert other.read_bytes() == DATA * 2


@pytest.mark.usefixtures("big")
def test_damaged_bytes_are_noticed(
    transfers: Transfers, here: Path, faults: Faults
) -> None:
    """What does not have its checksum is never seen."""
    wrong: Refusal = (
        "200 OK",
        [("OC-Checksum", "SHA1:" + "0" * 40), ("ETag", '"x"')],
        b"damaged",
    )
    faults.rules.append(lambda each: wrong if each["REQUEST_METHOD"] == "GET" else None)

    failures, log = transfers.fetch(URL, to=here)

    assert failures == 1
    assert "checksum" in log.reasons()[0]
    assert "big.bin" not in tree_of(here)


@pytest.mark.usefixtures("big")
@pytest.mark.parametrize(
    ("if_exists", "failures", "found"),
    [
        (IfExists.REPLACE, 0, DATA),
        (IfExists.SKIP, 0, b"mine"),
        (IfExists.FAIL, 1, b"mine"),
    ],
)
def test_names_that_are_taken(
    transfers: Transfers,
    here: Path,
    if_exists: IfExists,
    failures: int,
    found: bytes,
) -> None:
    """Replaced in one step, left alone, or an error."""
    (here / "big.bin").write_bytes(b"mine")

    assert transfers.fetch(URL, to=here, if_exists=if_exists)[0] == failures
    assert tree_of(here) == {"big.bin": found}


@pytest.mark.usefixtures("big")
def test_two_runs_at_once(transfers: Transfers, here: Path, faults: Faults) -> None:
    """The second one says so and leaves the file to the first."""
    began, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        assert go_on.wait(30)

    faults.rules.append(nth("GET", 1, hold))
    results: list[int] = []
    first = threading.Thread(
        target=lambda: results.append(transfers.fetch(URL, to=here)[0])
    )
    first.start()
    assert began.wait(30)

    failures, log = transfers.fetch(URL, to=here)
    go_on.set()
    first.join(30)

    assert failures == 1
    assert log.reasons() == ["another ocsync fetches this file just now"]
    assert results == [0]
    assert tree_of(here) == {"big.bin": DATA}


def test_folders_come_with_everything(
    transfers: Transfers, site: Site, here: Path
) -> None:
    """And without the folder itself, if the URL ends with a slash."""
    for folder in ("f", "f/g", "f/empty"):
        site.ask(f"MKCOL /dav/files/admin/{folder}")
    put(site, "f/a", b"a")
    put(site, "f/g/b%20%25%3F", b"b")
    put(site, "f/g/zero", b"")

    assert transfers.fetch("/dav/files/admin/f", to=here, parallel=3)[0] == 0
    assert transfers.fetch("/dav/files/admin/f/g/", to=here / "g")[0] == 0

    assert tree_of(here) == {
        "f/a": b"a", "f/g/b %?": b"b", "f/g/zero": b"", "g/b %?": b"b", "g/zero": b"",
    }  # fmt: skip
    assert (here / "f" / "empty").is_dir()
    again = transfers.fetch("/dav/files/admin/f", to=here)[1]
    assert set(again.reasons()) == {"unchanged"}


def test_what_is_not_there(transfers: Transfers, here: Path) -> None:
    """One line, and nothing is left here."""
    failures, log = transfers.fetch("/dav/files/admin/none", to=here)

    assert failures == 1
    assert "404" in log.reasons()[0]
    assert not list(here.iterdir())


@pytest.mark.usefixtures("big")
@pytest.mark.skipif(not os.geteuid(), reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(transfers: Transfers, here: Path) -> None:
    """One line says which."""
    here.chmod(0o500)

    failures, log = transfers.fetch(URL, to=here)

    assert failures == 1
    assert "cannot write" in log.reasons()[0]
