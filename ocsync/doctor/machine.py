"""The machine: who may read and write the data, room on the disk, open files."""

import os
import resource
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from ocsync.doctor.findings import Finding, problem, warning, well
from ocsync.server.data_lock import LOCK_NAME
from ocsync.settings import DECLARATIONS, LoadedSettings, Settings

StatVfs = Callable[[Path], os.statvfs_result]

_OTHERS: Final = 0o077
_LEAST_BYTES: Final = 200_000_000
_FEW_BYTES: Final = 2_000_000_000
_FEW_SHARE: Final = 0.05
_LEAST_INODES: Final = 1000
_LEAST_FILES: Final = 4096
_FILES_BESIDE: Final = 1024
"""Descriptors that a worker needs for anything but connections."""


def examine_permissions(loaded: LoadedSettings) -> Iterator[Finding]:
    """Whether the server can write its data, and nobody else read its secrets."""
    data = loaded.settings.data
    check = "data folder"
    if not data.is_dir():
        yield problem(
            check,
            f"there is no folder {data}",
            "start the server once, or name the right folder with --data",
        )
        return
    owner = data.stat().st_uid
    try:
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        yield problem(
            check,
            f"{data} cannot be written: {(error.strerror or '').lower()}",
            f"run as the user who owns it (uid {owner}), or `chown -R` it to the user"
            " of the server, and see that the disk is mounted for writing",
        )
    else:
        yield well(check, f"{data} can be written")
    if owner != os.geteuid():
        yield warning(
            check,
            f"{data} belongs to uid {owner}, and this is uid {os.geteuid()}",
            "run the doctor as the user of the server: it sees what the server sees",
        )
    yield from _secrets(loaded)


def _secrets(loaded: LoadedSettings) -> Iterator[Finding]:
    check = "secrets"
    data = loaded.settings.data
    guilty = [path for path in _secret_files(loaded) if _is_open(path)]
    for path in guilty:
        yield problem(
            check,
            f"{path} can be read by other users: they could sign in as anybody",
            f"chmod 600 {path}; then renew what is in it (see Keys in the manual)",
        )
    if _is_open(data):
        yield warning(
            check, f"{data} is open to other users of this machine", f"chmod 700 {data}"
        )
    elif not guilty:
        yield well(check, "only their owner can read them")


def _secret_files(loaded: LoadedSettings) -> Iterator[Path]:
    yield from sorted(loaded.settings.data.glob("*.json"))
    key = loaded.settings.server.tls_key
    if key is not None and key.exists():
        yield key
    for source in _files_with_secrets(loaded.sources):
        yield Path(source)


def _files_with_secrets(sources: Mapping[str, str]) -> set[str]:
    secret = {each.key for each in DECLARATIONS if each.is_secret}
    return {
        source.removeprefix("file ")
        for key, source in sources.items()
        if key in secret and source.startswith("file ")
    }


def _is_open(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & _OTHERS)


def examine_room(settings: Settings, *, statvfs: StatVfs) -> Iterator[Finding]:
    """Whether the disks have bytes and inodes left."""
    for name, folder in _folders(settings):
        if not folder.is_dir():
            continue
        found = statvfs(folder)
        yield _bytes_left(f"disk of {name}", folder, found)
        yield _inodes_left(f"inodes of {name}", folder, found)


def _folders(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "data", settings.data
    blobs = urlsplit(settings.blob_url)
    if blobs.scheme == "file":
        path = Path(unquote(blobs.path))
        if not path.is_relative_to(settings.data):
            yield "content", path


def _bytes_left(check: str, folder: Path, found: os.statvfs_result) -> Finding:
    free, total = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    words = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB are free at {folder}"
    fix = (
        "make room: empty trash and versions (`keep` in the settings), move the data,"
        " or enlarge the disk; uploads are refused with 507 when it is full"
    )
    if free < _LEAST_BYTES:
        return problem(check, words, fix)
    if free < _FEW_BYTES or free < total * _FEW_SHARE:
        return warning(check, words, fix)
    return well(check, words)


def _inodes_left(check: str, folder: Path, found: os.statvfs_result) -> Finding:
    if not found.f_files:
        return well(check, f"the file system of {folder} does not run out of them")
    words = f"{found.f_favail} of {found.f_files} are free at {folder}"
    fix = "remove small files, or make a file system with more inodes (mkfs -N)"
    if found.f_favail < _LEAST_INODES:
        return problem(check, words, fix)
    if found.f_favail < found.f_files * _FEW_SHARE:
        return warning(check, words, fix)
    return well(check, words)


def examine_limits(settings: Settings) -> Iterator[Finding]:
    """Whether the server may have as many files open as it takes connections."""
    check = "open files"
    running = _limit_of_server(settings.data)
    limit, whose = running or (_limit_here(), "this shell")
    words = f"{whose} may have {limit} files open"
    wanted = settings.server.max_connections + _FILES_BESIDE
    fix = (
        f"LimitNOFILE={max(65536, wanted)} in the systemd unit, `ulimit -n` in a shell;"
        " or lower server.max_connections"
    )
    if limit < min(_LEAST_FILES, wanted):
        yield problem(check, words, fix)
    elif limit < wanted:
        yield warning(
            check, f"{words}, and {wanted} would be used by every connection", fix
        )
    else:
        yield well(check, words)


def _limit_here() -> int:
    """The hard one: the server lifts the soft one by itself."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**31 if hard == resource.RLIM_INFINITY else hard


def _limit_of_server(data: Path) -> tuple[int, str] | None:
    """The limit of the running server, where the system tells it."""
    try:
        pid = int((data / LOCK_NAME).read_text())
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        if line.startswith("Max open files"):
            soft = line.split()[3]
            count = int(soft) if soft.isdecimal() else 2**31
            return count, f"the server (process {pid})"
    return None
