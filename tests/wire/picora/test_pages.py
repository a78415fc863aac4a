"""Picora: which web pages may call it, and that it can be switched off."""

import pytest
from webtest import TestApp


class TestPages:
    """CORS."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """One origin."""
        return {"picora.origins": "https://app.example"}

    def test_only_chosen_pages(self, app: TestApp) -> None:
        """They may send the document's headers and read its own."""
        asked = {
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "PATCH",
        }

        answer = app.options("/v1/uploads", headers=asked)
        other = app.options("/v1/uploads", headers=asked | {"Origin": "https://b.ex"})

        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert "X-Picora-Client" in answer.headers["Access-Control-Allow-Headers"]
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert "X-Picora-Resource-Id" in exposed
        assert "X-Picora-Duplicate" in exposed
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Access-Control-Allow-Origin" not in other.headers


def test_no_page_by_default(app: TestApp) -> None:
    """Keys are credentials: no origin is let in unless it is named."""
    for url in ("/v1/uploads", "/v1/images", "/tusupload", "/video"):
        answer = app.options(url, headers={"Origin": "https://a.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers


class TestOff:
    """Switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Off."""
        return {"picora.enabled": False}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """404 on every URL."""
        for url in ("/v1/uploads", "/v1/images", "/v1/videos/x", "/v1/audio/x"):
            app.get(url, status=404)
