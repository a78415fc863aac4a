"""What the tests of faults share: a service of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.harness import Serve
from tests.live.tus_site import Site, open_site


@pytest.fixture
def site(tmp_path: Path, serve: Serve) -> Iterator[Site]:
    """A running service."""
    with open_site(tmp_path / "data", serve) as opened:
        yield opened
