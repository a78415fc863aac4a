"""Real servers on real sockets, each stopped at the end of its test."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import pytest

from ocsync.server import Limits, ServerOptions, ServerThread
from tests.live.harness import Connect, Serve
from tests.live.raw_http import RawClient
from tests.live.transfer_site import Faults, Transfers
from tests.live.tus_site import Site, open_site


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


@pytest.fixture
def faults() -> Faults:
    """What stands before the application of `site`."""
    return Faults()


@pytest.fixture
def site(tmp_path: Path, serve: Serve, faults: Faults) -> Iterator[Site]:
    """A whole service, behind `faults`."""

    def start(app: WSGIApplication) -> ServerThread:
        faults.app = app
        return serve(faults)

    with open_site(tmp_path / "service", start) as running:
        yield running


@pytest.fixture
def transfers(site: Site, tmp_path: Path) -> Transfers:
    """Sends to the site and fetches from it."""
    return Transfers(f"http://127.0.0.1:{site.port}", tmp_path)
