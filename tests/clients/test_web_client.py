"""ownCloud Web's own client library, driven by a script in Node."""

import json
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.live_server import LiveServer
from tests.programs import complain, require_program, run_client

pytestmark = pytest.mark.clients

NODE: Final = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the packages of the lock file installed."""
    program = require_program("node")
    if not (NODE / "node_modules" / "@ownclouders").exists():
        complain("the packages in tests/clients/node are missing: npm ci there")
    return program


def make_member(server: LiveServer) -> str:
    """The id of a further account."""
    user = {
        "onPremisesSamAccountName": "member",
        "displayName": "Some Member",
        "passwordProfile": {"password": "member-member"},
    }
    with server.api() as api:
        answer = api.post("/graph/v1.0/users", content=json.dumps(user))
    return str(answer.raise_for_status().json()["id"])


def test_everything_that_web_does(
    server: LiveServer, node: str, tmp_path: Path
) -> None:
    """Spaces, members, files, trash, versions, search, locks, signed URLs."""
    member_id = make_member(server)

    done = run_client(
        [
            node,
            NODE / "web-client.mjs",
            server.url,
            server.user,
            server.password,
            member_id,
        ],
        cwd=tmp_path,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.count("ok ") >= 20


def test_the_lock_file_names_no_registry() -> None:
    """It installs from wherever npm is told to look."""
    lock = (NODE / "package-lock.json").read_text()

    assert "resolved" not in lock


def test_library_sees_the_server_without_login(server: LiveServer) -> None:
    """What Web reads before anybody is logged in."""
    config = httpx.get(f"{server.url}/config.json").json()

    assert config["server"] == server.url
    assert config["openIdConnect"]["authority"] == server.url
