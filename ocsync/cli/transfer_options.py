"""What `ocsync upload` and `download` have in common: options, login, exit code."""

import functools
import os
import ssl
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ocsync.cli.transfer_progress import Report, choose_report
from ocsync.client.connection import Http
from ocsync.client.credentials import (
    TOKEN_VARIABLE,
    Credentials,
    find_credentials,
    has_login,
)
from ocsync.client.errors import ClientError, Stopped
from ocsync.client.stopping import Stop
from ocsync.client.upload import IfExists
from ocsync.client.urls import is_private, parse_url

T = TypeVar("T")

INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The options that both commands take."""

    user: str | None
    token_file: Path | None
    if_exists: IfExists
    checksum: bool
    parallel: int
    retries: int
    timeout: float
    ca_file: Path | None
    insecure: bool
    as_json: bool

    def credentials(self, urls: Iterable[str]) -> Credentials:
        """Who the user is, to each of the servers.

        Raises:
            ClientError: that cannot be found out.
        """
        token = os.environ.get(TOKEN_VARIABLE) or None
        if self.token_file is not None:
            token = self.token_file.read_text().strip()
        found = Credentials()
        for url in urls:
            if has_login(url):
                _warn(
                    "a login in a URL is seen by everybody on this machine:"
                    f" better use --user and {TOKEN_VARIABLE}, or ~/.netrc"
                )
            mine = find_credentials(
                url,
                user=self.user,
                token=token,
                environ=os.environ,
                ask=_ask if sys.stdin.isatty() else None,
            )
            if mine.known and not is_private(parse_url(url)):
                _warn(f"{url.partition(':')[0]} shows the login to everybody between")
            found += mine
        return found

    def connector(self, credentials: Credentials, stop: Stop) -> Callable[[], Http]:
        """Makes the connections of each thread."""
        context = functools.cache(self._tls)
        return lambda: Http(
            credentials=credentials, stop=stop, timeout=self.timeout, tls=context
        )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def run(self, carry: Callable[[Report, Stop], int], verb: str) -> int:
        """Carry files, and tell what becomes of them; the exit code."""
        stop = Stop()
        with choose_report(as_json=self.as_json, verb=verb) as report:
            try:
                failures = carry(report, stop)
            except (KeyboardInterrupt, Stopped):
                stop.now()
                failures = None
        if failures is None:
            _warn("stopped; the same command again goes on from here")
            return INTERRUPTED
        report.sum_up()
        return int(failures > 0)


def transfer_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options; it takes `transfer` in their place."""

    @click.option(
        "-u", "--user", metavar="NAME", help="Who to be; without it the token says so."
    )
    @click.option(
        "--token-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Read the app token from here instead of OCSYNC_TOKEN.",
    )
    @click.option(
        "--if-exists",
        type=click.Choice([each.value for each in IfExists]),
        default=IfExists.REPLACE.value,
        show_default=True,
        help="What to do with names that are taken.",
    )
    @click.option(
        "--checksum/--no-checksum",
        default=True,
        show_default=True,
        help="Have every byte verified.",
    )
    @click.option(
        "-j",
        "--parallel",
        type=click.IntRange(1, 64),
        default=4,
        show_default=True,
        help="Files at the same time.",
    )
    @click.option(
        "--retries",
        type=click.IntRange(0, 1000),
        default=8,
        show_default=True,
        help="Attempts after a failure without any progress.",
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(1),
        default=120,
        show_default=True,
        metavar="SECONDS",
        help="How long a server may say nothing.",
    )
    @click.option(
        "--ca-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Authorities (PEM) to trust, instead of the system's.",
    )
    @click.option(
        "--insecure", is_flag=True, help="Do not look at certificates at all."
    )
    @click.option(
        "--json", "as_json", is_flag=True, help="Print what happens as JSON lines."
    )
    @functools.wraps(command)
    def wrapper(
        *,
        user: str | None,
        token_file: Path | None,
        if_exists: str,
        checksum: bool,
        parallel: int,
        retries: int,
        timeout: float,
        ca_file: Path | None,
        insecure: bool,
        as_json: bool,
        **options: Any,
    ) -> T:
        """Put the options together, then run the command."""
        transfer = Transfer(
            user=user,
            token_file=token_file,
            if_exists=IfExists(if_exists),
            checksum=checksum,
            parallel=parallel,
            retries=retries,
            timeout=timeout,
            ca_file=ca_file,
            insecure=insecure,
            as_json=as_json,
        )
        try:
            return command(transfer=transfer, **options)
        except ClientError as error:
            raise click.ClickException(str(error)) from error

    return wrapper


def _ask(user: str) -> str:
    password: str = click.prompt(f"Password of {user}", hide_input=True, err=True)
    return password


def _warn(text: str) -> None:
    click.echo(f"ocsync: {text}", err=True)
