"""The requests that are made to a bucket, with their errors in the domain's words.

The only module that imports botocore. Every request has time-outs and is tried again
a bounded number of times; bodies are bytes in memory, so that they can be. What the
objects mean is not known here.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.response import StreamingBody
from botocore.session import get_session

from spaces.blobs.s3.address import S3Address, S3Credentials
from spaces.blobs.s3.meanings import Meaning, describe, find_meaning
from spaces.errors import BlobNotFound, StorageFull, StoreUnavailable

_CONNECTIONS: Final = 256
"""More than a process usually has threads, so that none waits for a connection."""
_USUAL_REGION: Final = "us-east-1"
_LISTED_AT_ONCE: Final = 1_000
_OPTIONAL: Final = "ListMultipartUploads"
"""The one request that a service may lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one request may take at each step, and how often it is tried."""

    connect_seconds: float = 5
    read_seconds: float = 30
    tries: int = 4


_USUAL_PATIENCE: Final = Patience()


class MultipartGone(Exception):
    """The parts are not kept any more: joined by somebody, or given up."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part as S3 has it."""

    number: int
    size: int
    etag: str


class Download:
    """The bytes of an object, or of a range of it, as they come."""

    def __init__(
        self, body: StreamingBody, size: int, fail: Callable[[Exception], NoReturn]
    ) -> None:
        self._body = body
        self._fail = fail
        self.size = size

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """The next bytes; 0 at the end.

        Raises:
            StoreUnavailable: the transfer broke off.
        """
        try:
            return self._body.readinto(buffer)
        except (BotoCoreError, OSError) as error:
            self._fail(error)

    def close(self) -> None:
        """Stop the transfer."""
        self._body.close()


class Bucket:
    """A bucket; thread-safe."""

    def __init__(
        self,
        address: S3Address,
        credentials: S3Credentials | None,
        *,
        patience: Patience = _USUAL_PATIENCE,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self.name = address.bucket
        self._endpoint = address.endpoint or "Amazon S3"
        try:
            self._client = _client(address, credentials, patience)
        except (BotoCoreError, ValueError) as error:
            self._fail(error)

    def put(self, key: str, data: bytes | bytearray) -> None:
        """Store an object; durable when this returns."""
        with self._translated():
            self._client.put_object(
                Bucket=self.name, Key=key, Body=data, ContentMD5=_md5(data)
            )

    def get(self, key: str, start: int, length: int | None) -> Download | None:
        """Read from an object; None if it ends before.

        Raises:
            BlobNotFound: there is no such object.
        """
        more: dict[str, str] = {}
        if start or length is not None:
            end = "" if length is None else str(start + length - 1)
            more["Range"] = f"bytes={start}-{end}"
        try:
            with self._translated():
                answer = self._client.get_object(Bucket=self.name, Key=key, **more)
        except _BeyondTheEnd:
            return None
        return Download(answer["Body"], int(answer["ContentLength"]), self._fail)

    def size(self, key: str) -> int:
        """Bytes of an object.

        Raises:
            BlobNotFound: there is no such object.
        """
        with self._translated():
            answer = self._client.head_object(Bucket=self.name, Key=key)
        return int(answer["ContentLength"])

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""
        with self._translated():
            self._client.delete_object(Bucket=self.name, Key=key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every object below the prefix."""
        for page in self._pages(prefix):
            for each in page.get("Contents", ()):
                yield each["Key"]

    def folders(self, prefix: str) -> Iterator[str]:
        """What is below the prefix, up to the next slash."""
        for page in self._pages(prefix, Delimiter="/"):
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"]

    def require_ready(self, prefix: str) -> None:
        """Refuse a bucket that cannot be used.

        Raises:
            StoreUnavailable: says why in words for whoever runs the server.
        """
        with self._translated():
            self._client.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=1)

    def begin(self, key: str) -> str:
        """Begin an object in parts; the name of its parts."""
        with self._translated():
            answer = self._client.create_multipart_upload(Bucket=self.name, Key=key)
        return cast("str", answer["UploadId"])

    def put_part(
        self, key: str, upload_id: str, number: int, data: bytes | bytearray
    ) -> str:
        """Store a part, in place of one with that number; its ETag.

        Raises:
            MultipartGone: as its name says.
        """
        with self._translated():
            answer = self._client.upload_part(
                Bucket=self.name,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=data,
                ContentMD5=_md5(data),
            )
        return cast("str", answer["ETag"])

    def copy_part(
        self, key: str, upload_id: str, number: int, *, source: str, span: range
    ) -> str:
        """Store bytes of another object as a part, within S3; its ETag.

        Raises:
            BlobNotFound: there is no such object.
            MultipartGone: as its name says.
        """
        with self._translated():
            answer = self._client.upload_part_copy(
                Bucket=self.name,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                CopySource={"Bucket": self.name, "Key": source},
                CopySourceRange=f"bytes={span.start}-{span.stop - 1}",
            )
        tag = answer.get("CopyPartResult", {}).get("ETag")
        if tag is None:
            raise StoreUnavailable(f"{self._endpoint} does not copy parts")
        return cast("str", tag)

    def parts(
        self, key: str, upload_id: str, *, after: int = 0, limit: int | None = None
    ) -> Iterator[StoredPart]:
        """The parts that are there, by their numbers.

        Raises:
            MultipartGone: as its name says.
        """
        marker, is_more = after, True
        while is_more:
            with self._translated():
                page = self._client.list_parts(
                    Bucket=self.name,
                    Key=key,
                    UploadId=upload_id,
                    PartNumberMarker=marker,
                    MaxParts=limit or _LISTED_AT_ONCE,
                )
            for each in page.get("Parts", ()):
                marker = int(each["PartNumber"])
                yield StoredPart(marker, int(each["Size"]), each["ETag"])
            is_more = limit is None and bool(page.get("IsTruncated"))

    def complete(self, key: str, upload_id: str, etags: Mapping[int, str]) -> None:
        """Join the parts to an object, at once and durably.

        Raises:
            MultipartGone: as its name says; it may have been done already.
        """
        parts = [
            {"PartNumber": number, "ETag": etags[number]} for number in sorted(etags)
        ]
        with self._translated():
            self._client.complete_multipart_upload(
                Bucket=self.name,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": parts},
            )

    def abort(self, key: str, upload_id: str) -> None:
        """Give the parts up; nothing happens if that was done."""
        try:
            with self._translated():
                self._client.abort_multipart_upload(
                    Bucket=self.name, Key=key, UploadId=upload_id
                )
        except (MultipartGone, BlobNotFound):
            return

    def multiparts(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The objects in the making below the prefix: key and name of the parts.

        Nothing, where the service cannot list them.
        """
        more: dict[str, str] = {}
        while True:
            try:
                with self._translated():
                    page = self._client.list_multipart_uploads(
                        Bucket=self.name, Prefix=prefix, **more
                    )
            except (_NotListed, MultipartGone):  # some say that of none at all
                return
            for each in page.get("Uploads", ()):
                yield each["Key"], each["UploadId"]
            if not page.get("IsTruncated"):
                return
            more = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _pages(self, prefix: str, **more: str) -> Iterator[dict[str, Any]]:
        while True:
            with self._translated():
                page = self._client.list_objects_v2(
                    Bucket=self.name, Prefix=prefix, **more
                )
            yield page
            if not page.get("IsTruncated"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            self._refuse(error)
        except (BotoCoreError, OSError) as error:
            self._fail(error)

    def _refuse(self, error: ClientError) -> NoReturn:
        """What an answer of S3 means."""
        code = str(error.response.get("Error", {}).get("Code", ""))
        match find_meaning(code):
            case Meaning.MULTIPART_GONE:
                raise MultipartGone from error
            case Meaning.BEYOND_THE_END:
                raise _BeyondTheEnd from error
            case Meaning.MISSING:
                raise BlobNotFound from error
            case Meaning.FULL:
                raise StorageFull from error
            case Meaning.NOT_IMPLEMENTED if error.operation_name == _OPTIONAL:
                raise _NotListed from error
            case meaning:
                reason = describe(
                    meaning,
                    code,
                    operation=error.operation_name,
                    bucket=self.name,
                    endpoint=self._endpoint,
                )
                raise StoreUnavailable(reason) from error

    def _fail(self, error: Exception) -> NoReturn:
        """What went wrong on the way to S3."""
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            reason = (
                "there are no credentials for S3: set AWS_ACCESS_KEY_ID and"
                " AWS_SECRET_ACCESS_KEY, or storage.s3_access_key_id and its secret"
            )
        else:
            reason = f"cannot reach {self._endpoint}: {type(error).__name__}"
        raise StoreUnavailable(reason) from error


class _NotListed(Exception):
    """The service cannot list objects in the making."""


class _BeyondTheEnd(Exception):
    """The object ends before the range begins."""


def _client(
    address: S3Address, credentials: S3Credentials | None, patience: Patience
) -> BaseClient:
    keys: dict[str, str] = {}
    if credentials is not None:
        keys = {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
        }
    # A service of somebody else's does not care for the region, but it is signed.
    region = address.region or (_USUAL_REGION if address.endpoint else None)
    return get_session().create_client(
        "s3",
        region,
        endpoint_url=address.endpoint,
        config=Config(
            connect_timeout=patience.connect_seconds,
            read_timeout=patience.read_seconds,
            retries={"mode": "standard", "total_max_attempts": patience.tries},
            max_pool_connections=_CONNECTIONS,
            # Checksums in trailers are not understood everywhere; Content-MD5 is.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if address.uses_paths else "virtual"},
        ),
        **keys,
    )


def _md5(data: bytes | bytearray) -> str:
    """By which S3 finds out whether it got what was sent."""
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")
