"""Real servers on real sockets, each stopped at the end of its test."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from wsgiref.types import WSGIApplication

import pytest

from ocsync.server import Limits, ServerOptions, ServerThread
from tests.live.harness import Connect, Serve
from tests.live.raw_http import RawClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts a server."""
    for item in items:
        if "/tests/live/" in str(item.path):
            item.add_marker(pytest.mark.live)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server in a thread for an application; keywords change its options.

    Keywords that are fields of `Limits` change those.
    """
    with ExitStack() as stack:

        def start(app: WSGIApplication, **changes: Any) -> ServerThread:
            names = Limits.__dataclass_fields__
            limits = {key: changes.pop(key) for key in list(changes) if key in names}
            options = ServerOptions(
                port=0, grace_seconds=0.5, limits=replace(Limits(), **limits)
            )
            server = ServerThread(app, options=replace(options, **changes))
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects raw clients to a server, closed before the server stops."""
    with ExitStack() as stack:

        def open_client(server: ServerThread, **options: Any) -> RawClient:
            return stack.enter_context(RawClient(server.port, **options))

        yield open_client
