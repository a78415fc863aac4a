"""`ocsync.client` sends many files, to names that may be taken."""

import os
import threading
import unicodedata
from pathlib import Path

import pytest

from ocsync.client.events import Failed, Finished, Skipped
from ocsync.client.upload import IfExists
from tests.live.transfer_site import Faults, Transfers, content, nth
from tests.live.tus_site import Site
from tests.live.uploading.sent import DATA, stored


def test_a_file_can_be_given_a_name(
    transfers: Transfers, site: Site, path: Path
) -> None:
    """The last part of the URL, if it is no folder."""
    assert transfers.send(path, to="/dav/files/admin/other.bin")[0] == 0
    assert transfers.send(path, to="/dav/files/admin/new/")[0] == 0

    assert stored(site, "other.bin") == DATA
    assert stored(site, "new/big.bin") == DATA


def test_two_runs_at_once(transfers: Transfers, path: Path, faults: Faults) -> None:
    """The second one says so and leaves the file to the first."""
    began, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        assert go_on.wait(30)

    faults.rules.append(nth("PATCH", 2, hold))
    results: list[int] = []
    first = threading.Thread(target=lambda: results.append(transfers.send(path)[0]))
    first.start()
    assert began.wait(30)

    failures, log = transfers.send(path)
    go_on.set()
    first.join(30)

    assert failures == 1
    assert log.reasons() == ["another ocsync sends this file there just now"]
    assert results == [0]


@pytest.mark.parametrize(
    ("if_exists", "failures", "kind", "sends"),
    [
        (IfExists.REPLACE, 0, Finished, 2),
        (IfExists.SKIP, 0, Skipped, 1),
        (IfExists.FAIL, 1, Failed, 1),
    ],
)
def test_names_that_are_taken(
    transfers: Transfers,
    site: Site,
    path: Path,
    faults: Faults,
    *,
    if_exists: IfExists,
    failures: int,
    kind: type[Finished | Skipped | Failed],
    sends: int,
) -> None:
    """Replaced, which makes a version, left alone, or an error."""
    transfers.send(path)
    path.write_bytes(b"other")

    failed, log = transfers.send(path, if_exists=if_exists)

    assert failed == failures
    assert len(log.of(kind)) == 1
    assert faults.count("POST") == sends
    assert (stored(site, "big.bin") == b"other") == (kind is Finished)


def test_a_name_taken_in_the_last_moment(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """What must not be replaced is not, even if it was not there at first."""

    def take() -> None:
        site.ask("PUT /dav/files/admin/big.bin", body=b"mine")

    faults.rules.append(nth("POST", 1, take))

    failures, log = transfers.send(path, if_exists=IfExists.FAIL)

    assert failures == 1
    assert log.reasons() == ["it is there already"]
    assert stored(site, "big.bin") == b"mine"


def test_what_is_there_already_is_not_sent(
    transfers: Transfers, path: Path, faults: Faults
) -> None:
    """The same bytes under the same name are known by their checksum."""
    transfers.send(path)

    failures, log = transfers.send(path)

    assert failures == 0
    assert log.reasons() == ["unchanged"]
    assert faults.count("POST") == 1


def test_folders_with_odd_things_in_them(
    transfers: Transfers, site: Site, tmp_path: Path
) -> None:
    """All that can be sent is, and the rest is named."""
    folder = tmp_path / "folder"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "deep" / "er" / "zero").touch()
    (folder / "a b%20#?.txt").write_bytes(b"odd")
    decomposed = unicodedata.normalize("NFD", "é.txt")
    (folder / decomposed).write_bytes(b"nfd")
    (folder / "new\nline").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff")).write_bytes(b"x")
    (folder / "secret").write_bytes(b"x")
    (folder / "secret").chmod(0)
    (folder / "loop").symlink_to(folder)
    (folder / "lost").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")

    failures, log = transfers.send(folder, parallel=3)
    failures_again, again = transfers.send(folder, parallel=3, follow=True)

    failed = {each.name.rpartition("/")[2] for each in log.of(Failed)}
    unreadable = {"secret"} if os.geteuid() else set()
    assert failed == {"new\nline", "bad\udcff"} | unreadable
    assert failures == len(failed)
    assert stored(site, "folder/deep/er/zero") == b""
    assert stored(site, "folder/a%20b%2520%23%3F.txt") == b"odd"
    assert site.ask("PROPFIND /dav/files/admin/folder/empty", "Depth: 0").status == 207
    assert {each.name for each in log.of(Skipped)} == {
        "folder/loop", "folder/lost", "folder/pipe",
    }  # fmt: skip
    assert failures_again == failures + 1  # `lost`, which leads nowhere
    assert not again.of(Finished)


def test_many_files_at_once(
    transfers: Transfers, site: Site, tmp_path: Path, faults: Faults
) -> None:
    """A small file is one request, on connections that are kept."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / str(number)).write_bytes(content(number * 10, str(number)))

    failures, log = transfers.send(folder, parallel=4)

    assert failures == 0
    assert len(log.of(Finished)) == 40
    assert faults.count("POST") == 40
    assert faults.count("PATCH") == 0
    assert faults.count("PROPFIND") == 1
