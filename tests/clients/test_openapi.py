"""schemathesis over the OpenAPI document: nothing undocumented comes back."""

import json
from pathlib import Path
from typing import Final

import pytest

from tests.live_server import LiveServer
from tests.programs import require_program, run_client

pytestmark = pytest.mark.clients

CASES_PER_OPERATION: Final = 15
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def make_config(server: LiveServer, folder: Path) -> Path:
    """A configuration by which half of all cases name things that exist."""
    with server.api() as api:
        drive = api.post("/graph/v1.0/drives", json={"name": "Fuzzed"}).json()
        me = api.get("/graph/v1.0/me").json()
        roles = api.get("/graph/v1.0/roleManagement/permissions/roleDefinitions").json()
        guest = api.post(
            "/graph/v1.0/users", json={"onPremisesSamAccountName": "guest"}
        ).json()
        api.post(
            f"/graph/v1beta1/drives/{drive['id']}/root/invite",
            json={
                "recipients": [{"objectId": guest["id"]}],
                "roles": [roles[0]["id"]],
            },
        )
    values = {
        "drive": drive["id"],
        "item": drive["id"],
        "user": guest["id"],
        "role": roles[0]["id"],
        "permission": f"u:{guest['id']}",
    }
    assert me["id"] != guest["id"]
    lines = [f'"path.{name}" = {json.dumps(value)}' for name, value in values.items()]
    config = folder / "schemathesis.toml"
    config.write_text("\n".join(["[parameters]", *lines, ""]))
    return config


@pytest.mark.parametrize("with_ids", [True, False])
def test_answers_are_as_described(
    server: LiveServer, tmp_path: Path, *, with_ids: bool
) -> None:
    """No 5xx, no status or document that the OpenAPI document does not name."""
    program = require_program("schemathesis")
    config: list[object] = []
    if with_ids:
        config = ["--config-file", make_config(server, tmp_path)]

    done = run_client(
        [
            program,
            *config,
            "run",
            f"{server.url}/graph/openapi.json",
            "--auth",
            f"{server.user}:{server.password}",
            "--header",
            "X-Requested-With: XMLHttpRequest",
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            CASES_PER_OPERATION,
            "--checks",
            ",".join(CHECKS),
            "--seed",
            "1",
            "--no-shrink",
        ],
        cwd=tmp_path,
    )

    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    assert "Tested: 56" in done.stdout
