"""Moving large content, and making sure that it arrived as it was sent."""

import hashlib
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

from benchmarks.harness.site import Site, WrongAnswer

MIB: Final = 1024 * 1024
PATTERN: Final = os.urandom(MIB)
"""Large files repeat this."""

_VERSION: Final = {"Tus-Resumable": "1.0.0"}
CHUNK_BYTES: Final = 10_000_000


def put(site: Site, path: str, size: int) -> float:
    """Send a file of so many MiB on one connection; the MiB."""
    with site.asking() as connection:
        headers = site.headers({"Content-Length": str(size * MIB)})
        block = memoryview(PATTERN)
        body = (block for _ in range(size))
        connection.request("PUT", site.root + path, body, headers)
        answer = connection.getresponse()
        answer.read()
    if answer.status not in {200, 201, 204}:
        raise WrongAnswer(f"{site.name}: PUT: {answer.status}")
    return size


def get(site: Site, path: str, size: int, *, is_checked: bool = False) -> float:
    """Read a file of so many MiB; the MiB. Checked, also every byte, which takes time.

    Raises:
        WrongAnswer: status, length or content are not right.
    """
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(MIB))
    length = 0
    with site.asking() as connection:
        connection.request("GET", site.root + path, headers=site.headers())
        answer = connection.getresponse()
        while count := answer.readinto(buffer):
            length += count
            if is_checked:
                digest.update(buffer[:count])
    if answer.status != 200 or length != size * MIB:
        raise WrongAnswer(f"{site.name}: GET: {answer.status}, {length} bytes")
    if is_checked and digest.digest() != digest_of(size):
        raise WrongAnswer(f"{site.name}: GET: other bytes than were sent")
    return size


def digest_of(size: int) -> bytes:
    """SHA-256 of a large file."""
    digest = hashlib.sha256()
    for _ in range(size):
        digest.update(PATTERN)
    return digest.digest()


def create_upload(site: Site, folder: str, name: str, length: int) -> str:
    """Begin a tus upload; the path of its URL."""
    filename = b64encode(name.encode()).decode()
    metadata = {"Upload-Metadata": f"filename {filename}"}
    headers = _VERSION | {"Upload-Length": str(length)} | metadata
    answer, _ = site.ask("POST", folder, headers=headers, expect=(201,))
    return urlsplit(answer.headers["Location"]).path


def patches(
    site: Site, url: str, length: int, *, reconnects: bool = False
) -> Iterator[float]:
    """Send everything in chunks; the seconds of each, connecting included.

    Raises:
        WrongAnswer: status or offset are not right.
    """
    content = memoryview(PATTERN * (CHUNK_BYTES // MIB + 2))
    connection = site.connect()
    try:
        for offset in range(0, length, CHUNK_BYTES):
            first = offset % MIB
            body = content[first : first + min(CHUNK_BYTES, length - offset)]
            began = time.perf_counter()
            if reconnects:
                connection.close()
                connection = site.connect()
            _patch(site, connection, url, offset, body)
            yield time.perf_counter() - began
    finally:
        connection.close()


def _patch(
    site: Site, connection: HTTPConnection, url: str, offset: int, body: memoryview
) -> None:
    headers = _VERSION | {
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(len(body)),
    }
    connection.request("PATCH", url, body, headers)
    answer = connection.getresponse()
    answer.read()
    reached = answer.headers["Upload-Offset"]
    if answer.status != 204 or reached != str(offset + len(body)):
        raise WrongAnswer(f"{site.name}: PATCH: {answer.status}, offset {reached}")
