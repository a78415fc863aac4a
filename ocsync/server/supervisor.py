"""Telling systemd how it goes, as in sd_notify(3): a word on a datagram socket.

Without a supervisor there is nobody to tell, and nothing happens.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

READY: Final = "READY=1"
_VARIABLE: Final = "NOTIFY_SOCKET"


def tell_supervisor(environ: Mapping[str, str], word: str) -> None:
    """Say the word to whoever started this process and wants to hear it."""
    address = environ.get(_VARIABLE, "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        # A name in the abstract namespace, as unix(7) has it.
        address = f"\0{address[1:]}"
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link,
    ):
        link.connect(address)
        link.send(word.encode())
