"""`ocsync omegastream key` and `ocsync picora key`: keys of other upload APIs."""

from collections.abc import Callable
from datetime import timedelta

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import iso, print_json, print_rows
from ocsync.cli.quantities import DurationType
from ocsync.datadir import read_secrets
from ocsync.dialects.issuing import named_space
from ocsync.dialects.mounts import omegastream_keys, picora_keys
from ocsync.library import open_library
from ocsync.settings import (
    LoadedSettings,
    OmegastreamSettings,
    PicoraSettings,
    Settings,
)
from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.clock import to_microseconds
from spaces.errors import UserNotFound
from spaces.ids import TokenId
from spaces.library import Library

_COLUMNS = ("id", "user", "space", "folder", "label", "created", "expires")


@click.group()
def omegastream() -> None:
    """Omegastream's upload API."""


@click.group()
def picora() -> None:
    """Picora's upload API."""


def key_group(
    keys_of: Callable[[Library, Settings], ApiKeys],
    settings_of: Callable[[Settings], OmegastreamSettings | PicoraSettings],
) -> click.Group:
    """The commands for the keys of one API."""

    @click.group("key")
    def group() -> None:
        """API keys: each stands for a user, in one folder of one space."""

    @group.command("create")
    @click.argument("name", metavar="USER")
    @click.option("--space", help="Alias or id; by default the personal space.")
    @click.option("--folder", help="Where files land; by default as it is set.")
    @click.option("--label", default="", help="What the key is for.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @with_settings
    def create(
        *,
        loaded: LoadedSettings,
        name: str,
        space: str | None,
        folder: str | None,
        label: str,
        as_json: bool,
    ) -> None:
        """Make a key for USER and print it: it is shown only now."""
        defaults = settings_of(loaded.settings)
        with open_library(loaded.settings) as library:
            actor = library.accounts.actor(library.accounts.get(name).id)
            if actor is None:
                raise UserNotFound
            found = named_space(library.catalog, actor, space or defaults.space)
            made, secret = keys_of(library, loaded.settings).create(
                actor, found.id, folder=folder or defaults.folder, label=label
            )
            row = _rows(library, [made])[0]
        _show(row, secret, as_json=as_json)

    @group.command("list")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @with_settings
    def list_keys(loaded: LoadedSettings, as_json: bool) -> None:
        """List all keys; their secrets are known only to their holders."""
        with open_library(loaded.settings) as library:
            rows = _rows(library, keys_of(library, loaded.settings).list())
        print_rows(rows, columns=_COLUMNS, as_json=as_json, empty="there are no keys")

    @group.command("revoke")
    @click.argument("key_id", metavar="ID")
    @with_settings
    def revoke(loaded: LoadedSettings, key_id: str) -> None:
        """Make the key with this ID void, at once."""
        with open_library(loaded.settings) as library:
            keys_of(library, loaded.settings).revoke(TokenId(key_id))
        click.echo(f"revoked {key_id}", err=True)

    @group.command("rotate")
    @click.argument("key_id", metavar="ID")
    @click.option(
        "--overlap",
        type=DurationType(),
        metavar="DURATION",
        help="How long the former key works on; by default as it is set.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @with_settings
    def rotate(
        loaded: LoadedSettings, key_id: str, overlap: timedelta | None, as_json: bool
    ) -> None:
        """Make a key in place of the one with this ID, and print it."""
        span = overlap
        if span is None:
            span = settings_of(loaded.settings).key_overlap
        with open_library(loaded.settings) as library:
            made, secret = keys_of(library, loaded.settings).rotate(
                TokenId(key_id), overlap=to_microseconds(span)
            )
            row = _rows(library, [made])[0]
        _show(row, secret, as_json=as_json)

    return group


omegastream.add_command(
    key_group(
        lambda library, settings: omegastream_keys(
            library, read_secrets(settings).url_keys
        ),
        lambda settings: settings.omegastream,
    )
)
picora.add_command(
    key_group(lambda library, _: picora_keys(library), lambda settings: settings.picora)
)


def _show(row: dict[str, object], secret: str, *, as_json: bool) -> None:
    if as_json:
        print_json({**row, "key": secret})
    else:
        click.echo(secret)


def _rows(library: Library, keys: list[ApiKey]) -> list[dict[str, object]]:
    names = {each.id: each.name for each in library.accounts.list()}
    return [
        {
            "id": each.id,
            "user": names.get(each.user_id),
            "space": each.space_id,
            "folder": each.folder,
            "label": each.label,
            "created": iso(each.created_at),
            "expires": iso(each.expires_at),
        }
        for each in keys
    ]
