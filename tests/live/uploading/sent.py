"""What is sent, and how it is looked at afterwards."""

from tests.live.transfer_site import content
from tests.live.tus_site import Site

DATA = content(950_000, "upload")


def stored(site: Site, name: str) -> bytes:
    """The file of this name in the user's own space."""
    return site.read(f"/dav/files/admin/{name}")
