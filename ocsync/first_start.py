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


def greeting(settings: Settings, address: str, account: FirstAccount | None) -> str:
    """What to print once the server listens at the address."""
    url = settings.server.url or address
    lines = [f"ocsync {__version__} serves {url} from {settings.data}"]
    if account is not None:
        lines += _next_steps(url, account)
    return "\n".join(lines)


def _next_steps(url: str, account: FirstAccount) -> list[str]:
    """Three lines: who to log in as, where, and how to go on."""
    name = account.name
    login = f"Log in as {name} with the password you set."
    if account.password is not None:
        login = f"Log in as {name} with the password {account.password} (shown once)."
    return [
        login,
        f"Files by WebDAV: {url}/dav/files/{name}/   sync clients: {url}",
        "More accounts: ocsync user add NAME   all settings: ocsync config show",
    ]
