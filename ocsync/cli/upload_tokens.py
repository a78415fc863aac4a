"""`ocsync token upload`: tokens with which an app may put files into one folder."""

from datetime import timedelta

import click

from ocsync.auth.upload_tokens import UploadTokens
from ocsync.cli.options import with_settings
from ocsync.cli.output import print_json
from ocsync.cli.quantities import SizeType
from ocsync.datadir import read_secrets
from ocsync.dialects.issuing import TokenIssuer
from ocsync.library import open_library
from ocsync.settings import LoadedSettings, Settings
from ocsync.settings.quantities import parse_duration
from spaces.accounts import Accounts
from spaces.catalog import Catalog
from spaces.errors import SpaceNotFound
from spaces.library import Library
from spaces.model import Actor, Role


def _age(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> timedelta | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("upload")
@click.option("--space", help="Alias or id; by default a personal space.")
@click.option("--folder", help="Where files land; by default as it is set.")
@click.option(
    "--user",
    "name",
    help="Whom the files are from; by default who manages the space.",
)
@click.option("--max-size", type=SizeType(), help="Of each file, such as 2GB.")
@click.option(
    "--expires", callback=_age, metavar="DURATION", help="Such as 7d; see `pulse`."
)
@click.option("--server", help="URL that the app shall use; by default our own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the link.")
@with_settings
def upload(
    *,
    loaded: LoadedSettings,
    space: str | None,
    folder: str | None,
    name: str | None,
    max_size: int | None,
    expires: timedelta | None,
    server: str | None,
    as_json: bool,
) -> None:
    """Make an upload token for Pulse Cam, and print it.

    On the next line stands the link for the app.
    """
    settings = loaded.settings
    space = space or settings.pulse.space
    with open_library(settings) as library:
        issuer = TokenIssuer(
            settings=settings.pulse,
            catalog=library.catalog,
            tokens=UploadTokens(
                keys=read_secrets(settings).url_keys, clock=library.uploads.now
            ),
            audit=library.audit,
        )
        issued = issuer.issue(
            _maker(library, name, space),
            server=(server or _own_url(settings)).rstrip("/"),
            space=space,
            folder=folder,
            max_bytes=max_size,
            age=expires,
        )
    if as_json:
        print_json(issued.document())
    else:
        click.echo(issued.token)
        click.echo(issued.link)


def _maker(library: Library, name: str | None, space: str | None) -> Actor:
    """On whose behalf the token is made."""
    accounts = library.accounts
    if name is not None:
        actor = accounts.actor(accounts.get(name).id)
    elif space is None:
        raise click.UsageError("name a --space, or a --user whose personal space it is")
    else:
        actor = _manager(accounts, library.catalog, space)
    if actor is None:
        raise click.UsageError("nobody with an active account manages the space")
    return actor


def _manager(accounts: Accounts, catalog: Catalog, name: str) -> Actor | None:
    """An active account that manages the space, its owner first."""
    for user in accounts.list():
        actor = accounts.actor(user.id)
        if actor is None or not actor.is_admin:
            continue
        for found in catalog.list(actor, all=True):
            if name not in {found.id, found.alias}:
                continue
            managers = [
                member.user_id
                for member in catalog.members(actor, found.id)
                if member.role is Role.MANAGER
            ]
            managers.sort(key=lambda user_id: user_id != found.owner_id)
            active = map(accounts.actor, managers)
            return next((each for each in active if each is not None), None)
    raise SpaceNotFound


def _own_url(settings: Settings) -> str:
    server = settings.server
    scheme = "https" if server.has_tls else "http"
    return server.url or f"{scheme}://{server.host}:{server.port}"
