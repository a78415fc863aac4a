"""What is asked of the database and the store when somebody looks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ocsync.metrics.catalogue import DIALECTS, OTHER
from spaces.db import figures
from spaces.library import Library

_MOST_COUNTED: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much there is of everything."""

    uploads: Mapping[tuple[str, ...], int]
    """By dialect, and `receiving`, `waiting` or `complete`."""
    hash_queue: int
    spaces: Mapping[tuple[str, ...], int]
    """By kind, and `enabled` or `disabled`."""
    used_bytes: int
    free_bytes: int | None


def look_up(library: Library) -> Figures:
    """The figures as of now: one read of the database, without looking at nodes."""
    with library.database.read() as connection:
        uploads = figures.open_uploads(connection)
        spaces = figures.spaces_by_kind(connection)
        queue = figures.unhashed_count(connection, most=_MOST_COUNTED)
    by_dialect: Counter[tuple[str, ...]] = Counter()
    for (dialect, state), count in uploads.items():
        by_dialect[dialect if dialect in DIALECTS else OTHER, state] += count
    return Figures(
        uploads=by_dialect,
        hash_queue=queue,
        spaces={
            (kind, "disabled" if is_disabled else "enabled"): count
            for (kind, is_disabled), (count, _) in spaces.items()
        },
        used_bytes=sum(used for _, used in spaces.values()),
        free_bytes=library.blobs.free_bytes(),
    )
