"""Omegastream: which web pages may call it, and that it can be switched off."""

import pytest
from webtest import TestApp


class TestPages:
    """CORS for chosen origins."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """The server's own list counts as well."""
        return {"cors.origins": "https://app.example"}

    def test_signature_headers_may_be_sent(self, app: TestApp) -> None:
        """And nothing is let in with cookies."""
        asked = {
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
        }

        answer = app.options("/tusupload", headers=asked)

        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        allowed = answer.headers["Access-Control-Allow-Headers"]
        assert all(name in allowed for name in ("Signature", "Expiration", "Video-Id"))
        assert "Access-Control-Allow-Credentials" not in answer.headers


class TestOff:
    """Switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Off."""
        return {"omegastream.enabled": False}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """404 on every URL."""
        for url in ("/video", "/video/x", "/tusupload", "/tusupload/x"):
            app.get(url, status=404)
