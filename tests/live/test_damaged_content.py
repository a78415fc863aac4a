"""Content that is not what it was: never answered as if it were whole."""

from pathlib import Path

import pytest

from tests.live.tus_site import Site


def tamper(folder: Path, size: int, *, is_cut: bool) -> None:
    """Change the content of this size on the disk, or take its last byte."""
    (blob,) = (
        path
        for path in folder.rglob("blobs/*/*")
        if path.is_file() and path.stat().st_size == size
    )
    blob.chmod(0o600)
    with blob.open("r+b") as file:
        if is_cut:
            file.truncate(size - 1)
        else:
            file.seek(size // 2)
            file.write(b"x")


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("size", [1, 1000, 300_000, 3_000_000, 20_000_000])
def test_damaged_content_is_not_served_as_whole(
    site: Site, tmp_path: Path, size: int, *, is_cut: bool
) -> None:
    """Changed content of one block is answered with 500; else the answer breaks off."""
    path = "/dav/files/admin/file.bin"
    assert site.ask(f"PUT {path}", body=bytes(size)).status == 201
    assert site.ask(f"GET {path}").body == bytes(size)
    tamper(tmp_path, size, is_cut=is_cut)

    try:
        status = site.ask(f"GET {path}").status
    except EOFError:
        status = 0

    assert status == (500 if size == 1 or (size == 1000 and not is_cut) else 0)
