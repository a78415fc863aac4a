"""An S3 server as a program of its own, and buckets in it for tests.

    python -m tests.s3_server

prints its port when it listens. It is moto's; with OCSYNC_TEST_S3_ENDPOINT another
server is used instead, whose credentials are in AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from botocore.session import get_session
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend
from werkzeug.serving import make_server

from spaces.blobs.s3.address import S3Address, S3Credentials
from spaces.blobs.s3.bucket import Bucket

ROOT: Final = Path(__file__).parent.parent
KEYS: Final = S3Credentials(
    access_key_id="test-key", secret_access_key="test-secret-word"
)
SMALL_PARTS: Final = 1024
"""The least size of a part on the server for tests that are not about sizes."""


@dataclass(frozen=True)
class S3Server:
    """A server that listens."""

    endpoint: str
    credentials: S3Credentials

    def url(self, bucket: str, prefix: str = "") -> str:
        """What OCSYNC_BLOB_URL would be."""
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}"

    def environ(self) -> dict[str, str]:
        """The credentials, as other S3 programs look for them."""
        return {
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_access_key,
        }

    def make_bucket(self) -> Bucket:
        """A new, empty bucket."""
        name = f"test-{uuid4()}"
        client = get_session().create_client(
            "s3",
            "us-east-1",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
        )
        client.create_bucket(Bucket=name)
        client.close()
        return self.open(name)

    def open(self, name: str) -> Bucket:
        """A bucket that may be there."""
        return Bucket(S3Address.parse(self.url(name)), self.credentials)


@contextmanager
def s3_server(*, least_part_bytes: int | None = None) -> Iterator[S3Server]:
    """A server, stopped at the end of the block.

    `least_part_bytes` is what it demands of every part but the last, S3's own 5 MiB
    if not given.
    """
    endpoint = os.environ.get("OCSYNC_TEST_S3_ENDPOINT")
    if endpoint is not None:
        keys = S3Credentials(
            access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
            secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        )
        yield S3Server(endpoint, keys)
        return
    environ = dict(os.environ)
    if least_part_bytes is not None:
        environ["S3_UPLOAD_PART_MIN_SIZE"] = str(least_part_bytes)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.s3_server"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield S3Server(f"http://127.0.0.1:{port}", KEYS)
    finally:
        process.kill()
        process.wait(timeout=30)
        process.stdout.close()


def mend() -> None:
    """Make moto answer as S3 does where parts are sent for what is gone.

    It fails with 500 there; and it lets two requests complete the same object.
    """
    guard = threading.Lock()
    for name in ("upload_part", "upload_part_copy", "complete_multipart_upload"):
        setattr(S3Backend, name, _mended(getattr(S3Backend, name), guard))


def _mended(
    method: Callable[..., object], guard: threading.Lock
) -> Callable[..., object]:
    def mended(
        backend: S3Backend, bucket: str, upload_id: str, *rest: Any, **more: Any
    ) -> object:
        with guard:
            if upload_id not in backend.get_bucket(bucket).multiparts:
                raise NoSuchUpload(upload_id)
            return method(backend, bucket, upload_id, *rest, **more)

    return mended


def main() -> None:
    """Serve until killed."""
    mend()
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
