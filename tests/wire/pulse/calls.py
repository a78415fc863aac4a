"""What Pulse Cam's tests ask of the server."""

from webtest import TestApp, TestResponse

from tests.wire.tus_client import Tus, path_of

MIB = 1024 * 1024
NAME = "draft-f47ac10b-58cc-4372-a567-0e02b2c3d479.mp4"


def begin(tus: Tus, length: int, *, status: int = 201) -> TestResponse:
    """Create an upload as the app does: with a length and nothing else."""
    return tus.create(length, None, status=status)


def send(tus: Tus, content: bytes) -> str:
    """Send a whole upload in pieces of 1 MiB; its id."""
    path, offset = path_of(begin(tus, len(content))), 0
    while offset < len(content):
        answer = tus.patch(path, offset, content[offset : offset + MIB])
        offset = int(answer.headers["Upload-Offset"])
    return path.rpartition("/")[2]


def finalize(
    app: TestApp,
    upload_id: object,
    token: str | None,
    name: object = NAME,
    *,
    status: int | str = 200,
    in_body: str | None = None,
) -> TestResponse:
    """The app's last request."""
    content = {"uploadId": upload_id, "filename": name, "userId": "anonymous"}
    if in_body is not None:
        content["uploadToken"] = in_body
    headers = {} if token is None else {"X-Upload-Token": token}
    return app.post_json("/uploads/finalize", content, headers=headers, status=status)
