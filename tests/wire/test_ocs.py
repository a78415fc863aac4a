"""The OCS API over the wire: envelopes, capabilities, the user."""

import pytest
from webtest import TestApp

from tests.wire.conftest import Person

VERSIONS = pytest.mark.parametrize(
    ("version", "code"), [("v1.php", 100), ("v2.php", 200)]
)


@VERSIONS
def test_capabilities_in_json(
    app: TestApp, admin: Person, version: str, code: int
) -> None:
    """The envelope says the version's own code for success."""
    answer = app.get(
        f"/ocs/{version}/cloud/capabilities?format=json", headers=admin.basic
    )

    ocs = answer.json["ocs"]
    assert ocs["meta"] == {"status": "ok", "statuscode": code, "message": "OK"}
    assert ocs["data"]["capabilities"]["core"]["pollinterval"] == 30000
    assert ocs["data"]["capabilities"]["core"]["status"]["productversion"]
    assert int(ocs["data"]["version"]["major"]) >= 10
