"""`ocsync user` and `ocsync token`: accounts and what programs log in with."""

import sys
from datetime import timedelta

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import iso, print_json, print_rows
from ocsync.cli.quantities import DurationType
from ocsync.first_start import generate_password
from ocsync.library import open_library
from ocsync.settings import LoadedSettings
from spaces.clock import Instant, to_microseconds
from spaces.library import Library
from spaces.model import AppToken, User


@click.group()
def user() -> None:
    """Accounts: add, list, change, delete."""


@user.command("add")
@click.argument("name")
@click.option("--display-name", default="", help="Shown to others; by default NAME.")
@click.option("--mail", default="", help="Mail address.")
@click.option("--admin", is_flag=True, help="May administer spaces and accounts.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@with_settings
def add_user(
    *,
    loaded: LoadedSettings,
    name: str,
    display_name: str,
    mail: str,
    admin: bool,
    password_stdin: bool,
) -> None:
    """Add the account NAME, with its personal space.

    Without --password-stdin the password is asked for; where nobody can be asked,
    one is generated and printed.
    """
    with open_library(loaded.settings) as library:
        password, is_generated = _new_password(from_stdin=password_stdin)
        added = library.accounts.create(
            name, password, display_name=display_name, mail=mail, is_admin=admin
        )
    click.echo(f"added {added.name}", err=True)
    if is_generated:
        click.echo(password)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_users(loaded: LoadedSettings, as_json: bool) -> None:
    """List all accounts."""
    with open_library(loaded.settings) as library:
        found = library.accounts.list()
    print_rows(
        map(_user_row, found),
        columns=("name", "display_name", "mail", "is_admin", "is_disabled", "created"),
        as_json=as_json,
        empty="there are no accounts",
    )


@user.command("password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@with_settings
def set_password(loaded: LoadedSettings, name: str, password_stdin: bool) -> None:
    """Set the password of NAME.

    Whoever is logged in with the old one is out.
    """
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        password, is_generated = _new_password(from_stdin=password_stdin)
        library.accounts.set_password(account.id, password)
    click.echo(f"changed the password of {account.name}", err=True)
    if is_generated:
        click.echo(password)


@user.command("change")
@click.argument("name")
@click.option("--display-name", default=None, help="Shown to others.")
@click.option("--mail", default=None, help="Mail address.")
@click.option(
    "--admin/--no-admin", default=None, help="May administer spaces and accounts."
)
@with_settings
def change_user(
    *,
    loaded: LoadedSettings,
    name: str,
    display_name: str | None,
    mail: str | None,
    admin: bool | None,
) -> None:
    """Change what is given of NAME; the name itself stays."""
    if display_name is None and mail is None and admin is None:
        raise click.UsageError("nothing to change: say what")
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        library.accounts.update(
            account.id, display_name=display_name, mail=mail, is_admin=admin
        )
    click.echo(f"changed {account.name}", err=True)


@user.command("disable")
@click.argument("name")
@with_settings
def disable_user(loaded: LoadedSettings, name: str) -> None:
    """Keep NAME out; account and files stay."""
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        library.accounts.disable(account.id)
    click.echo(f"disabled {account.name}", err=True)


@user.command("enable")
@click.argument("name")
@with_settings
def enable_user(loaded: LoadedSettings, name: str) -> None:
    """Let NAME in again."""
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        library.accounts.enable(account.id)
    click.echo(f"enabled {account.name}", err=True)


@user.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_settings
def delete_user(loaded: LoadedSettings, name: str, yes: bool) -> None:
    """Delete NAME with the personal space and everything in it."""
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        if not yes:
            question = f"Delete {account.name} and all files in the personal space?"
            click.confirm(question, abort=True, err=True)
        library.accounts.delete(account.id)
    click.echo(f"deleted {account.name}", err=True)


class TokenGroup(click.Group):
    """App tokens, and upload tokens from a module of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names."""
        return sorted([*super().list_commands(ctx), "upload"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None if there is none."""
        if cmd_name != "upload":
            return super().get_command(ctx, cmd_name)
        from ocsync.cli.upload_tokens import upload  # noqa: PLC0415  # only now

        return upload


@click.group(cls=TokenGroup)
def token() -> None:
    """App tokens: credentials for one program each."""


@token.command("create")
@click.argument("name", metavar="USER")
@click.option("--label", default="", help="What the token is for.")
@click.option(
    "--expires",
    type=DurationType(),
    metavar="DURATION",
    help="How long the token works, such as 30d; by default it does not expire.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def create_token(
    loaded: LoadedSettings,
    name: str,
    label: str,
    expires: timedelta | None,
    as_json: bool,
) -> None:
    """Make a token for USER and print it: it is shown only now.

    It works as Bearer token, and as password with the user's name.
    """
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        made, secret = library.accounts.create_token(
            account.id, label=label, expires_at=_instant_after(library, expires)
        )
    if as_json:
        print_json({**_token_row(made), "token": secret})
    else:
        click.echo(secret)


@token.command("list")
@click.argument("name", metavar="USER")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_tokens(loaded: LoadedSettings, name: str, as_json: bool) -> None:
    """List the tokens of USER.

    Their secrets are known only to their holders.
    """
    with open_library(loaded.settings) as library:
        found = library.accounts.tokens(library.accounts.get(name).id)
    print_rows(
        map(_token_row, found),
        columns=("id", "label", "created", "expires", "last_used"),
        as_json=as_json,
        empty=f"{name} has no tokens",
    )


@token.command("revoke")
@click.argument("name", metavar="USER")
@click.argument("token_id", metavar="ID")
@with_settings
def revoke_token(loaded: LoadedSettings, name: str, token_id: str) -> None:
    """Take the token with this ID from USER, at once."""
    with open_library(loaded.settings) as library:
        account = library.accounts.get(name)
        known = {str(each.id): each.id for each in library.accounts.tokens(account.id)}
        if token_id not in known:
            raise click.UsageError(
                f"{account.name} has no token with the id {token_id}"
            )
        library.accounts.revoke_token(account.id, known[token_id])
    click.echo(f"revoked {token_id}", err=True)


def _new_password(*, from_stdin: bool) -> tuple[str, bool]:
    """A password from whoever gives it, and whether it was generated."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        password: str = click.prompt(
            "Password", hide_input=True, confirmation_prompt=True, err=True
        )
        return password, False
    return generate_password(), True


def _instant_after(library: Library, duration: timedelta | None) -> Instant | None:
    if duration is None:
        return None
    with library.database.read() as connection:
        now = library.database.now(connection)
    return Instant(now + to_microseconds(duration))


def _user_row(each: User) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "display_name": each.display_name,
        "mail": each.mail,
        "is_admin": each.is_admin,
        "is_disabled": each.disabled_at is not None,
        "created": iso(each.created_at),
    }


def _token_row(each: AppToken) -> dict[str, object]:
    return {
        "id": each.id,
        "label": each.label,
        "created": iso(each.created_at),
        "expires": iso(each.expires_at),
        "last_used": iso(each.last_used_at),
    }
