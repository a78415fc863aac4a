"""What lies in the staging area, and uploads that stop on their way there."""

from spaces.errors import BlobNotFound
from spaces.upload_model import Upload
from tests.live.harness import until
from tests.live.raw_http import RawClient
from tests.live.tus_site import Site

DATA = bytes(range(256)) * 400


def received(site: Site, path: str) -> int:
    """Bytes that lie in the staging area of an upload, recorded or not."""
    upload = next(
        upload
        for upload in site.library.uploads.list_open()
        if upload.id == path.rpartition("/")[2]
    )
    return staged(site, upload)


def staged(site: Site, upload: Upload) -> int:
    """Bytes that lie in the staging area, recorded or not."""
    try:
        with site.library.blobs.open_staged(upload.blob_id) as reader:
            return reader.size
    except BlobNotFound:
        return 0


def stall(
    site: Site, path: str, data: bytes, length: int, offset: int = 0
) -> RawClient:
    """A connection whose PATCH stops after some bytes, which have all arrived."""
    client = site.connect()
    site.begin(client, path, 0, length)
    client.send(data)
    until(lambda: received(site, path) == len(data))
    return client
