"""A PostgreSQL server of its own for tests, where its programs are installed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FOLDERS: Final = Path("/usr/lib/postgresql")
_TIME_OUT: Final = 120


def find_programs() -> Path | None:
    """The folder with PostgreSQL's server programs, if there is one."""
    found = sorted(_FOLDERS.glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    name = shutil.which("initdb")
    return None if name is None else Path(name).parent


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """The URL of an empty database, whose server ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="ocsync-pg-"))
    data = folder / "data"
    # PostgreSQL refuses to run as root.
    owner = "postgres" if os.geteuid() == 0 else None
    if owner is not None:
        account = pwd.getpwnam(owner)
        os.chown(folder, account.pw_uid, account.pw_gid)
    port = _free_port()

    def run(*arguments: str) -> None:
        subprocess.run(
            arguments,
            user=owner,
            cwd=folder,
            check=True,
            timeout=_TIME_OUT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    control = (str(programs / "pg_ctl"), "-D", str(data), "-w")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
    try:
        run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "ocsync")
        run(*control, "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://ocsync@127.0.0.1:{port}/postgres"
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
