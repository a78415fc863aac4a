"""The whole examination, in an order in which causes come before effects.

What cannot be looked at because something before it is broken is left out: the first
finding is the one to act on.
"""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from ocsync.client.connection import Http
from ocsync.client.credentials import Credentials, bearer
from ocsync.client.stopping import Stop
from ocsync.datadir import DataFolderError
from ocsync.doctor import certificates, clients, machine, outside, passing, storage
from ocsync.doctor.findings import Finding, Verdict
from ocsync.library import open_library
from ocsync.settings import LoadedSettings, SettingsError
from spaces.clock import SECOND, Instant
from spaces.errors import SpacesError
from spaces.library import Library
from spaces.model import User

_TIMEOUT_SECONDS: Final = 20.0
_TOKEN_AGE: Final = 600 * SECOND
_LABEL: Final = "ocsync doctor"
_CLOSED: Final = (
    DataFolderError,
    OSError,
    SettingsError,
    SpacesError,
    SQLAlchemyError,
)
"""What keeps a library from being opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """How to look at an installation."""

    loaded: LoadedSettings
    is_quick: bool = False
    ca_file: Path | None = None
    statvfs: machine.StatVfs = os.statvfs
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self) -> Iterator[Finding]:
        """Everything there is to say, as it is found."""
        settings = self.loaded.settings
        yield from machine.examine_permissions(self.loaded)
        yield from machine.examine_room(settings, statvfs=self.statvfs)
        yield from machine.examine_limits(settings)
        yield from storage.examine_store(settings)
        if settings.server.tls_cert is not None:
            path = settings.server.tls_cert
            yield from certificates.examine_file(path, now=self.now())
        yield from outside.examine_url(settings.server)
        with ExitStack() as stack:
            try:
                library = stack.enter_context(open_library(settings))
            except _CLOSED as error:
                yield storage.explain_closed(settings, error)
                library = None
            if library is not None:
                yield from self._look_inside(library)
            yield from self._look_outside(library)

    def _look_inside(self, library: Library) -> Iterator[Finding]:
        yield from storage.examine_database(
            self.loaded.settings, library, is_quick=self.is_quick
        )
        try:
            yield from storage.examine_accounts(library)
        except SQLAlchemyError as error:
            yield storage.explain_closed(self.loaded.settings, error)

    def _look_outside(self, library: Library | None) -> Iterator[Finding]:
        server = self.loaded.settings.server
        with self._http(Credentials()) as http:
            found = list(outside.examine_server(http, server))
        yield from found
        runs = all(each.verdict is not Verdict.PROBLEM for each in found)
        url = server.url or outside.local_url(server)
        if url is None or not (runs or server.url):
            return
        shown = certificates.examine_site(url, ca_file=self.ca_file, now=self.now())
        is_believed = True
        for each in shown:
            yield each
            is_believed = is_believed and each.verdict is not Verdict.PROBLEM
        if library is not None and runs and is_believed:
            yield from self._visit(url, library)

    def _visit(self, url: str, library: Library) -> Iterator[Finding]:
        """Knock as an administrator, with a token of ten minutes."""
        server = self.loaded.settings.server
        user = _administrator(library)
        if user is None:
            return
        try:
            token = _lend_token(library, user)
        except (SpacesError, SQLAlchemyError) as error:
            yield storage.explain_closed(self.loaded.settings, error)
            return
        with token as secret, self._http(Credentials(((url, bearer(secret)),))) as http:
            visit = outside.Visit(url=url, http=http, user=user.name)
            answered = list(outside.examine_answer(visit, now=self.now()))
            yield from answered
            if not any(each.check == "clock" for each in answered):
                return
            yield from outside.examine_proxies(visit, server)
            yield from passing.examine_buffering(visit)
            yield from passing.examine_methods(visit)
            yield from clients.examine_clients(visit)

    @contextmanager
    def _http(self, credentials: Credentials) -> Iterator[Http]:
        """Connections for one visit."""
        http = Http(
            credentials=credentials,
            stop=Stop(),
            timeout=_TIMEOUT_SECONDS,
            tls=lambda: ssl.create_default_context(cafile=self.ca_file),
        )
        try:
            yield http
        finally:
            http.close()


def _administrator(library: Library) -> User | None:
    for each in library.accounts.list():
        if each.is_admin and each.disabled_at is None:
            return each
    return None


@contextmanager
def _lend_token(library: Library, user: User) -> Iterator[str]:
    """A token that works for as long as the block, and at most ten minutes."""
    with library.database.read() as connection:
        expires_at = Instant(library.database.now(connection) + _TOKEN_AGE)
    made, secret = library.accounts.create_token(
        user.id, label=_LABEL, expires_at=expires_at
    )
    try:
        yield secret
    finally:
        library.accounts.revoke_token(user.id, made.id)
