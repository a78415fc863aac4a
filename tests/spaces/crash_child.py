"""The process that the crash tests kill: threads that write and tell what they do.

Run as `python -m tests.spaces.crash_child FOLDER SEED USER_ID`; ends only by a kill.
"""

import os
import random
import sys
import threading
from pathlib import Path

from spaces.blobs.folder import FolderBlobStore
from spaces.checksums import RunningChecksums
from spaces.db.engine import open_database
from spaces.ids import SpaceId, UserId
from spaces.library import Library
from spaces.model import Actor, Content
from spaces.policy import Policy
from spaces.upload_model import Claim, Lifetime, NewUpload
from tests.domain import Desk
from tests.spaces.crash_deeds import (
    THREADS,
    Deed,
    Files,
    Verb,
    Word,
    choose,
    content_of,
    folder_of,
)

_CHUNK = 50_000
_LONG = Lifetime(10**15)


class Writer:
    """One thread's work."""

    def __init__(self, desk: Desk, thread: int, chance: random.Random) -> None:
        self._desk = desk
        self._thread = thread
        self._chance = chance
        folder = f"{folder_of(thread)}/"
        self._files: Files = {
            path.removeprefix(folder): ("", size)
            for path, size in desk.listing().items()
            if path.startswith(folder) and path != folder
        }

    def run(self, seed: str) -> None:
        """Write until killed."""
        number = 0
        while True:
            number += 1
            deed = choose(self._chance, self._files, f"{seed}-{self._thread}-{number}")
            self._tell(deed, is_answered=False)
            self._do(deed)
            self._files = deed.applied_to(self._files)
            self._tell(deed, is_answered=True)

    def _tell(self, deed: Deed, *, is_answered: bool) -> None:
        os.write(1, Word(self._thread, deed, is_answered).to_line())

    def _path(self, name: str) -> str:
        return f"{folder_of(self._thread)}/{name}"

    def _do(self, deed: Deed) -> None:
        desk, tree = self._desk, self._desk.library.tree
        source = desk.place(self._path(deed.name))
        target = desk.place(self._path(deed.target))
        if deed.verb is Verb.PUT:
            with desk.library.files.stage(expected_bytes=deed.size) as writer:
                writer.write(content_of(deed.tag, deed.size))
                content = writer.finish()
            desk.library.files.commit(desk.actor, source, content)
        elif deed.verb is Verb.UPLOAD:
            self._upload(deed)
        elif deed.verb is Verb.MOVE:
            tree.move(desk.actor, source, target, overwrite=True)
        elif deed.verb is Verb.COPY:
            tree.copy(desk.actor, source, target, overwrite=True)
        else:
            tree.remove(desk.actor, source)

    def _upload(self, deed: Deed) -> None:
        """In chunks, each durable before its row says so."""
        desk, uploads = self._desk, self._desk.library.uploads
        data = content_of(deed.tag, deed.size)
        new = NewUpload(dialect="tus", length=len(data), lifetime=_LONG)
        place = desk.place(self._path(deed.name))
        upload = uploads.create(desk.actor, new, place)
        upload = uploads.claim(upload, "writer", Claim.FREE)
        checksums = RunningChecksums(is_resumable=True)
        desk.library.blobs.stage(upload.blob_id).close()
        while upload.offset < len(data):
            chunk = data[upload.offset : upload.offset + _CHUNK]
            with desk.library.blobs.resume(upload.blob_id, upload.offset) as staged:
                staged.write(chunk)
                staged.flush()
            checksums.update(chunk)
            upload = uploads.advance(
                upload,
                offset=upload.offset + len(chunk),
                length=len(data),
                hash_state=checksums.state(),
            )
        desk.library.blobs.seal(upload.blob_id, len(data))
        content = Content(upload.blob_id, len(data), checksums.checksums())
        uploads.finish(upload, content)


def main(folder: Path, seed: str, user_id: UserId) -> None:
    """Start the threads and wait for the end."""
    database = open_database(f"sqlite:///{folder / 'ocsync.db'}", durability="fast")
    blobs = FolderBlobStore(folder / "blobs", is_safe=False)
    library = Library.open(database=database, blobs=blobs, policy=Policy())
    desk = Desk(library, Actor(user_id, "alice"), SpaceId(user_id))
    writers = [
        Writer(desk, number, random.Random(f"{seed} {number}"))
        for number in range(THREADS)
    ]
    threads = [
        threading.Thread(target=writer.run, args=(seed,), daemon=True)
        for writer in writers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit("a writer has failed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], UserId(sys.argv[3]))
