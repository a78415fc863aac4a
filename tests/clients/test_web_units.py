"""The web page's logic that needs no browser, tested by node's own test runner."""

from pathlib import Path

import pytest

from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

_TESTS = Path(__file__).parent / "node/web"


def test_the_logic_of_the_page(tmp_path: Path) -> None:
    """All of `tests/clients/node/web`."""
    files = sorted(_TESTS.glob("*.test.mjs"))

    done = run_client([require_program("node"), "--test", *files], cwd=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"# pass {done.stdout.count('# Subtest:')}" in done.stdout
