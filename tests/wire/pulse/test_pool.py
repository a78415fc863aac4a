"""Pulse Cam: uploads that belong to nobody yet."""

import pytest
from webtest import TestApp

from ocsync.dialects.issuing import TokenIssuer
from spaces.clock import HOUR
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.pulse.calls import begin, finalize, send
from tests.wire.tus_client import Tus, path_of


class TestPool:
    """What uploads without a token may hold."""

    def test_bounds(self, tus: Tus, app: TestApp) -> None:
        """413 for one that is too large; 507 when address or pool is full."""
        begin(tus, 4_000_001, status=413)
        begin(tus, 4_000_000)
        begin(tus, 2_000_001, status=507)
        begin(tus, 2_000_000)
        begin(tus, 1, status=507)
        elsewhere = Tus(TestApp(app.app, {"REMOTE_ADDR": "192.0.2.7"}), "/uploads")
        begin(elsewhere, 2_000_001, status=507)
        begin(elsewhere, 2_000_000)

    def test_one_network_of_ipv6_is_one_address(self, app: TestApp) -> None:
        """Else one customer would have more addresses than there are bytes."""
        for host in ("1", "2"):
            there = TestApp(app.app, {"REMOTE_ADDR": f"2001:db8::{host}"})
            answer = Tus(there, "/uploads").create(4_000_000, None, status="*")
            assert answer.status_int == (201 if host == "1" else 507)

    def test_mapped_addresses_are_those_of_ipv4(self, app: TestApp) -> None:
        """A server that listens on `::` sees IPv4 clients so, each of them its own."""
        for host in ("1", "2"):
            there = TestApp(app.app, {"REMOTE_ADDR": f"::ffff:192.0.2.{host}"})
            begin(Tus(there, "/uploads"), 3_000_000)

    def test_finalising_frees_the_pool_and_charges_the_space(
        self,
        *,
        app: TestApp,
        tus: Tus,
        token: str,
        library: Library,
        admin: Person,
        home: Space,
    ) -> None:
        """The bytes count where the file is."""
        upload_id = send(tus, b"x" * 4_000_000)
        finalize(app, upload_id, token)

        quota = library.catalog.get(admin.actor, home.id).quota
        assert (quota.used, quota.reserved) == (4_000_000, 0)
        begin(tus, 4_000_000)

    def test_quota_of_the_space(
        self,
        app: TestApp,
        tus: Tus,
        issuer: TokenIssuer,
        library: Library,
        admin: Person,
    ) -> None:
        """A full space refuses; the upload stays and can go elsewhere."""
        space = library.catalog.create_project(admin.actor, "Orbit", quota=4)
        full = issuer.issue(admin.actor, server="http://x", space=space.id).token
        upload_id = send(tus, b"12345")

        answer = finalize(app, upload_id, full, status=507)

        assert "error" in answer.json
        other = issuer.issue(admin.actor, server="http://x").token
        finalize(app, upload_id, other)


class TestWithoutAPool:
    """The defaults: nothing begins without a token."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Plain settings."""
        return {}

    def test_creation_needs_a_token(self, app: TestApp, tus: Tus, token: str) -> None:
        """401 without one."""
        answer = begin(tus, 5, status=401)
        created = tus.create(5, None, body=b"12345", X_Upload_Token=token)

        assert answer.json == {"error": "Upload token required"}
        finalize(app, path_of(created).rpartition("/")[2], token)


class TestExpiry:
    """With uploads that are kept for no time at all."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Expire at once."""
        return {"pulse.pool_size": "4MB", "pulse.idle": "0s"}

    def test_expired_uploads_are_gone(
        self, app: TestApp, tus: Tus, token: str, library: Library
    ) -> None:
        """404 everywhere, and sweeping frees the pool."""
        path = path_of(begin(tus, 0))
        upload_id = path.rpartition("/")[2]

        tus.head(path, status=404)
        tus.patch(path, 0, b"", status=404)
        answer = finalize(app, upload_id, token, status=404)
        library.uploads.sweep(HOUR)

        assert answer.json == {"error": "Upload not found"}
        state = library.uploads.get(UploadId(upload_id)).state
        assert state is UploadState.EXPIRED
