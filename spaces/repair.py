"""Putting right what a check found, as far as nothing can be lost by it.

Every step asks anew what is wrong, inside the transaction that changes it. Content
is never removed: what hangs nowhere goes to the trash of its space, from where it
can be brought back; what is unused is left to the sweeper.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from spaces.clock import Instant
from spaces.db import fsck as rows
from spaces.db.engine import Database
from spaces.errors import UploadNotFound
from spaces.findings import Finding, FindingKind
from spaces.ids import UploadId
from spaces.names import MAX_DEPTH
from spaces.upload_model import UploadState
from spaces.uploads import Uploads

Step = Callable[[Connection, Instant], None]


class Repair:
    """Acts on findings."""

    def __init__(self, *, database: Database, uploads: Uploads) -> None:
        self._database = database
        self._uploads = uploads

    def run(self, findings: Iterable[Finding]) -> int:
        """Put right what can be; how many of the findings that were.

        Another check tells what is left.
        """
        repairable = [finding for finding in findings if finding.is_repairable]
        kinds = {finding.kind for finding in repairable}
        for causes, step in _steps():
            if kinds & causes:
                self._do(step)
        for finding in repairable:
            if finding.kind is FindingKind.UPLOAD_SHORT:
                self._end_upload(UploadId(finding.subject))
        return len(repairable)

    def _do(self, step: Step) -> None:
        def job(connection: Connection) -> None:
            step(connection, self._database.now(connection))

        self._database.write(job)

    def _end_upload(self, upload_id: UploadId) -> None:
        try:
            upload = self._uploads.get(upload_id)
        except UploadNotFound:
            return
        self._uploads.end(upload, UploadState.FAILED)


def _steps() -> tuple[tuple[frozenset[FindingKind], Step], ...]:
    """Each step with what calls for it; a later one may depend on an earlier one."""
    kind = FindingKind
    misplaced = {
        kind.TRASHED_ALIVE,
        kind.BELOW_A_FILE,
        kind.UNREACHABLE,
        kind.WRONG_SPACE,
    }
    missized = misplaced | {kind.FILE_SIZE, kind.FOLDER_SIZE}
    return (
        (frozenset(misplaced), _take_out_of_trash),
        (frozenset(misplaced), _put_into_trash),
        (frozenset(misplaced), _move_to_right_space),
        (frozenset(missized), _recount_sizes),
        (frozenset(missized | {kind.USED_BYTES}), _recount_used),
        (frozenset({kind.RESERVED_BYTES}), _recount_reserved),
        (frozenset({kind.CHANGE_LOG}), _restart_logs),
        (frozenset({kind.CONTENT_UNTOLD}), rows.release_unused),
    )


def _take_out_of_trash(connection: Connection, _: Instant) -> None:
    for node_id in rows.trashed_but_alive(connection):
        rows.take_out_of_trash(connection, node_id)


def _put_into_trash(connection: Connection, now: Instant) -> None:
    for node_id, name in rows.below_files(connection):
        rows.put_into_trash(connection, node_id, name, now)
    while unreached := rows.unreached(connection):
        # The first is on top of the rest of its tree, or any of a ring.
        node_id, name = unreached[0]
        rows.put_into_trash(connection, node_id, name, now)


def _move_to_right_space(connection: Connection, _: Instant) -> None:
    """Where the folder is; each round goes one level down."""
    for _round in range(MAX_DEPTH + 1):
        misplaced = rows.in_wrong_space(connection)
        if not misplaced:
            return
        for node_id, _found, right in misplaced:
            rows.set_space(connection, node_id, right)


def _recount_sizes(connection: Connection, _: Instant) -> None:
    """From the files up; each round goes one level up."""
    wrong = rows.wrong_file_sizes(connection)
    rows.set_sizes(connection, {node_id: right for node_id, _, right in wrong})
    for _round in range(MAX_DEPTH + 1):
        wrong = rows.wrong_folder_sizes(connection)
        if not wrong:
            return
        rows.set_sizes(connection, {node_id: right for node_id, _, right in wrong})


def _recount_used(connection: Connection, _: Instant) -> None:
    for space_id, _found, right in rows.wrong_used(connection):
        rows.set_used(connection, space_id, right)


def _recount_reserved(connection: Connection, _: Instant) -> None:
    for space_id, _found, right in rows.wrong_reserved(connection):
        rows.set_reserved(connection, space_id, right)


def _restart_logs(connection: Connection, _: Instant) -> None:
    for space_id, _floor, seq, _kept in rows.wrong_logs(connection):
        rows.restart_log(connection, space_id, seq)
