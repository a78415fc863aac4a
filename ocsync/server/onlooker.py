"""Who is told how busy a worker is, and of requests that no application ever sees."""

from typing import Final, Protocol


class Onlooker(Protocol):
    """Is called from the threads of the server, so it MUST be quick."""

    def vitals(
        self, *, connections: int, working: int, waiting: int, idle: int, queued: int
    ) -> None:
        """The numbers as they are now; told twice a second.

        Threads are working, waiting for their client in the middle of a request, or
        idle; `queued` connections have a request and wait for a thread.
        """
        ...

    def refused(self, status: int) -> None:
        """A request was answered with this status before the application saw it."""
        ...


class _Nobody:
    """Hears nothing."""

    def vitals(
        self, *, connections: int, working: int, waiting: int, idle: int, queued: int
    ) -> None:
        """Hear nothing."""

    def refused(self, status: int) -> None:
        """Hear nothing."""


NOBODY: Final[Onlooker] = _Nobody()
