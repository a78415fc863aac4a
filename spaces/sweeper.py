"""The sweeper: clears away what nobody can reach any more.

Each task is a bounded step in a transaction of its own that decides anew by what
the rows say, so any number of sweepers may run beside each other and beside writers.
A round repeats the tasks until nothing is due or its budget of steps is spent. The
work depends on what has become due, not on what exists; only the look for files
that no row names goes through the store, one shard a round.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from typing import Final

from sqlalchemy import Connection

from spaces.blobs.base import BlobStore
from spaces.clock import DAY, Instant
from spaces.db import audit, installation, locks, upkeep
from spaces.db import blobs as blob_rows
from spaces.db import uploads as upload_rows
from spaces.db.backup import blobs_are_kept
from spaces.db.engine import Database
from spaces.ids import BlobId
from spaces.policy import Policy
from spaces.uploads import Uploads

_ROWS_PER_STEP: Final = 200
_STEPS_PER_ROUND: Final = 500
_VERSIONS_SEEN: Final = "versions_seen_until"


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round cleared away, by kind."""

    counts: Counter[str]
    is_done: bool
    """Whether nothing more was due when the round ended."""


class Sweeper:
    """Runs the tasks of upkeep."""

    def __init__(
        self, *, database: Database, blobs: BlobStore, policy: Policy, uploads: Uploads
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._policy = policy
        self._uploads = uploads
        self._suspects: dict[BlobId, Instant] = {}
        self._next_shard = 0
        self._trash_seen = Instant(0)

    def sweep(
        self, *, steps: int = _STEPS_PER_ROUND, stop: Event | None = None
    ) -> Swept:
        """One round of all tasks.

        A step is one transaction of at most some hundred rows.
        """
        began = perf_counter()
        counts: Counter[str] = Counter()
        is_done = True
        for name, task in self._tasks():
            left = steps
            while left and not (stop is not None and stop.is_set()):
                count, is_more_due = task()
                counts[name] += count
                left -= 1
                if not is_more_due:
                    break
            else:
                is_done = False
        self._database.watch.swept(+counts, perf_counter() - began)
        return Swept(+counts, is_done)

    def _tasks(self) -> tuple[tuple[str, Callable[[], tuple[int, bool]]], ...]:
        return (
            ("uploads", self._expire_uploads),
            ("locks", self._drop_locks),
            ("trash", self._give_up_trash),
            ("nodes", self._take_apart),
            ("versions", self._give_up_versions),
            ("changes", self._trim_changes),
            ("audit", self._forget_deeds),
            ("blobs", self._remove_blobs),
            ("stray files", self._remove_strays),
        )

    def _expire_uploads(self) -> tuple[int, bool]:
        count = self._uploads.sweep(self._policy.upload_record_age)
        return count, count > 0

    def _drop_locks(self) -> tuple[int, bool]:
        def job(connection: Connection) -> int:
            return locks.remove_expired(connection, self._database.now(connection))

        return self._database.write(job), False

    def _give_up_trash(self) -> tuple[int, bool]:
        age, most_bytes = self._policy.trash_max_age, self._policy.trash_max_bytes
        seen_until = self._trash_seen

        def job(connection: Connection) -> tuple[int, Instant]:
            now, count = self._database.now(connection), 0
            if age is not None:
                count += upkeep.mark_old_trash(
                    connection, before=Instant(now - age), limit=_ROWS_PER_STEP
                )
            if most_bytes is not None:
                for space_id in upkeep.spaces_with_trash_since(connection, seen_until):
                    count += upkeep.mark_surplus_trash(
                        connection,
                        space_id,
                        kept_bytes=most_bytes,
                        limit=_ROWS_PER_STEP,
                    )
            return count, now

        count, now = self._database.write(job)
        if count == 0:
            self._trash_seen = now
        return count, count > 0

    def _take_apart(self) -> tuple[int, bool]:
        def job(connection: Connection) -> int:
            now = self._database.now(connection)
            items = upkeep.purged_items(connection, limit=1)
            return sum(
                upkeep.take_apart(
                    connection, node_id, space_id, now=now, limit=_ROWS_PER_STEP
                )
                for node_id, space_id in items
            )

        count = self._database.write(job)
        return count, count > 0

    def _give_up_versions(self) -> tuple[int, bool]:
        count = self._database.write(self._drop_old_versions)
        if count:
            return count, True
        count, files = self._database.write(self._drop_surplus_versions)
        return count, files > 0

    def _drop_old_versions(self, connection: Connection) -> int:
        age = self._policy.versions_max_age
        if age is None:
            return 0
        now = self._database.now(connection)
        due = upkeep.old_versions(
            connection, before=Instant(now - age), limit=_ROWS_PER_STEP
        )
        upkeep.remove_versions(connection, due, now)
        return len(due)

    def _drop_surplus_versions(self, connection: Connection) -> tuple[int, int]:
        """Look at the files that got versions since the last look."""
        policy = self._policy
        now = self._database.now(connection)
        caps = f"{policy.versions_max_count} {policy.versions_max_bytes}"
        seen = _seen_under(caps, installation.find_fact(connection, _VERSIONS_SEEN))
        files = upkeep.nodes_with_versions_after(connection, seen, limit=_ROWS_PER_STEP)
        if not files:
            return 0, 0
        count = 0
        if policy.versions_max_count is not None:
            for node_id, _ in files:
                surplus = upkeep.surplus_versions(
                    connection,
                    node_id,
                    kept=policy.versions_max_count,
                    limit=_ROWS_PER_STEP,
                )
                upkeep.remove_versions(connection, surplus, now)
                count += len(surplus)
        if policy.versions_max_bytes is not None:
            spaces = {upkeep.space_of(connection, node_id) for node_id, _ in files}
            for space_id in spaces - {None}:
                assert space_id is not None
                surplus = upkeep.surplus_versions_of_space(
                    connection,
                    space_id,
                    kept_bytes=policy.versions_max_bytes,
                    limit=_ROWS_PER_STEP,
                )
                upkeep.remove_versions(connection, surplus, now)
                count += len(surplus)
        if count < _ROWS_PER_STEP:
            latest = max(replaced_at for _, replaced_at in files)
            installation.set_fact(connection, _VERSIONS_SEEN, f"{latest} {caps}")
        return count, len(files)

    def _trim_changes(self) -> tuple[int, bool]:
        policy = self._policy

        def job(connection: Connection) -> int:
            count = upkeep.trim_long_logs(
                connection, most=policy.changes_max_count, limit=10 * _ROWS_PER_STEP
            )
            if policy.changes_max_age is not None:
                before = Instant(
                    self._database.now(connection) - policy.changes_max_age
                )
                count += upkeep.trim_old_changes(
                    connection, before=before, limit=10 * _ROWS_PER_STEP
                )
            return count

        count = self._database.write(job)
        return count, count > 0

    def _forget_deeds(self) -> tuple[int, bool]:
        age = self._policy.audit_max_age
        if age is None:
            return 0, False

        def job(connection: Connection) -> int:
            before = Instant(self._database.now(connection) - age)
            return audit.forget(connection, before=before, most=_ROWS_PER_STEP)

        count = self._database.write(job)
        return count, count > 0

    def _remove_blobs(self) -> tuple[int, bool]:
        """Rows first, then files: a crash between leaves a stray file, no lost one."""

        def job(connection: Connection) -> tuple[list[BlobId], int]:
            now = self._database.now(connection)
            if blobs_are_kept(connection, now):
                return [], 0
            before = Instant(now - self._policy.blob_grace_age)
            due = upkeep.released_blobs(connection, before=before, limit=_ROWS_PER_STEP)
            gone = [
                blob_id
                for blob_id in due
                if upkeep.forget_unless_referenced(connection, blob_id)
            ]
            return gone, len(due)

        gone, due = self._database.write(job)
        for blob_id in gone:
            self._blobs.remove(blob_id)
        return len(gone), due > 0

    def _remove_strays(self) -> tuple[int, bool]:
        """Remove files that no row has named for long enough.

        A file without a row may be about to get one, and nobody can tell how long
        ago it was sealed; so it is only suspected at first.
        """
        with self._database.read() as connection:
            now = self._database.now(connection)
            if blobs_are_kept(connection, now):
                return 0, False
            found = self._strays(connection)
        suspects = {blob: self._suspects.get(blob, now) for blob in found}
        count = 0
        for blob_id, since in list(suspects.items()):
            is_staged = found[blob_id]
            grace = DAY if is_staged else self._policy.blob_grace_age
            if now - since < grace or self._is_named(blob_id, is_staged=is_staged):
                continue
            if is_staged:
                self._blobs.discard(blob_id)
            else:
                self._blobs.remove(blob_id)
            del suspects[blob_id]
            count += 1
        self._suspects = suspects
        return count, False

    def _strays(self, connection: Connection) -> dict[BlobId, bool]:
        """Files without a row: the former suspects and one more shard."""
        shards = self._blobs.shards()
        shard = shards[self._next_shard % len(shards)]
        self._next_shard += 1
        staged = set(self._blobs.staged_ids())
        sealed = set(self._blobs.blob_ids(shard)) | (self._suspects.keys() - staged)
        needed = blob_rows.needed_by_uploads(connection)
        strays = dict.fromkeys(staged - needed, True)
        for blob in sealed - needed:
            if not blob_rows.is_known(connection, blob):
                strays[blob] = False
        return strays

    def _is_named(self, blob_id: BlobId, *, is_staged: bool) -> bool:
        """Whether a row needs it; content that is sealed needs nothing staged."""
        with self._database.read() as connection:
            if upload_rows.is_staged(connection, blob_id):
                return True
            return not is_staged and blob_rows.is_known(connection, blob_id)


def _seen_under(caps: str, fact: str | None) -> Instant:
    """Until when versions were looked at; from the start if other caps held then."""
    latest, _, seen_caps = (fact or "").partition(" ")
    return Instant(int(latest)) if seen_caps == caps else Instant(0)
