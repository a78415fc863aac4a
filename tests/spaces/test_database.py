"""Opening, reading and writing: turns, groups, conflicts, forks."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from spaces.db import installation
from spaces.db.engine import Database, open_database
from spaces.db.revision import upgrade
from spaces.db.sqlite import driver_of
from spaces.db.statement import Statement
from spaces.db.turns import ThreadTurn, Ticket
from spaces.errors import Busy, SchemaMismatch, StorageFull
from spaces.policy import Durability
from spaces.watch import Step
from tests.domain import Desk


def _set(key: str, value: str = "") -> Callable[[Connection], None]:
    return lambda connection: installation.set_fact(connection, key, value)


def _get(database: Database, key: str) -> str | None:
    with database.read() as connection:
        return installation.find_fact(connection, key)


def _ignore(*_: object) -> None:
    """Do nothing."""


def _increment(connection: Connection) -> int:
    count = int(installation.find_fact(connection, "count") or 0) + 1
    installation.set_fact(connection, "count", str(count))
    return count


def _count_up(database: Database) -> None:
    database.write(_increment)


@contextmanager
def _threads(jobs: list[Callable[[], None]]) -> Iterator[None]:
    """Run the jobs in threads until the block ends."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


class TestWrite:
    """Changing the database."""

    def test_result_is_returned_and_kept(self, database: Database) -> None:
        """What a job returns is handed back, what it wrote is there."""
        assert database.write(_increment) == 1

        assert _get(database, "count") == "1"

    def test_error_is_raised_and_nothing_kept(self, database: Database) -> None:
        """A job that raises leaves nothing behind."""

        def job(connection: Connection) -> None:
            _increment(connection)
            raise LookupError

        with pytest.raises(LookupError):
            database.write(job)

        assert _get(database, "count") is None

    def test_plain_core_statements_join_the_transaction(
        self, database: Database
    ) -> None:
        """A job may also use SQLAlchemy's own execution."""

        def job(connection: Connection) -> None:
            _increment(connection)
            connection.exec_driver_sql("UPDATE installation SET value = '7'")

        database.write(job)

        assert _get(database, "count") == "7"

    def test_reads_see_one_state_and_do_not_wait(self, database: Database) -> None:
        """A reader keeps its state while others write."""
        with database.read() as connection:
            before = installation.find_fact(connection, "count")
            database.write(_increment)
            after = installation.find_fact(connection, "count")

        assert before is after is None
        assert _get(database, "count") == "1"

    def test_no_increment_is_lost_among_threads(self, database: Database) -> None:
        """Read-modify-write jobs of many threads never meet."""

        def work() -> None:
            for _ in range(25):
                database.write(_increment)

        with _threads([work] * 8):
            pass

        # PostgreSQL locks rows of spaces, not this one: there it is the jobs' matter.
        if database.is_sqlite:
            assert _get(database, "count") == "200"


class TestGroups:
    """Several writers in one transaction."""

    def test_waiting_jobs_share_one_transaction(self, database: Database) -> None:
        """Jobs that queue behind a slow one are committed together."""
        if not database.is_sqlite:
            pytest.skip("only SQLite groups")
        release, is_running = threading.Event(), threading.Event()
        statements: list[str] = []

        def slow(connection: Connection) -> None:
            driver_of(connection).set_trace_callback(statements.append)
            is_running.set()
            release.wait(10)

        with _threads([lambda: database.write(slow)]):
            is_running.wait(10)
            with _threads([lambda: _count_up(database)] * 6):
                _await_company(database, 6)
                release.set()

        assert _get(database, "count") == "6"
        assert statements.count("COMMIT") == 2

    def test_error_in_a_group_is_its_own(self, database: Database) -> None:
        """One failing job rolls back alone and raises in its own thread."""
        if not database.is_sqlite:
            pytest.skip("only SQLite groups")
        release, is_running = threading.Event(), threading.Event()
        errors: list[LookupError] = []

        def slow(_: Connection) -> None:
            is_running.set()
            release.wait(10)

        def failing(connection: Connection) -> None:
            _increment(connection)
            raise LookupError

        def attempt() -> None:
            try:
                database.write(failing)
            except LookupError as error:
                errors.append(error)

        with _threads([lambda: database.write(slow)]):
            is_running.wait(10)
            with _threads([attempt, lambda: _count_up(database)] * 3):
                _await_company(database, 6)
                release.set()

        assert len(errors) == 3
        assert _get(database, "count") == "3"

    @pytest.mark.parametrize("name", ["committed", "took"])
    def test_what_goes_wrong_after_the_commit(
        self, database: Database, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        """Jobs are neither done again nor told a refusal: they would clear up."""
        if not database.is_sqlite:
            pytest.skip("only SQLite groups")
        release, is_running = threading.Event(), threading.Event()
        refusals: list[Busy] = []
        writer = database._store._writer  # type: ignore[attr-defined]

        def slow(_: Connection) -> None:
            is_running.set()
            release.wait(10)

        def break_(*arguments: object) -> None:
            if arguments[0] in {6, Step.COMMIT}:
                raise OSError

        def attempt() -> None:
            try:
                database.write(_increment)
            except Busy as refusal:
                refusals.append(refusal)

        with _threads([lambda: database.write(slow)]):
            is_running.wait(10)
            with _threads([attempt] * 6):
                _await_company(database, 6)
                watch = SimpleNamespace(committed=_ignore, took=_ignore)
                setattr(watch, name, break_)
                monkeypatch.setattr(writer, "_watch", watch)
                release.set()

        assert _get(database, "count") == "6"
        assert not refusals


class TestRefusals:
    """What a writer may be told instead of a driver's error."""

    @pytest.fixture
    def impatient(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Database]:
        """A SQLite database whose writers give up soon."""
        if not database_url.startswith("sqlite"):
            pytest.skip("about SQLite's errors")
        monkeypatch.setattr("spaces.db.sqlite._BUSY_TIMEOUT_MS", 10)
        monkeypatch.setattr("spaces.db.combining._ATTEMPTS", 2)
        database = open_database(database_url, durability="fast")
        yield database
        database.close()

    def test_foreign_writer_makes_busy(
        self, impatient: Database, tmp_path: Path
    ) -> None:
        """A program that does not queue as we do holds the lock for too long."""
        with closing(sqlite3.connect(tmp_path / "ocsync.db")) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(Busy):
                impatient.write(_increment)
            foreign.rollback()

        assert impatient.write(_increment) == 1

    def test_full_disk_is_told(self, impatient: Database) -> None:
        """And the next writer finds everything as it was."""

        def fill(connection: Connection) -> None:
            driver_of(connection).execute("PRAGMA max_page_count = 1")
            _set("large", "x" * 1_000_000)(connection)

        def make_room(connection: Connection) -> None:
            driver_of(connection).execute("PRAGMA max_page_count = 1000000")

        with pytest.raises(StorageFull):
            impatient.write(fill)

        impatient.write(make_room)
        assert impatient.write(_increment) == 1
        assert _get(impatient, "large") is None

    def test_group_survives_a_job_that_loses_the_transaction(
        self, impatient: Database
    ) -> None:
        """The others are run again, each by itself."""
        release, is_running = threading.Event(), threading.Event()

        def slow(_: Connection) -> None:
            is_running.set()
            release.wait(10)

        def spoil(connection: Connection) -> None:
            driver_of(connection).rollback()
            raise LookupError

        def attempt() -> None:
            with suppress(LookupError):
                impatient.write(spoil)

        with _threads([lambda: impatient.write(slow)]):
            is_running.wait(10)
            with _threads([attempt, lambda: _count_up(impatient)] * 2):
                _await_company(impatient, 4)
                release.set()

        assert _get(impatient, "count") == "2"

    def test_failed_commit_harms_no_later_job(self, impatient: Database) -> None:
        """Nor one that uses SQLAlchemy's own execution, as the failed one did."""

        def job(connection: Connection) -> None:
            connection.exec_driver_sql("UPDATE installation SET value = '7'")

        def spoil(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(
                "INSERT INTO favorites VALUES ('nobody', 'none')"
            )

        with pytest.raises(DBAPIError):
            impatient.write(spoil)

        impatient.write(job)

    def test_broken_statement_is_raised_as_it_is(self, database: Database) -> None:
        """A mistake of ours is not dressed up."""

        def job(connection: Connection) -> None:
            Statement(text("SELECT nothing FROM nowhere")).all(connection)

        with pytest.raises(DBAPIError):
            database.write(job)

    def test_nobody_waits_for_ever(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A writer whose turn does not come is told to try again."""
        if not database.is_sqlite:
            pytest.skip("only SQLite queues in memory")
        turn = ThreadTurn(patience_seconds=0.01, batch_size=1)
        assert turn.enter(Ticket(_increment))

        with pytest.raises(Busy):
            turn.enter(Ticket(_increment))

        turn.leave([])
        assert turn.enter(Ticket(_increment))


def _await_company(database: Database, count: int) -> None:
    """Return when so many jobs queue behind the one that runs."""
    waiting = database._store._writer._threads._waiting  # type: ignore[attr-defined]
    pause = threading.Event()
    for _ in range(1_000):
        if len(waiting) >= count:
            return
        pause.wait(0.005)
    raise AssertionError("the jobs did not come to wait")


class TestFork:
    """A process that becomes two."""

    def test_child_writes_beside_its_parent(self, database: Database) -> None:
        """A database opened before a fork works in both processes."""
        database.write(_increment)
        child = os.fork()
        if child == 0:
            try:
                for _ in range(20):
                    database.write(_increment)
            except BaseException:  # noqa: BLE001  # the parent sees the status
                os._exit(1)
            os._exit(0)

        for _ in range(20):
            database.write(_increment)
        _, status = os.waitpid(child, 0)

        assert status == 0
        if database.is_sqlite:
            assert _get(database, "count") == "41"


class TestOpen:
    """What is accepted, and how it is set up."""

    def test_empty_database_is_refused(self, tmp_path: Path) -> None:
        """There is no schema yet."""
        with pytest.raises(SchemaMismatch) as caught:
            open_database(f"sqlite:///{tmp_path}/new.db")

        assert caught.value.found == "none"

    def test_newer_schema_is_refused(self, database_url: str) -> None:
        """A revision this program does not know is not touched."""
        if not database_url.startswith("sqlite"):
            pytest.skip("would spoil the shared database")
        database = open_database(database_url, durability="fast")
        database.write(
            lambda connection: connection.exec_driver_sql(
                "UPDATE alembic_version SET version_num = '9999'"
            )
        )
        database.close()

        with pytest.raises(SchemaMismatch):
            open_database(database_url)
        with pytest.raises(SchemaMismatch):
            upgrade(database_url)

    @pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://"])
    def test_other_databases_are_refused(self, url: str) -> None:
        """MySQL, and SQLite without a file."""
        with pytest.raises(ValueError, match="database"):
            open_database(url)

    def test_upgrade_can_be_repeated(self, tmp_path: Path) -> None:
        """A second upgrade finds nothing to do."""
        url = f"sqlite:///{tmp_path}/new.db"

        upgrade(url)
        upgrade(url)

        open_database(url).close()

    @pytest.mark.parametrize("durability", list(Durability))
    def test_durability_sets_when_sqlite_syncs(
        self, tmp_path: Path, durability: Durability
    ) -> None:
        """FULL survives a power cut, NORMAL the end of the process."""
        url = f"sqlite:///{tmp_path}/new.db"
        upgrade(url)
        database = open_database(url, durability=durability.value)

        synchronous = database.write(
            lambda connection: connection.exec_driver_sql("PRAGMA synchronous").scalar()
        )
        database.close()

        assert synchronous == {Durability.SAFE: 2, Durability.FAST: 1}[durability]


class TestStoppedWriter:
    """PostgreSQL keeps a lock for a client that does not go on."""

    def test_others_do_not_wait_for_ever(
        self, database_url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who cannot have the space is told to come again."""
        database = desk.library.database
        if database.is_sqlite:
            pytest.skip("only PostgreSQL locks spaces")
        monkeypatch.setattr("spaces.db.postgres._LOCK_TIMEOUT", "10ms")
        monkeypatch.setattr("spaces.db.postgres._ATTEMPTS", 2)
        others = open_database(database_url, durability="fast")

        def hold(_: Connection) -> None:
            with pytest.raises(Busy):
                others.write(_increment, space_id=desk.space_id)

        database.write(hold, space_id=desk.space_id)

        assert others.write(_increment, space_id=desk.space_id) == 1
        others.close()


class TestLostServer:
    """PostgreSQL hangs up, as it does when it is restarted."""

    @pytest.fixture(autouse=True)
    def _only_here(self, database: Database) -> None:
        if database.is_sqlite:
            pytest.skip("nothing lies between us and a SQLite file")

    def test_before_a_commit(self, database: Database) -> None:
        """Nothing is kept, whoever asks may try again, and that succeeds."""

        def job(connection: Connection) -> None:
            installation.set_fact(connection, "lost", "1")
            _hang_up(connection)

        with pytest.raises(Busy):
            database.write(job)

        assert _get(database, "lost") is None
        database.write(_set("lost", "2"))
        assert _get(database, "lost") == "2"

    def test_while_reading(self, database: Database) -> None:
        """The same of what only reads, in a transaction or not."""
        for reading in (database.read, database.read_once):
            with pytest.raises(Busy), reading() as connection:
                _hang_up(connection)

            assert _get(database, "lost") is None


def _hang_up(connection: Connection) -> None:
    """End the server's side of the connection, as far as it gets to say so."""
    Statement(text("SELECT pg_terminate_backend(pg_backend_pid())")).all(connection)
