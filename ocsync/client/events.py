"""What happens to files on their way, as values: for a progress bar, lines or JSON.

`name` says which file: its path as the user gave it, or below the folder he gave.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """There is a file to carry."""

    name: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """The local file is being read for its checksum."""

    name: str
    size: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Bytes begin to move; at an offset above zero, an earlier run is taken up."""

    name: str
    size: int | None
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """So many bytes have gone over."""

    name: str
    size: int | None
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something failed for a moment and will be tried again."""

    name: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The file is there as a whole."""

    name: str
    size: int
    place: str
    checksum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Nothing was to be done, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The file is not there, and why."""

    name: str
    reason: str


Event = Found | Checking | Started | Moved | Waiting | Finished | Skipped | Failed


class Listener(Protocol):
    """Who is told. Calls come from many threads."""

    def tell(self, event: Event) -> None:
        """Take note of what happened; must not raise."""
        ...
