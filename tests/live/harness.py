"""What live tests share beside fixtures: the fixtures' types, and a way to wait."""

import time
from collections.abc import Callable

from ocsync.server import ServerThread
from tests.live.raw_http import TIME_OUT, RawClient

Serve = Callable[..., ServerThread]
Connect = Callable[..., RawClient]


def until(is_so: Callable[[], object]) -> None:
    """Return as soon as something is so that has no event of its own."""
    end = time.monotonic() + TIME_OUT
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)
