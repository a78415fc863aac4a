"""Omegastream: attacks on signatures."""

import hashlib
import uuid

import pytest
from webtest import TestApp, TestResponse

from spaces.api_key_model import ApiKey
from tests.wire.conftest import Person
from tests.wire.omegastream.calls import Sign, refused
from tests.wire.omegastream.length_extension import extend_sha256
from tests.wire.tus_client import Tus


class TestAttacks:
    """What the plain signature is weak against, and how that is bounded."""

    def test_tampering(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """Neither expiration nor video can be changed."""
        good = sign(video_id)
        later = good | {"Expiration": str(int(good["Expiration"]) + 1)}
        refused(app, later, 401, "invalid_signature")
        other = good | {"Video-Id": str(uuid.uuid4())}
        refused(app, other, 401, "invalid_signature")

    def test_replay_after_expiry(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """A signature that was right is worth nothing afterwards."""
        old = sign(video_id, seconds=-100)

        refused(app, old, 401, "signature_expired")
        fresh = {"Expiration": sign(video_id)["Expiration"]}
        refused(app, old | fresh, 401, "invalid_signature")

    def test_length_extension(
        self, app: TestApp, sign: Sign, video_id: str, key: tuple[ApiKey, str]
    ) -> None:
        """It works on the hash itself, and no header can carry it."""
        good = sign(video_id)
        known = len(f"{key[1]}{good['Expiration']}{video_id}")
        suffix = str(uuid.uuid4()).encode()
        forged, padding = extend_sha256(good["Signature"], known, suffix)
        message = f"{key[1]}{good['Expiration']}{video_id}".encode()
        extended = message + padding + suffix
        assert hashlib.sha256(extended).hexdigest() == forged  # the attack is real

        video = (video_id.encode() + padding + suffix).decode("latin-1")
        for name in (video, suffix.decode(), video_id + suffix.decode()):
            headers = good | {"Signature": forged, "Video-Id": name}
            answer = begin_raw(app, headers)
            assert answer.status_int in {400, 401}

    @pytest.mark.parametrize("shift", [1, 2])
    def test_shifting_digits(
        self, app: TestApp, sign: Sign, video_id: str, shift: int
    ) -> None:
        """Digits cannot go from the expiration to the video."""
        good = sign(video_id)
        head, tail = good["Expiration"][:-shift], good["Expiration"][-shift:]

        moved = good | {"Expiration": head, "Video-Id": tail + video_id}
        refused(app, moved, 400, "malformed_signature")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Expiration", "0123456789"),
            ("Expiration", "+1234567890"),
            ("Expiration", "1e9"),
            ("Expiration", "123456789"),
            ("Expiration", "123456789012"),
            ("Video-Id", "x"),
            ("Video-Id", "A23FE4E9-DC10-4F6B-BDA5-AFE93F8D5D4A"),
            ("Video-Id", "{a23fe4e9-dc10-4f6b-bda5-afe93f8d5d4a}"),
            ("Signature", "x" * 64),
            ("Signature", "A" * 64),
            ("Signature", "0" * 63),
            ("Signature", "v1=" + "0" * 64),
        ],
    )
    def test_grammar(
        self, *, app: TestApp, sign: Sign, video_id: str, name: str, value: str
    ) -> None:
        """One form each, and 400 for any other."""
        refused(app, sign(video_id) | {name: value}, 400, "malformed_signature")

    def test_paths_in_names(self, app: TestApp, tus: Tus, admin: Person) -> None:
        """Only the last part counts."""
        tus.create(5, "../../evil.mp4", body=b"12345")

        app.get("/dav/files/admin/Omegastream/evil.mp4", headers=admin.basic)


def begin_raw(app: TestApp, headers: dict[str, str]) -> TestResponse:
    """A creation with headers that no client could send."""
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers.items()
    }
    given = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    request = {"headers": given, "extra_environ": environ, "status": "*"}
    return app.post("/tusupload", b"", **request)
