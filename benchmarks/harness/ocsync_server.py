"""ocsync as people get it: `ocsync serve` with an account and an app token."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.harness.processes import free_port, started
from benchmarks.harness.site import EVERYTHING, Site
from ocsync import __version__
from ocsync.library import open_library
from ocsync.settings import load_settings
from spaces.hashing import Hashing
from spaces.library import Library
from spaces.model import Actor
from spaces.policy import Policy
from spaces.sweeper import Sweeper

Login = tuple[str, str]
ACCOUNT: Final = "bench"
PROMISES: Final = {
    "safe": "file, folder and database synced",
    "fast": "nothing is synced",
}


@contextmanager
def opened(data: Path, durability: str) -> Iterator[Library]:
    """The library in a data folder, made where there is none."""
    overrides = {"storage.data": data, "storage.durability": durability}
    settings = load_settings(environ={}, overrides=overrides).settings
    with open_library(settings, create=True) as library:
        yield library


def add_account(library: Library, name: str = ACCOUNT) -> tuple[Actor, Login]:
    """A new account; who it is, and what logs it in."""
    user = library.accounts.create(
        name, "benchmark-password", display_name="", mail="", is_admin=True
    )
    return Actor(user.id, user.name), new_login(library, name)


def new_login(library: Library, name: str = ACCOUNT) -> Login:
    """An account's name, and a new app token for it."""
    user = library.accounts.get(name)
    _, secret = library.accounts.create_token(user.id, label="benchmark")
    return name, secret


def seen_by(site: Site, login: Login) -> Site:
    """The same server as another account sees it."""
    return replace(site, root=f"/dav/files/{login[0]}/", login=login)


def prepared(data: Path, durability: str) -> Login:
    """Make a data folder with an account; what logs it in."""
    with opened(data, durability) as library:
        return add_account(library)[1]


def serve_command(data: Path, durability: str, port: int) -> list[str]:
    """How the server is started."""
    command = [sys.executable, "-m", "ocsync", "serve", "--port", str(port)]
    command += ["--data", str(data), "--set", f"storage.durability={durability}"]
    return command


@contextmanager
def serving(data: Path, durability: str, login: Login | None) -> Iterator[Site]:
    """The running server of a data folder."""
    port = free_port()
    command = serve_command(data, durability, port)
    with started(command, port=port, log=data.parent / f"{data.name}.log") as pid:
        yield Site(
            name=f"ocsync {durability}",
            version=__version__,
            durability=PROMISES[durability],
            port=port,
            pid=pid,
            root=f"/dav/files/{ACCOUNT}/",
            login=login,
            can=EVERYTHING | {"tus"},
        )


def clear(site: Site, paths: Sequence[str], data: Path, durability: str) -> None:
    """Remove files for good, and complete the checksums of all others.

    The server would do both soon after; what is measured next must not pay for it.
    """
    for path in paths:
        site.ask("DELETE", path)
    with opened(data, durability) as library:
        if paths:
            site.ask("DELETE", f"/dav/trash-bin/{ACCOUNT}", expect=(204,))
            _sweeper(library).sweep()
        Hashing(database=library.database, blobs=library.blobs).complete()


def _sweeper(library: Library) -> Sweeper:
    """One that waits for nobody who may still be reading what was removed."""
    return Sweeper(
        database=library.database,
        blobs=library.blobs,
        policy=Policy(blob_grace_age=0),
        uploads=library.uploads,
    )
