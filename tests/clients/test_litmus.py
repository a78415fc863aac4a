"""litmus, the WebDAV compliance suite of neon, against every form of WebDAV root."""

import re
from pathlib import Path

import pytest

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

SUITES = ("basic", "copymove", "props", "locks", "http")


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(
    "root",
    ["/dav/spaces/{id}", "/remote.php/dav/files/admin", "/webdav"],
)
def test_a_suite_passes(
    server: LiveServer, tmp_path: Path, suite: str, root: str
) -> None:
    """Every test of the suite passes, none is skipped for a fault of the server."""
    litmus = require_program("litmus")
    folder = f"{root.format(id=server.personal_space())}/litmus-{suite}-{len(root)}"
    with server.api() as api:
        api.request("MKCOL", folder)

    done = run_client(
        [litmus, "-k", f"{server.url}{folder}/", server.user, server.password],
        cwd=tmp_path,
        environ={"TESTS": suite},
    )

    summary = re.search(
        r"<- summary for .*: of (\d+) tests run: (\d+) passed", done.stdout
    )
    assert summary is not None, done.stdout + done.stderr
    assert summary[1] == summary[2], done.stdout
    assert "WARNING" not in done.stdout, done.stdout
    assert done.returncode == 0
