"""The names of what the fixtures of live tests give."""

from collections.abc import Callable

from ocsync.server import ServerThread
from tests.live.raw_http import RawClient

Serve = Callable[..., ServerThread]
Connect = Callable[..., RawClient]
