"""`ocsync oidc`: the keys of the embedded OpenID Connect issuer."""

import click

from ocsync.cli.options import with_settings
from ocsync.library import open_library
from ocsync.oidc.keys import Keys
from ocsync.settings import LoadedSettings
from spaces.audit_model import Action


@click.group()
def oidc() -> None:
    """The embedded OpenID Connect issuer."""


@oidc.command("rotate-keys")
@with_settings
def rotate_keys(loaded: LoadedSettings) -> None:
    """Let a new key sign tokens from now on.

    Running servers notice it. The two keys before it still verify what they signed,
    so nobody is logged out. To end what a stolen key can do, rotate three times.
    """
    with open_library(loaded.settings) as library:
        key_id = Keys(folder=loaded.settings.data).rotate()
        library.audit.note(Action.ISSUER_ROTATED, key_id)
    click.echo(f"tokens are signed with key {key_id} now", err=True)
