"""What tests with real client programs share: one server for each module."""

from collections.abc import Iterator

import pytest

from tests.live_server import LiveServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """`ocsync serve` with two workers, on a free port, over a fresh data folder."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running
