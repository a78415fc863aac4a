"""Uploads when clients fight, and when there are many of them.

Tests are named by the rows of the tus checklist and the fault matrix (`docs/tus.md`).
"""

import random
import threading
import time
from pathlib import Path
from wsgiref.types import WSGIApplication

from ocsync.server import ServerThread
from ocsync.settings import load_settings
from ocsync.tus.mounts import open_engine
from ocsync.tus.plain import plain_dialect
from spaces.clock import DAY
from spaces.ids import UploadId
from spaces.model import Place
from spaces.upload_model import Lifetime
from tests.live.harness import Serve, until
from tests.live.tus_faults.staging import DATA, received, stall
from tests.live.tus_site import Site, open_site


def test_f09_head_takes_over_a_stalled_patch(site: Site) -> None:
    """A HEAD ends a PATCH that has stalled, and tells an offset that can be used."""
    path = site.start(len(DATA))
    stalled = stall(site, path, DATA[:5000], len(DATA))
    time.sleep(0.25)  # longer than the patience of this site: the fault itself

    assert site.offset(path) == 5000
    assert stalled.read_answer().status == 423
    assert site.patch(path, 5000, DATA[5000:]).status == 204
    assert site.read(path) == DATA
    stalled.close()


def test_patch_takes_over_a_stalled_patch(site: Site) -> None:
    """The client that lost its connection goes on over a new one."""
    path = site.start(len(DATA))
    stalled = stall(site, path, DATA[:5000], len(DATA))
    time.sleep(0.25)  # as above

    assert site.patch(path, 5000, DATA[5000:]).status == 204

    assert site.read(path) == DATA
    stalled.close()


def test_f19_a_stop_ends_patches_at_once(tmp_path: Path, serve: Serve) -> None:
    """They hear when to come back, what came is kept, and nobody waits for them."""

    def patient(app: WSGIApplication) -> ServerThread:
        return serve(app, grace_seconds=3600)

    with open_site(tmp_path / "data", patient) as site:
        paths = [site.start(len(DATA)) for _ in range(5)]
        clients = [stall(site, path, DATA[:5000], len(DATA)) for path in paths]
        seen = [UploadId(path.rpartition("/")[2]) for path in paths]
        site.stop()
        answers = [client.read_answer() for client in clients]
        uploads = [site.library.uploads.get(upload_id) for upload_id in seen]

    for answer, upload, client in zip(answers, uploads, clients, strict=True):
        assert answer.status == 503
        assert answer["retry-after"]
        assert answer["upload-offset"] == "5000"
        assert (upload.offset, upload.holder) == (5000, None)
        assert client.is_at_end()
        client.close()


def test_case_73_second_patch_meets_an_active_one(site: Site) -> None:
    """While bytes arrive, nobody else may write; the refusal says when and where."""
    path = site.start(len(DATA))
    with site.connect() as client:
        site.begin(client, path, 0, len(DATA))
        stop = threading.Event()

        def trickle() -> None:
            for at in range(len(DATA) - 1):
                client.send(DATA[at : at + 1])
                if stop.wait(0.01):
                    client.send(DATA[at + 1 :])
                    return

        sender = threading.Thread(target=trickle)
        sender.start()
        until(lambda: received(site, path) > 3)
        second = site.patch(path, 0, b"x" * 10)
        head = site.ask(f"HEAD {path}")
        stop.set()
        sender.join()
        first = client.read_answer()

    for refused in (second, head):
        assert refused.status == 423
        assert refused["retry-after"]
        assert refused["upload-offset"]
    assert first.status == 204
    assert site.read(path) == DATA


def test_t05_f10_delete_ends_a_running_patch(site: Site) -> None:
    """Who gives an upload up is obeyed at once; nothing of it is left."""
    path = site.start(len(DATA))
    running = stall(site, path, DATA[:5000], len(DATA))

    assert site.ask(f"DELETE {path}").status == 204

    assert running.read_answer().status in {410, 423}
    assert site.ask(f"HEAD {path}").status == 410
    quota = site.library.catalog.get(site.actor, site.home.id).quota
    assert (quota.used, quota.reserved) == (0, 0)
    until(lambda: not list(site.library.blobs.staged_ids()))
    running.close()


def test_t05_a_delete_looked_before_the_patch_came(site: Site, tmp_path: Path) -> None:
    """A writer that came between a DELETE's look and its deed is ended as well."""
    path = site.start(len(DATA))
    seen = site.library.uploads.get(UploadId(path.rpartition("/")[2]))
    running = stall(site, path, DATA[:5000], len(DATA))

    overrides = {"storage.data": tmp_path / "data"}
    settings = load_settings(environ={}, overrides=overrides).settings
    terms = plain_dialect(lifetime=Lifetime(DAY), max_size=None).terms
    open_engine(settings, site.library).abort(seen, terms)

    assert running.read_answer().status in {410, 423}
    until(lambda: not list(site.library.blobs.staged_ids()))
    running.close()


def test_f08_many_patches_at_one_offset(site: Site) -> None:
    """Of many that send the same bytes, exactly one is heard."""
    path = site.start(len(DATA))
    statuses: list[int] = []
    barrier = threading.Barrier(8)

    def send(fill: int) -> None:
        barrier.wait()
        body = bytes([fill]) * len(DATA)
        statuses.append(site.patch(path, 0, body).status)

    threads = [threading.Thread(target=send, args=(fill,)) for fill in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(statuses) <= {204, 409, 423}
    assert statuses.count(204) == 1
    content = site.read(path)
    assert content == content[:1] * len(DATA)


def test_two_clients_fighting_over_one_upload(site: Site) -> None:
    """Whoever wins at each offset, the bytes there are of exactly one."""
    length, step = 40_000, 1000
    path = site.start(length)

    def fight(fill: bytes) -> None:
        while True:
            head = site.ask(f"HEAD {path}")
            if head.status != 200:
                continue
            offset = int(head["upload-offset"])
            if offset == length:
                return
            site.patch(path, offset, fill * step)

    threads = [threading.Thread(target=fight, args=(fill,)) for fill in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    content = site.read(path)
    assert len(content) == length
    for at in range(0, length, step):
        assert len(set(content[at : at + step])) == 1


def test_f22_many_clients_with_many_files(site: Site) -> None:
    """Parallel uploads with random cuts: every file is right, nothing is 5xx."""
    statuses: set[int] = set()

    def upload(number: int) -> None:
        chance = random.Random(number)
        for _ in range(4):
            data = chance.randbytes(chance.randrange(1, 200_000))
            path, offset = site.start(len(data)), 0
            while offset < len(data):
                end = min(offset + chance.randrange(1, 100_000), len(data))
                with site.connect() as client:
                    site.begin(client, path, offset, end - offset)
                    if chance.random() < 0.3:
                        client.send(data[offset : (offset + end) // 2])
                        client.reset()
                    else:
                        client.send(data[offset:end])
                        statuses.add(client.read_answer().status)
                head = site.ask(f"HEAD {path}")
                while head.status == 423:
                    statuses.add(423)
                    head = site.ask(f"HEAD {path}")
                offset = int(head["upload-offset"])
            assert site.read(path) == data

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses <= {204, 409, 423}
    quota = site.library.catalog.get(site.actor, site.home.id).quota
    assert quota.reserved == 0
    folder = site.library.tree.get(site.actor, Place(site.home.id, ("Uploads",))).node
    assert len(list(site.library.tree.children(site.actor, folder))) == 32
