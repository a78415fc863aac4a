"""Statements that are compiled once and then run as plain SQL.

Compiling a Core statement costs ten times what running it does, so the queries of
this package are `Statement` constants: the SQL text is made at the first use per
dialect and goes to the driver as it is, past SQLAlchemy's results. Rows come back as
the driver gives them: booleans may be 0 and 1.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

Parameters = Mapping[str, object]
AnyRow = Sequence[Any]

_STREAM_ROWS: Final = 64
_REMOTE_STREAM_ROWS: Final = 512
"""More where each fetch is a round trip."""
_CURSOR_NUMBERS: Final = count()


class _Compiled:
    """The text of one statement for one dialect, and how it takes parameters."""

    __slots__ = ("arguments", "sql")

    def __init__(
        self, element: ClauseElement, dialect: Dialect, columns: tuple[str, ...] | None
    ) -> None:
        compiled = element.compile(
            dialect=dialect,
            column_keys=columns,
            compile_kwargs={"render_postcompile": True},
        )
        self.sql = str(compiled)
        defaults: dict[str, object] = {
            name: bind.value
            for name, bind in getattr(compiled, "binds", {}).items()
            if not bind.required
        }
        order: tuple[str, ...] | None = None
        if getattr(compiled, "positional", False):
            order = tuple(getattr(compiled, "positiontup", None) or ())
        pick = _picker(order)
        self.arguments: Callable[[Parameters], Any] = (
            (lambda parameters: pick({**defaults, **parameters})) if defaults else pick
        )
        """Brings the parameters into the form the driver takes."""


def _picker(order: tuple[str, ...] | None) -> Callable[[Parameters], Any]:
    if order is None:
        return dict
    if not order:
        return lambda _: ()
    if len(order) == 1:
        name = order[0]
        return lambda parameters: (parameters[name],)
    return itemgetter(*order)


class Statement:
    """One Core statement, run with named parameters.

    For an INSERT or UPDATE without values, `columns` names those to write.
    """

    __slots__ = ("_columns", "_compiled", "_element")

    def __init__(
        self, element: ClauseElement, *, columns: tuple[str, ...] | None = None
    ) -> None:
        self._element = element
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **parameters: object) -> list[AnyRow]:
        """Every row."""
        cursor = self._execute(connection, parameters)
        rows: list[AnyRow] = cursor.fetchall()
        cursor.close()
        return rows

    def first(self, connection: Connection, **parameters: object) -> AnyRow | None:
        """The first row, None if there is none."""
        cursor = self._execute(connection, parameters)
        row: AnyRow | None = cursor.fetchone()
        cursor.close()
        return row

    def scalar(self, connection: Connection, **parameters: object) -> Any:
        """The first column of the first row, None if there is none."""
        row = self.first(connection, **parameters)
        return None if row is None else row[0]

    def run(self, connection: Connection, **parameters: object) -> int:
        """Execute for its effect; the number of rows it changed."""
        return int(self._execute(connection, parameters).rowcount)

    def run_many(self, connection: Connection, rows: list[Parameters]) -> None:
        """Execute for its effect once per row, in one call of the driver."""
        if not rows:
            return
        compiled = self._for(connection)
        with _translated(connection, compiled.sql):
            cursor = _driver_of(connection).cursor()
            cursor.executemany(compiled.sql, [compiled.arguments(row) for row in rows])
            cursor.close()

    def stream(self, connection: Connection, **parameters: object) -> Iterator[AnyRow]:
        """Rows as they come, never all in memory at once."""
        compiled = self._for(connection)
        driver = _driver_of(connection)
        with _translated(connection, compiled.sql):
            if connection.dialect.name == "postgresql":
                # Without a name the driver would fetch everything at once.
                cursor = driver.cursor(name=f"rows_{next(_CURSOR_NUMBERS)}")
                at_once = _REMOTE_STREAM_ROWS
            else:
                cursor, at_once = driver.cursor(), _STREAM_ROWS
            with closing(cursor):
                cursor.execute(compiled.sql, compiled.arguments(parameters))
                while rows := cursor.fetchmany(at_once):
                    yield from rows

    def _execute(self, connection: Connection, parameters: Parameters) -> Any:
        # The hottest lines of all, so nothing is called that can be written out.
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._for(connection)
        driver: Any = connection.connection.dbapi_connection
        try:
            return driver.execute(compiled.sql, compiled.arguments(parameters))
        except _driver_errors(connection) as error:
            raise _as_dbapi_error(connection, compiled.sql, error) from error

    def _for(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = _Compiled(self._element, dialect, self._columns)
            self._compiled[dialect.name] = compiled
        return compiled


def _driver_of(connection: Connection) -> Any:
    """The driver's own connection; its cursors cost a tenth of SQLAlchemy's.

    Of both drivers it is what the pool holds, which is one step nearer than
    `driver_connection`.
    """
    return connection.connection.dbapi_connection


def _driver_errors(connection: Connection) -> type[Exception]:
    errors: type[Exception] = connection.dialect.loaded_dbapi.Error
    return errors


def _as_dbapi_error(
    connection: Connection, sql: str, error: Exception
) -> BaseException:
    """The error as SQLAlchemy would have raised it, so that callers catch one kind."""
    return DBAPIError.instance(
        sql, None, error, _driver_errors(connection), dialect=connection.dialect
    )


@contextmanager
def _translated(connection: Connection, sql: str) -> Iterator[None]:
    try:
        yield
    except _driver_errors(connection) as error:
        raise _as_dbapi_error(connection, sql, error) from error


class SizedStatements:
    """Statements that differ only in the length of a list, each compiled once.

    `build(n)` makes the statement for n items, whose parameters are named
    `{prefix}_0` … `{prefix}_{n-1}`; see `numbered`.
    """

    __slots__ = ("_build", "_statements")

    def __init__(self, build: Callable[[int], ClauseElement]) -> None:
        self._build = build
        self._statements: dict[int, Statement] = {}

    def of(self, count: int) -> Statement:
        """The statement for so many items."""
        statement = self._statements.get(count)
        if statement is None:
            statement = Statement(self._build(count))
            self._statements[count] = statement
        return statement


def numbered(prefix: str, values: tuple[object, ...]) -> dict[str, object]:
    """Parameters `{prefix}_0`, `{prefix}_1`, … for a `SizedStatements`."""
    return {f"{prefix}_{index}": value for index, value in enumerate(values)}
