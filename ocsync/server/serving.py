"""Starts the server as the options say, and returns when it has stopped."""

import logging
import os
import resource
import signal
import socket
from collections.abc import Callable
from typing import Final

from ocsync.server.data_lock import DataLock
from ocsync.server.listening import (
    ServerError,
    describe_listener,
    open_listeners,
    paths_of,
)
from ocsync.server.load import LoadBoard
from ocsync.server.options import ServerOptions
from ocsync.server.parent import Parent
from ocsync.server.tls import load_context
from ocsync.server.worker import AppMaker, Worker, run_worker

_LOG: Final = logging.getLogger("ocsync.server")


def serve(
    options: ServerOptions,
    make_app: AppMaker,
    *,
    on_listening: Callable[[list[str]], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests end, and return.

    `make_app` is called in each worker after it was forked. `on_listening` gets the
    addresses when all workers accept requests; without it they are logged.

    Raises:
        ServerError: the port or the data directory is taken, the certificate cannot
            be used, or a worker cannot start.
    """
    _allow_many_files()
    _require_certificate(options)
    lock = None
    if options.data_directory is not None:
        lock = DataLock(options.data_directory)
    try:
        listeners = open_listeners(options, os.environ)
        _serve_on(listeners, options, make_app, on_listening or _log_addresses)
    finally:
        if lock is not None:
            lock.close()


def _serve_on(
    listeners: list[socket.socket],
    options: ServerOptions,
    make_app: AppMaker,
    on_listening: Callable[[list[str]], None],
) -> None:
    is_tls = options.certificate is not None
    addresses = [describe_listener(item, is_tls=is_tls) for item in listeners]
    paths = paths_of(listeners, options)
    try:
        if options.workers > 1:
            Parent(
                options=options,
                make_app=make_app,
                listeners=listeners,
                on_listening=lambda: on_listening(addresses),
            ).run()
        else:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            run_worker(
                worker=Worker(index=0, workers=1),
                make_app=make_app,
                options=options,
                listeners=listeners,
                board=LoadBoard(workers=1),
                lifeline=None,
                on_ready=lambda: on_listening(addresses),
                stop_signals=(signal.SIGTERM, signal.SIGINT),
            )
    finally:
        for listener in listeners:
            listener.close()
        for path in paths:
            path.unlink(missing_ok=True)


def _require_certificate(options: ServerOptions) -> None:
    """Find out before anything starts whether the workers can load it."""
    try:
        load_context(options)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot use the certificate {options.certificate}: {reason}"
        raise ServerError(message) from error


def _log_addresses(addresses: list[str]) -> None:
    for address in addresses:
        _LOG.info("listening on %s", address)


def _allow_many_files() -> None:
    """Lift the soft limit of open files: every connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:
            _LOG.debug("the limit of open files stays at %d: %s", soft, error)
