"""What Omegastream's tests ask of the server."""

import hashlib
from collections.abc import Callable

from webtest import TestApp, TestResponse

from tests.wire.tus_client import Tus

Sign = Callable[..., dict[str, str]]


def headers_of(secret: str, expiration: str, video_id: str) -> dict[str, str]:
    """sha256(apiKey + expiration + videoId), and what it is about."""
    digest = hashlib.sha256(f"{secret}{expiration}{video_id}".encode()).hexdigest()
    return {"Signature": digest, "Expiration": expiration, "Video-Id": video_id}


def make_video(app: TestApp, secret: str, title: str = "Launch") -> str:
    """The Create Video call."""
    headers = {"Authorization": f"Bearer {secret}"}
    answer = app.post_json("/video", {"title": title}, headers=headers, status=201)
    return str(answer.json["videoId"])


def begin(tus: Tus, length: int = 5, *, status: int = 201) -> TestResponse:
    """Create an upload with the metadata of the document's program."""
    pairs = {"filetype": "video/mp4"}
    return tus.create(length, "video.mp4", pairs=pairs, status=status)


def refused(
    app: TestApp, headers: dict[str, str], status: int, code: str
) -> TestResponse:
    """A creation with these headers fails so."""
    answer = begin(Tus(app, "/tusupload", headers), status=status)
    assert answer.json["code"] == code
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    return answer
