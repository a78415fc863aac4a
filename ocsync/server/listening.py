"""Listening sockets: a port, a path, or what systemd hands over.

A port is bound exclusively: no SO_REUSEPORT, so a second server on it fails and says
so, instead of taking every other connection.
"""

import errno
import os
import socket
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

from ocsync.server.options import ServerOptions

_FIRST_PASSED: Final = 3
_WILDCARDS: Final = {"", "*"}


class ServerError(Exception):
    """The server cannot start; the message is one line for the operator."""


def open_listeners(
    options: ServerOptions, environ: MutableMapping[str, str]
) -> list[socket.socket]:
    """The sockets to accept connections on, already listening.

    Sockets that systemd passes win over the options; its variables are taken out of
    the environment, since they are meant for this process alone.

    Raises:
        ServerError: the place is taken or cannot be had.
    """
    listeners = _passed_sockets(environ)
    if not listeners:
        if options.unix_socket is not None:
            listeners = [_open_unix(options)]
        else:
            listeners = [_open_port(options)]
    for listener in listeners:
        listener.listen(options.backlog)
    return listeners


def paths_of(listeners: list[socket.socket], options: ServerOptions) -> list[Path]:
    """The paths made for the listeners, to be removed when they are closed."""
    path = options.unix_socket
    names = [listener.getsockname() for listener in listeners]
    return [path] if path is not None and str(path) in names else []


def describe_listener(listener: socket.socket, *, is_tls: bool) -> str:
    """The URL, or path, under which the server can be reached."""
    address = listener.getsockname()
    if not isinstance(address, tuple):
        return f"unix:{address}"
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{'https' if is_tls else 'http'}://{host}:{address[1]}"


def _passed_sockets(environ: MutableMapping[str, str]) -> list[socket.socket]:
    """Socket activation as in sd_listen_fds(3)."""
    count, process = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if process != str(os.getpid()) or not count.isdigit():
        return []
    listeners = []
    for number in range(_FIRST_PASSED, _FIRST_PASSED + int(count)):
        try:
            listeners.append(socket.socket(fileno=number))
        except OSError as error:
            raise ServerError(f"descriptor {number} from systemd: {error}") from error
        os.set_inheritable(number, False)
    return listeners


def _open_port(options: ServerOptions) -> socket.socket:
    host = "::" if options.host in _WILDCARDS else options.host
    place = f"{options.host or '*'}:{options.port}"
    try:
        found = socket.getaddrinfo(
            host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        # A name like `localhost` has two addresses; everybody knows the IPv4 one.
        family, kind, protocol, _, address = min(found)
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServerError(f"cannot listen on {place}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(options.backlog)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(f"{place} is in use by another program") from error
        raise ServerError(f"cannot listen on {place}: {error.strerror}") from error
    return listener


def _open_unix(options: ServerOptions) -> socket.socket:
    path = options.unix_socket
    assert path is not None
    if path.is_socket() and _is_answered(str(path)):
        raise ServerError(f"{path} is in use by another program")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()  # left by a server that was killed
        listener.bind(str(path))
        path.chmod(options.unix_socket_mode)
    except OSError as error:
        listener.close()
        raise ServerError(f"cannot listen on {path}: {error.strerror}") from error
    return listener


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True
