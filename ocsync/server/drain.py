"""The steps by which a stopping worker brings its connections to an end."""

import time


class Drain:
    """What is due at which time, counted from the first look."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._began_at = time.monotonic()
        self._grace_seconds = grace_seconds
        self.is_begun = False
        self._is_cut = False
        self._is_aborted = False

    def is_cut_due(self) -> bool:
        """True once, at half the grace: bodies that still come are cut.

        So their receivers keep what has arrived and have time to answer.
        """
        is_due = not self._is_cut and self._age() >= self._grace_seconds / 2
        self._is_cut = self._is_cut or is_due
        return is_due

    def is_abort_due(self) -> bool:
        """True once, at the end of the grace: everything is cut."""
        is_due = not self._is_aborted and self._age() >= self._grace_seconds
        self._is_aborted = self._is_aborted or is_due
        return is_due

    def is_over(self) -> bool:
        """Whether to leave, whatever still runs."""
        return self._is_aborted and self._age() >= self._grace_seconds + 0.5

    def _age(self) -> float:
        return time.monotonic() - self._began_at
