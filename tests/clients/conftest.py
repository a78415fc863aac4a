"""What tests with real client programs share: a server, and somebody at its page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.clients.browser import Visit, chromium, log_in, visiting
from tests.live_server import LiveServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """`ocsync serve` with two workers, on a free port, over a fresh data folder."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all tests of a module."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def visit(browser: Browser, server: LiveServer) -> Iterator[Visit]:
    """The admin, logged in."""
    with visiting(browser) as visit:
        log_in(visit.page, server)
        yield visit


@pytest.fixture
def page(visit: Visit) -> Iterator[Page]:
    """The visitor's page, which must not complain."""
    yield visit.page
    assert visit.complaints == []
