"""PATCH with `X-Recalculate-Hash`: Nextcloud's way to ask for a file's checksum.

There it must be computed, for any change of a file's time loses it; rclone's vendor
`nextcloud` asks after each. Here it is kept with the content, and just told.
"""

from collections.abc import Iterable
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.request import DavRequest, respond
from ocsync.problems import HttpProblem
from ocsync.wire.malformed import MalformedHeader
from spaces.model import Checksums, Node

_HEADER: Final = "X-Recalculate-Hash"


def send_checksum(
    request: DavRequest, start_response: StartResponse, node: Node
) -> Iterable[bytes]:
    """Answer 204 with the checksum.

    Raises:
        HttpProblem: 415, nothing else can be patched; 405, a folder has none; 409, it
            has not been computed yet.
        MalformedHeader: such checksums are not kept.
    """
    asked = request.header(_HEADER)
    if asked is None:
        raise HttpProblem(415, f"PATCH is for {_HEADER}; files are changed by PUT")
    if node.content is None:
        raise HttpProblem(405, "Only files have checksums")
    algorithm = asked.strip().lower().replace("-", "")
    digest = _digests(node.content.checksums).get(algorithm, "")
    if digest is None:
        raise HttpProblem(409, "This checksum is still being computed")
    if not digest:
        raise MalformedHeader(_HEADER, "expected SHA1, MD5, SHA256 or ADLER32")
    return respond(
        start_response, 204, [("OC-Checksum", f"{algorithm.upper()}:{digest}")]
    )


def _digests(checksums: Checksums) -> dict[str, str | None]:
    return {
        "sha1": checksums.sha1,
        "md5": checksums.md5,
        "sha256": checksums.sha256,
        "adler32": checksums.adler32,
    }
