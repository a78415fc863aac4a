"""How often, and after how long, what failed for a moment is tried again."""

import random
from collections.abc import Callable
from typing import Final, TypeVar

from ocsync.client.errors import Temporary
from ocsync.client.stopping import Stop

T = TypeVar("T")

_FIRST_SECONDS: Final = 0.5
_MOST_SECONDS: Final = 30.0
_MOST_ASKED_SECONDS: Final = 300.0

OnWait = Callable[[str, float], None]
"""Is told why, and for how many seconds, before each wait."""


class Patience:
    """Waits that grow until the attempts are used up; progress renews it."""

    def __init__(self, *, attempts: int, stop: Stop, on_wait: OnWait) -> None:
        self._attempts = attempts
        self._stop = stop
        self._on_wait = on_wait
        self._failures = 0

    def renew(self) -> None:
        """There was progress."""
        self._failures = 0

    def bear(self, error: Temporary) -> None:
        """Wait for a better moment.

        A wait that the server asks for is kept to, within reason; else waits double,
        a little apart from those of others.

        Raises:
            Temporary: the same again, when there were too many.
            Stopped: the user wants to end.
        """
        self._failures += 1
        if self._failures > self._attempts:
            raise error
        growing = _FIRST_SECONDS * float(2 ** min(self._failures - 1, 10))
        seconds = min(growing, _MOST_SECONDS) * random.uniform(0.75, 1.25)  # noqa: S311
        if error.retry_after is not None:
            seconds = min(max(seconds, error.retry_after), _MOST_ASKED_SECONDS)
            if self._failures == 1:
                seconds = min(error.retry_after, _MOST_ASKED_SECONDS)
        self._on_wait(str(error), seconds)
        self._stop.wait(seconds)

    def keep_trying(self, job: Callable[[], T]) -> T:
        """What the job makes of it, sooner or later.

        Raises:
            Temporary: too many attempts failed.
            Stopped: the user wants to end.
        """
        while True:
            try:
                return job()
            except Temporary as error:
                self.bear(error)
