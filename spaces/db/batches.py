"""Asking for many rows by id: lists cut into batches of few different lengths.

A statement is compiled for each length, so a batch is padded to a power of two by
repeating its first id, which changes nothing in a set.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam

from spaces.db.statement import AnyRow, SizedStatements, numbered

_BATCH: Final = 256


class BatchStatement:
    """One SELECT over the rows whose `column` is any of many ids."""

    __slots__ = ("_statements",)

    def __init__(self, select: Select[Any], column: ColumnElement[str]) -> None:
        self._statements = SizedStatements(
            lambda count: select.where(
                column.in_([bindparam(f"id_{index}") for index in range(count)])
            )
        )

    def stream(
        self, connection: Connection, ids: Iterable[str], **parameters: object
    ) -> Iterator[AnyRow]:
        """The rows, in no particular order; one statement per batch."""
        for batch in batches(ids):
            yield from self._statements.of(len(batch)).all(
                connection, **numbered("id", batch), **parameters
            )


def batches(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The different ids, in padded batches."""
    distinct = sorted(set(ids))
    for first in range(0, len(distinct), _BATCH):
        batch = distinct[first : first + _BATCH]
        size = 1 << (len(batch) - 1).bit_length()
        yield (*batch, *(batch[:1] * (size - len(batch))))
