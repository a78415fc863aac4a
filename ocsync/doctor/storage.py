"""What is stored: the database, the accounts in it, the content beside it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from ocsync.doctor.findings import Finding, problem, warning, well
from ocsync.library import open_blob_store
from ocsync.settings import Settings, SettingsError
from spaces.blobs.base import BlobStore
from spaces.db.journal import journal_state
from spaces.errors import SchemaMismatch, SpacesError
from spaces.findings import Finding as StoredFinding
from spaces.fsck import Fsck
from spaces.ids import BlobId, new_id
from spaces.library import Library

_RESTORE: Final = (
    "stop the server, keep the damaged files, and restore the last backup"
    " (`ocsync restore`)"
)
_STORE: Final = (
    "see that its disk or bucket can be reached and written by this user, and that"
    " storage.blob_url is right"
)
_PROBE: Final = b"ocsync doctor"
_MOST_LOG_BYTES: Final = 1_000_000_000
_MOST_FINDINGS: Final = 20


def explain_closed(settings: Settings, error: Exception) -> Finding:
    """Why the database cannot be opened."""
    check = "database"
    match error:
        case SchemaMismatch():
            return problem(
                check,
                f"its schema is {error.found}, this program needs {error.expected}",
                "ocsync db upgrade (it makes a backup first); a newer program if the"
                " schema is newer",
            )
        case SQLAlchemyError() if _is_damaged(error):
            return problem(check, "the database file is damaged", _RESTORE)
        case SQLAlchemyError():
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            return problem(
                check,
                f"it cannot be opened: {reason}",
                "see that the database server runs and storage.database_url is right,"
                f" or that {settings.data} can be written",
            )
        case _:
            return problem(check, str(error), "name the right folder with --data")


def _is_damaged(error: SQLAlchemyError) -> bool:
    words = ("malformed", "not a database", "disk image", "corrupt")
    return any(each in str(error) for each in words)


def examine_database(
    settings: Settings, library: Library, *, is_quick: bool
) -> Iterator[Finding]:
    """Whether rows and content are sound; quickly, without looking for content."""
    if library.database.is_sqlite:
        yield _examine_log(library)
    checker = Fsck(database=library.database, blobs=library.blobs)
    found = checker.check_rows() if is_quick else checker.check()
    try:
        wrong = [each for each in found if not each.is_sweepable]
    except SQLAlchemyError as error:
        yield explain_closed(settings, error)
        return
    except (OSError, SpacesError) as error:
        yield problem("content", f"it cannot be looked at: {error}", _STORE)
        return
    for each in wrong[:_MOST_FINDINGS]:
        yield problem(_part(each), str(each), _fix(each))
    if len(wrong) > _MOST_FINDINGS:
        count = len(wrong) - _MOST_FINDINGS
        yield problem("database", f"and {count} more of the kind", "ocsync fsck")
    if not wrong:
        yield well("database", "its structure, sizes and counters are right")
        if not is_quick:
            yield well("content", "all is there (`ocsync fsck --deep` also reads it)")


def _part(each: StoredFinding) -> str:
    return "content" if "content" in each.kind.value else "database"


def _fix(each: StoredFinding) -> str:
    return "ocsync fsck --repair" if each.is_repairable else _RESTORE


def _examine_log(library: Library) -> Finding:
    """The write-ahead log: that there is one, and that it is emptied."""
    check = "write-ahead log"
    try:
        with library.database.read() as connection:
            found = journal_state(connection)
    except SQLAlchemyError as error:
        return problem(check, f"it cannot be read: {error.args[0]}", _RESTORE)
    if found.mode != "wal":
        return problem(
            check,
            f"the database is in the mode {found.mode!r}: readers wait for writers",
            "put it on a local disk: SQLite's WAL does not work over a network",
        )
    if found.size_bytes > _MOST_LOG_BYTES:
        return warning(
            check,
            f"it has {found.size_bytes / 1e9:.1f} GB: something reads since long ago",
            "end programs that hold the database open (backups, sqlite3), or restart",
        )
    return well(check, f"in use, {found.size_bytes / 1e6:.1f} MB")


def examine_accounts(library: Library) -> Iterator[Finding]:
    """Whether somebody can administer the server."""
    check = "accounts"
    found = library.accounts.list()
    if any(each.is_admin and each.disabled_at is None for each in found):
        yield well(check, f"{len(found)}, with an administrator")
        return
    yield problem(
        check,
        f"none of the {len(found)} accounts is an administrator who can sign in",
        "ocsync user add NAME --admin, or ocsync user enable NAME",
    )


def examine_store(settings: Settings) -> Iterator[Finding]:
    """Write, read and remove a content."""
    check = "content store"
    try:
        store = open_blob_store(settings)
        _probe(store)
    except SettingsError as error:
        yield problem(check, str(error), "correct storage.blob_url")
    except (OSError, SpacesError, ValueError) as error:
        yield problem(
            check,
            f"it does not keep what it is given: {error}",
            _STORE,
        )
    else:
        yield well(check, "what is written can be read and removed")


def _probe(store: BlobStore) -> None:
    blob_id = BlobId(new_id())
    try:
        with store.stage(blob_id) as staged:
            staged.write(_PROBE)
            staged.flush()
        store.seal(blob_id, len(_PROBE))
        with store.open(blob_id) as reader:
            if reader.read() != _PROBE:
                raise ValueError("it comes back as something else")
    finally:
        with suppress(OSError, SpacesError):
            store.discard(blob_id)
        with suppress(OSError, SpacesError):
            store.remove(blob_id)
