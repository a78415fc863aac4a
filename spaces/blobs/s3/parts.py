"""Where the parts of a growing object begin and end.

S3 takes a large object as at most 10,000 numbered parts of at least 5 MiB each. Here
the bounds of a part follow from its number alone, so that whoever knows how many bytes
there are knows which parts hold them, with nothing to look up. Nothing is sent here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from spaces.errors import LimitExceeded

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its number, from 1, and the bytes that it holds."""

    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return self.end - self.start


class PartPlan:
    """Parts that get larger step by step; each step is a count and a size."""

    def __init__(self, *steps: tuple[int, int]) -> None:
        self._steps = steps

    @property
    def limit(self) -> int:
        """The most bytes that an object can have."""
        return sum(count * size for count, size in self._steps)

    def at(self, offset: int) -> Part:
        """The part that the byte at the offset belongs to.

        Raises:
            LimitExceeded: no object can be as large.
        """
        for number, start, count, size in self._runs():
            if offset < start + count * size:
                index = (offset - start) // size
                begin = start + index * size
                return Part(number + index, begin, begin + size)
        raise LimitExceeded("bytes in one file", self.limit)

    def full(self, size: int) -> int:
        """How many parts end at or before that size."""
        for number, start, count, part_size in self._runs():
            if size < start + count * part_size:
                return number - 1 + (size - start) // part_size
        return sum(count for count, _ in self._steps)

    def end(self, number: int) -> int:
        """Where the part of that number ends; 0 for number 0."""
        for first, start, count, size in self._runs():
            if number < first + count:
                return start + (number - first + 1) * size
        return self.limit

    def _runs(self) -> Iterator[tuple[int, int, int, int]]:
        number, start = 1, 0
        for count, size in self._steps:
            yield number, start, count, size
            number += count
            start += count * size


USUAL_PLAN: Final = PartPlan((2_000, 8 * _MIB), (4_000, 32 * _MIB), (4_000, 128 * _MIB))
"""8 MiB up to 15 GiB, then 32 MiB up to 140 GiB, then 128 MiB up to 640 GiB."""
