"""What the tests of `ocsync.client` share: a file to send."""

from pathlib import Path

import pytest

from tests.live.uploading.sent import DATA


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of ten chunks."""
    made = tmp_path / "big.bin"
    made.write_bytes(DATA)
    return made
