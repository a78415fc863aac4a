"""The first start: what makes an empty folder a server that one can log in to.

Data folder, schema and secrets are made by their owners when they are first opened;
here the first account is, and the words for whoever sits at the terminal.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final

from ocsync._version import __version__
from ocsync.datadir import read_secrets
from ocsync.settings import Settings
from spaces.errors import AlreadyExists
from spaces.library import Library

_PASSWORD_BYTES: Final = 15


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """The account just made. `password` is set only if it was generated."""

    name: str
    password: str | None = field(default=None, repr=False)


def generate_password() -> str:
    """A password that nobody guesses and everybody can type."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def found(settings: Settings, library: Library) -> FirstAccount | None:
    """Make the first account and the secrets; None if there are accounts already.

    Raises:
        NameRefused: the administrator's name in the settings is none.
        PasswordRefused: the password in the settings is not allowed.
        DataFolderError: the secrets cannot be kept.
    """
    read_secrets(settings)
    if library.accounts.list():
        return None
    auth = settings.auth
    generated = None if auth.admin_password is not None else generate_password()
    try:
        library.accounts.create(
            auth.admin_name,
            auth.admin_password or generated,
            display_name=auth.admin_name.capitalize(),
            is_admin=True,
        )
    except AlreadyExists:
        return None
    return FirstAccount(auth.admin_name, generated)


def next_steps(account: FirstAccount) -> str:
    """Three lines: how to log in, with which programs, and how to go on."""
    login = f"Log in as {account.name} with the password that you set."
    if account.password is not None:
        login = (
            f"Log in as {account.name} with the password {account.password}"
            " (it is shown only now)."
        )
    files = f"/dav/files/{account.name}/"
    return (
        f"{login}\n"
        f"Any ownCloud client takes the server's URL; WebDAV is at {files} below it.\n"
        "More: ocsync user add NAME, ocsync token create NAME, ocsync config show."
    )


def greeting(settings: Settings, addresses: list[str]) -> str:
    """What to print once the server listens at the addresses."""
    where = " and ".join(addresses)
    if settings.server.url is not None:
        where = f"{settings.server.url} at {where}"
    return f"ocsync {__version__} serves {where} from {settings.data}"
