"""`ocsync serve`: from settings to a running server."""

import os
import sys
from wsgiref.types import WSGIApplication

import click

from ocsync.app import create_app
from ocsync.cli.options import as_override, with_settings
from ocsync.datadir import prepare_folder
from ocsync.first_start import found, greeting, next_steps
from ocsync.housekeeping import Housekeeping
from ocsync.library import open_library
from ocsync.log import Log, capture_logging, open_log
from ocsync.metrics.board import Board
from ocsync.metrics.meter import Meter
from ocsync.redaction import Redactor
from ocsync.server import Limits, ServerError, ServerOptions, Worker
from ocsync.server import serve as run_server
from ocsync.server.supervisor import READY, tell_supervisor
from ocsync.settings import LoadedSettings, ServerSettings, Settings
from ocsync.tracing import open_tracer


@click.command()
@as_override(
    "server.host", "--host", help="Address to listen on.  [default: 127.0.0.1]"
)
@as_override("server.port", "--port", help="TCP port.  [default: 9200]")
@as_override("server.unix_socket", "--unix-socket", help="Listen on this path instead.")
@as_override("server.url", "--url", help="Public base URL, as clients type it.")
@as_override("server.workers", "--workers", help="Processes.  [default: one per core]")
@as_override("server.threads", "--threads", help="Threads in each.  [default: 64]")
@as_override("server.tls_cert", "--tls-cert", help="Certificate chain (PEM) for https.")
@as_override("server.tls_key", "--tls-key", help="Private key (PEM) for https.")
@as_override("log.format", "--log-format", help="text or json.  [default: text]")
@with_settings
def serve(loaded: LoadedSettings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    The first start makes the data folder, the database and the account `admin`.
    """
    settings = loaded.settings
    prepare_folder(settings.data)
    _found(settings)
    _warn(settings.server)
    log = open_log(settings.log, redactor=Redactor.of(settings))
    board = Board.create(workers=settings.worker_count)
    capture_logging(log, level=settings.log.level)
    try:
        run_server(
            server_options(settings),
            lambda worker: make_app(settings, worker, log, board),
            on_listening=lambda addresses: _announce(settings, addresses),
        )
    except ServerError as error:
        raise click.ClickException(str(error)) from error


def make_app(
    settings: Settings, worker: Worker, log: Log, board: Board
) -> WSGIApplication:
    """The application of one worker process, with its background jobs."""
    meter = worker.onlooker = Meter(board, index=worker.index)
    tracer = open_tracer(settings.tracing)
    if tracer is not None:
        worker.at_stop(tracer.close)
    opened = open_library(settings, watch=meter)
    library = opened.__enter__()
    worker.at_stop(lambda: opened.__exit__(None, None, None))
    if worker.is_leader:
        housekeeping = Housekeeping(
            library=library,
            log=log,
            meter=meter,
            stop=worker.stopping,
            sweep_interval=settings.keep.sweep_interval,
        )
        worker.at_stop(housekeeping.join)
        housekeeping.start()
    return create_app(settings, library=library, log=log, meter=meter, tracer=tracer)


def server_options(settings: Settings) -> ServerOptions:
    """The settings as the server takes them."""
    server = settings.server
    return ServerOptions(
        host=server.host,
        port=server.port,
        unix_socket=server.unix_socket,
        certificate=server.tls_cert,
        private_key=server.tls_key,
        data_directory=settings.data,
        workers=settings.worker_count,
        threads=server.threads,
        most_threads=max(server.max_threads, server.threads),
        backlog=server.backlog,
        grace_seconds=server.stop_grace.total_seconds(),
        limits=Limits(
            head_bytes=server.max_header_size,
            head_seconds=server.header_timeout.total_seconds(),
            idle_seconds=server.keep_alive.total_seconds(),
            read_seconds=server.body_timeout.total_seconds(),
            write_seconds=server.send_timeout.total_seconds(),
            connections=server.max_connections,
        ),
    )


def _found(settings: Settings) -> None:
    """Make what the first start makes, and say how to log in at once.

    The generated password is kept by nobody, so it is printed before anything else
    can fail.
    """
    with open_library(settings, create=True) as library:
        account = found(settings, library)
    if account is not None:
        _say(next_steps(account))


def _warn(server: ServerSettings) -> None:
    if server.listens_everywhere and server.url is None and not server.hosts:
        click.echo(
            "ocsync: only requests to localhost are answered: set OCSYNC_URL to the URL"
            " that clients use",
            err=True,
        )


def _announce(settings: Settings, addresses: list[str]) -> None:
    _say(greeting(settings, addresses))
    tell_supervisor(os.environ, READY)


def _say(text: str) -> None:
    """Print and flush, so that a script that waits for the line sees it."""
    click.echo(text)
    sys.stdout.flush()
