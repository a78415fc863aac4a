"""`ocsync.client` sends files that stay as they are, or do not."""

import os
from pathlib import Path

import pytest

from ocsync.client.errors import Stopped
from ocsync.client.events import Finished, Started
from ocsync.client.stopping import Stop
from tests.live.transfer_site import Faults, Transfers, nth
from tests.live.tus_site import Site
from tests.live.uploading.sent import DATA, stored


@pytest.mark.parametrize("to", ["/dav/files/admin/", "/", "/remote.php/webdav"])
def test_a_file_is_sent(transfers: Transfers, site: Site, path: Path, to: str) -> None:
    """To a folder, or to nothing but the server's address."""
    failures, log = transfers.send(path, to=to)

    assert failures == 0
    assert stored(site, "big.bin") == DATA
    assert [each.name for each in log.of(Finished)] == ["big.bin"]


def test_a_plain_tus_server_will_do(
    transfers: Transfers, site: Site, path: Path
) -> None:
    """`/files` knows no folders; the name goes along."""
    assert transfers.send(path, to="/files")[0] == 0

    assert stored(site, "Uploads/big.bin") == DATA


def test_the_next_run_goes_on(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """What the server has is not sent again."""
    stop = Stop()
    faults.rules.append(nth("PATCH", 6, stop.now))
    with pytest.raises(Stopped):
        transfers.send(path, stop=stop)
    before = faults.count("PATCH")

    failures, log = transfers.send(path)

    assert failures == 0
    assert stored(site, "big.bin") == DATA
    (started,) = log.of(Started)
    assert started.offset in {500_000, 600_000}
    assert faults.count("PATCH") - before <= 5
    assert faults.count("POST") == 1
    assert not list((transfers.folder / "state").iterdir())


def test_a_changed_file_is_sent_anew(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """What was sent of the former one is given up."""
    stop = Stop()
    faults.rules.append(nth("PATCH", 4, stop.now))
    with pytest.raises(Stopped):
        transfers.send(path, stop=stop)
    path.write_bytes(DATA[::-1])
    os.utime(path, (1, 1))

    failures, log = transfers.send(path)

    assert failures == 0
    assert [each.offset for each in log.of(Started)] == [0]
    assert stored(site, "big.bin") == DATA[::-1]
    assert faults.count("DELETE") == 1


def test_a_file_that_changes_on_its_way(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """The file that arrives is one that there was, as a whole."""

    def change() -> None:
        with path.open("r+b") as file:
            file.write(b"changed")
        os.utime(path, (2, 2))

    faults.rules.append(nth("PATCH", 5, change))

    assert transfers.send(path)[0] == 0
    assert stored(site, "big.bin") == b"changed" + DATA[7:]


def test_a_file_that_changes_all_the_time(
    transfers: Transfers, path: Path, faults: Faults
) -> None:
    """It is given up at some point."""
    moment = iter(range(1, 10_000))

    def change(environ: object) -> None:
        os.utime(path, (0, next(moment)))

    faults.rules.append(change)

    failures, log = transfers.send(path)

    assert failures == 1
    assert "changes all the time" in log.reasons()[0]


def test_a_file_that_becomes_shorter(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """It is sent as it is then."""
    faults.rules.append(nth("PATCH", 3, lambda: os.truncate(path, 150_000)))

    assert transfers.send(path)[0] == 0
    assert stored(site, "big.bin") == DATA[:150_000]


def test_a_file_that_disappears(
    transfers: Transfers, site: Site, path: Path, faults: Faults
) -> None:
    """It was open, so it is sent; one that is not there at all is one line."""
    faults.rules.append(nth("PATCH", 3, path.unlink))

    assert transfers.send(path)[0] == 0
    failures, log = transfers.send(path)

    assert stored(site, "big.bin") == DATA
    assert failures == 1
    assert log.reasons() == ["no such file or directory"]
